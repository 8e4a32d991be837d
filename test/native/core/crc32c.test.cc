#include "core/crc32c.h"

#include <doctest/doctest.h>

#include <numeric>
#include <string_view>

#include "support/random.h"
#include "support/slow_checksum.h"

namespace uipvs::test {
namespace {

using Bytes = std::vector<uint8_t>;

}  // namespace

TEST_CASE("crc32c: gives the examples of RFC 3720 B.4, and the check value of its polynomial") {
  const Bytes zeros(32, 0), ones(32, 0xff);
  Bytes up(32), down(32);
  std::iota(up.begin(), up.end(), uint8_t{0});
  std::iota(down.rbegin(), down.rend(), uint8_t{0});
  // An iSCSI SCSI Read (10) command.
  const Bytes read = {0x01, 0xc0, 0, 0,    0, 0, 0, 0,    0,    0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0, 4, 0,
                      0,    0,    0, 0x14, 0, 0, 0, 0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 2,    0, 0, 0, 0, 0, 0, 0};
  // The RFC prints the bytes as they are sent, the least significant first.
  CHECK(crc32c(zeros.data(), zeros.size()) == 0x8a9136aa);
  CHECK(crc32c(ones.data(), ones.size()) == 0x62a8ab43);
  CHECK(crc32c(up.data(), up.size()) == 0x46dd794e);
  CHECK(crc32c(down.data(), down.size()) == 0x113fdb5c);
  CHECK(crc32c(read.data(), read.size()) == 0xd9963a56);
  constexpr std::string_view digits = "123456789";
  CHECK(crc32c(reinterpret_cast<const uint8_t*>(digits.data()), digits.size()) == 0xe3069283);
  CHECK(crc32c(nullptr, 0) == 0);
}

TEST_CASE("crc32c: gives the checksums that kernel IPVS wrote into packets whose ports it changed") {
  // What Linux 6.1 sent on: an INIT to port 8080 of a real server, and an INIT ACK from port 80 of the VIP.
  const Bytes init = {0x13, 0xd8, 0x1f, 0x90, 0, 0, 0, 7, 0x71, 0xd6, 0xcf, 0x99, 1, 0, 0, 8, 0, 0, 0, 0};
  const Bytes init_ack = {0, 0x50, 0x13, 0xd8, 0, 0, 0, 7, 0x95, 0xf7, 0xe6, 0x33, 2, 0, 0, 8, 0, 0, 0, 0};
  for (const Bytes& packet : {init, init_ack}) {
    CHECK(sctp_checksum(packet.data(), packet.size()) == load_sctp_checksum(packet.data()));
    Bytes written = packet;
    std::fill(written.begin() + 8, written.begin() + 12, 0xaa);
    store_sctp_checksum(written.data(), sctp_checksum(written.data(), written.size()));
    CHECK(written == packet);
  }
}

TEST_CASE("crc32c: agrees with the bitwise twin at every length and alignment") {
  Random random(test_seed());
  for (uint32_t length = 0; length < 130; ++length) {
    for (uint32_t offset = 0; offset < 8; ++offset) {
      const Bytes bytes = random.bytes(offset + length);
      const std::span<const uint8_t> part = std::span(bytes).subspan(offset);
      REQUIRE(crc32c(part.data(), length) == slow_crc32c(part));
    }
  }
}

TEST_CASE("crc32c: goes on where another part ended") {
  Random random(test_seed());
  for (int round = 0; round < 2000; ++round) {
    const Bytes bytes = random.bytes(random.below(100));
    const size_t cut = random.below(static_cast<uint32_t>(bytes.size()) + 1);
    const uint32_t first = crc32c(bytes.data(), cut);
    REQUIRE(crc32c(bytes.data() + cut, bytes.size() - cut, first) == slow_crc32c(bytes));
  }
}

TEST_CASE(
    "crc32c: the checksum of an SCTP packet counts its field as zeros, from a bare header to the longest packet") {
  Random random(test_seed());
  for (const uint32_t length : {12u, 13u, 15u, 16u, 19u, 20u, 100u, 65515u}) {
    Bytes packet = random.bytes(length);
    const uint32_t check = sctp_checksum(packet.data(), packet.size());
    std::fill(packet.begin() + 8, packet.begin() + 12, 0);
    CAPTURE(length);
    CHECK(check == slow_crc32c(packet));
  }
}

}  // namespace uipvs::test
