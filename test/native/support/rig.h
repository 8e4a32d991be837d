// A pipeline with everything around it, and a control thread's part played by the test.
//
// Theory of operation: the rig owns the table's memory (exactly its size, zeroed), a directory, two lanes of
// destination counters (0: the scheduler's, 1: the worker's) and the counters. feed() takes a packet through the
// pipeline and, where it asks for the scheduler, answers with `next_destination`, counting the connection in lane 0 as
// the control thread does.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/pipeline.h"
#include "support/packet_builder.h"

namespace uipvs::test {

// Zeroed, page-aligned memory of exactly `bytes`.
class TableMemory {
 public:
  explicit TableMemory(size_t bytes);
  std::span<std::byte> bytes() const { return {memory_.get(), size_}; }

 private:
  struct Free {
    void operator()(std::byte* memory) const { std::free(memory); }
  };
  std::unique_ptr<std::byte, Free> memory_;
  size_t size_;
};

struct Fed {
  Decision decision;             // what process() said
  Action action = Action::drop;  // in the end
  MemoryPacket packet;           // as it left
};

class Rig {
 public:
  static constexpr uint32_t kServices = 64;
  static constexpr uint32_t kDestinations = 64;

  explicit Rig(uint32_t capacity = 1024);

  void add_service(uint32_t id, const ServiceKey& key);
  // Of an IPv4 service `netmask` is a mask, else a prefix length.
  void make_persistent(uint32_t id, uint32_t seconds, uint32_t netmask = UINT32_MAX);
  void add_destination(uint32_t id, const Address& address, uint16_t port);
  void set_available(uint32_t id, bool is_available) { directory.destinations[id].is_available = is_available; }

  Fed feed(const MemoryPacket& packet);
  // Through process() alone; an upcall stays an upcall.
  Fed process(const MemoryPacket& packet);

  void advance(Tick ticks) {
    now += ticks;
    pipeline.set_now(now);
  }

  uint64_t counted(Counter counter) const { return counters.cells[static_cast<size_t>(counter)].load(); }
  uint64_t dropped() const;
  DestinationLane& worker_lane(uint32_t id) { return lanes[kDestinations + id]; }
  int32_t active(uint32_t id) const { return sum(&DestinationLane::active, id); }
  int32_t inactive(uint32_t id) const { return sum(&DestinationLane::inactive, id); }
  int32_t persistent(uint32_t id) const { return sum(&DestinationLane::persistent, id); }
  bool is_overloaded(uint32_t id) const { return lanes[id].overloaded != 0; }
  DestinationLanes lanes_of(uint32_t own) const { return {lanes.get(), kDestinations, 2, own}; }

  std::vector<ConnectionTable::Snapshot> connections() const;
  // Calls visit(id, head) on each published record: templates and one-packet connections too.
  template <typename Visit>
  void each_connection(Visit&& visit) const {
    const uint32_t slots = table.high_water();
    for (uint32_t index = 0; index < slots; ++index) {
      const ConnectionId id = table.at(index);
      if (id != 0) visit(id, std::as_const(table.head(id)));
    }
  }
  // The connection that this tuple belongs to.
  std::optional<ConnectionTable::Snapshot> connection(const FiveTuple& tuple) const;
  // Whether each destination's active and inactive and template counts are what the table says.
  bool counts_agree() const;

  // Refused where negative.
  int32_t next_destination = 0;
  // What the packets to come are marked with.
  uint32_t mark = 0;
  Tick now = 1'000'000;

  TableMemory memory;
  ConnectionTable table;
  Directory directory;
  std::unique_ptr<DestinationLane[]> lanes;
  WorkerCounters counters{};
  Pipeline pipeline;

 private:
  int32_t sum(std::atomic<int32_t> DestinationLane::*count, uint32_t id) const {
    return (lanes[id].*count).load(std::memory_order_relaxed) +
           (lanes[kDestinations + id].*count).load(std::memory_order_relaxed);
  }
};

// The cast of most stories.
inline const Address kClient = address4(198, 51, 100, 7);
inline const Address kVip = address4(203, 0, 113, 10);
inline const Address kReal = address4(10, 0, 0, 3);
inline const Address kStranger = address4(192, 0, 2, 99);
inline const Address kClient6 = address6(0x7);
inline const Address kVip6 = address6(0x100);
inline const Address kReal6 = address6(0x203);

inline FiveTuple client_tuple(uint8_t protocol, uint16_t port = 40000, uint16_t service_port = 80) {
  return {Family::ipv4, protocol, port, service_port, kClient, kVip};
}
inline FiveTuple client_tuple6(uint8_t protocol, uint16_t port = 40000, uint16_t service_port = 80) {
  return {Family::ipv6, protocol, port, service_port, kClient6, kVip6};
}
inline FiveTuple server_tuple(uint8_t protocol, uint16_t port = 40000, uint16_t real_port = 8080) {
  return {Family::ipv4, protocol, real_port, port, kReal, kClient};
}

// A rig with services for TCP and UDP port 80 at both VIPs; destination 0 is kReal:8080, destination 1 kReal6:8080.
std::unique_ptr<Rig> make_rig(uint32_t capacity = 1024);

MemoryPacket tcp_segment(const FiveTuple& tuple, uint8_t flags, uint32_t payload_bytes = 0);
MemoryPacket udp_datagram(const FiveTuple& tuple, uint32_t payload_bytes = 4);

// The tuple of a packet that left, as the core's parser reads it.
FiveTuple tuple_of(const MemoryPacket& packet);

}  // namespace uipvs::test
