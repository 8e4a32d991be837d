// How long first packets wait for the scheduler: a histogram in shared memory, one writer (the worker).
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/accounting.h"

namespace uipvs {

struct UpcallLatency {
  // Upper bounds in microseconds; what is longer is in the last cell.
  static constexpr std::array<uint32_t, 18> kBoundsUs = {25,  50,   100,  150,  200,   250,   300,    400,    500,
                                                         750, 1000, 2500, 5000, 10000, 50000, 100000, 500000, 1000000};

  std::atomic<uint64_t> nanoseconds;  // of all together
  std::atomic<uint64_t> cells[kBoundsUs.size() + 1];

  void add(uint64_t waited_ns) {
    size_t cell = 0;
    while (cell < kBoundsUs.size() && waited_ns > uint64_t{kBoundsUs[cell]} * 1000) ++cell;
    add_relaxed(cells[cell], uint64_t{1});
    add_relaxed(nanoseconds, waited_ns);
  }
};

}  // namespace uipvs
