// Where first packets wait for the scheduler.
//
// Theory of operation: a flow that awaits its verdict holds a slot, found by the hash of its key; its packets are copied
// into nodes, in order. One request is posted a flow, however many packets it sends meanwhile: a repeated SYN is
// dropped, datagrams queue behind the first. The key is the connection's tuple or, of a persistent service, what its
// template will be found by: then many connections wait for one verdict. A one-packet datagram waits alone. All memory is taken at start; the lot is bounded
// and what does not fit is dropped and counted, never waited for.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/counters.h"
#include "core/packet.h"
#include "core/pipeline.h"

namespace uipvs {

class ParkingLot {
 public:
  static constexpr uint32_t kFlows = 2048;
  static constexpr uint32_t kMaxPacketsPerFlow = 256;
  static constexpr uint32_t kSmallPackets = 4096;
  static constexpr uint32_t kLargePackets = 64;
  static constexpr uint32_t kSmallBytes = 2048;
  static constexpr uint32_t kNone = UINT32_MAX;

  ParkingLot();

  enum class Result : uint8_t { parked_first, parked_behind, repeated, full };

  struct Errand {
    uint32_t service_id = 0;
    uint64_t posted_ns = 0;
  };

  // Copies `packet`. `hash` is that of `waiting`; `ticket` names the flow.
  Result park(const Packet& packet, const PacketView& view, const Pipeline::Waiting& waiting, uint64_t hash,
              const Errand& errand, uint32_t& ticket);

  struct Node {
    Packet packet;
    FiveTuple tuple;
    uint32_t next = kNone;
  };
  // The flow's first parked packet and why it waits; null where the ticket is stale or was claimed before. next() walks,
  // release() gives all back.
  Node* claim(uint32_t ticket, Errand& errand);
  Node* next(const Node& node) { return node.next == kNone ? nullptr : &nodes_[node.next]; }
  void release(uint32_t ticket);

  uint32_t parked_flows() const { return parked_flows_; }

 private:
  struct Flow {
    FiveTuple key;
    Errand errand;
    uint64_t hash = 0;
    uint32_t generation = 0;
    uint32_t first = kNone;
    uint32_t last = kNone;
    uint32_t packets = 0;
    uint32_t next_in_chain = kNone;  // of the hash chain, or of the free list
    bool is_template = false;
    bool is_alone = false;
    bool is_used = false;
    bool is_claimed = false;
  };

  Flow* find(const Pipeline::Waiting& waiting, uint64_t hash);
  bool holds(const Flow& flow, const FiveTuple& tuple) const;
  uint32_t take_node(const Packet& packet);
  void give_node(uint32_t index);
  Flow* flow_of(uint32_t ticket);

  std::vector<Flow> flows_;
  std::vector<Node> nodes_;
  std::array<uint32_t, kFlows> chains_;
  std::unique_ptr<uint8_t[]> small_memory_;
  std::unique_ptr<uint8_t[]> large_memory_;
  uint32_t free_flow_ = 0;
  uint32_t free_small_ = 0;
  uint32_t free_large_ = kSmallPackets;
  uint32_t parked_flows_ = 0;
};

}  // namespace uipvs
