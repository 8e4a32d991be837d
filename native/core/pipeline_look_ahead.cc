// Memory for a burst before its first packet is treated.
//
// With many connections and services no cache holds them, and a packet needs four lines in turn, each of which says where the
// next one is: the index, the record, and what is said and counted of its destination. Here all packets of a burst ask for
// the first, then all for the second, and so on, so that the waits lie over one another. Nothing depends on it: a wrong guess
// costs a line of cache. Source: group prefetching of Chen, Ailamaki, Gibbons and Mowry,
// "Improving Hash Join Performance through Prefetching", ICDE 2004.
#include <algorithm>
#include <array>

#include "core/pipeline.h"

namespace uipvs {
namespace {

constexpr size_t kMost = 64;

}  // namespace

void Pipeline::look_ahead(std::span<const Packet> burst) const {
  // One has nobody to wait beside.
  if (burst.size() < 2) return;
  std::array<uint64_t, kMost> hashes;
  size_t peeked = 0;
  for (const Packet& packet : burst.first(std::min(burst.size(), kMost))) {
    FiveTuple tuple;
    if (!peek_tuple(packet, tuple)) continue;
    hashes[peeked] = table_.hash(tuple);
    table_.prefetch_index(hashes[peeked++]);
  }
  std::array<ConnectionId, kMost> connections;
  size_t known = 0;
  for (size_t i = 0; i < peeked; ++i) {
    connections[known] = table_.likely(hashes[i]);
    if (connections[known] != 0) ++known;
  }
  for (size_t i = 0; i < known; ++i) {
    const uint32_t destination_id = table_.head(connections[i]).destination_id;
    if (destination_id >= directory_.destination_count) continue;
    __builtin_prefetch(&directory_.destinations[destination_id]);
    __builtin_prefetch(&lanes_.own_lane(destination_id), 1);
  }
}

}  // namespace uipvs
