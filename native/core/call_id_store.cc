#include "core/call_id_store.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/record_access.h"

namespace uipvs {
namespace {

// Words that a Call-ID and the byte of its length take.
size_t words_of(size_t bytes) { return (1 + bytes + 3) / 4; }

}  // namespace

size_t CallIdStore::memory_bytes(uint32_t capacity) { return (static_cast<size_t>(capacity) + 1) * sizeof(Cell); }

void CallIdStore::format(std::byte* memory, const Extent& extent) {
  cells_ = reinterpret_cast<Cell*>(memory);
  extent_ = extent;
  high_water_ = 0;
  free_head_ = 0;
}

void CallIdStore::resume(std::span<const uint32_t> held) {
  high_water_ = held.empty() ? 0 : *std::max_element(held.begin(), held.end());
  free_head_ = 0;
  std::vector<bool> is_held(high_water_ + 1);
  for (const uint32_t cell : held) is_held[cell] = true;
  for (uint32_t cell = high_water_; cell != 0; --cell) {
    if (!is_held[cell]) give(cell);
  }
}

uint32_t CallIdStore::take(std::span<const uint8_t> call_id) {
  uint32_t number = free_head_;
  if (number != 0) {
    free_head_ = cells_[number].words[0];
  } else {
    number = ++high_water_;
  }
  uint8_t bytes[sizeof(Cell)] = {static_cast<uint8_t>(call_id.size())};
  std::memcpy(bytes + 1, call_id.data(), call_id.size());
  for (size_t i = 0; i < words_of(call_id.size()); ++i) {
    uint32_t word;
    std::memcpy(&word, bytes + i * 4, sizeof word);
    put(cells_[number].words[i], word);
  }
  return number;
}

void CallIdStore::give(uint32_t cell) {
  put(cells_[cell].words[0], free_head_);
  free_head_ = cell;
}

bool CallIdStore::holds(uint32_t cell, std::span<const uint8_t> call_id) const {
  CallId held;
  read(cell, held);
  if (held.bytes != call_id.size()) return false;
  return held.bytes == 0 || std::memcmp(held.text, call_id.data(), held.bytes) == 0;
}

void CallIdStore::read(uint32_t cell, CallId& call_id) const {
  call_id.bytes = 0;
  if (cell == 0) return;
  uint8_t bytes[sizeof(Cell)];
  const uint32_t first = get(cells_[cell].words[0]);
  std::memcpy(bytes, &first, sizeof first);
  for (size_t i = 1; i < words_of(bytes[0]); ++i) {
    const uint32_t word = get(cells_[cell].words[i]);
    std::memcpy(bytes + i * 4, &word, sizeof word);
  }
  call_id.bytes = bytes[0];
  std::memcpy(call_id.text, bytes + 1, call_id.bytes);
}

}  // namespace uipvs
