// Packets without offload metadata that are built once for each number, since the slow builder takes longer than the code
// under test.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "io/memory_io.h"

namespace uipvs::test {

class PacketCache {
 public:
  // `build` is called for a number, not 0, that is not there; the same number is always of the same packet. The bytes are
  // valid until the next call. In memory that does not grow, for which libFuzzer would suspect a leak.
  template <typename Build>
  std::span<const uint8_t> get(uint64_t number, Build&& build) {
    Kept& kept = packets_[(number * 0x9e3779b97f4a7c15) >> (64 - kBits)];
    if (kept.number != number) {
      const MemoryPacket built = build();
      kept.number = number;
      kept.length = std::min(built.bytes.size(), kept.bytes.size());
      std::copy_n(built.bytes.begin(), kept.length, kept.bytes.begin());
    }
    return {kept.bytes.data(), kept.length};
  }

 private:
  static constexpr uint32_t kBits = 13;
  static constexpr size_t kMostBytes = 448;

  struct Kept {
    uint64_t number = 0;
    size_t length = 0;
    std::array<uint8_t, kMostBytes> bytes;
  };
  std::array<Kept, 1u << kBits> packets_;
};

}  // namespace uipvs::test
