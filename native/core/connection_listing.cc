// The readers of the connection table that are not workers.
#include "core/connection_table.h"
#include "core/record_access.h"

namespace uipvs {

bool ConnectionTable::take_snapshot(ConnectionId id, Snapshot& out) const {
  const ConnectionHead& record = head(id);
  const uint32_t life = record.life.load(std::memory_order_acquire);
  if ((life & 1) == 0) return false;
  out.ends = ends(id);
  out.destination_id = get(record.destination_id);
  out.state = record.state.load(std::memory_order_relaxed);
  out.flags = record.flags.load(std::memory_order_relaxed);
  out.expires = record.expires.load(std::memory_order_relaxed);
  call_ids_.read(get(record.call_id), out.call_id);
  std::atomic_thread_fence(std::memory_order_acquire);
  return record.life.load(std::memory_order_relaxed) == life && (out.flags & kConnectionOnePacket) == 0;
}

uint64_t ConnectionTable::list(uint64_t cursor, std::span<Snapshot> out, size_t& count, uint32_t max_visited) const {
  uint32_t pool = static_cast<uint32_t>(cursor >> 32);
  uint32_t slot = static_cast<uint32_t>(cursor);
  count = 0;
  if (pool > 1) return 0;
  for (uint32_t visited = 0; visited < max_visited && count < out.size(); ++visited) {
    while (slot >= header_->high_water[pool].load(std::memory_order_acquire)) {
      if (pool == 1) return 0;
      pool = 1;
      slot = 0;
    }
    ++slot;
    if (take_snapshot(slot | (pool << 31), out[count])) ++count;
  }
  return static_cast<uint64_t>(pool) << 32 | slot;
}

ConnectionTable::IndexUse ConnectionTable::index_use() const {
  IndexUse use;
  uint32_t run = 0;
  for (uint64_t at = 0; at < bucket_count_; ++at) {
    const IndexBucket& bucket = buckets_[at];
    for (const auto& entry : bucket.entries) use.entries += entry.load(std::memory_order_relaxed) != 0;
    const uint16_t overflow = bucket.overflow.load(std::memory_order_relaxed);
    use.spilled += overflow;
    run = overflow != 0 ? run + 1 : 0;
    if (run + 1 > use.longest_probe) use.longest_probe = run + 1;
  }
  return use;
}

}  // namespace uipvs
