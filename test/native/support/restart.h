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

// Told of the table's memory and the number of the instruction.
using Inspect = bool (*)(void* with, std::span<const std::byte> kept, uint64_t instruction);

// Has `act` done by a process of its own that may end after each of its instructions: `inspect` is called once for each
// state that the table's memory then has, until it says false. How many states there were; 0 where processes cannot be
// traced here.
uint64_t end_anywhere(Rig& rig, void (*act)(Rig&), Inspect inspect, void* with);

}  // namespace uipvs::test
