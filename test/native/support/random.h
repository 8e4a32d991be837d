// Seeded randomness for property tests.
#pragma once

#include <cstdint>
#include <vector>

namespace uipvs::test {

// SplitMix64. Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators".
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t word() {
    state_ += 0x9e3779b97f4a7c15;
    uint64_t mixed = (state_ ^ (state_ >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
  }

  // 0 .. bound - 1
  uint32_t below(uint32_t bound) { return static_cast<uint32_t>((word() >> 32) * bound >> 32); }
  bool one_in(uint32_t chances) { return below(chances) == 0; }

  std::vector<uint8_t> bytes(uint32_t count) {
    std::vector<uint8_t> made(count);
    for (uint8_t& byte : made) byte = static_cast<uint8_t>(word());
    return made;
  }

 private:
  uint64_t state_;
};

// The seed of this run: from UIPVS_TEST_SEED, else from the clock. The summary line prints it.
uint64_t test_seed();

}  // namespace uipvs::test
