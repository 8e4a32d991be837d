// Where the Call-IDs lie that templates of persistence engine "sip" are found by.
//
// Theory of operation: a Call-ID is up to 255 bytes that a client chooses, and a record has no room for it. So it lies in
// a cell of 256 bytes in the table's memory, which the record names by its number. There are as many cells as there may
// be connections, so that whoever got a record gets a cell, and the table's limit stays the only one. Cells are handed
// out densely and the one given back last comes first; memory that was never touched is not taken. So what is taken is
// 256 B for each of the most calls there were at once, however the records of calls are scattered over the table.
//
// A cell is written before its record is published and not again before the record is freed: who reads without being
// the writer checks the record's life, as for its other fields.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/room.h"
#include "core/sip.h"

namespace uipvs {

// A copy: what a listing shows. The text is not initialised beyond `bytes`.
struct CallId {
  uint8_t bytes = 0;  // 0: none
  uint8_t text[kMaxCallIdBytes];

  std::span<const uint8_t> view() const { return {text, bytes}; }
};

class CallIdStore {
 public:
  static size_t memory_bytes(uint32_t capacity);

  // `memory` is zeroed, aligned to 4 bytes, of memory_bytes(capacity), and outlives the store; `extent` is all of it.
  void format(std::byte* memory, const Extent& extent = {});

  // Takes over what lies in the memory: `held` are the cells in use, in any order, each once and none 0.
  void resume(std::span<const uint32_t> held);

  // Whether one more can be taken.
  bool has_room() { return free_head_ != 0 || extent_.covers((size_t{high_water_} + 2) * sizeof(Cell)); }
  // The cell that holds `call_id` now, never 0; at most `capacity` at a time, while has_room(). 1 to 255 bytes.
  uint32_t take(std::span<const uint8_t> call_id);
  void give(uint32_t cell);

  bool holds(uint32_t cell, std::span<const uint8_t> call_id) const;
  // Any thread. Of cell 0 none.
  void read(uint32_t cell, CallId& call_id) const;

 private:
  static constexpr uint32_t kWords = 64;

  struct Cell {
    uint32_t
        words[kWords];  // the length in the first byte, then the text; of a free cell the first word is the next one
  };
  static_assert(sizeof(Cell) == 1 + kMaxCallIdBytes);

  Cell* cells_ = nullptr;
  Extent extent_;
  uint32_t high_water_ = 0;  // the last cell ever used
  uint32_t free_head_ = 0;
};

}  // namespace uipvs
