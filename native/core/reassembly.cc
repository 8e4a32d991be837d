#include "core/reassembly.h"

#include <algorithm>

#include "core/bytes.h"
#include "core/checksum.h"

namespace uipvs {
namespace {

constexpr uint32_t kIpv6Header = 40;
constexpr uint16_t kDontFragment = 0x4000;
constexpr uint8_t kCongestionExperienced = 3;

uint32_t blocks_within(size_t memory_bytes, size_t records_bytes) {
  return memory_bytes <= records_bytes ? 0
                                       : static_cast<uint32_t>((memory_bytes - records_bytes) / kFragmentBlockBytes);
}

ReassemblyLimits sane(ReassemblyLimits limits) {
  limits.datagrams = std::max(limits.datagrams, 1u);
  limits.source_datagrams = std::max(limits.source_datagrams, 1u);
  return limits;
}

Tick lifetime(Family family) { return family == Family::ipv6 ? kFragmentTime6 : kFragmentTime4; }

// Fragments of one datagram are ECN-capable all or none. Source: RFC 3168 5.3.
bool is_congestion_mixed(uint8_t seen) { return (seen & 1) != 0 && seen != 1; }
bool is_congested(uint8_t seen) { return (seen >> kCongestionExperienced & 1) != 0; }

}  // namespace

Reassembler::Reassembler(const HashSecret& secret, const ReassemblyLimits& limits)
    : limits_(sane(limits)),
      table_(limits_.datagrams, secret),
      store_(blocks_within(limits_.memory_bytes, DatagramTable::memory_bytes(limits_.datagrams))),
      buffer_(new uint8_t[kPacketBufferBytes]) {}

size_t Reassembler::used_bytes() const {
  return DatagramTable::memory_bytes(limits_.datagrams) + size_t{store_.used()} * kFragmentBlockBytes;
}

FragmentOutcome Reassembler::add(const Packet& fragment, Tick now, WholeDatagram& whole) {
  FragmentView view;
  FragmentOutcome outcome = parse_fragment(fragment, view);
  if (outcome != FragmentOutcome::stored) return outcome;
  Datagram* known = table_.find(view.key);
  if (known != nullptr && tick_reached(now, known->deadline)) {
    forget(*known);
    known = nullptr;
  }
  Datagram& datagram = known != nullptr ? *known : begin(view.key, now);
  if (datagram.is_refused) return FragmentOutcome::refused_before;
  outcome = place(datagram, view, fragment);
  if (outcome == FragmentOutcome::duplicate) return outcome;
  if (outcome == FragmentOutcome::stored) {
    if (datagram.received_bytes != datagram.total_bytes) return outcome;
    outcome = join(datagram, whole);
    if (outcome == FragmentOutcome::complete) {
      forget(datagram);
      return outcome;
    }
  }
  release_bytes(datagram);
  datagram.is_refused = true;
  return outcome;
}

FragmentOutcome Reassembler::check_cut(const Datagram& datagram, const FragmentView& view) const {
  const bool is_last = !view.has_more;
  const bool ends_it = datagram.total_bytes == view.end();
  if (datagram.total_bytes != 0) {
    if (view.end() > datagram.total_bytes || (is_last && !ends_it)) return FragmentOutcome::length_contradiction;
  } else if (is_last && datagram.reach_bytes > view.end()) {
    return FragmentOutcome::length_contradiction;
  }
  switch (store_.coverage(datagram.maps, view.offset, view.end())) {
    case Coverage::absent: return FragmentOutcome::stored;
    case Coverage::overlap: return FragmentOutcome::overlap;
    case Coverage::same: break;
  }
  // The same bytes, once with more to come and once without.
  return is_last == ends_it ? FragmentOutcome::duplicate : FragmentOutcome::length_contradiction;
}

FragmentOutcome Reassembler::place(Datagram& datagram, const FragmentView& view, const Packet& fragment) {
  const FragmentOutcome cut = check_cut(datagram, view);
  if (cut != FragmentOutcome::stored) return cut;
  const bool is_first = view.offset == 0;
  const uint32_t blocks = FragmentStore::blocks_for(view.bytes) +
                          FragmentStore::missing_maps(datagram.maps, view.offset, view.end()) +
                          (is_first ? FragmentStore::blocks_for(view.header_bytes) : 0);
  const FragmentOutcome room = make_room(datagram, blocks);
  if (room != FragmentOutcome::stored) return room;
  charge(datagram, blocks);
  store_.cover(datagram.maps, view.offset, view.end());
  datagram.pieces = store_.put(view.offset, fragment.data + view.header_bytes, view.bytes, datagram.pieces);
  if (is_first) {
    datagram.first_header = store_.put(0, fragment.data, view.header_bytes, kNoBlock);
    datagram.first_piece = datagram.pieces;
    datagram.next_header_field = static_cast<uint16_t>(view.next_header_field);
    datagram.mark = fragment.mark;
  }
  if (!view.has_more) datagram.total_bytes = view.end();
  datagram.received_bytes += view.bytes;
  datagram.reach_bytes = std::max(datagram.reach_bytes, view.end());
  datagram.largest_bytes = std::max(datagram.largest_bytes, view.packet_bytes());
  if (view.has_dont_fragment) datagram.largest_df_bytes = std::max(datagram.largest_df_bytes, view.packet_bytes());
  datagram.congestion_seen = static_cast<uint8_t>(datagram.congestion_seen | 1u << view.congestion);
  return FragmentOutcome::stored;
}

// Room for so many more blocks of the datagram, which itself never goes.
FragmentOutcome Reassembler::make_room(const Datagram& datagram, uint32_t blocks) {
  const FragmentSource& source = table_.source_of(datagram);
  const uint32_t share = limits_.source_memory_bytes / kFragmentBlockBytes;
  if (datagram.blocks + blocks > share) return FragmentOutcome::too_many_fragments;
  while (source.blocks + blocks > share) {
    Datagram* const oldest = table_.oldest(source);
    evict(oldest == &datagram ? *table_.newer_of_source(*oldest) : *oldest);
  }
  if (datagram.blocks + blocks > store_.capacity()) return FragmentOutcome::no_room;
  while (store_.free() < blocks) {
    evict(*oldest_but(&datagram));
  }
  return FragmentOutcome::stored;
}

Datagram& Reassembler::begin(const DatagramKey& key, Tick now) {
  FragmentSource* const source = table_.find_source(key);
  if (source != nullptr && source->datagrams >= limits_.source_datagrams) evict(*table_.oldest(*source));
  if (table_.live() == table_.capacity()) evict(*oldest_but(nullptr));
  return table_.create(key, now + lifetime(key.family));
}

// The one that began first, which need not be the one whose time is over first.
Datagram* Reassembler::oldest_but(const Datagram* kept) {
  Datagram* found = nullptr;
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    Datagram* candidate = table_.oldest(family);
    if (candidate != nullptr && candidate == kept) candidate = table_.newer_of_family(*candidate);
    if (candidate == nullptr) continue;
    const Tick began = candidate->deadline - lifetime(family);
    if (found == nullptr || !tick_reached(began, found->deadline - lifetime(found->key.family))) found = candidate;
  }
  return found;
}

void Reassembler::charge(Datagram& datagram, uint32_t blocks) {
  datagram.blocks += blocks;
  table_.source_of(datagram).blocks += blocks;
}

void Reassembler::release_bytes(Datagram& datagram) {
  for (uint32_t piece = datagram.pieces; piece != kNoBlock;) piece = store_.release_piece(piece);
  if (datagram.first_header != kNoBlock) store_.release_piece(datagram.first_header);
  store_.release_maps(datagram.maps);
  datagram.pieces = datagram.first_header = datagram.first_piece = kNoBlock;
  table_.source_of(datagram).blocks -= datagram.blocks;
  datagram.blocks = 0;
}

void Reassembler::forget(Datagram& datagram) {
  release_bytes(datagram);
  table_.remove(datagram);
}

void Reassembler::evict(Datagram& datagram) {
  if (!datagram.is_refused) ++evicted_;
  forget(datagram);
}

Packet Reassembler::packet_of(const Datagram& datagram, uint32_t length) {
  Packet packet{buffer_.get() + kPacketHeadroom, length, kMaxPacketBytes, datagram.mark};
  packet.vnet() = VnetHeader{};
  return packet;
}

FragmentOutcome Reassembler::join(const Datagram& datagram, WholeDatagram& whole) {
  if (is_congestion_mixed(datagram.congestion_seen)) return FragmentOutcome::congestion_mark;
  const bool is_v6 = datagram.key.family == Family::ipv6;
  const uint32_t header_bytes = store_.piece_bytes(datagram.first_header) - (is_v6 ? kFragmentHeader : 0);
  const uint32_t length = header_bytes + datagram.total_bytes;
  // Only where the first fragment has more options than the last.
  if (length > kMaxPacketBytes) return FragmentOutcome::too_long;
  uint8_t* const data = buffer_.get() + kPacketHeadroom;
  store_.copy(datagram.first_header, data);
  if (is_v6) {
    write_ipv6(datagram, header_bytes, length);
  } else {
    write_ipv4(datagram, length);
  }
  for (uint32_t piece = datagram.pieces; piece != kNoBlock; piece = store_.next_piece(piece)) {
    store_.copy(piece, data + header_bytes + store_.piece_offset(piece));
  }
  whole = {packet_of(datagram, length), datagram.largest_bytes};
  return FragmentOutcome::complete;
}

void Reassembler::write_ipv4(const Datagram& datagram, uint32_t length) {
  uint8_t* const data = buffer_.get() + kPacketHeadroom;
  if (is_congested(datagram.congestion_seen)) data[1] |= kCongestionExperienced;
  store_be16(data + 2, static_cast<uint16_t>(length));
  store_be16(data + 6, datagram.largest_df_bytes == datagram.largest_bytes ? kDontFragment : 0);
  store_be16(data + 10, 0);
  store_be16(data + 10, static_cast<uint16_t>(~checksum_fold(checksum_sum(data, (data[0] & 0x0fu) * 4))));
}

// The fragment header, which is at the end of the stored header, is left out: the data will cover it.
void Reassembler::write_ipv6(const Datagram& datagram, uint32_t header_bytes, uint32_t length) {
  uint8_t* const data = buffer_.get() + kPacketHeadroom;
  if (is_congested(datagram.congestion_seen)) data[1] |= kCongestionExperienced << 4;
  data[datagram.next_header_field] = data[header_bytes];
  store_be16(data + 4, static_cast<uint16_t>(length - kIpv6Header));
}

Expiry Reassembler::expire_one(Tick now, Packet& first) {
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    Datagram* const datagram = table_.oldest(family);
    if (datagram == nullptr || !tick_reached(now, datagram->deadline)) continue;
    Expiry expiry = Expiry::incomplete;
    if (datagram->is_refused) {
      expiry = Expiry::refused;
    } else if (datagram->first_header != kNoBlock) {
      copy_first(*datagram, first);
      expiry = Expiry::answerable;
    }
    forget(*datagram);
    return expiry;
  }
  return Expiry::none;
}

void Reassembler::copy_first(const Datagram& datagram, Packet& first) {
  const uint32_t header_bytes = store_.piece_bytes(datagram.first_header);
  first = packet_of(datagram, header_bytes + store_.piece_bytes(datagram.first_piece));
  store_.copy(datagram.first_header, first.data);
  store_.copy(datagram.first_piece, first.data + header_bytes);
}

bool Reassembler::is_accounted() {
  uint32_t blocks = 0, datagrams = 0;
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    for (Datagram* each = table_.oldest(family); each != nullptr; each = table_.newer_of_family(*each)) {
      uint32_t own =
          each->first_header == kNoBlock ? 0 : FragmentStore::blocks_for(store_.piece_bytes(each->first_header));
      uint32_t bytes = 0;
      for (uint32_t piece = each->pieces; piece != kNoBlock; piece = store_.next_piece(piece)) {
        own += FragmentStore::blocks_for(store_.piece_bytes(piece));
        bytes += store_.piece_bytes(piece);
      }
      for (const uint32_t map : each->maps) own += map == kNoBlock ? 0 : 1;
      if (own != each->blocks || (!each->is_refused && bytes != each->received_bytes)) return false;
      if (table_.find(each->key) != each || table_.source_of(*each).blocks < own) return false;
      blocks += own;
      ++datagrams;
    }
  }
  return blocks == store_.used() && datagrams == table_.live();
}

}  // namespace uipvs
