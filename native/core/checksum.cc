#include "core/checksum.h"

#include <cstring>

#include "core/bytes.h"

namespace uipvs {

ChecksumSum checksum_sum(const uint8_t* data, size_t length) {
  // Summing in little-endian lanes and swapping once at the end gives the same 16-bit sum (RFC 1071, section 2(B)).
  ChecksumSum sum = 0;
  while (length >= 8) {
    uint64_t lane;
    std::memcpy(&lane, data, sizeof lane);
    sum += (lane & 0xffffffff) + (lane >> 32);
    data += 8;
    length -= 8;
  }
  while (length >= 2) {
    uint16_t word;
    std::memcpy(&word, data, sizeof word);
    sum += word;
    data += 2;
    length -= 2;
  }
  if (length != 0) sum += *data;
  return __builtin_bswap16(checksum_fold(sum));
}

}  // namespace uipvs
