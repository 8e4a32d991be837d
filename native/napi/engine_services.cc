#include "napi/engine_object.h"

#include <algorithm>
#include <array>

#include "napi/arguments.h"

namespace uipvs {

namespace {

void set_unmasqueraded(ServiceEntry& entry, const uint32_t* words, size_t count) {
  constexpr size_t kWordsPerNetwork = 5;
  const size_t networks = std::min<size_t>(count / kWordsPerNetwork, ServiceEntry::kMostPrefixes);
  entry.unmasqueraded_count.store(0, std::memory_order_relaxed);
  for (size_t i = 0; i < networks; ++i, words += kWordsPerNetwork) {
    entry.unmasqueraded[i].address.store({{words[0], words[1], words[2], words[3]}});
    entry.unmasqueraded[i].length.store(words[4], std::memory_order_relaxed);
  }
  entry.unmasqueraded_count.store(static_cast<uint32_t>(networks), std::memory_order_release);
}

}  // namespace

// (id, protocol, port, address, mark): of a mark only the family of the address counts.
Napi::Value EngineObject::AddService(const Napi::CallbackInfo& info) {
  ServiceKey key;
  key.protocol = static_cast<uint8_t>(number_at(info, 1));
  key.port = static_cast<uint16_t>(number_at(info, 2));
  const uint32_t id = number_at(info, 0);
  if (id >= engine_.limits().services || !address_at(info, 3, key.family, key.address)) {
    return throw_range(info.Env(), "addService: argument out of range");
  }
  return Napi::Boolean::New(info.Env(), engine_.directory().add_service(id, key, number_at(info, 4)));
}

// (id, is one-packet, persistence in seconds or 0, netmask, is masqueraded, networks that are not: four words of
// address and one of length each, how the client's address is told: 0 not, 1 TOA, 2 PROXY, has engine sip)
Napi::Value EngineObject::SetServiceTraits(const Napi::CallbackInfo& info) {
  const uint32_t id = number_at(info, 0);
  if (id >= engine_.limits().services || info.Length() < 8 || !info[5].IsTypedArray()) {
    return throw_range(info.Env(), "setServiceTraits: argument out of range");
  }
  const Napi::Uint32Array networks = info[5].As<Napi::Uint32Array>();
  ServiceEntry& entry = engine_.directory().service_entries[id];
  const uint32_t seconds = number_at(info, 2);
  uint8_t flags = info[7].ToBoolean() ? kServiceSip : 0;
  if (info[1].ToBoolean()) flags |= kServiceOnePacket;
  if (seconds != 0) flags |= kServicePersistent;
  if (info[4].ToBoolean()) flags |= kServiceMasquerade;
  const uint32_t telling = number_at(info, 6);
  if (telling != 0) flags |= telling == 1 ? kServiceToa : kServiceProxy;
  set_unmasqueraded(entry, networks.Data(), networks.ElementLength());
  entry.netmask.store(number_at(info, 3), std::memory_order_relaxed);
  entry.persistence.store(seconds * kTicksPerSecond, std::memory_order_relaxed);
  engine_.directory().set_service_flags(id, flags);
  return info.Env().Undefined();
}

// (conn_reuse_mode, expire_nodest_conn, expire_quiescent_template, sloppy_tcp, sloppy_sctp, is secure tcp, drop rate,
// drops entries, nat_icmp_send, schedule_icmp)
Napi::Value EngineObject::SetPolicy(const Napi::CallbackInfo& info) {
  if (info.Length() < 10) return throw_range(info.Env(), "setPolicy: argument missing");
  PacketPolicy& policy = engine_.directory().policy;
  policy.conn_reuse_mode = number_at(info, 0);
  policy.expire_nodest_conn = info[1].ToBoolean();
  policy.expire_quiescent_template = info[2].ToBoolean();
  policy.sloppy_tcp = info[3].ToBoolean();
  policy.sloppy_sctp = info[4].ToBoolean();
  policy.is_secure_tcp = info[5].ToBoolean();
  policy.drop_rate = number_at(info, 6);
  policy.drops_entries = info[7].ToBoolean();
  policy.nat_icmp_send = info[8].ToBoolean();
  policy.schedule_icmp = info[9].ToBoolean();
  return info.Env().Undefined();
}

Napi::Value EngineObject::RemoveService(const Napi::CallbackInfo& info) {
  const uint32_t id = number_at(info, 0);
  if (id >= engine_.limits().services) return throw_range(info.Env(), "removeService: id out of range");
  engine_.directory().remove_service(id);
  return info.Env().Undefined();
}

// (id, address)
Napi::Value EngineObject::AddVip(const Napi::CallbackInfo& info) {
  ServiceKey key;
  const uint32_t id = number_at(info, 0);
  if (id >= engine_.directory().vips.capacity() || !address_at(info, 1, key.family, key.address)) {
    return throw_range(info.Env(), "addVip: argument out of range");
  }
  engine_.directory().vip_is_local[id] = false;
  return Napi::Boolean::New(info.Env(), engine_.directory().vips.add(id, key));
}

// (id, is local)
Napi::Value EngineObject::SetVipLocal(const Napi::CallbackInfo& info) {
  const uint32_t id = number_at(info, 0);
  if (id >= engine_.directory().vips.capacity()) return throw_range(info.Env(), "setVipLocal: id out of range");
  engine_.directory().vip_is_local[id] = info[1].ToBoolean();
  return info.Env().Undefined();
}

Napi::Value EngineObject::RemoveVip(const Napi::CallbackInfo& info) {
  const uint32_t id = number_at(info, 0);
  if (id >= engine_.directory().vips.capacity()) return throw_range(info.Env(), "removeVip: id out of range");
  engine_.directory().vips.remove(id);
  return info.Env().Undefined();
}

// Seconds: (tcp established, tcp fin-wait, udp)
Napi::Value EngineObject::SetTimeouts(const Napi::CallbackInfo& info) {
  Directory& directory = engine_.directory();
  directory.tcp_timeouts[static_cast<size_t>(TcpState::established)] = number_at(info, 0) * kTicksPerSecond;
  directory.tcp_timeouts[static_cast<size_t>(TcpState::fin_wait)] = number_at(info, 1) * kTicksPerSecond;
  directory.udp_timeout = number_at(info, 2) * kTicksPerSecond;
  return info.Env().Undefined();
}

Napi::Value EngineObject::SetRestoresHopLimit(const Napi::CallbackInfo& info) {
  engine_.directory().restores_hop_limit = info[0].ToBoolean();
  return info.Env().Undefined();
}

// (first, last); 0 and 0: none
Napi::Value EngineObject::SetMasqueradePorts(const Napi::CallbackInfo& info) {
  const uint32_t first = number_at(info, 0), last = number_at(info, 1);
  if (first > last || last > UINT16_MAX) return throw_range(info.Env(), "setMasqueradePorts: argument out of range");
  engine_.directory().masquerade_first_port = first;
  engine_.directory().masquerade_last_port = last;
  return info.Env().Undefined();
}

// (address)
Napi::Value EngineObject::AddMasqueradeAddress(const Napi::CallbackInfo& info) {
  Family family;
  Address address;
  if (!address_at(info, 0, family, address)) return throw_range(info.Env(), "addMasqueradeAddress: no address");
  MasqueradeAddresses& addresses = engine_.directory().masquerade_addresses_of(family);
  if (addresses.count >= MasqueradeAddresses::kMost) return throw_range(info.Env(), "addMasqueradeAddress: too many");
  addresses.add(address);
  return info.Env().Undefined();
}

// (address, is usable)
Napi::Value EngineObject::SetMasqueradeAddressUsable(const Napi::CallbackInfo& info) {
  Family family;
  Address address;
  if (!address_at(info, 0, family, address)) return throw_range(info.Env(), "setMasqueradeAddressUsable: no address");
  MasqueradeAddresses& addresses = engine_.directory().masquerade_addresses_of(family);
  for (uint32_t place = 0; place < addresses.count; ++place) {
    MasqueradeAddresses::Entry& entry = addresses.entries[place];
    if (entry.address.load() == address) entry.is_usable = info[1].ToBoolean();
  }
  return info.Env().Undefined();
}

}  // namespace uipvs
