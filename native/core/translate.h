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

// `view` is of this packet; it is brought up to date. What has no ports, as IPsec has none, keeps all behind its addresses.
// Else it is TCP, UDP or SCTP. Checksums are updated
// incrementally (RFC 1624), except a UDP checksum of 0 (none), which is computed, as the kernel does. The CRC32c of SCTP
// does not cover addresses: it is computed anew where a port changes, right or wrong as it was, and else stays. Sets the
// offload header's header_length, which the sender of a TUN device must not be trusted with.
// Source: ip_vs_proto_udp.c (udp_dnat_handler), ip_vs_proto_sctp.c (sctp_dnat_handler). Differs from the kernel: the
// checksum of a datagram that ends before its IP packet does covers what the UDP length says, because that is what the
// receiver verifies.
void rewrite_packet(Packet& packet, PacketView& view, const Rewrite& to);

// Writes the CRC32c of an SCTP packet that is no fragment, and takes NEEDS_CSUM away. Packets of a device with
// NETIF_F_SCTP_CRC come with that mark and without a checksum, but who sends them would put an Internet checksum there.
// rewrite_packet() sees to it; this is for packets that leave as they are.
void write_sctp_checksum(Packet& packet, PacketView& view);

// The same for the packet that an ICMP error quotes: `data` is the quoted IP header, `length` what is there of it.
// The IP header checksum is repaired; the quoted transport checksum is not, as in the kernel (it may not be there).
void rewrite_quoted(uint8_t* data, const PacketView& view, const Rewrite& to);

// Sum of a transport pseudo-header. Source: RFC 793 3.1, RFC 8200 8.1.
uint64_t pseudo_header_sum(const FiveTuple& tuple, uint32_t transport_bytes);

}  // namespace uipvs
