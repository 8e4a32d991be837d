#include "core/service_table.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "support/packet_builder.h"
#include "support/random.h"

namespace uipvs::test {

TEST_CASE("threads: a look-up never misses a service that stays, nor takes one for another, while others come and go") {
  constexpr uint32_t kCapacity = 64;
  constexpr uint32_t kLasting = 24;
  ServiceTable table(kCapacity, {1, 2});
  const auto key_of = [](uint32_t number) {
    return ServiceKey{Family::ipv6, kProtocolTcp, static_cast<uint16_t>(number), address6(number)};
  };
  for (uint32_t id = 0; id < kLasting; ++id) REQUIRE(table.add(id, key_of(id)));
  std::atomic<bool> stops{false};
  std::atomic<uint64_t> wrong{0}, looked_up{0};
  const auto look_up = [&] {
    for (uint32_t turn = 0; !stops; ++turn) {
      const uint32_t number = turn % kLasting;
      if (table.find(key_of(number)) != number) ++wrong;
      // A key that comes and goes: if it is found, then under one of the ids that may carry it.
      const uint32_t found = table.find(key_of(1000 + turn % 200));
      if (found != ServiceTable::kNoService && (found < kLasting || found >= kCapacity)) ++wrong;
      if (table.find(key_of(5000)) != ServiceTable::kNoService) ++wrong;
      ++looked_up;
    }
  };
  std::thread one(look_up), two(look_up);
  Random random(test_seed());
  std::vector<bool> is_used(kCapacity);
  for (int edit = 0; edit < 60000 || looked_up < 1000; ++edit) {
    const uint32_t id = kLasting + random.below(kCapacity - kLasting);
    if (is_used[id]) {
      table.remove(id);
      is_used[id] = false;
    } else {
      is_used[id] = table.add(id, key_of(1000 + random.below(200)));
    }
  }
  stops = true;
  one.join();
  two.join();
  CHECK(wrong == 0);
}

TEST_CASE("threads: a look-up never takes half of an old key and half of a new one for a third") {
  // One slot changes between two keys; the two keys that mix them were never added. A secret under which all four have
  // one place in the index makes every look-up come by the slot.
  const auto mixed = [](uint16_t port, uint32_t low) {
    return ServiceKey{Family::ipv6, kProtocolTcp, port, address6(low)};
  };
  const ServiceKey keys[] = {mixed(1, 1), mixed(2, 2), mixed(1, 2), mixed(2, 1)};
  HashSecret secret{0, 1};
  const auto home_of = [&](const ServiceKey& key) {
    const uint64_t head = uint64_t{6} << 24 | uint64_t{kProtocolTcp} << 16 | key.port;
    return hash_address(SipHash13(secret), key.family, key.address, head) & 3;
  };
  while (home_of(keys[0]) != home_of(keys[1]) || home_of(keys[0]) != home_of(keys[2]) ||
         home_of(keys[0]) != home_of(keys[3])) {
    ++secret.key0;
  }
  ServiceTable table(1, secret);
  std::atomic<bool> stops{false};
  std::atomic<uint64_t> wrong{0}, looked_up{0};
  std::thread reader([&] {
    for (; !stops; ++looked_up) {
      wrong += table.find(keys[2]) != ServiceTable::kNoService;
      wrong += table.find(keys[3]) != ServiceTable::kNoService;
    }
  });
  for (uint32_t edit = 0; edit < 300000 || looked_up < 10000; ++edit) {
    REQUIRE(table.add(0, keys[edit % 2]));
    table.remove(0);
  }
  stops = true;
  reader.join();
  CHECK(wrong == 0);
}

}  // namespace uipvs::test
