// Per-destination counters: one cache line a destination and lane. Each lane has one writer (lane 0 the control thread,
// the others a worker each); a reader sums the lanes. Nothing here is shared between writers, so nothing is contended.
//
// The control thread counts a connection as active or inactive in its lane the moment it decides for a destination, so
// that the next decision sees it; a worker that cannot create the connection takes the count back in its own lane.
#pragma once

#include <atomic>
#include <cstdint>

namespace uipvs {

struct DestinationLane {
  std::atomic<uint64_t> connections;
  std::atomic<uint64_t> in_packets;
  std::atomic<uint64_t> out_packets;
  std::atomic<uint64_t> in_bytes;
  std::atomic<uint64_t> out_bytes;
  std::atomic<int32_t> active;
  std::atomic<int32_t> inactive;
  std::atomic<int32_t> persistent;
  uint32_t reserved;
  uint64_t reserved2;
};
static_assert(sizeof(DestinationLane) == 64);

// An add with a single writer: a plain add whose store is not torn for readers.
template <typename Value>
inline void add_relaxed(std::atomic<Value>& counter, Value amount) {
  counter.store(counter.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

}  // namespace uipvs
