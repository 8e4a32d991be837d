// AH and ESP follow the exchange of their keys.
//
// Theory of operation: an IPsec packet has no ports, and what is behind its header is not for us to read. So it goes the
// way of the datagrams between UDP port 500 of the client and of the VIP, by which the two agreed on its keys (IKE): to the
// same real server, and back from there. Where there is no such connection it is none of ours. It is never scheduled, and its
// fragments are translated one by one.
// Source: RFC 7296 2; net/netfilter/ipvs/ip_vs_proto_ah_esp.c. Of IPv6 only ESP: the kernel takes AH for an extension
// header there. Differs from the kernel: left alone where the source is masqueraded, as the real server could not tell two
// clients' packets apart.
#pragma once

#include "core/tuple.h"

namespace uipvs {

// Specification: RFC 7296 2, the port of IKE.
inline constexpr uint16_t kKeyExchangePort = 500;

inline bool is_ipsec(const FiveTuple& tuple) {
  return tuple.protocol == kProtocolEsp || (tuple.protocol == kProtocolAh && tuple.family == Family::ipv4);
}

// The tuple by which a packet's connection is found: its own, or for IPsec that of the key exchange.
inline FiveTuple tracked_tuple(const FiveTuple& tuple) {
  if (!is_ipsec(tuple)) return tuple;
  return {tuple.family, kProtocolUdp, kKeyExchangePort, kKeyExchangePort, tuple.source, tuple.destination};
}

}  // namespace uipvs
