#include "core/service_table.h"

#include <bit>

namespace uipvs {

ServiceTable::ServiceTable(uint32_t capacity, const HashSecret& secret)
    : capacity_(capacity),
      mask_(std::bit_ceil(capacity * 4) - 1),
      secret_(secret),
      slots_(std::make_unique<Slot[]>(capacity)),
      index_(std::make_unique<std::atomic<uint32_t>[]>(mask_ + 1)) {}

bool ServiceTable::holds(uint32_t id, const ServiceKey& key) const {
  const Slot& slot = slots_[id];
  const uint32_t sequence = slot.sequence.load(std::memory_order_acquire);
  bool equal = slot.head.load(std::memory_order_relaxed) == pack(key);
  for (int i = 0; i < 4; ++i) equal &= slot.words[i].load(std::memory_order_relaxed) == key.address.words[i];
  std::atomic_thread_fence(std::memory_order_acquire);
  return equal && (sequence & 1) == 0 && slot.sequence.load(std::memory_order_relaxed) == sequence;
}

bool ServiceTable::add(uint32_t id, const ServiceKey& key) {
  if (find(key) != kNoService) return false;
  Slot& slot = slots_[id];
  slot.sequence.fetch_add(1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);  // a reader that sees part of the new key sees the odd sequence
  slot.head.store(pack(key), std::memory_order_relaxed);
  for (int i = 0; i < 4; ++i) slot.words[i].store(key.address.words[i], std::memory_order_relaxed);
  slot.sequence.fetch_add(1, std::memory_order_release);
  for (uint32_t at = static_cast<uint32_t>(hash(key)) & mask_;; at = (at + 1) & mask_) {
    const uint32_t entry = index_[at].load(std::memory_order_relaxed);
    if (entry != kEmpty && entry != kTombstone) continue;
    index_[at].store(id + 1, std::memory_order_release);
    return true;
  }
}

ServiceKey ServiceTable::key_at(uint32_t id) const {
  const Slot& slot = slots_[id];
  ServiceKey key;
  const uint32_t head = slot.head.load(std::memory_order_relaxed);
  key.family = static_cast<Family>(head >> 24);
  key.protocol = static_cast<uint8_t>(head >> 16);
  key.port = static_cast<uint16_t>(head);
  for (int i = 0; i < 4; ++i) key.address.words[i] = slot.words[i].load(std::memory_order_relaxed);
  return key;
}

// Whether an entry lies beyond `at` whose look-up passes over it.
bool ServiceTable::is_crossed(uint32_t at) const {
  for (uint32_t beyond = (at + 1) & mask_; beyond != at; beyond = (beyond + 1) & mask_) {
    const uint32_t entry = index_[beyond].load(std::memory_order_relaxed);
    if (entry == kEmpty) return false;
    if (entry == kTombstone) continue;
    if (((beyond - home_of(entry - 1)) & mask_) >= ((beyond - at) & mask_)) return true;
  }
  return false;
}

void ServiceTable::remove(uint32_t id) {
  const uint32_t home = home_of(id);
  uint32_t at = home;
  for (uint32_t entry; (entry = index_[at].load(std::memory_order_relaxed)) != id + 1; at = (at + 1) & mask_) {
    if (entry == kEmpty) return;
  }
  index_[at].store(kTombstone, std::memory_order_release);
  // Its path is the only one that has ended; tombstones on it may have been kept for it alone.
  for (;; at = (at - 1) & mask_) {
    const bool is_tombstone = index_[at].load(std::memory_order_relaxed) == kTombstone;
    if (is_tombstone && !is_crossed(at)) index_[at].store(kEmpty, std::memory_order_release);
    if (at == home) return;
  }
}

uint32_t ServiceTable::find(const ServiceKey& key) const {
  for (uint32_t at = static_cast<uint32_t>(hash(key)) & mask_, probes = 0; probes <= mask_;
       at = (at + 1) & mask_, ++probes) {
    const uint32_t entry = index_[at].load(std::memory_order_acquire);
    if (entry == kEmpty) break;
    if (entry != kTombstone && holds(entry - 1, key)) return entry - 1;
  }
  return kNoService;
}

uint32_t ServiceTable::used_cells() const {
  uint32_t used = 0;
  for (uint32_t at = 0; at <= mask_; ++at) used += index_[at].load(std::memory_order_relaxed) != kEmpty;
  return used;
}

}  // namespace uipvs
