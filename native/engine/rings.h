// The upcall: two single-producer single-consumer rings in shared memory between a worker and the control thread.
//
// Theory of operation: the worker posts a Request for the first packet of a connection and goes on; the control thread,
// woken by one coalesced doorbell, takes all that are there, lets the schedulers choose, and posts a Verdict each; a
// worker that sleeps is woken by one eventfd write for all of them. Indices run freely and are masked on use. TypeScript
// reads and writes these structures through typed arrays (src/engine/upcall.ts), so the layout is a contract: the sizes
// below are asserted on both sides.
#pragma once

#include <atomic>
#include <cstdint>

namespace uipvs {

inline constexpr uint32_t kRingEntries = 4096;

// Source and destination words in host order, most significant first; IPv4 in the first word.
struct UpcallRequest {
  uint32_t ticket;  // names the parked packet; echoed in the verdict
  uint32_t service_id;
  uint8_t family;  // 4 or 6
  uint8_t protocol;
  uint16_t reserved;
  uint16_t source_port;
  uint16_t destination_port;
  uint32_t source[4];
  uint32_t destination[4];
  uint64_t posted_ns;  // CLOCK_BOOTTIME, when the burst was read
  uint64_t reserved2;
};
static_assert(sizeof(UpcallRequest) == 64);

// Of a verdict: the chosen destination is not masqueraded. Refuse, as for any negative number, and count it.
inline constexpr int32_t kUnsupportedForwarding = -2;

// destination_id, or a negative number: refuse.
struct Verdict {
  uint32_t ticket;
  int32_t destination_id;
};
static_assert(sizeof(Verdict) == 8);

template <typename Entry>
struct alignas(64) Ring {
  alignas(64) std::atomic<uint32_t> head;      // producer
  alignas(64) std::atomic<uint32_t> tail;      // consumer
  alignas(64) std::atomic<uint32_t> doorbell;  // 1 while a wake-up is on its way
  alignas(64) Entry entries[kRingEntries];

  bool push(const Entry& entry) {
    const uint32_t at = head.load(std::memory_order_relaxed);
    if (at - tail.load(std::memory_order_acquire) == kRingEntries) return false;
    entries[at % kRingEntries] = entry;
    head.store(at + 1, std::memory_order_release);
    return true;
  }

  bool pop(Entry& entry) {
    const uint32_t at = tail.load(std::memory_order_relaxed);
    if (at == head.load(std::memory_order_seq_cst)) return false;
    entry = entries[at % kRingEntries];
    tail.store(at + 1, std::memory_order_release);
    return true;
  }

  bool is_empty() const { return tail.load(std::memory_order_relaxed) == head.load(std::memory_order_seq_cst); }
};

struct WorkerRings {
  Ring<UpcallRequest> requests;
  Ring<Verdict> verdicts;
};
static_assert(sizeof(Ring<UpcallRequest>) == 192 + 64 * kRingEntries);
static_assert(sizeof(Ring<Verdict>) == 192 + 8 * kRingEntries);

}  // namespace uipvs
