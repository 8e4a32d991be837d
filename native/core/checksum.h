// Internet checksums: whole (RFC 1071) and incremental (RFC 1624), over host-order 16-bit words.
#pragma once

#include <cstddef>
#include <cstdint>

namespace uipvs {

// An unfolded one's-complement sum. 64 bits hold 2^48 words, so nothing here overflows.
using ChecksumSum = uint64_t;

// Folds to 16 bits, not complemented.
inline uint16_t checksum_fold(ChecksumSum sum) {
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>((sum & 0xffff) + (sum >> 16));
}

// Sum of `length` bytes taken as big-endian words; an odd last byte is padded with zero. Source: RFC 1071.
ChecksumSum checksum_sum(const uint8_t* data, size_t length);

inline ChecksumSum checksum_words(uint32_t value) { return (value >> 16) + (value & 0xffff); }

// What replacing `before` by `after` adds to a sum (RFC 1624, eqn. 3: ~m + m').
inline ChecksumSum checksum_delta32(uint32_t before, uint32_t after) {
  return checksum_words(~before) + checksum_words(after);
}

inline ChecksumSum checksum_delta16(uint16_t before, uint16_t after) {
  return static_cast<uint16_t>(~before) + static_cast<ChecksumSum>(after);
}

// The checksum field after `delta`. Source: RFC 1624.
inline uint16_t checksum_update(uint16_t check, ChecksumSum delta) {
  return static_cast<uint16_t>(~checksum_fold(static_cast<uint16_t>(~check) + delta));
}

// The same for a field that holds a partial sum (VIRTIO_NET_HDR_F_NEEDS_CSUM): the pseudo-header's sum, folded and
// not complemented; whoever completes it adds the transport header and payload, ports included.
inline uint16_t checksum_update_partial(uint16_t partial, ChecksumSum delta) { return checksum_fold(partial + delta); }

}  // namespace uipvs
