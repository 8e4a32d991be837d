#include "napi/engine_object.h"

#include "napi/arguments.h"

namespace uipvs {

// (id, is quiesced, upper threshold, lower threshold)
Napi::Value EngineObject::SetDestinationTraits(const Napi::CallbackInfo& info) {
  const uint32_t id = number_at(info, 0);
  if (id >= engine_.limits().destinations || info.Length() < 4) {
    return throw_range(info.Env(), "setDestinationTraits: argument out of range");
  }
  DestinationEntry& entry = engine_.directory().destinations[id];
  entry.is_quiesced.store(info[1].ToBoolean(), std::memory_order_relaxed);
  entry.upper_threshold.store(number_at(info, 2), std::memory_order_relaxed);
  entry.lower_threshold.store(number_at(info, 3), std::memory_order_relaxed);
  return info.Env().Undefined();
}

// (id, address): the address has destinations
Napi::Value EngineObject::AddRealServer(const Napi::CallbackInfo& info) {
  ServiceKey key;
  const uint32_t id = number_at(info, 0);
  if (id >= engine_.limits().destinations || !address_at(info, 1, key.family, key.address)) {
    return throw_range(info.Env(), "addRealServer: argument out of range");
  }
  engine_.directory().real_server_links[id] = 0;
  return Napi::Boolean::New(info.Env(), engine_.directory().real_servers.add(id, key));
}

Napi::Value EngineObject::RemoveRealServer(const Napi::CallbackInfo& info) {
  const uint32_t id = number_at(info, 0);
  if (id >= engine_.limits().destinations) return throw_range(info.Env(), "removeRealServer: id out of range");
  engine_.directory().real_servers.remove(id);
  return info.Env().Undefined();
}

// (id, number of the device that leads to it)
Napi::Value EngineObject::SetRealServerLink(const Napi::CallbackInfo& info) {
  const uint32_t id = number_at(info, 0);
  if (id >= engine_.limits().destinations) return throw_range(info.Env(), "setRealServerLink: id out of range");
  engine_.directory().real_server_links[id] = number_at(info, 1);
  return info.Env().Undefined();
}

// (id, protocol, port, address): some destination of the protocol has the address and port
Napi::Value EngineObject::AddRealPort(const Napi::CallbackInfo& info) {
  ServiceKey key;
  key.protocol = static_cast<uint8_t>(number_at(info, 1));
  key.port = static_cast<uint16_t>(number_at(info, 2));
  const uint32_t id = number_at(info, 0);
  if (id >= engine_.limits().destinations || !address_at(info, 3, key.family, key.address)) {
    return throw_range(info.Env(), "addRealPort: argument out of range");
  }
  return Napi::Boolean::New(info.Env(), engine_.directory().real_ports.add(id, key));
}

Napi::Value EngineObject::RemoveRealPort(const Napi::CallbackInfo& info) {
  const uint32_t id = number_at(info, 0);
  if (id >= engine_.limits().destinations) return throw_range(info.Env(), "removeRealPort: id out of range");
  engine_.directory().real_ports.remove(id);
  return info.Env().Undefined();
}

// (id, service, destination): whom a packet from there is taken to come from
Napi::Value EngineObject::SetRealPortOwner(const Napi::CallbackInfo& info) {
  const uint32_t id = number_at(info, 0), service = number_at(info, 1), destination = number_at(info, 2);
  const EngineLimits& limits = engine_.limits();
  if (id >= limits.destinations || service >= limits.services || destination >= limits.destinations) {
    return throw_range(info.Env(), "setRealPortOwner: argument out of range");
  }
  RealPortOwner& owner = engine_.directory().real_port_owners[id];
  owner.service_id.store(service, std::memory_order_relaxed);
  owner.destination_id.store(destination, std::memory_order_relaxed);
  return info.Env().Undefined();
}

// (id, MTU in bytes or 0, source address or an empty one, number of the device)
Napi::Value EngineObject::SetDestinationRoute(const Napi::CallbackInfo& info) {
  Family family;
  Address source;
  const uint32_t id = number_at(info, 0);
  if (id >= engine_.limits().destinations || !address_at(info, 2, family, source)) {
    return throw_range(info.Env(), "setDestinationRoute: argument out of range");
  }
  DestinationEntry& entry = engine_.directory().destinations[id];
  entry.mtu_bytes = number_at(info, 1);
  entry.source.store(source);
  entry.link = number_at(info, 3);
  return info.Env().Undefined();
}

// (id, port, address)
Napi::Value EngineObject::AddDestination(const Napi::CallbackInfo& info) {
  Family family;
  Address address;
  const uint32_t id = number_at(info, 0);
  if (id >= engine_.limits().destinations || !address_at(info, 2, family, address)) {
    return throw_range(info.Env(), "addDestination: argument out of range");
  }
  DestinationEntry& entry = engine_.directory().destinations[id];
  entry.port = static_cast<uint16_t>(number_at(info, 1));
  entry.address = address;
  entry.is_known.store(true, std::memory_order_relaxed);
  entry.is_available.store(true, std::memory_order_release);
  return info.Env().Undefined();
}

Napi::Value EngineObject::SetDestinationAvailable(const Napi::CallbackInfo& info) {
  const uint32_t id = number_at(info, 0);
  if (id >= engine_.limits().destinations) return throw_range(info.Env(), "setDestinationAvailable: id out of range");
  const bool is_available = info[1].ToBoolean();
  engine_.directory().destinations[id].is_available.store(is_available, std::memory_order_release);
  PacketPolicy& policy = engine_.directory().policy;
  if (!is_available && policy.expire_nodest_conn) policy.nodest_flushes.fetch_add(1, std::memory_order_release);
  return info.Env().Undefined();
}

Napi::Value EngineObject::ClearDestination(const Napi::CallbackInfo& info) {
  const uint32_t id = number_at(info, 0);
  if (id >= engine_.limits().destinations) return throw_range(info.Env(), "clearDestination: id out of range");
  engine_.clear_destination(id);
  return info.Env().Undefined();
}

}  // namespace uipvs
