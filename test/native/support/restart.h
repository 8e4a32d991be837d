// A process that has ended, and the next one, which finds the memory of its connection table.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "core/table_recovery.h"
#include "support/rig.h"

namespace uipvs::test {

// Makes a rig with the services and destinations that were there, always the same.
using MakeRig = std::unique_ptr<Rig> (*)();

struct Restarted {
  std::unique_ptr<Rig> rig;
  ConnectionTable::Mismatch mismatch = ConnectionTable::Mismatch::none;
  RecoveryReport report;
};

// All of a table's memory that is kept.
std::span<std::byte> kept_memory(Rig& rig);

Restarted restart(std::span<const std::byte> kept, Tick now, MakeRig make);
inline Restarted restart(Rig& dead, MakeRig make) { return restart(kept_memory(dead), dead.now, make); }

// The table's kept memory after each instruction of `act` that changes it, in order: what a process that ends in the
// middle of it leaves. x86-64 only, else nothing.
std::vector<std::vector<std::byte>> states_during(Rig& rig, void (*act)(Rig&));

}  // namespace uipvs::test
