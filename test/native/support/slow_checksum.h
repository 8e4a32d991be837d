// The slow twin of core/checksum and core/crc32c: one word at a time with the end-around carry of RFC 1071, one bit at a
// time with the polynomial of RFC 9260, and checks of whole packets that share no code with the core.
#pragma once

#include <cstdint>
#include <span>

#include "core/tuple.h"
#include "io/memory_io.h"

namespace uipvs::test {

uint16_t slow_sum(std::span<const uint8_t> bytes, uint16_t start = 0);
uint16_t slow_pseudo_sum(const FiveTuple& tuple, uint32_t transport_bytes);
uint32_t slow_crc32c(std::span<const uint8_t> bytes);

enum class ChecksumState : uint8_t {
  right,
  wrong,
  absent,   // a UDP checksum of 0, or SCTP with NEEDS_CSUM
  unknown,  // a fragment, a protocol without one, or not readable
};

// Of the IPv4 header; right for IPv6.
ChecksumState header_checksum(const MemoryPacket& packet);

// Of TCP, UDP, SCTP, ICMP and ICMPv6. With NEEDS_CSUM, whether the field holds the pseudo-header's sum.
ChecksumState transport_checksum(const MemoryPacket& packet);

}  // namespace uipvs::test
