// A worker's copies of ICMP errors that the kernel keeps. Few come, and most concern none of our connections: what is not
// ours leaves no trace.
#include "engine/worker.h"

namespace uipvs {

bool Worker::receive_kept_errors() {
  has_kept_errors_ = false;
  bool has_worked = false;
  for (Receiver* const each : kept_errors_) {
    if (each != nullptr) has_worked |= receive_kept_errors(*each);
  }
  return has_worked;
}

bool Worker::receive_kept_errors(Receiver& receiver) {
  prepare_burst();
  const int received = receiver.receive(burst_);
  if (received < 0) counters_.add(Counter::receive_errors);
  if (received <= 0) return false;
  auto turn = commons_.enter(now_);
  for (int i = 0; i < received; ++i) {
    Packet& packet = burst_[static_cast<size_t>(i)];
    PacketView view;
    const Decision decision = commons_.pipeline.process_kept_error(packet, view);
    if (decision.action == Action::ignore) continue;
    counters_.add(Counter::received_packets);
    treat(packet, view, decision);
  }
  if (turn.owns_lock()) turn.unlock();
  flush();
  return true;
}

}  // namespace uipvs
