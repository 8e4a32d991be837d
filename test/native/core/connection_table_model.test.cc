#include <doctest/doctest.h>

#include "support/connection_model.h"
#include "support/random.h"
#include "support/rig.h"

namespace uipvs::test {
namespace {

// Few addresses and ports, so that tuples clash.
NewConnection random_connection(Random& random, uint32_t ports) {
  NewConnection made;
  const bool is_v6 = random.one_in(2);
  made.ends.family = is_v6 ? Family::ipv6 : Family::ipv4;
  made.ends.protocol = random.one_in(2) ? kProtocolTcp : kProtocolUdp;
  made.ends.client_port = static_cast<uint16_t>(1024 + random.below(ports));
  made.ends.virtual_port = 80;
  made.ends.real_port = static_cast<uint16_t>(8080 + random.below(2));
  const uint32_t client = random.below(8), vip = random.below(2), real = random.below(4);
  made.ends.client = is_v6 ? address6(client) : Address{{0xc6336400 + client}};
  made.ends.virtual_ = is_v6 ? address6(0x100 + vip) : Address{{0xcb007100 + vip}};
  made.ends.real = is_v6 ? address6(0x200 + real) : Address{{0x0a000000 + real}};
  made.destination_id = static_cast<uint32_t>(random.word());
  made.expires = random.below(1000);
  return made;
}

struct Bench {
  explicit Bench(uint32_t capacity) : memory(ConnectionTable::memory_bytes(capacity)) {
    table.format(memory.bytes(), capacity, {test_seed(), 1});
  }
  TableMemory memory;
  ConnectionTable table;
};

}  // namespace

TEST_CASE("connection table: agrees with a map under random operations, near full and full") {
  Random random(test_seed());
  for (const uint32_t capacity : {1u, 2u, 5u, 30u, 300u, 3000u}) {
    CAPTURE(capacity);
    Bench bench(capacity);
    ConnectionModel model(bench.table);
    Tick now = 0;
    std::vector<ConnectionId> ids;
    for (int round = 0; round < 40000; ++round) {
      const NewConnection some = random_connection(random, capacity);
      CreateError error;
      // It fills up for a while, then empties for a while.
      const bool fills = (round / 4000) % 2 == 0;
      if (random.below(10) < (fills ? 8u : 2u)) {
        REQUIRE(model.create(some, error));
      } else if (model.size() != 0) {
        if (round % 64 == 0 || ids.empty()) ids = model.ids();
        const ConnectionId id = ids[random.below(static_cast<uint32_t>(ids.size()))];
        // The remembered numbers may be of what is gone.
        if ((bench.table.head(id).life.load() & 1) != 0) REQUIRE(model.remove(id));
      }
      REQUIRE(model.find(some.ends.from_client()));
      REQUIRE(model.find(some.ends.from_server()));
      if (round % 1000 == 999) {
        now += random.below(300);
        REQUIRE(model.sweep(now));
        REQUIRE(model.list());
      }
    }
    for (const ConnectionId id : model.ids()) REQUIRE(model.remove(id));
    CHECK(bench.table.live() == 0);
    CHECK(bench.table.index_use().entries == 0);
    CHECK(bench.table.index_use().spilled == 0);
  }
}

TEST_CASE("connection table: fills, empties and fills again without losing a slot") {
  constexpr uint32_t kCapacity = 5000;
  Bench bench(kCapacity);
  for (int turn = 0; turn < 3; ++turn) {
    std::vector<ConnectionId> ids;
    for (uint32_t i = 0; i < kCapacity; ++i) {
      NewConnection fresh;
      // The families share the capacity, differently each turn.
      const bool is_v6 = i % (2 + static_cast<uint32_t>(turn)) == 0;
      fresh.ends = {is_v6 ? Family::ipv6 : Family::ipv4,
                    6,
                    static_cast<uint16_t>(i),
                    80,
                    8080,
                    is_v6 ? kClient6 : kClient,
                    is_v6 ? kVip6 : kVip,
                    is_v6 ? kReal6 : kReal};
      ConnectionId id = 0;
      Found clash;
      REQUIRE(bench.table.create(fresh, id, clash) == CreateError::none);
      ids.push_back(id);
    }
    CHECK(bench.table.live() == kCapacity);
    NewConnection beyond;
    beyond.ends = {Family::ipv4, 17, 1, 80, 8080, kClient, kVip, kReal};
    ConnectionId id = 0;
    Found clash;
    CHECK(bench.table.create(beyond, id, clash) == CreateError::full);
    for (const ConnectionId made : ids) bench.table.remove(made);
    CHECK(bench.table.live() == 0);
    CHECK(bench.table.index_use().entries == 0);
    CHECK(bench.table.index_use().spilled == 0);
  }
}

}  // namespace uipvs::test
