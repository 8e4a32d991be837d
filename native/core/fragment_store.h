// The bytes of fragments that wait for the rest of their datagram, in blocks of one size.
//
// Theory of operation: memory is taken once and used lazily: no page of it is touched before it is needed, and blocks
// that are given back are used again first. A *piece* is the data of a fragment (or the header of a first one), in a
// chain of blocks. What of a datagram has come is a *coverage map*, two bits for every 8 bytes: that they have come,
// and that a piece begins there. So whether a fragment is new, the same as one before or an overlap takes as many steps
// as it has bytes, in whatever order and however small the pieces are: no list is searched or kept in order, which
// attackers could make long. A map is one block for 16 KB of datagram, and made when the first piece falls into it.
#pragma once

#include <cstdint>
#include <memory>

namespace uipvs {

// Implementation: small enough that a piece of 8 bytes wastes little, large enough that one of 1480 takes three.
inline constexpr uint32_t kFragmentBlockBytes = 512;
inline constexpr uint32_t kNoBlock = UINT32_MAX;

enum class Coverage : uint8_t { absent, same, overlap };

class FragmentStore {
 public:
  static constexpr uint32_t kMaps = 4;
  using Maps = uint32_t[kMaps];

  explicit FragmentStore(uint32_t blocks);

  uint32_t capacity() const { return capacity_; }
  uint32_t used() const { return used_; }
  uint32_t free() const { return capacity_ - used_; }

  // How many blocks a piece of so many bytes takes.
  static uint32_t blocks_for(uint32_t bytes);
  // How many maps are missing for the bytes from `offset` up to `end`.
  static uint32_t missing_maps(const Maps& maps, uint32_t offset, uint32_t end);

  // Each needs as many free blocks as the two above say. `end` is at most 65536.
  uint32_t put(uint32_t offset, const uint8_t* data, uint32_t bytes, uint32_t next_piece);
  void cover(Maps& maps, uint32_t offset, uint32_t end);

  // What of these bytes is covered: nothing; a piece of just this cut; or anything else.
  Coverage coverage(const Maps& maps, uint32_t offset, uint32_t end) const;

  uint32_t piece_offset(uint32_t piece) const { return head(piece).offset; }
  uint32_t piece_bytes(uint32_t piece) const { return head(piece).bytes; }
  uint32_t next_piece(uint32_t piece) const { return head(piece).next_piece; }
  // Copies the piece's bytes.
  void copy(uint32_t piece, uint8_t* to) const;

  // Gives back a piece; a map, where there is one. Returns what followed the piece.
  uint32_t release_piece(uint32_t piece);
  void release_maps(Maps& maps);

 private:
  struct Block {
    alignas(8) uint8_t bytes[kFragmentBlockBytes];
  };
  // Every block of a piece begins with the number of the next one.
  struct PieceHead {
    uint32_t next_block;
    uint32_t next_piece;
    uint16_t offset;
    uint16_t bytes;
  };
  static constexpr uint32_t kMapWords = kFragmentBlockBytes / 16;
  struct Map {
    uint64_t received[kMapWords];
    uint64_t begins[kMapWords];
  };
  static_assert(sizeof(Map) == kFragmentBlockBytes);

  PieceHead head(uint32_t piece) const;
  const Map& map(uint32_t block) const { return *reinterpret_cast<const Map*>(blocks_[block].bytes); }
  Map& map(uint32_t block) { return *reinterpret_cast<Map*>(blocks_[block].bytes); }
  uint32_t next_block(uint32_t block) const;
  void set_next_block(uint32_t block, uint32_t next);
  bool is_free_or_begins(const Maps& maps, uint32_t unit) const;
  uint32_t take();
  void give(uint32_t block);

  std::unique_ptr<Block[]> blocks_;
  uint32_t capacity_;
  uint32_t used_ = 0;
  uint32_t touched_ = 0;  // blocks from here on have never been used
  uint32_t free_ = kNoBlock;
};

}  // namespace uipvs
