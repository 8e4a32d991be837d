#include "napi/engine_object.h"

#include <algorithm>
#include <string>
#include <vector>

#include "napi/arguments.h"

namespace uipvs {
namespace {

// False where these are no whole networks.
bool read_networks(const Napi::Value& value, std::vector<Network>& networks) {
  constexpr size_t kWords = CaptureSelectors::kSourceWords;
  if (!is_words(value)) return false;
  const auto words = value.As<Napi::Uint32Array>();
  if (words.ElementLength() % kWords != 0) return false;
  for (size_t i = 0; i < words.ElementLength(); i += kWords) {
    const Family family = words[i] == 6 ? Family::ipv6 : Family::ipv4;
    const uint32_t longest = family == Family::ipv6 ? 128 : 32;
    networks.push_back(
        {family, {{words[i + 1], words[i + 2], words[i + 3], words[i + 4]}}, std::min(words[i + 5], longest)});
  }
  return true;
}

}  // namespace

Napi::Function EngineObject::define(Napi::Env env) {
  return DefineClass(env, "Engine",
                     {InstanceMethod<&EngineObject::OpenState>("openState"),
                      InstanceMethod<&EngineObject::Recover>("recover"),
                      InstanceMethod<&EngineObject::IsDeviceKept>("isDeviceKept"),
                      InstanceMethod<&EngineObject::KeepDevice>("keepDevice"),
                      InstanceMethod<&EngineObject::OpenTun>("openTun"),
                      InstanceMethod<&EngineObject::DeviceDescriptors>("deviceDescriptors"),
                      InstanceMethod<&EngineObject::OpenRaw>("openRaw"),
                      InstanceMethod<&EngineObject::OpenKeptErrors>("openKeptErrors"),
                      InstanceMethod<&EngineObject::OpenMark>("openMark"),
                      InstanceMethod<&EngineObject::CloseMark>("closeMark"),
                      InstanceMethod<&EngineObject::OpenWire>("openWire"),
                      InstanceMethod<&EngineObject::CloseWire>("closeWire"),
                      InstanceMethod<&EngineObject::HasWire>("hasWire"),
                      InstanceMethod<&EngineObject::SetWireChanging>("setWireChanging"),
                      InstanceMethod<&EngineObject::SetCapture>("setCapture"),
                      InstanceMethod<&EngineObject::SetWireNetworks>("setWireNetworks"),
                      InstanceMethod<&EngineObject::SetUdpOnWire>("setUdpOnWire"),
                      InstanceMethod<&EngineObject::Start>("start"),
                      InstanceMethod<&EngineObject::Stop>("stop"),
                      InstanceMethod<&EngineObject::Wake>("wake"),
                      InstanceMethod<&EngineObject::AddService>("addService"),
                      InstanceMethod<&EngineObject::SetServiceTraits>("setServiceTraits"),
                      InstanceMethod<&EngineObject::SetDestinationTraits>("setDestinationTraits"),
                      InstanceMethod<&EngineObject::SetPolicy>("setPolicy"),
                      InstanceMethod<&EngineObject::RemoveService>("removeService"),
                      InstanceMethod<&EngineObject::AddVip>("addVip"),
                      InstanceMethod<&EngineObject::RemoveVip>("removeVip"),
                      InstanceMethod<&EngineObject::SetVipLocal>("setVipLocal"),
                      InstanceMethod<&EngineObject::AddRealServer>("addRealServer"),
                      InstanceMethod<&EngineObject::RemoveRealServer>("removeRealServer"),
                      InstanceMethod<&EngineObject::SetRealServerLink>("setRealServerLink"),
                      InstanceMethod<&EngineObject::AddRealPort>("addRealPort"),
                      InstanceMethod<&EngineObject::RemoveRealPort>("removeRealPort"),
                      InstanceMethod<&EngineObject::SetRealPortOwner>("setRealPortOwner"),
                      InstanceMethod<&EngineObject::SetDestinationRoute>("setDestinationRoute"),
                      InstanceMethod<&EngineObject::SetMasqueradePorts>("setMasqueradePorts"),
                      InstanceMethod<&EngineObject::AddMasqueradeAddress>("addMasqueradeAddress"),
                      InstanceMethod<&EngineObject::SetMasqueradeAddressUsable>("setMasqueradeAddressUsable"),
                      InstanceMethod<&EngineObject::AddDestination>("addDestination"),
                      InstanceMethod<&EngineObject::SetDestinationAvailable>("setDestinationAvailable"),
                      InstanceMethod<&EngineObject::ClearDestination>("clearDestination"),
                      InstanceMethod<&EngineObject::SetTimeouts>("setTimeouts"),
                      InstanceMethod<&EngineObject::SetRestoresHopLimit>("setRestoresHopLimit"),
                      InstanceMethod<&EngineObject::ListConnections>("listConnections"),
                      InstanceAccessor<&EngineObject::LiveConnections>("liveConnections"),
                      InstanceAccessor<&EngineObject::ReceiveError>("receiveError"),
                      InstanceAccessor<&EngineObject::LaneMemory>("laneMemory"),
                      InstanceAccessor<&EngineObject::CounterMemory>("counterMemory"),
                      InstanceAccessor<&EngineObject::LatencyMemory>("latencyMemory"),
                      InstanceAccessor<&EngineObject::RingMemory>("ringMemory")});
}

EngineObject::EngineObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<EngineObject>(info) {
  EngineLimits limits{number_at(info, 0), number_at(info, 1), number_at(info, 2), number_at(info, 3)};
  if (limits.connections == 0 || limits.connections > ConnectionTable::kMaxConnections || limits.services == 0 ||
      limits.services > (1u << 24) || limits.destinations == 0 || limits.destinations > (1u << 28) ||
      limits.workers == 0 || limits.workers > Engine::kMostWorkers) {
    throw_range(info.Env(), "Engine: limits out of range");
    return;
  }
  const char* call = "";
  const int error = engine_.create(limits, call);
  if (error != 0) throw_errno(info.Env(), error, call);
}

// (device name, descriptors of it that were kept open)
Napi::Value EngineObject::OpenTun(const Napi::CallbackInfo& info) {
  const char* call = "";
  const int error = engine_.open_tun(info[0].ToString().Utf8Value(), descriptors_at(info, 1), call);
  if (error != 0) return throw_errno(info.Env(), error, call);
  return Napi::Number::New(info.Env(), engine_.tun().offloads());
}

// (mark; 0: the main device)
Napi::Value EngineObject::DeviceDescriptors(const Napi::CallbackInfo& info) {
  const std::vector<int> descriptors = engine_.device_descriptors(number_at(info, 0));
  Napi::Array numbers = Napi::Array::New(info.Env(), descriptors.size());
  for (uint32_t i = 0; i < descriptors.size(); ++i) numbers.Set(i, Napi::Number::New(info.Env(), descriptors[i]));
  return numbers;
}

Napi::Value EngineObject::OpenRaw(const Napi::CallbackInfo& info) {
  const char* call = "";
  const int error = engine_.open_raw(call);
  return error != 0 ? throw_errno(info.Env(), error, call) : info.Env().Undefined();
}

// (4 or 6)
Napi::Value EngineObject::OpenKeptErrors(const Napi::CallbackInfo& info) {
  const char* call = "";
  const Family family = info[0].ToNumber().Uint32Value() == 4 ? Family::ipv4 : Family::ipv6;
  const int error = engine_.open_kept_errors(family, call);
  return error != 0 ? throw_errno(info.Env(), error, call) : info.Env().Undefined();
}

// (interface name); false for a port
Napi::Value EngineObject::OpenWire(const Napi::CallbackInfo& info) {
  const char* call = "";
  const int error = engine_.open_wire(info[0].ToString().Utf8Value(), call);
  if (error != 0 && error != -EBUSY) return throw_errno(info.Env(), error, call);
  return Napi::Boolean::New(info.Env(), error == 0);
}

Napi::Value EngineObject::CloseWire(const Napi::CallbackInfo& info) {
  engine_.close_wire(info[0].ToString().Utf8Value());
  return info.Env().Undefined();
}

Napi::Value EngineObject::HasWire(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), engine_.has_wire(info[0].ToString().Utf8Value()));
}

Napi::Value EngineObject::SetWireChanging(const Napi::CallbackInfo& info) {
  engine_.set_wire_changing(info[0].ToBoolean());
  return info.Env().Undefined();
}

// (words of sources: family, address, length; words of ports: these, protocol, first, last)
Napi::Value EngineObject::SetCapture(const Napi::CallbackInfo& info) {
  if (info.Length() < 2 || !is_words(info[0]) || !is_words(info[1]))
    return throw_range(info.Env(), "setCapture: words");
  const auto sources = info[0].As<Napi::Uint32Array>();
  const auto ports = info[1].As<Napi::Uint32Array>();
  const bool is_taken =
      engine_.directory().capture.set({sources.Data(), sources.ElementLength()}, {ports.Data(), ports.ElementLength()});
  return is_taken ? info.Env().Undefined() : throw_range(info.Env(), "setCapture: too many");
}

// (whether UDP is taken from the wire)
Napi::Value EngineObject::SetUdpOnWire(const Napi::CallbackInfo& info) {
  engine_.set_on_wire(info[0].ToBoolean() ? OnWire::tcp_and_udp : OnWire::tcp);
  return info.Env().Undefined();
}

// (words of networks that packets are for, and of those that they are from: family, address, length)
Napi::Value EngineObject::SetWireNetworks(const Napi::CallbackInfo& info) {
  std::vector<Network> destinations, sources;
  if (info.Length() < 2 || !read_networks(info[0], destinations) || !read_networks(info[1], sources))
    return throw_range(info.Env(), "setWireNetworks: words");
  engine_.set_wire_networks(destinations, sources);
  return info.Env().Undefined();
}

Napi::Value EngineObject::Start(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (info.Length() < 1 || !info[0].IsFunction()) return throw_range(env, "start: doorbell is no function");
  // One entry in the queue is enough: the doorbell says that there are requests, not how many.
  doorbell_ = Napi::ThreadSafeFunction::New(env, info[0].As<Napi::Function>(), "uipvs-doorbell", 1, 1);
  const int error = engine_.start([doorbell = doorbell_] { doorbell.NonBlockingCall(); });
  is_started_ = true;
  if (error != 0) return throw_errno(env, error, "eventfd");
  return env.Undefined();
}

Napi::Value EngineObject::Stop(const Napi::CallbackInfo& info) {
  engine_.stop();
  if (is_started_) doorbell_.Release();
  is_started_ = false;
  return info.Env().Undefined();
}

Napi::Value EngineObject::Wake(const Napi::CallbackInfo& info) {
  engine_.wake();
  return info.Env().Undefined();
}

// (mark, device name, descriptors of it that were kept open)
Napi::Value EngineObject::OpenMark(const Napi::CallbackInfo& info) {
  const uint32_t mark = number_at(info, 0);
  if (mark == 0 || info.Length() < 2) return throw_range(info.Env(), "openMark: argument out of range");
  const char* call = "";
  const int error = engine_.open_mark(mark, info[1].ToString().Utf8Value(), descriptors_at(info, 2), call);
  if (error != 0) return throw_errno(info.Env(), error, call);
  return info.Env().Undefined();
}

Napi::Value EngineObject::CloseMark(const Napi::CallbackInfo& info) {
  engine_.close_mark(number_at(info, 0));
  return info.Env().Undefined();
}

}  // namespace uipvs
