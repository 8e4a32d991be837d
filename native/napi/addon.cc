// The addon: conversion only. Arguments were validated in TypeScript (src/engine); what could still break memory safety
// is checked again here.
#include <napi.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include "engine/engine.h"
#include "io/announce.h"

namespace uipvs {
namespace {

Napi::Value throw_errno(Napi::Env env, int error, const char* call) {
  const int number = -error;
  Napi::Error thrown = Napi::Error::New(env, std::string(call) + ": " + std::strerror(number));
  thrown.Set("errno", Napi::Number::New(env, number));
  thrown.Set("syscall", Napi::String::New(env, call));
  thrown.ThrowAsJavaScriptException();
  return env.Undefined();
}

Napi::Value throw_range(Napi::Env env, const char* what) {
  Napi::RangeError::New(env, what).ThrowAsJavaScriptException();
  return env.Undefined();
}

uint32_t number_at(const Napi::CallbackInfo& info, size_t index) {
  return index < info.Length() && info[index].IsNumber() ? info[index].As<Napi::Number>().Uint32Value() : 0;
}

// Addresses arrive as a Uint32Array of one or four host-order words.
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

bool is_words(const Napi::Value& value) {
  return value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == napi_uint32_array;
}

class EngineObject : public Napi::ObjectWrap<EngineObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Engine",
                       {InstanceMethod<&EngineObject::OpenTun>("openTun"),
                        InstanceMethod<&EngineObject::OpenRaw>("openRaw"),
                        InstanceMethod<&EngineObject::OpenMark>("openMark"),
                        InstanceMethod<&EngineObject::CloseMark>("closeMark"),
                        InstanceMethod<&EngineObject::OpenWire>("openWire"),
                        InstanceMethod<&EngineObject::CloseWire>("closeWire"),
                        InstanceMethod<&EngineObject::HasWire>("hasWire"),
                        InstanceMethod<&EngineObject::SetCapture>("setCapture"),
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

  explicit EngineObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<EngineObject>(info) {
    EngineLimits limits{number_at(info, 0), number_at(info, 1), number_at(info, 2)};
    if (limits.connections == 0 || limits.connections > ConnectionTable::kMaxConnections || limits.services == 0 ||
        limits.services > (1u << 24) || limits.destinations == 0 || limits.destinations > (1u << 28)) {
      throw_range(info.Env(), "Engine: limits out of range");
      return;
    }
    const char* call = "";
    const int error = engine_.create(limits, call);
    if (error != 0) throw_errno(info.Env(), error, call);
  }

 private:
  Napi::Value OpenTun(const Napi::CallbackInfo& info) {
    const char* call = "";
    const int error = engine_.open_tun(info[0].ToString().Utf8Value(), call);
    if (error != 0) return throw_errno(info.Env(), error, call);
    return Napi::Number::New(info.Env(), engine_.tun().offloads());
  }

  Napi::Value OpenRaw(const Napi::CallbackInfo& info) {
    const char* call = "";
    const int error = engine_.open_raw(call);
    return error != 0 ? throw_errno(info.Env(), error, call) : info.Env().Undefined();
  }

  // (interface name); false for a port
  Napi::Value OpenWire(const Napi::CallbackInfo& info) {
    const char* call = "";
    const int error = engine_.open_wire(info[0].ToString().Utf8Value(), call);
    if (error != 0 && error != -EBUSY) return throw_errno(info.Env(), error, call);
    return Napi::Boolean::New(info.Env(), error == 0);
  }

  Napi::Value CloseWire(const Napi::CallbackInfo& info) {
    engine_.close_wire(info[0].ToString().Utf8Value());
    return info.Env().Undefined();
  }

  Napi::Value HasWire(const Napi::CallbackInfo& info) {
    return Napi::Boolean::New(info.Env(), engine_.has_wire(info[0].ToString().Utf8Value()));
  }

  // (words of sources: family, address, length; words of ports: these, protocol, first, last)
  Napi::Value SetCapture(const Napi::CallbackInfo& info) {
    if (info.Length() < 2 || !is_words(info[0]) || !is_words(info[1]))
      return throw_range(info.Env(), "setCapture: words");
    const auto sources = info[0].As<Napi::Uint32Array>();
    const auto ports = info[1].As<Napi::Uint32Array>();
    const bool is_taken = engine_.directory().capture.set({sources.Data(), sources.ElementLength()},
                                                          {ports.Data(), ports.ElementLength()});
    return is_taken ? info.Env().Undefined() : throw_range(info.Env(), "setCapture: too many");
  }

  Napi::Value Start(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    if (info.Length() < 1 || !info[0].IsFunction()) return throw_range(env, "start: doorbell is no function");
    // One entry in the queue is enough: the doorbell says that there are requests, not how many.
    doorbell_ = Napi::ThreadSafeFunction::New(env, info[0].As<Napi::Function>(), "uipvs-doorbell", 1, 1);
    const int error = engine_.start([doorbell = doorbell_] { doorbell.NonBlockingCall(); });
    is_started_ = true;
    if (error != 0) return throw_errno(env, error, "eventfd");
    return env.Undefined();
  }

  Napi::Value Stop(const Napi::CallbackInfo& info) {
    engine_.stop();
    if (is_started_) doorbell_.Release();
    is_started_ = false;
    return info.Env().Undefined();
  }

  Napi::Value Wake(const Napi::CallbackInfo& info) {
    engine_.wake();
    return info.Env().Undefined();
  }

  // (mark, device name)
  Napi::Value OpenMark(const Napi::CallbackInfo& info) {
    const uint32_t mark = number_at(info, 0);
    if (mark == 0 || info.Length() < 2) return throw_range(info.Env(), "openMark: argument out of range");
    const char* call = "";
    const int error = engine_.open_mark(mark, info[1].ToString().Utf8Value(), call);
    if (error != 0) return throw_errno(info.Env(), error, call);
    return info.Env().Undefined();
  }

  Napi::Value CloseMark(const Napi::CallbackInfo& info) {
    engine_.close_mark(number_at(info, 0));
    return info.Env().Undefined();
  }

  // (id, protocol, port, address, mark): of a mark only the family of the address counts.
  Napi::Value AddService(const Napi::CallbackInfo& info) {
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
  Napi::Value SetServiceTraits(const Napi::CallbackInfo& info) {
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

  // (id, is quiesced, upper threshold, lower threshold)
  Napi::Value SetDestinationTraits(const Napi::CallbackInfo& info) {
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

  // (conn_reuse_mode, expire_nodest_conn, expire_quiescent_template, sloppy_tcp, sloppy_sctp, is secure tcp, drop rate,
  // drops entries, nat_icmp_send, schedule_icmp)
  Napi::Value SetPolicy(const Napi::CallbackInfo& info) {
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

  Napi::Value RemoveService(const Napi::CallbackInfo& info) {
    const uint32_t id = number_at(info, 0);
    if (id >= engine_.limits().services) return throw_range(info.Env(), "removeService: id out of range");
    engine_.directory().remove_service(id);
    return info.Env().Undefined();
  }

  // (id, address): the address has destinations
  Napi::Value AddRealServer(const Napi::CallbackInfo& info) {
    ServiceKey key;
    const uint32_t id = number_at(info, 0);
    if (id >= engine_.limits().destinations || !address_at(info, 1, key.family, key.address)) {
      return throw_range(info.Env(), "addRealServer: argument out of range");
    }
    engine_.directory().real_server_links[id] = 0;
    return Napi::Boolean::New(info.Env(), engine_.directory().real_servers.add(id, key));
  }

  Napi::Value RemoveRealServer(const Napi::CallbackInfo& info) {
    const uint32_t id = number_at(info, 0);
    if (id >= engine_.limits().destinations) return throw_range(info.Env(), "removeRealServer: id out of range");
    engine_.directory().real_servers.remove(id);
    return info.Env().Undefined();
  }

  // (id, number of the device that leads to it)
  Napi::Value SetRealServerLink(const Napi::CallbackInfo& info) {
    const uint32_t id = number_at(info, 0);
    if (id >= engine_.limits().destinations) return throw_range(info.Env(), "setRealServerLink: id out of range");
    engine_.directory().real_server_links[id] = number_at(info, 1);
    return info.Env().Undefined();
  }

  // (id, protocol, port, address): some destination of the protocol has the address and port
  Napi::Value AddRealPort(const Napi::CallbackInfo& info) {
    ServiceKey key;
    key.protocol = static_cast<uint8_t>(number_at(info, 1));
    key.port = static_cast<uint16_t>(number_at(info, 2));
    const uint32_t id = number_at(info, 0);
    if (id >= engine_.limits().destinations || !address_at(info, 3, key.family, key.address)) {
      return throw_range(info.Env(), "addRealPort: argument out of range");
    }
    return Napi::Boolean::New(info.Env(), engine_.directory().real_ports.add(id, key));
  }

  Napi::Value RemoveRealPort(const Napi::CallbackInfo& info) {
    const uint32_t id = number_at(info, 0);
    if (id >= engine_.limits().destinations) return throw_range(info.Env(), "removeRealPort: id out of range");
    engine_.directory().real_ports.remove(id);
    return info.Env().Undefined();
  }

  // (id, service, destination): whom a packet from there is taken to come from
  Napi::Value SetRealPortOwner(const Napi::CallbackInfo& info) {
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
  Napi::Value SetDestinationRoute(const Napi::CallbackInfo& info) {
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

  // (first, last); 0 and 0: none
  Napi::Value SetMasqueradePorts(const Napi::CallbackInfo& info) {
    const uint32_t first = number_at(info, 0), last = number_at(info, 1);
    if (first > last || last > UINT16_MAX) return throw_range(info.Env(), "setMasqueradePorts: argument out of range");
    engine_.directory().masquerade_first_port = first;
    engine_.directory().masquerade_last_port = last;
    return info.Env().Undefined();
  }

  // (id, address)
  Napi::Value AddVip(const Napi::CallbackInfo& info) {
    ServiceKey key;
    const uint32_t id = number_at(info, 0);
    if (id >= engine_.limits().services || !address_at(info, 1, key.family, key.address)) {
      return throw_range(info.Env(), "addVip: argument out of range");
    }
    engine_.directory().vip_is_local[id] = false;
    return Napi::Boolean::New(info.Env(), engine_.directory().vips.add(id, key));
  }

  // (id, is local)
  Napi::Value SetVipLocal(const Napi::CallbackInfo& info) {
    const uint32_t id = number_at(info, 0);
    if (id >= engine_.limits().services) return throw_range(info.Env(), "setVipLocal: id out of range");
    engine_.directory().vip_is_local[id] = info[1].ToBoolean();
    return info.Env().Undefined();
  }

  Napi::Value RemoveVip(const Napi::CallbackInfo& info) {
    const uint32_t id = number_at(info, 0);
    if (id >= engine_.limits().services) return throw_range(info.Env(), "removeVip: id out of range");
    engine_.directory().vips.remove(id);
    return info.Env().Undefined();
  }

  // (id, port, address)
  Napi::Value AddDestination(const Napi::CallbackInfo& info) {
    Family family;
    Address address;
    const uint32_t id = number_at(info, 0);
    if (id >= engine_.limits().destinations || !address_at(info, 2, family, address)) {
      return throw_range(info.Env(), "addDestination: argument out of range");
    }
    DestinationEntry& entry = engine_.directory().destinations[id];
    entry.port = static_cast<uint16_t>(number_at(info, 1));
    entry.address = address;
    entry.is_available.store(true, std::memory_order_release);
    return info.Env().Undefined();
  }

  Napi::Value SetDestinationAvailable(const Napi::CallbackInfo& info) {
    const uint32_t id = number_at(info, 0);
    if (id >= engine_.limits().destinations) return throw_range(info.Env(), "setDestinationAvailable: id out of range");
    const bool is_available = info[1].ToBoolean();
    engine_.directory().destinations[id].is_available.store(is_available, std::memory_order_release);
    PacketPolicy& policy = engine_.directory().policy;
    if (!is_available && policy.expire_nodest_conn) policy.nodest_flushes.fetch_add(1, std::memory_order_release);
    return info.Env().Undefined();
  }

  Napi::Value ClearDestination(const Napi::CallbackInfo& info) {
    const uint32_t id = number_at(info, 0);
    if (id >= engine_.limits().destinations) return throw_range(info.Env(), "clearDestination: id out of range");
    engine_.clear_destination(id);
    return info.Env().Undefined();
  }

  // Seconds: (tcp established, tcp fin-wait, udp)
  Napi::Value SetTimeouts(const Napi::CallbackInfo& info) {
    Directory& directory = engine_.directory();
    directory.tcp_timeouts[static_cast<size_t>(TcpState::established)] = number_at(info, 0) * kTicksPerSecond;
    directory.tcp_timeouts[static_cast<size_t>(TcpState::fin_wait)] = number_at(info, 1) * kTicksPerSecond;
    directory.udp_timeout = number_at(info, 2) * kTicksPerSecond;
    return info.Env().Undefined();
  }

  Napi::Value SetRestoresHopLimit(const Napi::CallbackInfo& info) {
    engine_.directory().restores_hop_limit = info[0].ToBoolean();
    return info.Env().Undefined();
  }

  // (cursor, words: Uint32Array, Call-IDs: Uint8Array) -> next cursor; fills `words` with kWordsPerListed words a
  // connection, and the other array with kCallIdBytes: the length and the text. The first element of the result pair is
  // the cursor and the second how many.
  Napi::Value ListConnections(const Napi::CallbackInfo& info) {
    constexpr size_t kWordsPerListed = 20;
    constexpr size_t kMostListed = 1024;
    constexpr uint32_t kMostVisited = 65536;
    constexpr size_t kCallIdBytes = 1 + kMaxCallIdBytes;
    if (info.Length() < 3 || !info[1].IsTypedArray() || !info[2].IsTypedArray()) {
      return throw_range(info.Env(), "listConnections: no array");
    }
    Napi::Uint32Array words = info[1].As<Napi::Uint32Array>();
    Napi::Uint8Array call_ids = info[2].As<Napi::Uint8Array>();
    std::array<ConnectionTable::Snapshot, kMostListed> listed;
    const size_t room =
        std::min({kMostListed, words.ElementLength() / kWordsPerListed, call_ids.ElementLength() / kCallIdBytes});
    size_t count = 0;
    const uint64_t cursor = static_cast<uint64_t>(info[0].ToNumber().Int64Value());
    const uint64_t next = engine_.table().list(cursor, {listed.data(), room}, count, kMostVisited);
    const Tick now = Engine::now();
    uint32_t* out = words.Data();
    for (size_t i = 0; i < count; ++i, out += kWordsPerListed) {
      const ConnectionEnds& ends = listed[i].ends;
      out[0] = static_cast<uint32_t>(ends.family);
      out[1] = ends.protocol;
      out[2] = static_cast<uint32_t>(listed[i].flags) << 16 | listed[i].state;
      out[3] = listed[i].expires - now;
      out[4] = ends.client_port;
      out[5] = ends.virtual_port;
      out[6] = ends.real_port;
      out[7] = listed[i].destination_id;
      for (int word = 0; word < 4; ++word) {
        out[8 + word] = ends.client.words[word];
        out[12 + word] = ends.virtual_.words[word];
        out[16 + word] = ends.real.words[word];
      }
      const std::span<const uint8_t> call_id = listed[i].call_id.view();
      uint8_t* const text = call_ids.Data() + i * kCallIdBytes;
      text[0] = static_cast<uint8_t>(call_id.size());
      std::copy(call_id.begin(), call_id.end(), text + 1);
    }
    Napi::Array result = Napi::Array::New(info.Env(), 2);
    result.Set(0u, Napi::Number::New(info.Env(), static_cast<double>(next)));
    result.Set(1u, Napi::Number::New(info.Env(), static_cast<double>(count)));
    return result;
  }

  Napi::Value LiveConnections(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), engine_.table().live());
  }
  Napi::Value ReceiveError(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), engine_.receive_error());
  }
  // The buffers live as long as this object; src/engine keeps it for as long as it keeps them.
  Napi::Value buffer_over(const Napi::CallbackInfo& info, std::span<std::byte> memory) {
    return Napi::ArrayBuffer::New(info.Env(), memory.data(), memory.size());
  }
  Napi::Value LaneMemory(const Napi::CallbackInfo& info) { return buffer_over(info, engine_.lane_memory()); }
  Napi::Value CounterMemory(const Napi::CallbackInfo& info) { return buffer_over(info, engine_.counter_memory()); }
  Napi::Value LatencyMemory(const Napi::CallbackInfo& info) { return buffer_over(info, engine_.latency_memory()); }
  Napi::Value RingMemory(const Napi::CallbackInfo& info) { return buffer_over(info, engine_.ring_memory()); }

  Engine engine_;
  Napi::ThreadSafeFunction doorbell_;
  bool is_started_ = false;
};

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
  exports.Set("ringEntries", Napi::Number::New(env, kRingEntries));
  return exports;
}

}  // namespace
}  // namespace uipvs

static Napi::Object initialise_addon(Napi::Env env, Napi::Object exports) { return uipvs::initialise(env, exports); }

NODE_API_MODULE(uipvs, initialise_addon)
