#include "core/service_table.h"

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <vector>

#include "support/packet_builder.h"
#include "support/random.h"

namespace uipvs::test {
namespace {

constexpr HashSecret kSecret{0x1122334455667788, 0x99aabbccddeeff00};

ServiceKey key_of(uint32_t number) {
  const Family family = number % 3 == 0 ? Family::ipv6 : Family::ipv4;
  const uint8_t protocol = number % 2 == 0 ? kProtocolTcp : kProtocolUdp;
  return {family, protocol, static_cast<uint16_t>(number % 7),
          family == Family::ipv6 ? address6(number) : Address{{number}}};
}

}  // namespace

TEST_CASE("service table: finds what was added under its whole key and nothing else") {
  ServiceTable table(8, kSecret);
  const ServiceKey key{Family::ipv4, kProtocolTcp, 80, address4(203, 0, 113, 10)};
  CHECK(table.find(key) == ServiceTable::kNoService);
  REQUIRE(table.add(5, key));
  CHECK(table.find(key) == 5);
  for (const ServiceKey& other :
       {ServiceKey{Family::ipv6, kProtocolTcp, 80, key.address},
        ServiceKey{Family::ipv4, kProtocolUdp, 80, key.address}, ServiceKey{Family::ipv4, kProtocolTcp, 0, key.address},
        ServiceKey{Family::ipv4, kProtocolTcp, 80, address4(203, 0, 113, 11)}}) {
    CHECK(table.find(other) == ServiceTable::kNoService);
  }
  CHECK_FALSE(table.add(6, key));
  table.remove(5);
  CHECK(table.find(key) == ServiceTable::kNoService);
  CHECK(table.add(6, key));
  CHECK(table.find(key) == 6);
}

TEST_CASE("service table: the last words of an IPv6 address count") {
  ServiceTable table(8, kSecret);
  REQUIRE(table.add(0, {Family::ipv6, 6, 80, address6(1)}));
  REQUIRE(table.add(1, {Family::ipv6, 6, 80, address6(2)}));
  CHECK(table.find({Family::ipv6, 6, 80, address6(1)}) == 0);
  CHECK(table.find({Family::ipv6, 6, 80, address6(2)}) == 1);
}

TEST_CASE("service table: removing what is not there changes nothing") {
  ServiceTable table(4, kSecret);
  table.remove(2);
  REQUIRE(table.add(1, key_of(1)));
  table.remove(2);
  table.remove(1);
  table.remove(1);
  CHECK(table.find(key_of(1)) == ServiceTable::kNoService);
  CHECK(table.used_cells() == 0);
}

TEST_CASE("service table: holds its whole capacity, of one service too") {
  for (const uint32_t capacity : {1u, 2u, 3u, 64u, 1000u}) {
    CAPTURE(capacity);
    ServiceTable table(capacity, kSecret);
    for (uint32_t id = 0; id < capacity; ++id) REQUIRE(table.add(id, key_of(id)));
    for (uint32_t id = 0; id < capacity; ++id) REQUIRE(table.find(key_of(id)) == id);
    CHECK(table.find(key_of(capacity)) == ServiceTable::kNoService);
    for (uint32_t id = 0; id < capacity; ++id) table.remove(id);
    CHECK(table.used_cells() == 0);
  }
}

TEST_CASE("service table: agrees with a map under random edits") {
  Random random(test_seed());
  for (const uint32_t capacity : {3u, 40u, 257u}) {
    ServiceTable table(capacity, kSecret);
    std::map<uint32_t, uint32_t> number_of;  // id -> key
    std::set<uint32_t> numbers;
    for (int round = 0; round < 60000; ++round) {
      const uint32_t id = random.below(capacity);
      const uint32_t number = random.below(3 * capacity);
      if (number_of.count(id) != 0 && random.one_in(2)) {
        numbers.erase(number_of[id]);
        number_of.erase(id);
        table.remove(id);
      } else if (number_of.count(id) == 0) {
        const bool is_new = numbers.insert(number).second;
        if (is_new) number_of[id] = number;
        REQUIRE(table.add(id, key_of(number)) == is_new);
      }
      const uint32_t asked = random.below(3 * capacity);
      const uint32_t found = table.find(key_of(asked));
      REQUIRE((found != ServiceTable::kNoService) == (numbers.count(asked) != 0));
      if (found != ServiceTable::kNoService) REQUIRE(number_of[found] == asked);
      REQUIRE(table.used_cells() >= numbers.size());
    }
  }
}

TEST_CASE("service table: services that come and go for years leave no tombstones that a look-up must walk over") {
  Random random(test_seed());
  constexpr uint32_t kCapacity = 256;
  constexpr uint32_t kLasting = 64;
  ServiceTable table(kCapacity, kSecret);
  for (uint32_t id = 0; id < kLasting; ++id) REQUIRE(table.add(id, key_of(id)));
  std::vector<bool> is_used(kCapacity);
  for (uint32_t round = 0; round < 200000; ++round) {
    const uint32_t id = kLasting + random.below(kCapacity - kLasting);
    if (is_used[id]) {
      table.remove(id);
    } else {
      REQUIRE(table.add(id, key_of(kLasting + round)));
    }
    is_used[id] = !is_used[id];
  }
  for (uint32_t id = kLasting; id < kCapacity; ++id) {
    if (is_used[id]) table.remove(id);
  }
  CHECK(table.used_cells() <= 2 * kLasting);
  for (uint32_t id = 0; id < kLasting; ++id) {
    REQUIRE(table.find(key_of(id)) == id);
    table.remove(id);
  }
  CHECK(table.used_cells() == 0);
}

}  // namespace uipvs::test
