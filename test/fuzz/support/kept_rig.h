// A rig that every run finds as it was at first, at the price of a copy: making one costs more than most runs.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "support/guarded_packet.h"
#include "support/rig.h"

namespace uipvs::test {

class KeptRig {
 public:
  // As `rig` is now it will be again; services are neither added nor removed later.
  explicit KeptRig(std::unique_ptr<Rig> rig);

  // Everything that packets, edits and time have changed is undone: the rig's own bytes, and those that it points to.
  // They hold numbers, and pointers that never change.
  Rig& restore();

 private:
  struct Part {
    std::span<std::byte> bytes;
    std::vector<std::byte> kept;
  };

  void keep(void* from, size_t bytes);

  std::unique_ptr<Rig> rig_;
  std::vector<Part> parts_;
};

// As Rig::feed() for a packet without offload metadata, in a buffer that is kept and has `capacity` bytes, and without a
// copy: what leaves is in `held`.
struct FedInPlace {
  Decision decision;
  Action action = Action::drop;
  PacketView view;
};
FedInPlace feed_in_place(Rig& rig, GuardedPacket& held, std::span<const uint8_t> packet, uint32_t capacity = 2048);

}  // namespace uipvs::test
