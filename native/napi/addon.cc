// What the addon exports.
#include <napi.h>

#include <cerrno>

#include "engine/engine.h"
#include "io/announce.h"
#include "napi/arguments.h"
#include "napi/engine_object.h"
#include "napi/notice.h"
#include "napi/peer_credentials.h"
#include "napi/privileges.h"
#include "napi/program.h"

namespace uipvs {
namespace {

// (interface name, address): 0 or the errno of what failed.
Napi::Value announce_address(const Napi::CallbackInfo& info) {
  Family family;
  Address address;
  if (info.Length() < 2 || !address_at(info, 1, family, address)) {
    return throw_range(info.Env(), "announceAddress: argument out of range");
  }
  const int error = announce_on(info[0].ToString().Utf8Value().c_str(), family, address);
  if (error != 0) return throw_errno(info.Env(), error, "sendto");
  return info.Env().Undefined();
}

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  exports.Set("Engine", EngineObject::define(env));
  Napi::Array names = Napi::Array::New(env, kCounterCount);
  for (uint32_t i = 0; i < kCounterCount; ++i) names.Set(i, Napi::String::New(env, kCounterNames[i]));
  exports.Set("counterNames", names);
  Napi::Array bounds = Napi::Array::New(env, UpcallLatency::kBoundsUs.size());
  for (uint32_t i = 0; i < UpcallLatency::kBoundsUs.size(); ++i) {
    bounds.Set(i, Napi::Number::New(env, UpcallLatency::kBoundsUs[i]));
  }
  exports.Set("latencyBoundsUs", bounds);
  exports.Set("announceAddress", Napi::Function::New<announce_address>(env, "announceAddress"));
  exports.Set("runProgram", Napi::Function::New<run_program_asynchronously>(env, "runProgram"));
  exports.Set("sendNotice", Napi::Function::New<send_notice_to>(env, "sendNotice"));
  exports.Set("peerCredentials", Napi::Function::New<peer_credentials>(env, "peerCredentials"));
  exports.Set("restrictPrivileges", Napi::Function::New<restrict_privileges>(env, "restrictPrivileges"));
  exports.Set("ringEntries", Napi::Number::New(env, kRingEntries));
  return exports;
}

}  // namespace
}  // namespace uipvs

static Napi::Object initialise_addon(Napi::Env env, Napi::Object exports) { return uipvs::initialise(env, exports); }

NODE_API_MODULE(uipvs, initialise_addon)
