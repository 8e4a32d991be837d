// Splits a whole IP packet into fragments of at most so many bytes.
//
// Theory of operation. A Fragmenter looks at the packet once, says why it cannot be split if so, and then writes one
// fragment at a time into buffers that the caller gives, so that a burst can be sent at once. The packet must stay as it
// is until the last one is written. Every fragment but the last is as large as the limit allows, as Linux makes them.
//
// Checksums: the transport checksum covers the whole datagram and is in the first fragment, so it must be there. A
// packet with a partial one (NEEDS_CSUM) is refused until complete_checksum() has completed it. A packet with segments
// to cut (GSO) is many datagrams, not one to be fragmented, and is refused: its segments must be cut first.
//
// IPv4 options: the first fragment has all, later ones those with the copy bit; the others become no-operations there,
// so that all headers are of one length (RFC 791 3.1; Linux, ip_options_fragment). DF stays as it is: whether a packet
// with DF may be split is the caller's decision. IPv6: what routers on the way read (hop-by-hop options, and all up to
// a routing header) is in every fragment, with a fragment header behind it. Differs from Linux: destination options
// without a routing header are for the receiver, so they are in the first fragment only (RFC 8200 4.5); Linux repeats
// them. The first fragment has all headers, up to the transport's (RFC 7112), or nothing is split.
#pragma once

#include <cstdint>

#include "core/packet.h"
#include "core/packet_view.h"

namespace uipvs {

enum class SplitError : uint8_t {
  none,
  not_needed,        // the packet is within the limit: send it as it is
  is_fragment,       // a fragment, or an IPv6 packet with a fragment header (RFC 6946)
  offload_metadata,  // a partial checksum or segments to cut
  limit_too_small,   // no room for the headers and, IPv4 and IPv6 alike, 8 bytes of data
  buffer_too_small,  // a buffer given to next() holds less than the limit
};

class Fragmenter {
 public:
  // `view` is of `whole`, as parse_packet() fills it; both outlive the fragmenter. `most_bytes`: of an IP packet.
  // `identification`: for IPv6, unpredictable and not used for this source and destination before its time
  // (RFC 7739); IPv4 packets have their own.
  Fragmenter(const Packet& whole, const PacketView& view, uint32_t most_bytes, uint32_t identification);

  SplitError error() const { return error_; }
  // How many fragments there will be; 0 with an error.
  uint32_t count() const { return count_; }

  // Writes the next fragment to `fragment.data`, where most_bytes fit, with no metadata and the mark of the whole.
  // False when there are no more, or with an error.
  bool next(Packet& fragment);

 private:
  SplitError measure(uint32_t most_bytes);
  uint32_t find_unfragmentable();
  void write_ipv4(uint8_t* to, uint32_t length, bool has_more);
  void write_ipv6(uint8_t* to, uint32_t length, bool has_more);

  const Packet& whole_;
  const PacketView& view_;
  uint32_t identification_;
  uint32_t kept_bytes_ = 0;    // of headers in every fragment, without the fragment header
  uint32_t header_bytes_ = 0;  // with it
  uint32_t part_bytes_ = 0;    // of data in every fragment but the last
  uint32_t next_header_field_ = 0;
  uint32_t offset_ = 0;  // of the next fragment's data
  uint32_t count_ = 0;
  SplitError error_ = SplitError::none;
};

// Completes a partial checksum (TCP, UDP, or the CRC32c of SCTP) and takes NEEDS_CSUM away; a packet without one stays
// as it is. The sum of a UDP datagram covers what its length says, as write_sctp_checksum() and rewrite_packet() have it
// of theirs. False, and nothing done, for a packet with segments to cut, each of which is to have its own.
// Source: virtio v1.2, 5.1.6.2; Linux net/core/dev.c, skb_checksum_help().
bool complete_checksum(Packet& packet, PacketView& view);

}  // namespace uipvs
