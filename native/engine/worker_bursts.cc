// A turn's burst: gathered from all receivers, decided on, sent. One look at everything and one system call to send it all:
// where packets come by several interfaces, few at a time by each, most of the cost is that of system calls.
#include "engine/worker.h"

namespace uipvs {
namespace {

// Implementation: in so many turns a TUN device is looked at once while packets come from the wire: each look is a system
// call, and few packets come by it then.
constexpr uint32_t kTunTurns = 8;
// Implementation: no more receivers are asked once there is so much: super-packets are sent while the second-level cache
// still holds them.
constexpr size_t kBurstBytes = 64 * 1024;

}  // namespace

void Worker::prepare_burst() {
  for (size_t i = 0; i < kBurst; ++i) {
    burst_[i] = {buffers_.get() + i * kPacketBufferBytes + kPacketHeadroom, 0, kMaxPacketBytes};
  }
}

// Whoever filled the last burst is the last to be asked for the next one.
void Worker::gather() {
  gathered_ = 0;
  gathered_bytes_ = 0;
  prepare_burst();
  const bool looks_at_main = !is_wire_busy_ || turns_.load(std::memory_order_relaxed) % kTunTurns == 0;
  is_wire_busy_ = false;
  const std::span<const ReceiverSet::Slot> slots = others_.slots();
  const size_t receivers = others_.count() == 0 ? 1 : 1 + slots.size();
  const size_t first = begins_with_;
  for (size_t i = 0; i < receivers; ++i) {
    const size_t index = (first + i) % receivers;
    if (index != 0) {
      const ReceiverSet::Slot& slot = slots[index - 1];
      Receiver* const receiver = slot.receiver.load(std::memory_order_acquire);
      if (receiver != nullptr) gather_from(*receiver, slot.origin);
    } else if (looks_at_main) {
      gather_from(receiver_, {});
    }
    if (gathered_ < kBurst && gathered_bytes_ < kBurstBytes) continue;
    begins_with_ = (index + 1) % receivers;
    return;
  }
}

// One that fails gives no packets, the others go on.
void Worker::gather_from(Receiver& receiver, const Origin& origin) {
  const int received = receiver.receive(std::span(burst_).subspan(gathered_));
  if (&receiver == &receiver_) receive_error_.store(received < 0 ? -received : 0, std::memory_order_relaxed);
  const uint64_t lost = receiver.take_lost();
  if (lost != 0) counters_.add(Counter::drop_ring_full, lost);
  if (received < 0) counters_.add(Counter::receive_errors);
  if (received <= 0) return;
  is_wire_busy_ |= origin.is_from_wire;
  for (int i = 0; i < received; ++i) {
    Packet& packet = burst_[gathered_++];
    packet.mark = origin.mark;
    packet.is_from_wire = origin.is_from_wire;
    gathered_bytes_ += packet.length;
  }
}

bool Worker::process() {
  const bool has_verdicts = is_first_ && !commons_.rings.verdicts.is_empty();
  if (gathered_ == 0 && !has_verdicts) return false;
  auto turn = commons_.enter(now_);
  // Before the burst, in which there may be more packets of these flows.
  if (has_verdicts) take_verdicts();
  has_twins_ = commons_.twins.watch(now_);
  const std::span<Packet> burst = std::span(burst_).first(gathered_);
  commons_.pipeline.look_ahead(burst);
  for (Packet& packet : burst) take(packet);
  if (turn.owns_lock()) turn.unlock();
  flush();
  return true;
}

void Worker::take(Packet& packet) {
  const uint64_t print = has_twins_ ? commons_.twins.print_of(packet) : 0;
  if (has_twins_ && commons_.twins.take_second(print, packet.is_from_wire)) return;
  PacketView view;
  const Decision decision =
      packet.is_from_wire ? commons_.pipeline.process_copy(packet, view) : commons_.pipeline.process(packet, view);
  if (decision.action == Action::ignore) return;
  if (has_twins_) commons_.twins.note(print, packet.is_from_wire);
  counters_.add(Counter::received_packets);
  treat(packet, view, decision);
}

void Worker::treat(Packet& packet, const PacketView& view, const Decision& decision) {
  switch (decision.action) {
    case Action::ignore:
    case Action::drop: return;
    case Action::upcall: return ask_scheduler(packet, view, decision.service_id);
    case Action::reassemble: return reassemble(packet);
    case Action::transmit: break;
  }
  if (packet.fragment_bytes == 0) {
    outgoing_.push_back(&packet);
  } else {
    send_split(packet);
  }
}

void Worker::send_outgoing() {
  if (!outgoing_.empty()) transmitter_.send(outgoing_, counters_);
  outgoing_.clear();
}

// With no lock held, unlike send_outgoing().
void Worker::flush() {
  if (has_posted_) {
    has_posted_ = false;
    if (commons_.rings.requests.doorbell.exchange(1, std::memory_order_seq_cst) == 0) ring_doorbell_();
  }
  send_outgoing();
  if (answered_.empty()) return;
  const auto turn = commons_.enter(now_);
  for (const uint32_t ticket : answered_) commons_.parking.release(ticket);
  answered_.clear();
}

}  // namespace uipvs
