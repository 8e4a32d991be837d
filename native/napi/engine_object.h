// The engine as an object of JavaScript: conversion only. Arguments were validated in TypeScript (src/engine); what could
// still break memory safety is checked again here.
#pragma once

#include <napi.h>

#include "engine/engine.h"

namespace uipvs {

class EngineObject : public Napi::ObjectWrap<EngineObject> {
 public:
  static Napi::Function define(Napi::Env env);

  explicit EngineObject(const Napi::CallbackInfo& info);

 private:
  Napi::Value OpenState(const Napi::CallbackInfo& info);
  Napi::Value Recover(const Napi::CallbackInfo& info);
  Napi::Value IsDeviceKept(const Napi::CallbackInfo& info);
  Napi::Value KeepDevice(const Napi::CallbackInfo& info);
  Napi::Value OpenTun(const Napi::CallbackInfo& info);
  Napi::Value DeviceDescriptors(const Napi::CallbackInfo& info);
  Napi::Value OpenRaw(const Napi::CallbackInfo& info);
  Napi::Value OpenKeptErrors(const Napi::CallbackInfo& info);
  Napi::Value OpenWire(const Napi::CallbackInfo& info);
  Napi::Value CloseWire(const Napi::CallbackInfo& info);
  Napi::Value HasWire(const Napi::CallbackInfo& info);
  Napi::Value SetWireChanging(const Napi::CallbackInfo& info);
  Napi::Value SetCapture(const Napi::CallbackInfo& info);
  Napi::Value SetUdpOnWire(const Napi::CallbackInfo& info);
  Napi::Value SetWireNetworks(const Napi::CallbackInfo& info);
  Napi::Value Start(const Napi::CallbackInfo& info);
  Napi::Value Stop(const Napi::CallbackInfo& info);
  Napi::Value Wake(const Napi::CallbackInfo& info);
  Napi::Value OpenMark(const Napi::CallbackInfo& info);
  Napi::Value CloseMark(const Napi::CallbackInfo& info);
  Napi::Value AddService(const Napi::CallbackInfo& info);
  Napi::Value SetServiceTraits(const Napi::CallbackInfo& info);
  Napi::Value SetDestinationTraits(const Napi::CallbackInfo& info);
  Napi::Value SetPolicy(const Napi::CallbackInfo& info);
  Napi::Value RemoveService(const Napi::CallbackInfo& info);
  Napi::Value AddRealServer(const Napi::CallbackInfo& info);
  Napi::Value RemoveRealServer(const Napi::CallbackInfo& info);
  Napi::Value SetRealServerLink(const Napi::CallbackInfo& info);
  Napi::Value AddRealPort(const Napi::CallbackInfo& info);
  Napi::Value RemoveRealPort(const Napi::CallbackInfo& info);
  Napi::Value SetRealPortOwner(const Napi::CallbackInfo& info);
  Napi::Value SetDestinationRoute(const Napi::CallbackInfo& info);
  Napi::Value SetMasqueradePorts(const Napi::CallbackInfo& info);
  Napi::Value AddMasqueradeAddress(const Napi::CallbackInfo& info);
  Napi::Value SetMasqueradeAddressUsable(const Napi::CallbackInfo& info);
  Napi::Value AddVip(const Napi::CallbackInfo& info);
  Napi::Value SetVipLocal(const Napi::CallbackInfo& info);
  Napi::Value RemoveVip(const Napi::CallbackInfo& info);
  Napi::Value AddDestination(const Napi::CallbackInfo& info);
  Napi::Value SetDestinationAvailable(const Napi::CallbackInfo& info);
  Napi::Value ClearDestination(const Napi::CallbackInfo& info);
  Napi::Value SetTimeouts(const Napi::CallbackInfo& info);
  Napi::Value SetRestoresHopLimit(const Napi::CallbackInfo& info);
  Napi::Value ListConnections(const Napi::CallbackInfo& info);
  Napi::Value LiveConnections(const Napi::CallbackInfo& info);
  Napi::Value ReceiveError(const Napi::CallbackInfo& info);
  Napi::Value buffer_over(const Napi::CallbackInfo& info, std::span<std::byte> memory);
  Napi::Value LaneMemory(const Napi::CallbackInfo& info);
  Napi::Value CounterMemory(const Napi::CallbackInfo& info);
  Napi::Value LatencyMemory(const Napi::CallbackInfo& info);
  Napi::Value RingMemory(const Napi::CallbackInfo& info);

  Engine engine_;
  Napi::ThreadSafeFunction doorbell_;
  bool is_started_ = false;
};

}  // namespace uipvs
