// What a process may do, reduced to what the daemon needs.
#pragma once

#include <napi.h>

namespace uipvs {

// (capability numbers to keep, program, its arguments with its name, descriptors that it inherits beside 0 to 2) -> the numbers of those that stay in the bounding set
// because CAP_SETPCAP is missing to take them out; no thread or program can gain them.
// Gives up every other capability of every thread for good, sets no-new-privs, and becomes the program anew where that
// changes anything, because capabilities belong to threads and Node has made some already. Errors: NativeError where
// anything else cannot be given up, or the program cannot be run.
Napi::Value restrict_privileges(const Napi::CallbackInfo& info);

}  // namespace uipvs
