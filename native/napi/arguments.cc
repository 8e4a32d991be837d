#include "napi/arguments.h"

#include <cstring>
#include <string>

namespace uipvs {

Napi::Error errno_error(Napi::Env env, int error, const char* call) {
  const int number = -error;
  Napi::Error made = Napi::Error::New(env, std::string(call) + ": " + std::strerror(number));
  made.Set("errno", Napi::Number::New(env, number));
  made.Set("syscall", Napi::String::New(env, call));
  return made;
}

Napi::Value throw_errno(Napi::Env env, int error, const char* call) {
  errno_error(env, error, call).ThrowAsJavaScriptException();
  return env.Undefined();
}

std::vector<std::string> texts_of(const Napi::Array& array) {
  std::vector<std::string> texts;
  for (uint32_t i = 0; i < array.Length(); ++i) texts.push_back(array.Get(i).ToString().Utf8Value());
  return texts;
}

Napi::Value throw_range(Napi::Env env, const char* what) {
  Napi::RangeError::New(env, what).ThrowAsJavaScriptException();
  return env.Undefined();
}

uint32_t number_at(const Napi::CallbackInfo& info, size_t index) {
  return index < info.Length() && info[index].IsNumber() ? info[index].As<Napi::Number>().Uint32Value() : 0;
}

bool address_at(const Napi::CallbackInfo& info, size_t index, Family& family, Address& address) {
  if (index >= info.Length() || !info[index].IsTypedArray()) return false;
  const auto typed = info[index].As<Napi::TypedArray>();
  if (typed.TypedArrayType() != napi_uint32_array) return false;
  const auto words = info[index].As<Napi::Uint32Array>();
  if (words.ElementLength() != 1 && words.ElementLength() != 4) return false;
  family = words.ElementLength() == 1 ? Family::ipv4 : Family::ipv6;
  for (size_t i = 0; i < words.ElementLength(); ++i) address.words[i] = words[i];
  return true;
}

bool is_words(const Napi::Value& value) {
  return value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == napi_uint32_array;
}

std::vector<int> descriptors_at(const Napi::CallbackInfo& info, size_t index) {
  std::vector<int> descriptors;
  if (info.Length() <= index || !info[index].IsArray()) return descriptors;
  const Napi::Array array = info[index].As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); ++i) descriptors.push_back(array.Get(i).ToNumber().Int32Value());
  return descriptors;
}

}  // namespace uipvs
