#include "support/kept_rig.h"

#include <cstring>

namespace uipvs::test {

KeptRig::KeptRig(std::unique_ptr<Rig> rig) : rig_(std::move(rig)) {
  const Directory& directory = rig_->directory;
  keep(rig_.get(), sizeof(Rig));
  keep(rig_->memory.bytes().data(), rig_->memory.bytes().size());
  keep(rig_->lanes.get(), 2 * Rig::kDestinations * sizeof(DestinationLane));
  keep(directory.service_entries.get(), Rig::kServices * sizeof(ServiceEntry));
  keep(directory.destinations.get(), Rig::kDestinations * sizeof(DestinationEntry));
  keep(directory.real_port_owners.get(), Rig::kDestinations * sizeof(RealPortOwner));
  keep(directory.vip_is_local.get(), Rig::kServices * sizeof(std::atomic<bool>));
}

void KeptRig::keep(void* from, size_t bytes) {
  const std::span<std::byte> part(static_cast<std::byte*>(from), bytes);
  parts_.push_back({part, {part.begin(), part.end()}});
}

Rig& KeptRig::restore() {
  for (const Part& part : parts_) std::memcpy(part.bytes.data(), part.kept.data(), part.kept.size());
  return *rig_;
}

FedInPlace feed_in_place(Rig& rig, GuardedPacket& held, std::span<const uint8_t> packet, uint32_t capacity) {
  FedInPlace fed;
  held.load(packet, VnetHeader{}, capacity).mark = rig.mark;
  fed.decision = rig.pipeline.process(held.packet, fed.view);
  fed.action = fed.decision.action;
  if (fed.action != Action::upcall) return fed;
  if (rig.next_destination < 0) {
    fed.action = rig.pipeline.refuse(held.packet, fed.view);
  } else {
    const uint32_t id = static_cast<uint32_t>(rig.next_destination);
    add_relaxed(fed.view.tuple.protocol == kProtocolTcp ? rig.lanes[id].active : rig.lanes[id].inactive, 1);
    fed.action = rig.pipeline.admit(held.packet, fed.view, fed.decision.service_id, id);
  }
  return fed;
}

}  // namespace uipvs::test
