// Builds SCTP packets byte by byte, without the code under test.
#pragma once

#include <vector>

#include "support/packet_builder.h"

namespace uipvs::test {

// Specification: chunk types, RFC 9260 3.2.
inline constexpr uint8_t kChunkData = 0, kChunkInit = 1, kChunkInitAck = 2, kChunkAbort = 6, kChunkShutdown = 7,
                         kChunkCookieEcho = 10, kChunkCookieAck = 11;

// A chunk of this type, padded to a multiple of 4 bytes, which its length does not count.
std::vector<uint8_t> sctp_chunk(uint8_t type, const std::vector<uint8_t>& value = {0, 0, 0, 0});

// `spec.tuple` says SCTP; its payload is what follows the common header. With ChecksumForm::partial the field is 0 and the
// metadata say NEEDS_CSUM, as a device with NETIF_F_SCTP_CRC gives it; with absent it is 0 and they say nothing.
MemoryPacket build_sctp(PacketSpec spec);
MemoryPacket sctp_packet(const FiveTuple& tuple, const std::vector<uint8_t>& chunks = sctp_chunk(kChunkInit));

}  // namespace uipvs::test
