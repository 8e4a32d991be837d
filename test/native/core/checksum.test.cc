#include "core/checksum.h"

#include <doctest/doctest.h>

#include "support/random.h"
#include "support/slow_checksum.h"

namespace uipvs::test {

TEST_CASE("checksum: sums like the slow twin at every length and alignment") {
  Random random(test_seed());
  for (uint32_t length = 0; length < 130; ++length) {
    for (uint32_t offset = 0; offset < 8; ++offset) {
      const std::vector<uint8_t> bytes = random.bytes(offset + length);
      const std::span<const uint8_t> part = std::span(bytes).subspan(offset);
      REQUIRE(checksum_fold(checksum_sum(part.data(), length)) == slow_sum(part));
    }
  }
}

TEST_CASE("checksum: sums the largest packet of ones and of zeros") {
  const std::vector<uint8_t> ones(65535, 0xff), zeros(65535, 0);
  CHECK(checksum_fold(checksum_sum(ones.data(), ones.size())) == slow_sum(ones));
  CHECK(checksum_sum(zeros.data(), zeros.size()) == 0);
}

TEST_CASE("checksum: folds every width without losing a carry") {
  for (const ChecksumSum sum : {0ull, 0xffffull, 0x10000ull, 0x1fffeull, 0xffffffffull, 0x1'0000'0000ull,
                                0xffff'ffff'ffffull, 0xffff'ffff'ffff'ffffull, 0xffff'ffff'0000'0001ull}) {
    const uint16_t folded = checksum_fold(sum);
    CHECK(folded % 0xffff == sum % 0xffff);
    CHECK((folded == 0) == (sum == 0));
  }
}

TEST_CASE("checksum: an incremental update equals a recomputation") {
  Random random(test_seed());
  for (int round = 0; round < 20000; ++round) {
    std::vector<uint8_t> bytes = random.bytes(8 + random.below(60));
    if (random.one_in(4)) std::fill(bytes.begin(), bytes.begin() + 4, random.one_in(2) ? 0xff : 0);
    const uint16_t check = static_cast<uint16_t>(~slow_sum(bytes));
    const uint32_t before = static_cast<uint32_t>(bytes[0]) << 24 | static_cast<uint32_t>(bytes[1]) << 16 |
                            static_cast<uint32_t>(bytes[2]) << 8 | bytes[3];
    const uint32_t after = random.one_in(8) ? 0 : static_cast<uint32_t>(random.word());
    for (int i = 0; i < 4; ++i) bytes[static_cast<size_t>(i)] = static_cast<uint8_t>(after >> (24 - 8 * i));
    const uint16_t expected = static_cast<uint16_t>(~slow_sum(bytes));
    const uint16_t updated = checksum_update(check, checksum_delta32(before, after));
    // Only bytes that are all zero sum to 0; a packet never is.
    if (slow_sum(bytes) != 0) REQUIRE(updated == expected);
    const ChecksumSum halves =
        checksum_delta16(static_cast<uint16_t>(before >> 16), static_cast<uint16_t>(after >> 16)) +
        checksum_delta16(static_cast<uint16_t>(before), static_cast<uint16_t>(after));
    REQUIRE(checksum_update(check, halves) == updated);
  }
}

TEST_CASE("checksum: the examples of RFC 1624 section 4 never give the other zero") {
  // m 0x5555 -> 0x3285 with a checksum of 0xdd2f gives 0x0000, where RFC 1141 gave 0xffff.
  CHECK(checksum_update(0xdd2f, checksum_delta16(0x5555, 0x3285)) == 0x0000);
}

TEST_CASE("checksum: a partial sum moves by the addresses alone") {
  Random random(test_seed());
  for (int round = 0; round < 20000; ++round) {
    FiveTuple tuple{Family::ipv4, 17, 1, 2, {{static_cast<uint32_t>(random.word())}}, {{7}}};
    const uint32_t before = tuple.source.words[0];
    const uint16_t partial = slow_pseudo_sum(tuple, 100);
    tuple.source.words[0] = static_cast<uint32_t>(random.word());
    const uint16_t updated = checksum_update_partial(partial, checksum_delta32(before, tuple.source.words[0]));
    REQUIRE(updated % 0xffff == slow_pseudo_sum(tuple, 100) % 0xffff);
  }
}

}  // namespace uipvs::test
