#include "io/announce.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "support/slow_checksum.h"

namespace uipvs::test {
namespace {

constexpr MacAddress kMac = {0x02, 0x11, 0x22, 0x33, 0x44, 0x55};
constexpr Address kIpv4{{0x0a000064}};
constexpr Address kIpv6{{0x20010db8, 0, 0, 0x100}};

template <size_t size>
std::string hex(const std::array<uint8_t, size>& bytes) {
  static const char* const digits = "0123456789abcdef";
  std::string text;
  for (const uint8_t byte : bytes) text += {digits[byte >> 4], digits[byte & 15]};
  return text;
}

TEST_CASE("a gratuitous ARP request asks everybody for the address in its own name") {
  CHECK(hex(gratuitous_arp(ArpForm::request, kIpv4, kMac)) ==
        "ffffffffffff0211223344550806"
        "00010800060400010211223344550a0000640000000000000a000064");
}

TEST_CASE("a gratuitous ARP reply names its sender as target too") {
  CHECK(hex(gratuitous_arp(ArpForm::reply, kIpv4, kMac)) ==
        "ffffffffffff0211223344550806"
        "00010800060400020211223344550a0000640211223344550a000064");
}

TEST_CASE("an unsolicited neighbour advertisement overrides what all nodes know") {
  auto frame = neighbour_advertisement(kIpv6, kMac);
  // The checksum is checked by the next test.
  std::fill_n(frame.begin() + 14 + 40 + 2, 2, 0);
  CHECK(hex(frame) ==
        "33330000000102112233445586dd"
        "6000000000203aff20010db8000000000000000000000100ff020000000000000000000000000001"
        "880000002000000020010db80000000000000000000001000201021122334455");
}

TEST_CASE("the checksum of a neighbour advertisement is right for any address") {
  for (uint32_t seed = 1; seed < 1000; ++seed) {
    const Address address{{seed * 2654435761u, seed * 40503u, ~seed, seed << 20 | 0xffff}};
    const auto frame = neighbour_advertisement(address, kMac);
    std::vector<uint8_t> summed(frame.begin() + 14 + 8, frame.end());
    // Pseudo-header: the addresses stand there already; length and protocol follow. Source: RFC 8200 section 8.1.
    summed.insert(summed.end(), {0, 0, 0, 32, 0, 0, 0, 58});
    REQUIRE(slow_sum(summed) == 0xffff);
  }
}

TEST_CASE("an interface that cannot be announced on is refused") {
  CHECK(announce_on("", Family::ipv4, kIpv4) == -ENODEV);
  CHECK(announce_on("no-such-device", Family::ipv4, kIpv4) == -ENODEV);
  CHECK(announce_on("a-name-that-is-too-long", Family::ipv4, kIpv4) == -ENODEV);
  CHECK(announce_on("lo", Family::ipv4, kIpv4) == -EAFNOSUPPORT);
}

}  // namespace
}  // namespace uipvs::test
