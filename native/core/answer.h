// What a host says to a packet that it has no use for. Each function turns the packet into its answer, in place, and
// returns false where it must not be answered.
#pragma once

#include <cstdint>

#include "core/packet.h"
#include "core/packet_view.h"

namespace uipvs {

// The reset for a segment to a port where nobody listens. Source: RFC 9293 3.10.7.1. False for a reset.
bool make_tcp_reset(Packet& packet, const PacketView& view);

enum class Unreachable : uint8_t { port, protocol };

// ICMP destination unreachable (IPv4 3/3 or 3/2; IPv6 1/4, or 4/1 for a protocol) from the packet's destination, which
// quotes as much as the kernel does. Source: RFC 1122 3.2.2, RFC 4443 2.4 and 3.1; net/ipv4/icmp.c (icmp_send).
// False where the packet's source is not a single host, or the packet is itself an ICMP error.
bool make_unreachable(Packet& packet, const PacketView& view, Unreachable what);

// ICMP fragmentation needed (IPv4 3/4) or packet too big (IPv6 2/0), with the MTU that the packet must fit.
// Source: RFC 1191, RFC 8201; as make_unreachable() otherwise.
bool make_too_big(Packet& packet, const PacketView& view, uint32_t mtu_bytes);

// ICMP time exceeded in reassembly (IPv4 11/1, IPv6 3/1) for a first fragment. Source: RFC 1122 3.3.2, RFC 8200 4.5.
bool make_reassembly_timeout(Packet& packet, const PacketView& view);

// Its hop limit was exceeded on the way, said by its destination. Source: RFC 792, RFC 4443 section 3.3.
bool make_hop_limit_exceeded(Packet& packet, const PacketView& view);

// Whether the transport checksum is right, or not there to tell: partial, absent, or of a protocol other than TCP and
// UDP. A host answers nothing that it can see was damaged; of SCTP, which it does not speak, it verifies nothing.
bool is_intact(const Packet& packet, const PacketView& view);

// Whether an address can be one end of a connection: not null, multicast, broadcast or loopback.
bool is_unicast(Family family, const Address& address);

// Whether an address means nothing beyond its link: fe80::/10.
bool is_link_local(Family family, const Address& address);

}  // namespace uipvs
