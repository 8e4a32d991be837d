// What a process may do, reduced to what the daemon needs.
#pragma once

#include <napi.h>

namespace uipvs {

// (capability numbers to keep, program, its arguments with its name) -> whether anything is left to be given up and
// could not. Gives up every other capability for good and becomes the program anew where that changes anything, because
// capabilities belong to threads and Node has made some already. Errors: NativeError where the program cannot be run.
Napi::Value restrict_privileges(const Napi::CallbackInfo& info);

}  // namespace uipvs
