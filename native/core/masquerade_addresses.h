// The director's addresses that masqueraded connections of a family may come from.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "core/prefix.h"

namespace uipvs {

// Control thread writes, workers read. None: the source is the address that the host itself would use. An address stays
// at its place for good, so that no reader sees halves of two; one that the director has lost for a while is not usable.
struct MasqueradeAddresses {
  // Implementation: the source of a new connection is looked for in each of them.
  static constexpr uint32_t kMost = 64;

  struct Entry {
    MovingAddress address;
    std::atomic<bool> is_usable;
  };
  std::atomic<uint32_t> count{0};
  std::array<Entry, kMost> entries;

  void add(const Address& address) {
    const uint32_t place = count.load(std::memory_order_relaxed);
    entries[place].address.store(address);
    entries[place].is_usable.store(true, std::memory_order_relaxed);
    count.store(place + 1, std::memory_order_release);
  }
};

}  // namespace uipvs
