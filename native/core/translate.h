// Rewrites addresses and ports of a packet and repairs its checksums.
#pragma once

#include <cstdint>

#include "core/packet.h"
#include "core/packet_view.h"

namespace uipvs {

struct Rewrite {
  Address source;
  Address destination;
  uint16_t source_port = 0;
  uint16_t destination_port = 0;
  uint8_t hop_limit = 0;
};

// `view` is of this packet, has ports, and is TCP or UDP; it is brought up to date. Checksums are updated incrementally
// (RFC 1624), except a UDP checksum of 0 (none), which is computed, as the kernel does. Sets the offload header's
// header_length, which the sender of a TUN device must not be trusted with.
void rewrite_packet(Packet& packet, PacketView& view, const Rewrite& to);

// The same for the packet that an ICMP error quotes: `data` is the quoted IP header, `length` what is there of it.
// The IP header checksum is repaired; the quoted transport checksum is not, as in the kernel (it may not be there).
void rewrite_quoted(uint8_t* data, const PacketView& view, const Rewrite& to);

// Sum of a transport pseudo-header. Source: RFC 793 3.1, RFC 8200 8.1.
uint64_t pseudo_header_sum(const FiveTuple& tuple, uint32_t transport_bytes);

}  // namespace uipvs
