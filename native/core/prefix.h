// Addresses and networks that change while workers read them.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/tuple.h"

namespace uipvs {

// What is read is of the old one, the new one, or both.
struct MovingAddress {
  std::atomic<uint32_t> words[4];

  void store(const Address& address) {
    for (int i = 0; i < 4; ++i) words[i].store(address.words[i], std::memory_order_relaxed);
  }
  Address load() const {
    Address address;
    for (int i = 0; i < 4; ++i) address.words[i] = words[i].load(std::memory_order_relaxed);
    return address;
  }
};

struct AddressPrefix {
  MovingAddress address;
  std::atomic<uint32_t> length;

  bool holds(Family family, const Address& other) const {
    const Address mine = address.load();
    uint32_t bits = length.load(std::memory_order_relaxed);
    for (int word = 0; word < (family == Family::ipv6 ? 4 : 1) && bits != 0; ++word) {
      const uint32_t compared = bits < 32 ? bits : 32;
      const uint32_t mask = static_cast<uint32_t>(~uint64_t{0} << (32 - compared));
      if (((mine.words[word] ^ other.words[word]) & mask) != 0) return false;
      bits -= compared;
    }
    return true;
  }
};

}  // namespace uipvs
