#include "core/crowded_ports.h"

#include <bit>

namespace uipvs {
namespace {

constexpr uint32_t kWordBits = 64;

// Implementation: a crowd with fewer taken ports than one in so many is forgotten. Fresh ones have more by far, so that
// none is made and forgotten by turns.
constexpr uint32_t kSparse = 4;

}  // namespace

CrowdedPorts::Crowd::Crowd(const PortRange& ports)
    : range(ports), words((ports.count + kWordBits - 1) / kWordBits, uint64_t{0}) {
  const uint32_t rest = ports.count % kWordBits;
  if (rest != 0) words.back() = ~uint64_t{0} << rest;
}

void CrowdedPorts::Crowd::set(uint32_t index, bool is_taken) {
  uint64_t& word = words[index / kWordBits];
  const uint64_t bit = uint64_t{1} << index % kWordBits;
  if (((word & bit) != 0) == is_taken) return;
  word ^= bit;
  taken += is_taken ? 1 : UINT32_MAX;
}

uint32_t CrowdedPorts::Crowd::next_free(uint32_t start) const {
  if (taken == range.count) return range.count;
  // The first word is looked at twice: from `start` on, and in the end before it.
  uint64_t hidden = (uint64_t{1} << start % kWordBits) - 1;
  size_t at = start / kWordBits;
  for (;;) {
    const uint64_t free = ~(words[at] | hidden);
    if (free != 0) return static_cast<uint32_t>(at) * kWordBits + static_cast<uint32_t>(std::countr_zero(free));
    hidden = 0;
    at = at + 1 == words.size() ? 0 : at + 1;
  }
}

bool CrowdedPorts::has_crowd(const WayBack& way_back, const PortRange& range) const {
  const auto found = crowds_.find(key_of(way_back));
  return found != crowds_.end() && found->second.range == range;
}

void CrowdedPorts::note(const FiveTuple& tuple, bool is_taken) {
  const auto found = crowds_.find(key_of(tuple));
  if (found == crowds_.end() || !found->second.range.holds(tuple.destination_port)) return;
  found->second.set(tuple.destination_port - found->second.range.first, is_taken);
}

void CrowdedPorts::forget_sparse() {
  std::erase_if(crowds_, [](const auto& each) { return each.second.taken * kSparse < each.second.range.count; });
}

}  // namespace uipvs
