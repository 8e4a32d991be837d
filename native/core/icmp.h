// ICMP and ICMPv6 messages that concern a connection or a VIP.
// Source: RFC 792, RFC 4443; net/netfilter/ipvs/ip_vs_core.c (ip_vs_in_icmp, ip_vs_out_icmp, ip_vs_nat_icmp).
#pragma once

#include <cstdint>

#include "core/connection.h"
#include "core/packet.h"
#include "core/packet_view.h"
#include "core/tcp_state.h"

namespace uipvs {

inline bool is_icmp(const FiveTuple& tuple) {
  return tuple.protocol == (tuple.family == Family::ipv6 ? kProtocolIcmp6 : kProtocolIcmp);
}

enum class IcmpKind : uint8_t {
  malformed,     // shorter than 8 bytes, or its checksum is wrong
  echo_request,  // answered for a VIP
  error,         // quotes a packet: unreachable, source quench, packet too big, time exceeded, parameter problem
  other,
};

// Verifies the checksum and tells what `packet` is; `view` is of it and says ICMP or ICMPv6.
IcmpKind classify_icmp(const Packet& packet, const PacketView& view);

// Turns an echo request into its reply, in place.
void make_echo_reply(Packet& packet, PacketView& view);

// The tuple of the packet that an error quotes, in `quoted`. False where it cannot be read, or is of a protocol that has
// neither ports nor a connection to follow (ipsec.h).
bool parse_icmp_error(const Packet& packet, const PacketView& view, PacketView& quoted);

// Between the packet that an error quotes and the one that it answers, either of which the other is made of.
PacketView answered_by(const PacketView& quoted);

// Rewrites an error that concerns a connection, in place: outer addresses, quoted addresses and ports, checksums.
// `direction` is the way the error itself goes.
void translate_icmp_error(Packet& packet, PacketView& view, const PacketView& quoted, const ConnectionEnds& ends,
                          Direction direction, uint8_t hop_limit);

}  // namespace uipvs
