#include "support/rig.h"

#include <array>
#include <cstdlib>
#include <cstring>

namespace uipvs::test {

TableMemory::TableMemory(size_t bytes)
    : memory_(static_cast<std::byte*>(std::aligned_alloc(4096, bytes))), size_(bytes) {
  std::memset(memory_.get(), 0, bytes);
}

Rig::Rig(uint32_t capacity)
    : memory(ConnectionTable::memory_bytes(capacity)),
      directory(kServices, kDestinations, {1, 2}),
      lanes(std::make_unique<DestinationLane[]>(2 * kDestinations)),
      pipeline(table, directory, lanes_of(1), counters) {
  table.format(memory.bytes(), capacity, {0x0706050403020100, 0x0f0e0d0c0b0a0908});
  pipeline.set_now(now);
}

void Rig::add_service(uint32_t id, const ServiceKey& key) {
  directory.add_service(id, key, 0);
  directory.vips.add(id, {key.family, 0, 0, key.address});
}

void Rig::make_persistent(uint32_t id, uint32_t seconds, uint32_t netmask) {
  ServiceEntry& service = directory.service_entries[id];
  service.flags = static_cast<uint8_t>(service.flags | kServicePersistent);
  service.persistence = seconds * kTicksPerSecond;
  service.netmask = netmask;
}

void Rig::add_destination(uint32_t id, const Address& address, uint16_t port) {
  directory.destinations[id].port = port;
  directory.destinations[id].address = address;
  directory.destinations[id].is_known = true;
  directory.destinations[id].is_available = true;
}

Fed Rig::process(const MemoryPacket& packet) {
  HeldPacket held(packet, 2048);
  held.packet.mark = mark;
  PacketView view;
  const Decision decision = pipeline.process(held.packet, view);
  return {decision, decision.action, held.copy()};
}

Fed Rig::feed(const MemoryPacket& packet) {
  HeldPacket held(packet, 2048);
  held.packet.mark = mark;
  PacketView view;
  const Decision decision = pipeline.process(held.packet, view);
  Action action = decision.action;
  if (action == Action::upcall && next_destination < 0) {
    action = pipeline.refuse(held.packet, view);
  } else if (action == Action::upcall) {
    const uint32_t id = static_cast<uint32_t>(next_destination);
    add_relaxed(view.tuple.protocol == kProtocolTcp ? lanes[id].active : lanes[id].inactive, 1);
    action = pipeline.admit(held.packet, view, decision.service_id, id);
  }
  return {decision, action, held.copy()};
}

uint64_t Rig::dropped() const {
  // Of the counters whose name begins with "drop_".
  static const std::vector<size_t> reasons = [] {
    std::vector<size_t> found;
    for (size_t i = 0; i < kCounterCount; ++i) {
      if (std::strncmp(kCounterNames[i], "drop_", 5) == 0) found.push_back(i);
    }
    return found;
  }();
  uint64_t sum = 0;
  for (const size_t reason : reasons) sum += counters.cells[reason].load();
  return sum;
}

std::vector<ConnectionTable::Snapshot> Rig::connections() const {
  std::vector<ConnectionTable::Snapshot> all;
  std::array<ConnectionTable::Snapshot, 16> some;
  uint64_t cursor = 0;
  do {
    size_t count = 0;
    cursor = table.list(cursor, some, count, 64);
    all.insert(all.end(), some.begin(), some.begin() + static_cast<ptrdiff_t>(count));
  } while (cursor != 0);
  return all;
}

std::optional<ConnectionTable::Snapshot> Rig::connection(const FiveTuple& tuple) const {
  for (const auto& listed : connections()) {
    if ((listed.flags & kConnectionTemplate) != 0) continue;
    if (listed.ends.from_client() == tuple || listed.ends.from_server() == tuple) return listed;
  }
  return std::nullopt;
}

bool Rig::counts_agree() const {
  struct Counts {
    int32_t active = 0, inactive = 0, templates = 0;
  };
  std::array<Counts, kDestinations> expected{};
  each_connection([&](ConnectionId, const ConnectionHead& head) {
    const uint16_t flags = head.flags.load(std::memory_order_relaxed);
    Counts& counts = expected[head.destination_id];
    if ((flags & kConnectionTemplate) != 0) {
      ++counts.templates;
    } else if ((flags & kConnectionOnePacket) == 0) {
      // One-packet connections are not counted, nor listed.
      ++((flags & kConnectionInactive) != 0 ? counts.inactive : counts.active);
    }
  });
  for (uint32_t id = 0; id < kDestinations; ++id) {
    const Counts& counts = expected[id];
    if (active(id) != counts.active || inactive(id) != counts.inactive || persistent(id) != counts.templates) {
      return false;
    }
  }
  return true;
}

std::unique_ptr<Rig> make_rig(uint32_t capacity) {
  auto rig = std::make_unique<Rig>(capacity);
  rig->add_service(0, {Family::ipv4, kProtocolTcp, 80, kVip});
  rig->add_service(1, {Family::ipv4, kProtocolUdp, 80, kVip});
  rig->add_service(2, {Family::ipv6, kProtocolTcp, 80, kVip6});
  rig->add_service(3, {Family::ipv6, kProtocolUdp, 80, kVip6});
  rig->add_destination(0, kReal, 8080);
  rig->add_destination(1, kReal6, 8080);
  return rig;
}

MemoryPacket tcp_segment(const FiveTuple& tuple, uint8_t flags, uint32_t payload_bytes) {
  PacketSpec spec;
  spec.tuple = tuple;
  spec.tcp_flags = flags;
  spec.payload.assign(payload_bytes, 0x61);
  return build_packet(spec);
}

MemoryPacket udp_datagram(const FiveTuple& tuple, uint32_t payload_bytes) {
  PacketSpec spec;
  spec.tuple = tuple;
  spec.payload.assign(payload_bytes, 0x62);
  return build_packet(spec);
}

FiveTuple tuple_of(const MemoryPacket& packet) {
  HeldPacket held(packet);
  PacketView view;
  return parse_packet(held.packet, view) == ParseError::none ? view.tuple : FiveTuple{};
}

}  // namespace uipvs::test
