#include <string>

#include "napi/arguments.h"
#include "napi/engine_object.h"

namespace uipvs {
namespace {

const char* name_of(Engine::Found found) {
  switch (found) {
    case Engine::Found::nothing: return "nothing";
    case Engine::Found::table: return "table";
    case Engine::Found::unfinished: return "unfinished";
    case Engine::Found::other_size: return "other-size";
    case Engine::Found::other_layout: return "other-layout";
    case Engine::Found::other_capacity: return "other-capacity";
    case Engine::Found::other_boot: return "other-boot";
  }
  return "nothing";
}

}  // namespace

// (directory, is fresh) -> what was found there
Napi::Value EngineObject::OpenState(const Napi::CallbackInfo& info) {
  if (info.Length() < 2) return throw_range(info.Env(), "openState: argument missing");
  const char* call = "";
  Engine::Found found = Engine::Found::nothing;
  const int error = engine_.open_state(info[0].ToString().Utf8Value(), info[1].ToBoolean(), found, call);
  if (error != 0) return throw_errno(info.Env(), error, call);
  return Napi::String::New(info.Env(), name_of(found));
}

Napi::Value EngineObject::Recover(const Napi::CallbackInfo& info) {
  const RecoveryReport report = engine_.recover();
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("connections", Napi::Number::New(info.Env(), report.connections));
  result.Set("expired", Napi::Number::New(info.Env(), report.expired));
  result.Set("homeless", Napi::Number::New(info.Env(), report.homeless));
  result.Set("broken", Napi::Number::New(info.Env(), report.broken));
  return result;
}

// (mark; 0: the main device)
Napi::Value EngineObject::IsDeviceKept(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), engine_.is_device_kept(number_at(info, 0)));
}

// (mark, is kept)
Napi::Value EngineObject::KeepDevice(const Napi::CallbackInfo& info) {
  if (info.Length() < 2) return throw_range(info.Env(), "keepDevice: argument missing");
  const int error = engine_.keep_device(number_at(info, 0), info[1].ToBoolean());
  return error != 0 ? throw_errno(info.Env(), error, "TUNSETPERSIST") : info.Env().Undefined();
}

}  // namespace uipvs
