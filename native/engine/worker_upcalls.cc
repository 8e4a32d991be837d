// The worker's part of a decision: the question to the scheduler, and the verdict about the packets that wait for it.
#include "engine/boot_time.h"
#include "engine/worker.h"

namespace uipvs {

void Worker::ask_scheduler(const Packet& packet, const PacketView& view, uint32_t service_id) {
  uint32_t ticket = 0;
  const Pipeline::Waiting waiting = commons_.pipeline.waiting(packet, view, service_id);
  switch (commons_.parking.park(packet, view, waiting, waiting.hash, {service_id, now_ns_}, ticket)) {
    case ParkingLot::Result::parked_behind: return;
    case ParkingLot::Result::repeated: counters_.add(Counter::drop_retransmit_parked); return;
    case ParkingLot::Result::full: counters_.add(Counter::drop_parking_full); return;
    case ParkingLot::Result::parked_first: break;
  }
  UpcallRequest request{};
  request.ticket = ticket;
  request.service_id = service_id;
  request.family = static_cast<uint8_t>(view.tuple.family);
  request.protocol = view.tuple.protocol;
  request.source_port = view.tuple.source_port;
  request.destination_port = view.tuple.destination_port;
  for (int i = 0; i < 4; ++i) {
    request.source[i] = view.tuple.source.words[i];
    request.destination[i] = view.tuple.destination.words[i];
  }
  request.posted_ns = now_ns_;
  static_assert(ParkingLot::kFlows <= kRingEntries, "a parked flow always has room in the ring");
  commons_.rings.requests.push(request);
  counters_.add(Counter::upcalls);
  has_posted_ = true;
}

// Under the lock; what is left is the next turn's.
void Worker::take_verdicts() {
  Verdict verdict;
  while (outgoing_.size() < kBurst && commons_.rings.verdicts.pop(verdict)) apply(verdict);
}

void Worker::apply(const Verdict& verdict) {
  ParkingLot::Errand errand;
  ParkingLot::Node* node = commons_.parking.claim(verdict.ticket, errand);
  if (node == nullptr) return;
  commons_.latency.add(boot_time_ns() - errand.posted_ns);
  const bool is_placed = verdict.destination_id >= 0 &&
                         static_cast<uint32_t>(verdict.destination_id) < commons_.directory.destination_count;
  if (verdict.destination_id == kUnsupportedForwarding) counters_.add(Counter::refused_forwarding_method);
  for (bool is_first = true; node != nullptr; node = commons_.parking.next(*node), is_first = false) {
    PacketView view;
    Action action = Action::drop;
    if (is_first || !is_placed) {
      if (parse_packet(node->packet, view) != ParseError::none) continue;
      action = is_placed ? commons_.pipeline.admit(node->packet, view, errand.service_id,
                                                   static_cast<uint32_t>(verdict.destination_id))
                         : commons_.pipeline.refuse(node->packet, view);
    } else {
      action = commons_.pipeline.process(node->packet, view).action;
      // The first one's connection did not come to be, and these are not asked for again.
      if (action == Action::upcall) counters_.add(Counter::drop_unplaced);
    }
    if (action != Action::transmit) continue;
    if (node->packet.fragment_bytes == 0) {
      outgoing_.push_back(&node->packet);
    } else {
      send_split(node->packet);
    }
  }
  answered_.push_back(verdict.ticket);
}

}  // namespace uipvs
