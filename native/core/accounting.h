// Per-destination counters: one cache line a destination and lane. Each lane has one writer (lane 0 the control thread,
// the others a worker each); a reader sums the lanes. Nothing here is shared between writers, so nothing is contended.
//
// The control thread counts a connection as active or inactive in its lane the moment it decides for a destination, so
// that the next decision sees it; a worker that cannot create the connection takes the count back in its own lane.
#pragma once

#include <atomic>
#include <cstddef>
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
  std::atomic<uint32_t> overloaded;  // lane 0 only, written by every thread; see DestinationLanes
  uint64_t reserved2;
};
static_assert(sizeof(DestinationLane) == 64);

// The lanes of all destinations, as one thread sees them.
struct DestinationLanes {
  DestinationLane* first = nullptr;  // lane by lane, a lane's destinations one after another
  uint32_t destinations = 0;
  uint32_t count = 0;
  uint32_t own = 0;

  DestinationLane& own_lane(uint32_t destination_id) const { return lane(own, destination_id); }
  DestinationLane& lane(uint32_t index, uint32_t destination_id) const {
    return first[static_cast<size_t>(index) * destinations + destination_id];
  }
  // Active and inactive ones of all lanes, those that are decided but not yet made included.
  int32_t connections(uint32_t destination_id) const {
    int32_t sum = 0;
    for (uint32_t index = 0; index < count; ++index) {
      const DestinationLane& counts = lane(index, destination_id);
      sum += counts.active.load(std::memory_order_acquire) + counts.inactive.load(std::memory_order_acquire);
    }
    return sum;
  }
  std::atomic<uint32_t>& overloaded(uint32_t destination_id) const { return lane(0, destination_id).overloaded; }
};

// An add with a single writer: a plain add whose store is not torn for readers.
template <typename Value>
inline void add_relaxed(std::atomic<Value>& counter, Value amount) {
  counter.store(counter.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

// One connection less: whoever reads a count of none may give the destination's id to another, for nobody looks at the
// destination any more.
inline void count_out(std::atomic<int32_t>& count) {
  count.store(count.load(std::memory_order_relaxed) - 1, std::memory_order_release);
}
// A connection that is counted elsewhere from now on. At no moment is it in neither count.
inline void count_over(std::atomic<int32_t>& from, std::atomic<int32_t>& to) {
  add_relaxed(to, 1);
  count_out(from);
}

}  // namespace uipvs
