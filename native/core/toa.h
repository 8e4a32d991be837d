// TCP option address: a TCP option that tells a real server the client's address and port.
//
// Theory of operation: the option is put into the segments that the caller chooses, a client's SYN and the first that
// follow, for the module on the real server reads it from whichever segment completes the handshake. It goes in front of
// the others. A client that sends such an option itself would be believed: it is blanked with NOPs, and so is it where
// there was no room for ours. The length of a segment grows by 8 or 20 bytes, which must fit the path.
// Source: DPVS, kmod/toa/toa.h (TCPOPT_TOA, TCPOLEN_IP4_TOA, TCPOLEN_IP6_TOA, struct toa_ip4_data and toa_ip6_data): kind
// 254, which RFC 4727 leaves to experiments; length 8, or 20 for IPv6; port, then address, in network order. Other modules
// differ for IPv6: one of Huawei's wants kind 253.
#pragma once

#include <cstdint>

#include "core/payload.h"

namespace uipvs {

// Specification: toa.h, TCPOPT_TOA, TCPOLEN_IP4_TOA, TCPOLEN_IP6_TOA.
inline constexpr uint8_t kTcpOptionToa = 254;
inline constexpr uint8_t kToaBytes4 = 8;
inline constexpr uint8_t kToaBytes6 = 20;

// Blanks the client's own TOA options, then inserts one that says `client` and `client_port` (host byte order), if the
// packet then is no longer than `most_bytes`; a super-packet's segments become smaller instead. `view` is brought up to
// date. On an error nothing was inserted, and the packet may be sent as it is.
EditError insert_toa(Packet& packet, PacketView& view, const Address& client, uint16_t client_port,
                     uint32_t most_bytes);

}  // namespace uipvs
