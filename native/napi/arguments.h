// Arguments from JavaScript, and errors for it.
#pragma once

#include <napi.h>

#include <string>
#include <vector>

#include "core/tuple.h"

namespace uipvs {

// An Error with `errno` and `syscall`; `error` is negative.
Napi::Error errno_error(Napi::Env env, int error, const char* call);
Napi::Value throw_errno(Napi::Env env, int error, const char* call);
Napi::Value throw_range(Napi::Env env, const char* what);
// 0 where there is no number.
uint32_t number_at(const Napi::CallbackInfo& info, size_t index);
// Addresses are Uint32Arrays of one or four host-order words.
bool address_at(const Napi::CallbackInfo& info, size_t index, Family& family, Address& address);
bool is_words(const Napi::Value& value);
std::vector<std::string> texts_of(const Napi::Array& array);
// Nothing where there is no array.
std::vector<int> descriptors_at(const Napi::CallbackInfo& info, size_t index);

}  // namespace uipvs
