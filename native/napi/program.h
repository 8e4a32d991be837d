#pragma once

#include <napi.h>

namespace uipvs {

// (words, environment, input): a promise of [exit code or null, output, errors]; see io/program.h. Rejects with an Error
// with `errno` where the program could not be run.
Napi::Value run_program_asynchronously(const Napi::CallbackInfo& info);

}  // namespace uipvs
