// The slow twin of core/reassembly: a datagram is all its bytes, and there are no bounds but time.
//
// Theory of operation: a datagram is a list of bytes, of which each unit of eight is there or not (only the last piece can
// end within one, and nothing may come behind it), and the list of the cuts that it came in. Fragments
// are taken apart here by other code than the core's; only whether a packet is well-formed is asked of parse_packet(),
// which has its own tests. Blocks are counted by the store's own formula, from nothing but the cuts.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "core/reassembly.h"
#include "io/memory_io.h"

namespace uipvs::test {

struct TwinOutcome {
  FragmentOutcome outcome = FragmentOutcome::stored;
  std::vector<uint8_t> whole;  // where complete
  uint32_t largest = 0;
};

class ReassemblyTwin {
 public:
  TwinOutcome add(const MemoryPacket& fragment, Tick now);
  // What of these kinds is over: {refused, incomplete, answerable}.
  struct Expired {
    uint32_t refused = 0;
    uint32_t incomplete = 0;
    std::multiset<std::vector<uint8_t>> answerable;  // the first fragments, as they came

    bool operator==(const Expired&) const = default;
  };
  Expired expire(Tick now);

  uint32_t live() const { return static_cast<uint32_t>(datagrams_.size()); }
  // How many blocks a reassembler without bounds has in use now.
  uint32_t blocks() const;
  // Whether a packet may have been made of these fragments: of the key of the last one, each byte at its place.
  static bool may_be_of(const std::vector<uint8_t>& whole, const std::vector<MemoryPacket>& fragments);

 private:
  // The version, addresses, identification, and IPv4's protocol; zeros where there is nothing.
  using Key = std::array<uint8_t, 1 + 32 + 4 + 1>;
  struct Piece {
    Key key{};
    std::vector<uint8_t> header;  // without a fragment header
    std::vector<uint8_t> data;
    size_t naming = 6;  // IPv6: where the fragment header is named
    uint8_t next = 0;   // what the fragment header names
    uint32_t offset = 0;
    uint32_t packet_bytes = 0;
    uint8_t congestion = 0;
    bool has_more = false;
    bool has_dont_fragment = false;
  };
  struct Collected {
    Tick deadline = 0;
    bool is_refused = false;
    std::vector<uint8_t> bytes;
    std::vector<bool> has_unit;
    std::vector<std::pair<uint32_t, uint32_t>> cuts;
    uint32_t end = 0;
    uint32_t largest = 0, largest_df = 0;
    uint8_t congestion = 0;  // bit N: a mark of N has come
    // Of the first fragment, as in its piece.
    std::vector<uint8_t> first_header;
    size_t first_naming = 6;
    uint8_t first_next = 0;
    std::vector<uint8_t> first_packet;
  };

  static FragmentOutcome take_apart(const MemoryPacket& packet, Piece& piece);
  static FragmentOutcome place(Collected& datagram, const Piece& piece, const MemoryPacket& packet);
  static bool is_whole(const Collected& datagram);
  static FragmentOutcome join(const Collected& datagram, TwinOutcome& made);

  std::map<Key, Collected> datagrams_;
  Piece piece_;  // kept, for its memory
};

}  // namespace uipvs::test
