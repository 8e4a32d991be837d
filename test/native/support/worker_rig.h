// A worker over memory, turned by the test, with the control thread's part played by it.
#pragma once

#include "engine/worker.h"
#include "support/rig.h"

namespace uipvs::test {

class WorkerRig {
 public:
  // Services and destinations as of make_rig().
  explicit WorkerRig(uint32_t capacity = 4096, bool is_shared = false);

  void receive(const MemoryPacket& packet) { receiver.queue.push_back(packet); }
  // What was sent since the last call.
  std::vector<MemoryPacket> sent();
  // The requests that wait, taken as the control thread does: doorbell cleared first.
  std::vector<UpcallRequest> requests();
  // Posts a verdict, counting the connection where it places one.
  void answer(const UpcallRequest& request, int32_t destination_id);

  uint64_t counted(Counter counter) const { return rig->counted(counter); }

  std::unique_ptr<Rig> rig;
  std::unique_ptr<WorkerRings> rings = std::make_unique<WorkerRings>();
  UpcallLatency latency{};
  ReceiverSet others;
  MemoryReceiver receiver;
  MemoryTransmitter transmitter;
  int doorbells = 0;
  Commons commons;
  Worker worker;
};

}  // namespace uipvs::test
