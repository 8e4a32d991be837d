#include "support/worker_rig.h"

namespace uipvs::test {

WorkerRig::WorkerRig(uint32_t capacity, bool is_shared)
    : rig(make_rig(capacity)),
      commons({rig->table, rig->directory, rig->lanes_of(1), rig->counters, latency, *rings, is_shared}),
      worker({commons, rig->counters, others, receiver, transmitter}, [this] { ++doorbells; }) {}

std::vector<MemoryPacket> WorkerRig::sent() {
  std::vector<MemoryPacket> taken;
  taken.swap(transmitter.sent);
  return taken;
}

std::vector<UpcallRequest> WorkerRig::requests() {
  rings->requests.doorbell = 0;
  std::vector<UpcallRequest> taken;
  for (UpcallRequest request; rings->requests.pop(request);) taken.push_back(request);
  return taken;
}

void WorkerRig::answer(const UpcallRequest& request, int32_t destination_id) {
  if (destination_id >= 0 && static_cast<uint32_t>(destination_id) < Rig::kDestinations) {
    DestinationLane& lane = rig->lanes[static_cast<size_t>(destination_id)];
    add_relaxed(request.protocol == kProtocolTcp ? lane.active : lane.inactive, 1);
  }
  rings->verdicts.push({request.ticket, destination_id});
}

}  // namespace uipvs::test
