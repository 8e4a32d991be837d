// What happens at the limits: a full table, clashing tuples, rates; and an invariant that no traffic may break.
#include <doctest/doctest.h>

#include "core/pipeline.h"
#include "support/random.h"
#include "support/rig.h"
#include "support/slow_checksum.h"

namespace uipvs::test {
namespace {

Address client_number(uint32_t number) { return {{0xc6336400 + number}}; }

FiveTuple tuple_from(uint32_t client, uint8_t protocol = kProtocolTcp) {
  FiveTuple tuple = client_tuple(protocol);
  tuple.source = client_number(client);
  return tuple;
}

// A rig with a second VIP in front of the same real server.
std::unique_ptr<Rig> rig_of_two_vips() {
  auto rig = make_rig();
  rig->add_service(10, {Family::ipv4, kProtocolTcp, 80, kStranger});
  rig->add_service(11, {Family::ipv4, kProtocolUdp, 80, kStranger});
  return rig;
}

FiveTuple through_other_vip(uint8_t protocol) {
  FiveTuple tuple = client_tuple(protocol);
  tuple.destination = kStranger;
  return tuple;
}

}  // namespace

TEST_CASE("full table: an embryonic connection makes room for a new one, an established one does not") {
  const auto rig = make_rig(4);
  for (uint32_t client = 0; client < 4; ++client) {
    rig->feed(tcp_segment(tuple_from(client), kTcpSyn));
    if (client != 2) rig->feed(tcp_segment(tuple_from(client), kTcpAck));
  }
  CHECK(rig->table.live() == 4);
  CHECK(rig->feed(tcp_segment(tuple_from(7), kTcpSyn)).action == Action::transmit);
  CHECK(rig->counted(Counter::connections_reclaimed) == 1);
  CHECK_FALSE(rig->connection(tuple_from(2)));
  CHECK(rig->connection(tuple_from(7)));
  CHECK(rig->counts_agree());

  rig->feed(tcp_segment(tuple_from(7), kTcpAck));
  CHECK(rig->feed(tcp_segment(tuple_from(8), kTcpSyn)).action == Action::drop);
  CHECK(rig->feed(udp_datagram(tuple_from(8, kProtocolUdp))).action == Action::drop);
  CHECK(rig->counted(Counter::drop_table_full) == 2);
  CHECK(rig->table.live() == 4);
  CHECK(rig->counts_agree());
  for (const uint32_t client : {0u, 1u, 3u, 7u}) {
    CHECK(rig->feed(tcp_segment(tuple_from(client), kTcpAck)).action == Action::transmit);
  }
}

TEST_CASE("full table: without an embryonic connection one that is over makes room") {
  const auto rig = make_rig(3);
  for (uint32_t client = 0; client < 3; ++client) {
    rig->feed(tcp_segment(tuple_from(client), kTcpSyn));
    rig->feed(tcp_segment(tuple_from(client), kTcpAck));
  }
  rig->feed(tcp_segment(tuple_from(1), kTcpRst));
  CHECK(rig->feed(tcp_segment(tuple_from(8), kTcpSyn)).action == Action::transmit);
  CHECK_FALSE(rig->connection(tuple_from(1)));
  CHECK(rig->connection(tuple_from(0)));
  CHECK(rig->connection(tuple_from(2)));
  CHECK(rig->counted(Counter::connections_reclaimed) == 1);
  CHECK(rig->counts_agree());
}

TEST_CASE("full table: what has expired makes room and is counted as expired") {
  const auto rig = make_rig(2);
  rig->feed(udp_datagram(tuple_from(0, kProtocolUdp)));
  rig->feed(udp_datagram(tuple_from(1, kProtocolUdp)));
  rig->advance(300 * kTicksPerSecond);
  CHECK(rig->feed(udp_datagram(tuple_from(2, kProtocolUdp))).action == Action::transmit);
  CHECK(rig->counted(Counter::connections_expired) == 2);
  CHECK(rig->counted(Counter::connections_reclaimed) == 0);
  CHECK(rig->counts_agree());
}

TEST_CASE("tuple conflict: a client port in use towards the same real server is refused while it is live") {
  const auto rig = rig_of_two_vips();
  rig->feed(tcp_segment(client_tuple(kProtocolTcp), kTcpSyn));
  rig->feed(udp_datagram(client_tuple(kProtocolUdp)));
  for (const MemoryPacket& packet :
       {tcp_segment(through_other_vip(kProtocolTcp), kTcpSyn), udp_datagram(through_other_vip(kProtocolUdp))}) {
    const Fed refused = rig->feed(packet);
    CHECK(refused.action == Action::transmit);
    CHECK(refused.packet.bytes[20] == 3);
    CHECK(refused.packet.bytes[21] == 3);
    CHECK(tuple_of(refused.packet).destination == kClient);
  }
  CHECK(rig->counted(Counter::refused_tuple_conflict) == 2);
  CHECK(rig->counted(Counter::answered_packets) == 2);
  CHECK(rig->table.live() == 2);
  CHECK(rig->counts_agree());
}

TEST_CASE("tuple conflict: a half-closed connection still carries data and is not given up") {
  const auto rig = rig_of_two_vips();
  rig->feed(tcp_segment(client_tuple(kProtocolTcp), kTcpSyn));
  rig->feed(tcp_segment(client_tuple(kProtocolTcp), kTcpAck));
  rig->feed(tcp_segment(client_tuple(kProtocolTcp), kTcpFin | kTcpAck));
  rig->feed(tcp_segment(through_other_vip(kProtocolTcp), kTcpSyn));
  CHECK(rig->counted(Counter::refused_tuple_conflict) == 1);
  const Fed reply = rig->feed(tcp_segment(server_tuple(kProtocolTcp), kTcpAck, 100));
  CHECK(tuple_of(reply.packet) == client_tuple(kProtocolTcp).reversed());
}

TEST_CASE("tuple conflict: a connection that is over gives way to the newer one") {
  const auto rig = rig_of_two_vips();
  rig->feed(tcp_segment(client_tuple(kProtocolTcp), kTcpSyn));
  rig->feed(tcp_segment(client_tuple(kProtocolTcp), kTcpAck));
  rig->feed(tcp_segment(client_tuple(kProtocolTcp), kTcpFin | kTcpAck));
  rig->feed(tcp_segment(server_tuple(kProtocolTcp), kTcpFin | kTcpAck));
  CHECK(rig->feed(tcp_segment(through_other_vip(kProtocolTcp), kTcpSyn)).action == Action::transmit);
  const Fed reply = rig->feed(tcp_segment(server_tuple(kProtocolTcp), kTcpSyn | kTcpAck));
  CHECK(tuple_of(reply.packet) == through_other_vip(kProtocolTcp).reversed());
  CHECK(rig->table.live() == 1);
  CHECK(rig->counts_agree());
}

TEST_CASE("tuple conflict: a connection whose time is over, but which no sweep has freed yet, is no conflict") {
  for (const uint8_t protocol : {kProtocolTcp, kProtocolUdp}) {
    const auto rig = rig_of_two_vips();
    const bool is_tcp = protocol == kProtocolTcp;
    rig->feed(is_tcp ? tcp_segment(client_tuple(protocol), kTcpSyn) : udp_datagram(client_tuple(protocol)));
    rig->advance(300 * kTicksPerSecond);
    const FiveTuple other = through_other_vip(protocol);
    CHECK(rig->feed(is_tcp ? tcp_segment(other, kTcpSyn) : udp_datagram(other)).action == Action::transmit);
    CHECK(rig->counted(Counter::refused_tuple_conflict) == 0);
    CHECK(rig->counted(Counter::connections_expired) == 1);
    CHECK(rig->table.live() == 1);
    CHECK(rig->counts_agree());
  }
}

TEST_CASE("rate limit: ICMP errors come in bursts of 50 and then 1000 a second, resets without limit") {
  const auto rig = make_rig();
  const MemoryPacket datagram = udp_datagram(client_tuple(kProtocolUdp, 1, 53));
  int answered = 0;
  for (int i = 0; i < 200; ++i) answered += rig->feed(datagram).action == Action::transmit;
  CHECK(answered == 50);
  CHECK(rig->counted(Counter::drop_answer_rate) == 150);
  rig->next_destination = -1;
  CHECK(rig->feed(tcp_segment(client_tuple(kProtocolTcp), kTcpSyn)).action == Action::drop);

  answered = 0;
  for (Tick tick = 0; tick < kTicksPerSecond; ++tick) {
    rig->advance(1);
    for (int i = 0; i < 40; ++i) answered += rig->feed(datagram).action == Action::transmit;
  }
  CHECK(answered >= 900);
  CHECK(answered <= 1000);
  for (int i = 0; i < 200; ++i) {
    REQUIRE(rig->feed(tcp_segment(client_tuple(kProtocolTcp, 1, 81), kTcpSyn)).action == Action::transmit);
  }
}

TEST_CASE("rate limit: goes on across the wrap of the clock") {
  const auto rig = make_rig();
  rig->now = 0xfffffffe;
  rig->advance(0);
  const MemoryPacket datagram = udp_datagram(client_tuple(kProtocolUdp, 1, 53));
  for (int i = 0; i < 100; ++i) rig->feed(datagram);
  CHECK(rig->feed(datagram).action == Action::drop);
  rig->advance(5);
  CHECK(rig->feed(datagram).action == Action::transmit);
}

TEST_CASE("expiry: connections made before the wrap of the clock live on and end after it") {
  const auto rig = make_rig();
  rig->now = 0xffffff00;
  rig->advance(0);
  rig->feed(udp_datagram(client_tuple(kProtocolUdp)));
  rig->advance(299 * kTicksPerSecond);
  rig->pipeline.expire(10);
  CHECK(rig->table.live() == 1);
  rig->advance(kTicksPerSecond);
  rig->pipeline.expire(10);
  CHECK(rig->table.live() == 0);
}

TEST_CASE(
    "random traffic: active and inactive counts always sum to the live connections, checksums that leave are right") {
  Random random(test_seed());
  const auto rig = make_rig(60);
  rig->add_service(10, {Family::ipv4, kProtocolTcp, 80, kStranger});
  for (uint32_t id = 2; id < 6; ++id) rig->add_destination(id, address4(10, 0, 0, static_cast<uint8_t>(id)), 8080);
  for (uint32_t id = 6; id < 9; ++id) rig->add_destination(id, address6(0x300 + id), 0);
  // Four connections are begun anew in 60,000 rounds on the average; where none was, it goes on until one is.
  const auto is_enough = [&](int round) {
    return round >= 60'000 && (rig->counted(Counter::connections_reused) > 0 || round >= 2'000'000);
  };
  for (int round = 0; !is_enough(round); ++round) {
    const bool is_v6 = random.one_in(3);
    const uint8_t protocol = random.one_in(4) ? kProtocolUdp : kProtocolTcp;
    const uint16_t port = static_cast<uint16_t>(1000 + random.below(40));
    FiveTuple tuple = is_v6 ? client_tuple6(protocol, port) : client_tuple(protocol, port);
    if (!is_v6 && random.one_in(4)) tuple.destination = kStranger;
    const auto known = rig->connection(tuple);
    if (known && random.one_in(2)) tuple = known->ends.from_server();
    rig->next_destination = static_cast<int32_t>(is_v6 ? 6 + random.below(3) : 2 + random.below(4));
    if (random.one_in(20)) rig->next_destination = -1;
    if (random.one_in(100)) rig->set_available(2 + random.below(7), random.one_in(2));
    if (random.one_in(10)) rig->advance(random.below(200));
    if (random.one_in(50)) rig->pipeline.expire(random.below(100));
    const uint8_t flags[] = {kTcpSyn, kTcpSyn, kTcpAck, kTcpAck, kTcpFin | kTcpAck, kTcpRst, 0};
    const Fed fed = rig->feed(protocol == kProtocolTcp ? tcp_segment(tuple, flags[random.below(7)], random.below(30))
                                                       : udp_datagram(tuple));
    if (fed.action == Action::transmit) {
      REQUIRE(header_checksum(fed.packet) == ChecksumState::right);
      REQUIRE(transport_checksum(fed.packet) == ChecksumState::right);
    }
    REQUIRE(rig->counts_agree());
  }
  rig->advance(1000 * kTicksPerSecond);
  rig->pipeline.expire(rig->table.high_water());
  CHECK(rig->table.live() == 0);
  CHECK(rig->counts_agree());
  CHECK(rig->counted(Counter::connections_reclaimed) > 0);
  CHECK(rig->counted(Counter::connections_reused) > 0);
}

}  // namespace uipvs::test
