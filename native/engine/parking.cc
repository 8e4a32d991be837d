#include "engine/parking.h"

#include <cstring>

namespace uipvs {
namespace {

// A ticket is the flow's slot and as much of its generation as fits.
constexpr uint32_t kSlotBits = 11;
static_assert(ParkingLot::kFlows == 1u << kSlotBits);

uint32_t ticket_of(uint32_t slot, uint32_t generation) { return generation << kSlotBits | slot; }

}  // namespace

ParkingLot::ParkingLot()
    : flows_(kFlows),
      nodes_(kSmallPackets + kLargePackets),
      small_memory_(new uint8_t[kSmallPackets * (kPacketHeadroom + kSmallBytes)]),
      large_memory_(new uint8_t[kLargePackets * kPacketBufferBytes]) {
  chains_.fill(kNone);
  for (uint32_t i = 0; i < kFlows; ++i) flows_[i].next_in_chain = i + 1 < kFlows ? i + 1 : kNone;
  for (uint32_t i = 0; i < kSmallPackets + kLargePackets; ++i) {
    const bool is_small = i < kSmallPackets;
    uint8_t* const memory = is_small ? small_memory_.get() + i * (kPacketHeadroom + kSmallBytes)
                                     : large_memory_.get() + (i - kSmallPackets) * kPacketBufferBytes;
    nodes_[i].packet.data = memory + kPacketHeadroom;
    nodes_[i].packet.capacity = is_small ? kSmallBytes : kMaxPacketBytes;
    const bool is_last = i + 1 == kSmallPackets || i + 1 == kSmallPackets + kLargePackets;
    nodes_[i].next = is_last ? kNone : i + 1;
  }
}

ParkingLot::Flow* ParkingLot::find(const Pipeline::Waiting& waiting, uint64_t hash) {
  if (waiting.is_alone) return nullptr;
  for (uint32_t at = chains_[hash % kFlows]; at != kNone; at = flows_[at].next_in_chain) {
    Flow& flow = flows_[at];
    if (flow.hash != hash || flow.is_template != waiting.is_template || flow.is_alone) continue;
    if (flow.key == waiting.key) return &flow;
  }
  return nullptr;
}

bool ParkingLot::holds(const Flow& flow, const FiveTuple& tuple) const {
  for (uint32_t at = flow.first; at != kNone; at = nodes_[at].next) {
    if (nodes_[at].tuple == tuple) return true;
  }
  return false;
}

uint32_t ParkingLot::take_node(const Packet& packet) {
  uint32_t& head = packet.length <= kSmallBytes && free_small_ != kNone ? free_small_ : free_large_;
  const uint32_t index = head;
  if (index == kNone) return kNone;
  Node& node = nodes_[index];
  head = node.next;
  node.next = kNone;
  node.packet.length = packet.length;
  node.packet.mark = packet.mark;
  node.packet.fragment_bytes = packet.fragment_bytes;
  node.packet.is_from_wire = packet.is_from_wire;
  std::memcpy(node.packet.data - sizeof(VnetHeader), packet.data - sizeof(VnetHeader),
              sizeof(VnetHeader) + packet.length);
  return index;
}

void ParkingLot::give_node(uint32_t index) {
  uint32_t& head = index < kSmallPackets ? free_small_ : free_large_;
  nodes_[index].next = head;
  head = index;
}

ParkingLot::Result ParkingLot::park(const Packet& packet, const PacketView& view, const Pipeline::Waiting& waiting,
                                    uint64_t hash, const Errand& errand, uint32_t& ticket) {
  Flow* flow = find(waiting, hash);
  const bool is_first = flow == nullptr;
  if (!is_first && view.tuple.protocol != kProtocolUdp && holds(*flow, view.tuple)) return Result::repeated;
  if (is_first && free_flow_ == kNone) return Result::full;
  if (!is_first && flow->packets == kMaxPacketsPerFlow) return Result::full;
  const uint32_t node = take_node(packet);
  if (node == kNone) return Result::full;
  nodes_[node].tuple = view.tuple;
  if (is_first) {
    flow = &flows_[free_flow_];
    free_flow_ = flow->next_in_chain;
    flow->key = waiting.key;
    flow->is_template = waiting.is_template;
    flow->is_alone = waiting.is_alone;
    flow->errand = errand;
    flow->hash = hash;
    flow->is_used = true;
    flow->is_claimed = false;
    flow->next_in_chain = chains_[hash % kFlows];
    chains_[hash % kFlows] = static_cast<uint32_t>(flow - flows_.data());
    flow->first = node;
    flow->packets = 0;
    ++parked_flows_;
  } else {
    nodes_[flow->last].next = node;
  }
  flow->last = node;
  ++flow->packets;
  ticket = ticket_of(static_cast<uint32_t>(flow - flows_.data()), flow->generation);
  return is_first ? Result::parked_first : Result::parked_behind;
}

ParkingLot::Flow* ParkingLot::flow_of(uint32_t ticket) {
  Flow& flow = flows_[ticket % kFlows];
  const bool is_current = flow.is_used && ticket_of(ticket % kFlows, flow.generation) == ticket;
  return is_current ? &flow : nullptr;
}

ParkingLot::Node* ParkingLot::claim(uint32_t ticket, Errand& errand) {
  Flow* flow = flow_of(ticket);
  if (flow == nullptr || flow->is_claimed) return nullptr;
  flow->is_claimed = true;
  errand = flow->errand;
  return &nodes_[flow->first];
}

void ParkingLot::release(uint32_t ticket) {
  Flow* flow = flow_of(ticket);
  if (flow == nullptr) return;
  const uint32_t slot = static_cast<uint32_t>(flow - flows_.data());
  for (uint32_t node = flow->first; node != kNone;) {
    const uint32_t following = nodes_[node].next;
    give_node(node);
    node = following;
  }
  uint32_t* link = &chains_[flow->hash % kFlows];
  while (*link != slot) link = &flows_[*link].next_in_chain;
  *link = flow->next_in_chain;
  flow->is_used = false;
  ++flow->generation;
  flow->next_in_chain = free_flow_;
  free_flow_ = slot;
  --parked_flows_;
}

}  // namespace uipvs
