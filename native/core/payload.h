// Edits that change a packet's length: bytes of the payload for others, and a new TCP option.
//
// Theory of operation: an edit moves what lies behind it, and then says the new length everywhere a length is said: the IP
// header, the UDP header, the pseudo-header that the transport checksum covers. Checksums are updated incrementally (RFC
// 1624) from the bytes that changed, so a right one stays right and a wrong one stays wrong; where the length changes by
// an odd number, every byte behind the edit moves to the other half of its 16-bit word, and all of them are summed again.
// A partial checksum (NEEDS_CSUM) holds the pseudo-header's sum: only the length changes it. A UDP checksum of 0 stays 0.
//
// Offloads. A TCP super-packet (TSO) may be edited as any segment: whoever sends it cuts it by gso_size, wherever that
// falls, and numbers the pieces by the first one's sequence number; what no longer needs cutting is marked as a plain
// segment. A datagram to be fragmented (UFO) too: it is one datagram. Datagrams that were glued together (USO) are cut
// every gso_size bytes, and that must give the sender's datagrams: only an edit that keeps the length is taken.
// Fragments are refused: the rest of their datagram lies elsewhere. Room for the edited packet is checked against the
// buffer and the 65,535 bytes of an IP packet; whether it still fits the path is for the caller to ask, as for any packet.
// The urgent pointer is not moved, as in the kernel's helpers.
#pragma once

#include <cstdint>
#include <span>

#include "core/packet.h"
#include "core/packet_view.h"

namespace uipvs {

enum class EditError : uint8_t {
  none,
  not_editable,    // a fragment, or neither TCP nor UDP
  out_of_range,    // not all of what is to be replaced lies in the payload
  no_room,         // longer than the buffer or than a packet may be
  no_option_room,  // beyond the 40 bytes of options of a TCP header
  segmented,       // the length of datagrams that are to be cut apart again; or segments too small for an option more
};

// What a TCP segment carries, or a UDP datagram by its own length; empty for a fragment, what an ICMP error
// quotes, and other protocols.
std::span<const uint8_t> payload_of(const Packet& packet, const PacketView& view);

// Replaces `count` bytes of payload at `offset` by `bytes`, which may be fewer or more. `view` is of this packet and is
// brought up to date. On an error nothing has changed.
EditError replace_payload(Packet& packet, PacketView& view, uint32_t offset, uint32_t count,
                          std::span<const uint8_t> bytes);

// Inserts a TCP option, a multiple of 4 bytes, in front of the others: behind them an End of Option List would hide it.
// The segments of a super-packet become smaller by as much. `view` is brought up to date. On an error nothing has changed.
EditError insert_tcp_option(Packet& packet, PacketView& view, std::span<const uint8_t> option);

}  // namespace uipvs
