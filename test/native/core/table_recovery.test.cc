#include "core/table_recovery.h"

#include <doctest/doctest.h>

#include <cstring>

#include "core/connection_state.h"
#include "support/connection_model.h"
#include "support/random.h"
#include "support/recovery_rig.h"
#include "support/sctp_builder.h"
#include "support/table_check.h"

namespace uipvs::test {
namespace {

constexpr uint32_t kCapacity = 64;
std::unique_ptr<Rig> make_many() { return make_varied_rig(kCapacity); }

bool same(const ConnectionTable::Snapshot& left, const ConnectionTable::Snapshot& right) {
  const auto one = left.call_id.view(), other = right.call_id.view();
  return same_ends(left.ends, right.ends) && left.destination_id == right.destination_id && left.state == right.state &&
         left.flags == right.flags && left.expires == right.expires &&
         std::equal(one.begin(), one.end(), other.begin(), other.end());
}

void require_same_connections(const Rig& left, const Rig& right) {
  const auto before = left.connections(), after = right.connections();
  REQUIRE(before.size() == after.size());
  for (size_t i = 0; i < before.size(); ++i) CHECK(same(before[i], after[i]));
}

ConnectionHead& head_of(Rig& rig, const FiveTuple& tuple) { return *rig.table.find(tuple, rig.table.hash(tuple)).head; }

}  // namespace

TEST_CASE("recovery: a connection of every kind is there again, as it was") {
  const auto dead = make_many();
  begin_all(*dead);
  REQUIRE(find_disagreement(*dead) == nullptr);
  const uint32_t live = dead->table.live();
  REQUIRE(live >= 15);
  const Restarted next = restart(*dead, make_many);
  REQUIRE(next.mismatch == ConnectionTable::Mismatch::none);
  CHECK(next.report.connections == live);
  CHECK(next.report.broken + next.report.homeless + next.report.expired == 0);
  const char* const disagreement = find_disagreement(*next.rig);
  CHECK_MESSAGE(disagreement == nullptr, (disagreement != nullptr ? disagreement : ""));
  require_same_connections(*dead, *next.rig);
  for (uint32_t id = 0; id < 3; ++id) {
    CHECK(next.rig->active(id) == dead->active(id));
    CHECK(next.rig->inactive(id) == dead->inactive(id));
    CHECK(next.rig->persistent(id) == dead->persistent(id));
  }
}

TEST_CASE("recovery: packets of the connections leave as they would have") {
  const auto dead = make_many();
  begin_all(*dead);
  const Restarted next = restart(*dead, make_many);
  for (const uint16_t port : {uint16_t{80}, uint16_t{81}, uint16_t{83}}) {
    const MemoryPacket segment = tcp_segment(tcp_tuple(port), kTcpAck, 100);
    const Fed expected = dead->feed(segment), fed = next.rig->feed(segment);
    CHECK(fed.action == Action::transmit);
    CHECK(tuple_of(fed.packet).destination == kReal);
    CHECK(fed.packet.bytes == expected.packet.bytes);
  }
  for (const MemoryPacket& answer :
       {udp_datagram(server_tuple(kProtocolUdp)), sctp_packet(server_tuple(kProtocolSctp))}) {
    CHECK(next.rig->feed(answer).packet.bytes == dead->feed(answer).packet.bytes);
  }
}

TEST_CASE("recovery: a persistence template leads its client's next connection, and dies with its time") {
  const auto dead = make_many();
  begin_all(*dead);
  const Restarted next = restart(*dead, make_many);
  // The scheduler would say another.
  next.rig->next_destination = -1;
  CHECK(next.rig->feed(tcp_segment(client_tuple(kProtocolTcp, 40009, 81), kTcpSyn)).decision.action ==
        Action::transmit);
  CHECK(next.rig->feed(sip_request(40009, "one@host")).decision.action == Action::transmit);
  CHECK(next.rig->feed(sip_request(40010, "another")).decision.action == Action::upcall);
}

TEST_CASE("recovery: slots and cells of before are all used again, and none twice") {
  const auto dead = make_many();
  begin_all(*dead);
  // Holes in the middle.
  dead->advance(4 * kTicksPerSecond);
  dead->pipeline.expire(kCapacity);
  Restarted next = restart(*dead, make_many);
  Rig& rig = *next.rig;
  rig.next_destination = 0;
  for (uint16_t port = 1; rig.table.live() + 1 < kCapacity; ++port) {
    rig.feed(sip_request(port, std::to_string(port)));
    const char* const disagreement = find_disagreement(rig);
    REQUIRE_MESSAGE(disagreement == nullptr, (disagreement != nullptr ? disagreement : ""));
  }
  for (int round = 0; round < 3; ++round) {
    rig.advance(30000 * kTicksPerSecond);
    rig.pipeline.expire(4 * kCapacity);
  }
  CHECK(rig.table.live() == 0);
  CHECK(rig.table.index_use().entries == 0);
}

TEST_CASE("recovery: a destination at its upper threshold is overloaded again") {
  const auto dead = make_many();
  begin_all(*dead);
  static const auto with_threshold = [] {
    auto rig = make_many();
    rig->directory.destinations[1].upper_threshold = 2;
    rig->directory.destinations[2].upper_threshold = 2;
    return rig;
  };
  const Restarted next = restart(
      *dead, +[] { return with_threshold(); });
  CHECK(next.rig->is_overloaded(1));
  CHECK_FALSE(next.rig->is_overloaded(2));
}

TEST_CASE("recovery: what a file must say to be gone on with") {
  const auto dead = make_many();
  auto* const header = reinterpret_cast<ConnectionTableHeader*>(dead->memory.bytes().data());
  using Mismatch = ConnectionTable::Mismatch;
  SUBCASE("of a process that ended while it made it") {
    header->magic = 0;
    CHECK(restart(*dead, make_many).mismatch == Mismatch::unfinished);
  }
  SUBCASE("another layout") {
    ++header->layout_version;
    CHECK(restart(*dead, make_many).mismatch == Mismatch::layout);
  }
  SUBCASE("other records") {
    header->record_bytes = 64;
    CHECK(restart(*dead, make_many).mismatch == Mismatch::layout);
  }
  SUBCASE("another capacity") {
    header->capacity = kCapacity + 1;
    CHECK(restart(*dead, make_many).mismatch == Mismatch::capacity);
  }
  SUBCASE("another start of the host") {
    header->boot_id[3] = 1;
    CHECK(restart(*dead, make_many).mismatch == Mismatch::boot);
  }
}

TEST_CASE("recovery: what is no connection is dropped, and nothing else") {
  struct Case {
    const char* what;
    void (*spoil)(Rig&, ConnectionHead&);
    RecoveryReport expected;  // of three connections
  };
  const Case cases[] = {
      {"not published", [](Rig&, ConnectionHead& head) { ++head.life; }, {2, 0, 0, 0}},
      {"expired", [](Rig& rig, ConnectionHead& head) { head.expires = rig.now; }, {2, 1, 0, 0}},
      {"a destination beyond all", [](Rig&, ConnectionHead& head) { head.destination_id = 4000; }, {2, 0, 0, 1}},
      {"another destination", [](Rig&, ConnectionHead& head) { head.destination_id = 1; }, {2, 0, 0, 1}},
      {"another real port", [](Rig&, ConnectionHead& head) { ++head.real_port; }, {2, 0, 0, 1}},
      {"another client port", [](Rig&, ConnectionHead& head) { ++head.client_port; }, {2, 0, 0, 1}},
      {"a state that there is not", [](Rig&, ConnectionHead& head) { head.state = 99; }, {2, 0, 0, 1}},
      {"a flag that there is not", [](Rig&, ConnectionHead& head) { head.flags = 0x40; }, {2, 0, 0, 1}},
      {"a protocol that there is not", [](Rig&, ConnectionHead& head) { head.protocol = 1; }, {2, 0, 0, 1}},
      {"a controller that is none", [](Rig&, ConnectionHead& head) { head.controller = 7; }, {2, 0, 0, 1}},
  };
  for (const Case& one : cases) {
    CAPTURE(one.what);
    const auto dead = make_many();
    dead->next_destination = 0;
    for (const uint16_t port : {1, 2, 3}) dead->feed(tcp_segment(client_tuple(kProtocolTcp, port), kTcpSyn));
    one.spoil(*dead, head_of(*dead, client_tuple(kProtocolTcp, 2)));
    const Restarted next = restart(*dead, make_many);
    CHECK(next.report.connections == one.expected.connections);
    CHECK(next.report.expired == one.expected.expired);
    CHECK(next.report.homeless == one.expected.homeless);
    CHECK(next.report.broken == one.expected.broken);
    CHECK(find_disagreement(*next.rig) == nullptr);
    for (const uint16_t port : {1, 3}) CHECK(next.rig->connection(client_tuple(kProtocolTcp, port)).has_value());
    CHECK_FALSE(next.rig->connection(client_tuple(kProtocolTcp, 2)).has_value());
  }
}

TEST_CASE("recovery: of more connections than a table can have as many go on as it has room for") {
  const auto dead = make_many(), other = make_many();
  dead->next_destination = 0;
  other->next_destination = 1;
  for (uint16_t port = 1; port <= kCapacity; ++port) {
    dead->feed(tcp_segment(client_tuple(kProtocolTcp, port), kTcpSyn));
    other->feed(tcp_segment(client_tuple6(kProtocolTcp, port), kTcpSyn));
  }
  const uint32_t all = dead->table.live() + other->table.live();
  REQUIRE(all > kCapacity);
  // Both families' slots are as many as the connections of both together.
  auto* const header = reinterpret_cast<ConnectionTableHeader*>(dead->memory.bytes().data());
  header->high_water[1] = kCapacity;
  for (uint32_t slot = 1; slot <= kCapacity; ++slot) {
    const ConnectionId id = slot | 1u << 31;
    std::memcpy(static_cast<void*>(&dead->table.head(id)), static_cast<const void*>(&other->table.head(id)),
                sizeof(ConnectionRecord6));
  }
  const Restarted next = restart(*dead, make_many);
  CHECK(next.report.connections == kCapacity);
  CHECK(next.report.broken == all - kCapacity);
  const char* const disagreement = find_disagreement(*next.rig);
  CHECK_MESSAGE(disagreement == nullptr, (disagreement != nullptr ? disagreement : ""));
}

TEST_CASE("recovery: connections of a destination that is not there any more, or is elsewhere, are dropped") {
  const auto dead = make_many();
  begin_all(*dead);
  const Restarted gone = restart(
      *dead, +[] {
        auto rig = make_many();
        rig->directory.destinations[0].is_known = false;
        return rig;
      });
  CHECK(gone.report.homeless > 5);
  CHECK(gone.rig->active(0) + gone.rig->inactive(0) + gone.rig->persistent(0) == 0);
  CHECK(gone.rig->active(1) == dead->active(1));
  const Restarted elsewhere = restart(
      *dead, +[] {
        auto rig = make_many();
        rig->directory.destinations[0].address = kStranger;
        return rig;
      });
  CHECK(elsewhere.report.homeless == gone.report.homeless);
  CHECK(find_disagreement(*elsewhere.rig) == nullptr);
}

TEST_CASE("recovery: a record with any bit turned over is dropped or leads where it led") {
  const auto dead = make_many();
  dead->next_destination = 0;
  const FiveTuple tuple = client_tuple(kProtocolTcp);
  dead->feed(tcp_segment(tuple, kTcpSyn));
  const ConnectionTable::Snapshot before = *dead->connection(tuple);
  auto* const bytes = reinterpret_cast<uint8_t*>(&head_of(*dead, tuple));
  uint32_t dropped = 0;
  for (uint32_t bit = 0; bit < 8 * sizeof(ConnectionRecord4); ++bit) {
    CAPTURE(bit);
    bytes[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    const Restarted next = restart(*dead, make_many);
    const auto found = next.rig->connections();
    dropped += found.empty();
    for (const auto& listed : found) {
      CHECK(same_ends(listed.ends, before.ends));
      CHECK(listed.destination_id == before.destination_id);
    }
    CHECK(find_disagreement(*next.rig) == nullptr);
    bytes[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
  }
  // Addresses, ports, protocol, destination, controller, Call-ID, sum, most of the flags and of the state.
  CHECK(dropped > 320);
}

TEST_CASE("recovery: after random stories the connections are those of before") {
  Random random(test_seed());
  for (int story = 0; story < 300; ++story) {
    auto rig = make_many();
    for (int life = 0; life < 3; ++life) {
      for (int step = 0; step < 60; ++step) {
        rig->next_destination = static_cast<int32_t>(random.below(3)) == 2 ? 2 : 0;
        const uint16_t port = static_cast<uint16_t>(random.below(20));
        const uint16_t service_port = static_cast<uint16_t>(80 + random.below(4));
        switch (random.below(6)) {
          case 0:
          case 1:
            rig->feed(
                tcp_segment(client_tuple(kProtocolTcp, port, service_port), random.one_in(3) ? kTcpFin : kTcpSyn));
            break;
          case 2: rig->feed(udp_datagram(client_tuple(kProtocolUdp, port, random.one_in(2) ? 53 : 80))); break;
          case 3: rig->feed(sip_request(port, std::to_string(random.below(9)))); break;
          case 4: rig->advance(random.below(40) * kTicksPerSecond); break;
          case 5: rig->pipeline.expire(random.below(30)); break;
        }
      }
      // What has expired and was not visited yet is not there for a successor.
      rig->pipeline.expire(2 * kCapacity);
      Restarted next = restart(*rig, make_many);
      REQUIRE(next.report.broken + next.report.homeless + next.report.expired == 0);
      const char* const disagreement = find_disagreement(*next.rig);
      REQUIRE_MESSAGE(disagreement == nullptr, (disagreement != nullptr ? disagreement : ""));
      require_same_connections(*rig, *next.rig);
      rig = std::move(next.rig);
    }
  }
}

}  // namespace uipvs::test
