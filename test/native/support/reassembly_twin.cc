#include "support/reassembly_twin.h"

#include <algorithm>
#include <bitset>

#include "core/packet_view.h"
#include "support/packet_builder.h"

namespace uipvs::test {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr uint32_t kUnit = 8;

uint32_t word_at(const Bytes& bytes, size_t at) { return static_cast<uint32_t>(bytes[at] << 8 | bytes[at + 1]); }

bool is_extension(uint8_t header) { return header == 0 || header == 43 || header == 44 || header == 60; }

bool is_v6(const Bytes& packet) { return packet[0] >> 4 == 6; }

// The headers of a first fragment from `at` on: whether a fragment header is among them, and where they end.
struct Chain {
  bool has_fragment_header = false;
  size_t end = 0;
  uint8_t protocol = 0;
};

Chain chain_of(const Bytes& packet, size_t at, uint8_t next) {
  Chain chain;
  for (; is_extension(next); next = packet[at], at += (packet[at + 1] + 1u) * 8) {
    if (next == 44) return {true, at, next};
  }
  chain.end = at;
  chain.protocol = next;
  return chain;
}

}  // namespace

FragmentOutcome ReassemblyTwin::take_apart(const MemoryPacket& packet, Piece& piece) {
  piece.key = {};
  piece.naming = 6;
  piece.has_dont_fragment = false;
  const HeldPacket held(packet);
  PacketView view;
  const ParseError error = parse_packet(held.packet, view);
  if (error == ParseError::transport_truncated || error == ParseError::tcp_data_offset) {
    return FragmentOutcome::header_incomplete;
  }
  if (error != ParseError::none) return FragmentOutcome::malformed;
  if (!view.is_fragment) return FragmentOutcome::not_fragment;
  if (packet.vnet.gso_type != 0 || (packet.vnet.flags & 1) != 0) return FragmentOutcome::offload_metadata;
  const Bytes& bytes = packet.bytes;
  size_t header_end;
  uint8_t protocol;
  if (is_v6(bytes)) {
    size_t at = 40;
    for (uint8_t next = bytes[6]; next != 44; next = bytes[piece.naming], at += (bytes[at + 1] + 1u) * 8) {
      piece.naming = at;
    }
    piece.next = bytes[at];
    piece.key[0] = 6;
    std::copy_n(bytes.begin() + 8, 32, piece.key.begin() + 1);
    std::copy_n(bytes.begin() + static_cast<ptrdiff_t>(at) + 4, 4, piece.key.begin() + 33);
    piece.offset = word_at(bytes, at + 2) / 8 * 8;
    piece.has_more = (word_at(bytes, at + 2) & 1) != 0;
    piece.congestion = (word_at(bytes, 0) >> 4) & 3;
    piece.header.assign(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(at));
    header_end = at + 8;
    protocol = piece.next;
  } else {
    const uint32_t field = word_at(bytes, 6);
    piece.key[0] = 4;
    std::copy_n(bytes.begin() + 12, 8, piece.key.begin() + 1);
    std::copy_n(bytes.begin() + 4, 2, piece.key.begin() + 33);
    piece.key[37] = bytes[9];
    piece.offset = (field % 0x2000) * 8;
    piece.has_more = (field & 0x2000) != 0;
    piece.has_dont_fragment = (field & 0x4000) != 0;
    piece.congestion = bytes[1] & 3;
    header_end = (bytes[0] & 15u) * 4;
    piece.header.assign(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(header_end));
    protocol = bytes[9];
  }
  const size_t packet_end = is_v6(bytes) ? 40 + word_at(bytes, 4) : word_at(bytes, 2);
  piece.packet_bytes = static_cast<uint32_t>(packet_end);
  size_t least = 0;
  if (piece.offset == 0) {
    Chain chain{false, header_end, protocol};
    if (is_v6(bytes)) chain = chain_of(bytes, header_end, protocol);
    if (chain.has_fragment_header) return FragmentOutcome::nested;
    const bool is_icmp = chain.protocol == 1 || chain.protocol == 58;
    least = chain.end + (is_icmp ? 8 : 1);
  }
  const size_t length = packet_end - header_end;
  if (length == 0) return FragmentOutcome::zero_length;
  if (piece.has_more && length % 8 != 0) return FragmentOutcome::unaligned_length;
  if (piece.header.size() + piece.offset + length > 65535) return FragmentOutcome::too_long;
  if (least > packet_end) return FragmentOutcome::header_incomplete;
  piece.data.assign(bytes.begin() + static_cast<ptrdiff_t>(header_end),
                    bytes.begin() + static_cast<ptrdiff_t>(packet_end));
  return FragmentOutcome::stored;
}

FragmentOutcome ReassemblyTwin::place(Collected& datagram, const Piece& piece, const MemoryPacket& packet) {
  const uint32_t end = piece.offset + static_cast<uint32_t>(piece.data.size());
  const bool is_last = !piece.has_more;
  if (datagram.end != 0 && (end > datagram.end || (is_last && end != datagram.end))) {
    return FragmentOutcome::length_contradiction;
  }
  if (datagram.end == 0 && is_last && datagram.bytes.size() > end) return FragmentOutcome::length_contradiction;
  const std::pair<uint32_t, uint32_t> cut = {piece.offset, end};
  if (std::find(datagram.cuts.begin(), datagram.cuts.end(), cut) != datagram.cuts.end()) {
    const bool was_last = datagram.end == end;
    return is_last == was_last ? FragmentOutcome::duplicate : FragmentOutcome::length_contradiction;
  }
  if (datagram.bytes.size() < end) datagram.bytes.resize(end);
  datagram.has_unit.resize((datagram.bytes.size() + kUnit - 1) / kUnit);
  for (uint32_t unit = piece.offset / kUnit; unit * kUnit < end; ++unit) {
    if (datagram.has_unit[unit]) return FragmentOutcome::overlap;
  }
  for (uint32_t unit = piece.offset / kUnit; unit * kUnit < end; ++unit) datagram.has_unit[unit] = true;
  std::copy(piece.data.begin(), piece.data.end(), datagram.bytes.begin() + piece.offset);
  datagram.cuts.push_back(cut);
  if (is_last) datagram.end = end;
  datagram.largest = std::max(datagram.largest, piece.packet_bytes);
  if (piece.has_dont_fragment) datagram.largest_df = std::max(datagram.largest_df, piece.packet_bytes);
  datagram.congestion = static_cast<uint8_t>(datagram.congestion | 1u << piece.congestion);
  if (piece.offset == 0) {
    datagram.first_header = piece.header;
    datagram.first_naming = piece.naming;
    datagram.first_next = piece.next;
    datagram.first_packet.assign(packet.bytes.begin(),
                                 packet.bytes.begin() + static_cast<ptrdiff_t>(piece.packet_bytes));
  }
  return FragmentOutcome::stored;
}

bool ReassemblyTwin::is_whole(const Collected& datagram) {
  return datagram.end != 0 &&
         std::find(datagram.has_unit.begin(), datagram.has_unit.end(), false) == datagram.has_unit.end();
}

FragmentOutcome ReassemblyTwin::join(const Collected& datagram, TwinOutcome& made) {
  constexpr uint8_t kNotCapable = 1 << 0, kCongested = 1 << 3;
  const bool has_not_capable = (datagram.congestion & kNotCapable) != 0;
  if (has_not_capable && datagram.congestion != kNotCapable) return FragmentOutcome::congestion_mark;
  Bytes& whole = made.whole;
  whole.reserve(datagram.first_header.size() + datagram.bytes.size());
  whole = datagram.first_header;
  whole.insert(whole.end(), datagram.bytes.begin(), datagram.bytes.end());
  if (whole.size() > 65535) {
    whole.clear();
    return FragmentOutcome::too_long;
  }
  const size_t length = is_v6(whole) ? whole.size() - 40 : whole.size();
  const size_t field = is_v6(whole) ? 4 : 2;
  whole[field] = static_cast<uint8_t>(length >> 8);
  whole[field + 1] = static_cast<uint8_t>(length);
  const bool is_congested = (datagram.congestion & kCongested) != 0;
  if (is_v6(whole)) {
    whole[datagram.first_naming] = datagram.first_next;
    if (is_congested) whole[1] |= 0x30;
  } else {
    if (is_congested) whole[1] |= 3;
    whole[6] = datagram.largest_df == datagram.largest ? 0x40 : 0;
    whole[7] = 0;
    repair_header_checksum(whole);
  }
  made.largest = datagram.largest;
  return FragmentOutcome::complete;
}

TwinOutcome ReassemblyTwin::add(const MemoryPacket& fragment, Tick now) {
  TwinOutcome made;
  const Piece& piece = piece_;
  made.outcome = take_apart(fragment, piece_);
  if (made.outcome != FragmentOutcome::stored) return made;
  const auto over = datagrams_.find(piece.key);
  if (over != datagrams_.end() && tick_reached(now, over->second.deadline)) datagrams_.erase(over);
  const auto [found, is_new] = datagrams_.try_emplace(piece.key);
  Collected& datagram = found->second;
  if (is_new) datagram.deadline = now + (is_v6(fragment.bytes) ? 60 : 30) * 64;
  if (datagram.is_refused) {
    made.outcome = FragmentOutcome::refused_before;
    return made;
  }
  made.outcome = place(datagram, piece, fragment);
  if (made.outcome == FragmentOutcome::duplicate) return made;
  if (made.outcome == FragmentOutcome::stored) {
    if (!is_whole(datagram)) return made;
    made.outcome = join(datagram, made);
    if (made.outcome == FragmentOutcome::complete) {
      datagrams_.erase(found);
      return made;
    }
  }
  datagram.is_refused = true;
  return made;
}

ReassemblyTwin::Expired ReassemblyTwin::expire(Tick now) {
  Expired expired;
  for (auto each = datagrams_.begin(); each != datagrams_.end();) {
    Collected& datagram = each->second;
    if (!tick_reached(now, datagram.deadline)) {
      ++each;
      continue;
    }
    if (datagram.is_refused) {
      ++expired.refused;
    } else if (datagram.first_packet.empty()) {
      ++expired.incomplete;
    } else {
      expired.answerable.insert(datagram.first_packet);
    }
    each = datagrams_.erase(each);
  }
  return expired;
}

uint32_t ReassemblyTwin::blocks() const {
  uint32_t blocks = 0;
  for (const auto& [key, datagram] : datagrams_) {
    if (datagram.is_refused) continue;
    // A map is of 16 KiB.
    std::bitset<4> maps;
    for (const auto& [offset, end] : datagram.cuts) {
      blocks += FragmentStore::blocks_for(end - offset);
      for (uint32_t map = offset / 16384; map <= (end - 1) / 16384; ++map) maps.set(map);
    }
    blocks += static_cast<uint32_t>(maps.count());
    if (datagram.first_packet.empty()) continue;
    const size_t fragment_header = is_v6(datagram.first_packet) ? 8 : 0;
    blocks += FragmentStore::blocks_for(static_cast<uint32_t>(datagram.first_header.size() + fragment_header));
  }
  return blocks;
}

bool ReassemblyTwin::may_be_of(const std::vector<uint8_t>& whole, const std::vector<MemoryPacket>& fragments) {
  std::vector<Piece> pieces(1);
  for (const MemoryPacket& fragment : fragments) {
    if (take_apart(fragment, pieces.back()) == FragmentOutcome::stored) pieces.emplace_back();
  }
  pieces.pop_back();
  if (pieces.empty()) return false;
  const Key key = pieces.back().key;
  std::erase_if(pieces, [&](const Piece& piece) { return piece.key != key; });
  const auto has_byte = [&](size_t header, size_t at) {
    return std::any_of(pieces.begin(), pieces.end(), [&](const Piece& piece) {
      const size_t place = at - header - piece.offset;  // beyond all data where the piece is behind it
      return place < piece.data.size() && piece.data[place] == whole[at];
    });
  };
  // The data begin where the header of some first fragment ended.
  return std::any_of(pieces.begin(), pieces.end(), [&](const Piece& first) {
    if (first.offset != 0 || first.header.size() >= whole.size()) return false;
    for (size_t at = first.header.size(); at < whole.size(); ++at) {
      if (!has_byte(first.header.size(), at)) return false;
    }
    return true;
  });
}

}  // namespace uipvs::test
