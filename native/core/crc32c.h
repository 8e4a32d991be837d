// CRC32c (Castagnoli), the checksum of SCTP. Source: RFC 9260 appendix A, RFC 3720 appendix B.4.
#pragma once

#include <cstddef>
#include <cstdint>

namespace uipvs {

// The CRC of `length` bytes that follow those whose CRC is `before`; 0 where none came before.
uint32_t crc32c(const uint8_t* data, size_t length, uint32_t before = 0);

// The value that belongs into the checksum field of an SCTP packet (`length` at least 12), whatever is there now: the
// CRC32c of the packet with zeros in that field.
uint32_t sctp_checksum(const uint8_t* packet, size_t length);

// The checksum field: it holds the CRC's least significant byte first, unlike every other field.
uint32_t load_sctp_checksum(const uint8_t* packet);
void store_sctp_checksum(uint8_t* packet, uint32_t check);

}  // namespace uipvs
