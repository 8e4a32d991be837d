// One IP fragment as the reassembler needs it: whose datagram it is of, where its bytes go, and what is wrong with it.
//
// What is wrong with a fragment in itself is found here, without looking at any other; nothing is repaired. Such a
// fragment is discarded alone, as RFC 8200 4.5 asks: its datagram may yet be completed by a good one. Linux gives the
// whole datagram up, and cuts IPv4 fragments of odd lengths down to a multiple of 8.
// Source: RFC 791 section 3.2, RFC 8200 section 4.5, RFC 7112 section 5, RFC 6946.
#pragma once

#include <cstdint>

#include "core/packet.h"
#include "core/tuple.h"

namespace uipvs {

enum class FragmentOutcome : uint8_t {
  complete,   // the datagram is whole
  stored,     // more is to come
  duplicate,  // the same piece is there already

  // Refused, this fragment alone:
  not_fragment,       // a whole packet, atomic IPv6 fragments included (RFC 6946)
  malformed,          // parse_packet() refuses it
  offload_metadata,   // a partial checksum or segments to cut: nobody makes fragments of those
  header_incomplete,  // a first fragment without all of its headers: the tiny fragment attack (RFC 1858, RFC 7112)
  nested,             // a fragment header behind the fragment header
  zero_length,        // no data
  unaligned_length,   // more to come, and not a multiple of 8 bytes
  too_long,           // the datagram would be longer than kMaxPacketBytes: the ping of death

  // Refused, and with it the datagram, for the rest of its time:
  overlap,               // bytes that are there already, in another cut (RFC 5722; for IPv4 too, as Linux does)
  length_contradiction,  // two ends, or data behind the end
  congestion_mark,       // ECN-capable and not: RFC 3168 5.3
  too_many_fragments,    // the datagram alone takes more memory than its source may have
  no_room,               // all memory is taken, by this datagram alone
  refused_before,        // the datagram has been refused
};

struct DatagramKey {
  Address source;
  Address destination;
  uint32_t identification = 0;
  Family family = Family::ipv4;
  // 0 for IPv6: the fragments of a datagram may name different next headers, and the first one's counts (RFC 8200 4.5).
  uint8_t protocol = 0;

  bool operator==(const DatagramKey&) const = default;
};

// Specification: RFC 8200 4.5.
inline constexpr uint32_t kFragmentHeader = 8;
// Specification: what offsets count in (RFC 791, RFC 8200).
inline constexpr uint32_t kFragmentUnit = 8;

struct FragmentView {
  DatagramKey key;
  uint32_t header_bytes = 0;       // what is before the data; the last 8 bytes are IPv6's fragment header
  uint32_t next_header_field = 0;  // IPv6: where the fragment header is named
  uint32_t offset = 0;             // of the data in the datagram, in bytes
  uint32_t bytes = 0;              // of data
  uint8_t congestion = 0;          // the two ECN bits
  bool has_more = false;
  bool has_dont_fragment = false;

  uint32_t end() const { return offset + bytes; }
  uint32_t packet_bytes() const { return header_bytes + bytes; }
};

// Fills `view`; FragmentOutcome::stored if the fragment is good in itself, else why it is not.
FragmentOutcome parse_fragment(const Packet& packet, FragmentView& view);

}  // namespace uipvs
