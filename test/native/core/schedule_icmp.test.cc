// The sysctl schedule_icmp: ICMP errors about packets of no connection.
#include <doctest/doctest.h>

#include "core/pipeline.h"
#include "support/rig.h"
#include "support/slow_checksum.h"

namespace uipvs::test {
namespace {

std::unique_ptr<Rig> make_icmp_rig() {
  auto rig = make_rig();
  rig->directory.policy.schedule_icmp = true;
  return rig;
}

// A client's error about what the VIP sent it: `packet` with the ends of `request` exchanged.
MemoryPacket error_about(const FiveTuple& request, size_t quoted_bytes = 28) {
  const FiveTuple reply = request.reversed();
  MemoryPacket quoted = request.protocol == kProtocolTcp ? tcp_segment(reply, kTcpAck) : udp_datagram(reply);
  const size_t header = request.family == Family::ipv6 ? 20 : 0;
  quoted.bytes.resize(quoted_bytes + header);
  const bool is_ipv6 = request.family == Family::ipv6;
  return build_icmp(request.family, request.source, request.destination, is_ipv6 ? 1 : 3, is_ipv6 ? 4 : 3,
                    quoted.bytes);
}

struct Inner {
  Address source, destination;
  uint16_t source_port, destination_port;
};

Inner inner_of(const MemoryPacket& packet) {
  const bool is_ipv6 = packet.bytes[0] >> 4 == 6;
  const uint32_t at = is_ipv6 ? 48 : 28;
  PacketView quoted;
  REQUIRE(parse_quoted(packet.bytes.data() + at, static_cast<uint32_t>(packet.bytes.size()) - at, quoted) ==
          ParseError::none);
  return {quoted.tuple.source, quoted.tuple.destination, quoted.tuple.source_port, quoted.tuple.destination_port};
}

}  // namespace

TEST_CASE("schedule_icmp: an error of no connection makes one, of no state, for three seconds") {
  for (const uint8_t protocol : {kProtocolTcp, kProtocolUdp}) {
    const auto rig = make_icmp_rig();
    const FiveTuple request = client_tuple(protocol, 4001);
    const Fed fed = rig->feed(error_about(request));
    CHECK(fed.decision.action == Action::upcall);
    REQUIRE(fed.action == Action::transmit);
    CHECK(tuple_of(fed.packet).destination == kReal);
    const Inner inner = inner_of(fed.packet);
    CHECK(inner.source == kReal);
    CHECK(inner.source_port == 8080);
    CHECK(inner.destination == kClient);
    CHECK(inner.destination_port == 4001);
    CHECK(transport_checksum(fed.packet) != ChecksumState::wrong);
    const auto made = rig->connection(request);
    REQUIRE(made.has_value());
    CHECK(made->state == 0);
    CHECK(made->expires - rig->now == 3 * kTicksPerSecond);
    CHECK(rig->inactive(0) == 1);
    CHECK(rig->active(0) == 0);
    CHECK(rig->worker_lane(0).connections == 1);
    CHECK(rig->worker_lane(0).in_packets == 1);
    CHECK(rig->counts_agree());
    // The next one finds it, and does not make it live longer.
    rig->advance(kTicksPerSecond);
    CHECK(rig->feed(error_about(request)).decision.action == Action::transmit);
    CHECK(rig->connection(request)->expires - rig->now == 2 * kTicksPerSecond);
    rig->advance(2 * kTicksPerSecond);
    rig->pipeline.expire(64);
    CHECK(rig->connections().empty());
    CHECK(rig->counts_agree());
  }
}

TEST_CASE("schedule_icmp: over IPv6 too, and what the client says then goes to the same real server") {
  const auto rig = make_icmp_rig();
  rig->next_destination = 1;
  const FiveTuple request = client_tuple6(kProtocolTcp, 4001);
  const Fed fed = rig->feed(error_about(request));
  REQUIRE(fed.action == Action::transmit);
  CHECK(tuple_of(fed.packet).destination == kReal6);
  CHECK(inner_of(fed.packet).source == kReal6);
  rig->next_destination = -1;
  const Fed opened = rig->feed(tcp_segment(request, kTcpSyn));
  CHECK(opened.decision.action == Action::transmit);
  CHECK(tuple_of(opened.packet).destination == kReal6);
  CHECK(rig->active(1) == 1);
  CHECK(rig->counts_agree());
}

TEST_CASE("schedule_icmp: a persistent service's client has its real server") {
  const auto rig = make_icmp_rig();
  rig->make_persistent(0, 60);
  rig->feed(tcp_segment(client_tuple(kProtocolTcp, 4001), kTcpSyn));
  rig->add_destination(2, kStranger, 8080);
  rig->next_destination = 2;
  const Fed known = rig->feed(error_about(client_tuple(kProtocolTcp, 4002)));
  CHECK(known.decision.action == Action::transmit);
  CHECK(tuple_of(known.packet).destination == kReal);
  FiveTuple other = client_tuple(kProtocolTcp, 4002);
  other.source.words[0] += 1;
  CHECK(rig->feed(error_about(other)).decision.action == Action::upcall);
  CHECK(rig->persistent(2) == 1);
  CHECK(rig->counts_agree());
}

TEST_CASE("schedule_icmp: one-packet datagrams leave no connection of theirs") {
  const auto rig = make_icmp_rig();
  rig->directory.set_service_flags(1, kServiceOnePacket);
  CHECK(rig->feed(error_about(client_tuple(kProtocolUdp, 4001))).action == Action::transmit);
  CHECK(rig->worker_lane(0).connections == 1);
  CHECK(rig->inactive(0) == 0);
  CHECK(rig->counts_agree());
}

TEST_CASE("schedule_icmp: without a server, a service, or room, an error is dropped and never answered") {
  const auto rig = make_icmp_rig();
  rig->next_destination = -1;
  CHECK(rig->feed(error_about(client_tuple(kProtocolTcp, 4001))).action == Action::drop);
  CHECK(rig->feed(error_about(client_tuple(kProtocolTcp, 4001, 81))).action == Action::drop);
  CHECK(rig->feed(error_about(client_tuple(kProtocolTcp, 20))).action == Action::drop);
  CHECK(rig->counted(Counter::drop_icmp_unmatched) == 3);
  rig->next_destination = 0;
  rig->set_available(0, false);
  CHECK(rig->feed(error_about(client_tuple(kProtocolTcp, 4002))).action == Action::drop);
  CHECK(rig->active(0) == 0);
  CHECK(rig->counted(Counter::answered_packets) == 0);
  rig->directory.set_service_flags(1, kServicePersistent | kServiceSip);
  CHECK(rig->feed(error_about(client_tuple(kProtocolUdp, 4001))).action == Action::drop);
  CHECK(rig->counted(Counter::drop_no_call_id) == 1);
  CHECK(rig->counts_agree());
}

TEST_CASE("schedule_icmp: off, nothing is scheduled; on, an error not for a VIP passes") {
  const auto rig = make_icmp_rig();
  rig->directory.policy.schedule_icmp = false;
  CHECK(rig->feed(error_about(client_tuple(kProtocolTcp, 4001))).action == Action::drop);
  rig->directory.policy.schedule_icmp = true;
  FiveTuple elsewhere = client_tuple(kProtocolTcp, 4001);
  elsewhere.destination = kStranger;
  CHECK(rig->feed(error_about(elsewhere)).decision.action == Action::transmit);
  CHECK(rig->counted(Counter::passed_packets) == 1);
}

}  // namespace uipvs::test
