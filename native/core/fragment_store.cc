#include "core/fragment_store.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "core/fragment_view.h"

namespace uipvs {
namespace {

constexpr uint32_t kFirstData = kFragmentBlockBytes - 12;
constexpr uint32_t kNextData = kFragmentBlockBytes - 4;
constexpr uint32_t kWordBits = 64;

uint32_t unit_of(uint32_t offset) { return offset / kFragmentUnit; }
// The unit behind the bytes before `end`.
uint32_t unit_behind(uint32_t end) { return (end + kFragmentUnit - 1) / kFragmentUnit; }

// The bits of `word` between units `first` and `behind`.
uint64_t mask_of(uint32_t word, uint32_t first, uint32_t behind) {
  const uint32_t base = word * kWordBits;
  uint64_t mask = ~0ull;
  if (first > base) mask &= ~0ull << (first - base);
  if (behind < base + kWordBits) mask &= ~0ull >> (base + kWordBits - behind);
  return mask;
}

}  // namespace

FragmentStore::FragmentStore(uint32_t blocks) : blocks_(new Block[blocks]), capacity_(blocks) {
  static_assert(sizeof(PieceHead) == kFragmentBlockBytes - kFirstData);
}

uint32_t FragmentStore::blocks_for(uint32_t bytes) {
  return bytes <= kFirstData ? 1 : 1 + (bytes - kFirstData + kNextData - 1) / kNextData;
}

uint32_t FragmentStore::missing_maps(const Maps& maps, uint32_t offset, uint32_t end) {
  constexpr uint32_t kMapUnits = kMapWords * kWordBits;
  uint32_t missing = 0;
  for (uint32_t i = unit_of(offset) / kMapUnits; i <= (unit_behind(end) - 1) / kMapUnits; ++i) {
    if (maps[i] == kNoBlock) ++missing;
  }
  return missing;
}

uint32_t FragmentStore::put(uint32_t offset, const uint8_t* data, uint32_t bytes, uint32_t next_piece) {
  const uint32_t piece = take();
  const PieceHead head{kNoBlock, next_piece, static_cast<uint16_t>(offset), static_cast<uint16_t>(bytes)};
  std::memcpy(blocks_[piece].bytes, &head, sizeof head);
  uint32_t copied = std::min(bytes, kFirstData);
  std::memcpy(blocks_[piece].bytes + sizeof head, data, copied);
  for (uint32_t last = piece; copied < bytes;) {
    const uint32_t block = take();
    const uint32_t part = std::min(bytes - copied, kNextData);
    set_next_block(last, block);
    set_next_block(block, kNoBlock);
    std::memcpy(blocks_[block].bytes + 4, data + copied, part);
    copied += part;
    last = block;
  }
  return piece;
}

void FragmentStore::cover(Maps& maps, uint32_t offset, uint32_t end) {
  const uint32_t first = unit_of(offset), behind = unit_behind(end);
  for (uint32_t word = first / kWordBits; word <= (behind - 1) / kWordBits; ++word) {
    uint32_t& block = maps[word / kMapWords];
    if (block == kNoBlock) {
      block = take();
      new (blocks_[block].bytes) Map{};
    }
    map(block).received[word % kMapWords] |= mask_of(word, first, behind);
  }
  const uint32_t word = first / kWordBits;
  map(maps[word / kMapWords]).begins[word % kMapWords] |= 1ull << first % kWordBits;
}

Coverage FragmentStore::coverage(const Maps& maps, uint32_t offset, uint32_t end) const {
  const uint32_t first = unit_of(offset), behind = unit_behind(end);
  bool has_any = false, is_same = true;
  for (uint32_t word = first / kWordBits; word <= (behind - 1) / kWordBits; ++word) {
    const uint64_t mask = mask_of(word, first, behind);
    const uint32_t block = maps[word / kMapWords];
    const uint64_t received = block == kNoBlock ? 0 : map(block).received[word % kMapWords] & mask;
    const uint64_t begins = block == kNoBlock ? 0 : map(block).begins[word % kMapWords] & mask;
    if (received != 0) has_any = true;
    const uint64_t begins_here = word == first / kWordBits ? 1ull << first % kWordBits : 0;
    if (received != mask || begins != begins_here) is_same = false;
  }
  if (!has_any) return Coverage::absent;
  return is_same && is_free_or_begins(maps, behind) ? Coverage::same : Coverage::overlap;
}

// Whether a piece that ends before `unit` ends just there.
bool FragmentStore::is_free_or_begins(const Maps& maps, uint32_t unit) const {
  const uint32_t word = unit / kWordBits;
  if (word / kMapWords >= kMaps || maps[word / kMapWords] == kNoBlock) return true;
  const Map& at = map(maps[word / kMapWords]);
  const uint64_t bit = 1ull << unit % kWordBits;
  return (at.received[word % kMapWords] & bit) == 0 || (at.begins[word % kMapWords] & bit) != 0;
}

void FragmentStore::copy(uint32_t piece, uint8_t* to) const {
  const PieceHead from = head(piece);
  uint32_t copied = std::min<uint32_t>(from.bytes, kFirstData);
  std::memcpy(to, blocks_[piece].bytes + sizeof from, copied);
  for (uint32_t block = from.next_block; copied < from.bytes; block = next_block(block)) {
    const uint32_t part = std::min(from.bytes - copied, kNextData);
    std::memcpy(to + copied, blocks_[block].bytes + 4, part);
    copied += part;
  }
}

uint32_t FragmentStore::release_piece(uint32_t piece) {
  const PieceHead gone = head(piece);
  for (uint32_t block = piece; block != kNoBlock;) {
    const uint32_t next = next_block(block);
    give(block);
    block = next;
  }
  return gone.next_piece;
}

void FragmentStore::release_maps(Maps& maps) {
  for (uint32_t& block : maps) {
    if (block != kNoBlock) give(block);
    block = kNoBlock;
  }
}

FragmentStore::PieceHead FragmentStore::head(uint32_t piece) const {
  PieceHead read;
  std::memcpy(&read, blocks_[piece].bytes, sizeof read);
  return read;
}

uint32_t FragmentStore::next_block(uint32_t block) const {
  uint32_t next;
  std::memcpy(&next, blocks_[block].bytes, sizeof next);
  return next;
}

void FragmentStore::set_next_block(uint32_t block, uint32_t next) {
  std::memcpy(blocks_[block].bytes, &next, sizeof next);
}

uint32_t FragmentStore::take() {
  ++used_;
  if (free_ == kNoBlock) return touched_++;
  const uint32_t block = free_;
  free_ = next_block(block);
  return block;
}

void FragmentStore::give(uint32_t block) {
  --used_;
  set_next_block(block, free_);
  free_ = block;
}

}  // namespace uipvs
