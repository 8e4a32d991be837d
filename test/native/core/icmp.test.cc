#include "core/icmp.h"

#include <doctest/doctest.h>

#include "support/rig.h"
#include "support/sctp_builder.h"
#include "support/slow_checksum.h"

namespace uipvs::test {
namespace {

IcmpKind classify(const MemoryPacket& packet) {
  const HeldPacket held(packet);
  PacketView view;
  REQUIRE(parse_packet(held.packet, view) == ParseError::none);
  return classify_icmp(held.packet, view);
}

// The first `bytes` of a packet with this tuple.
std::vector<uint8_t> quote(const FiveTuple& tuple, size_t bytes) {
  MemoryPacket packet = tuple.protocol == kProtocolTcp ? tcp_segment(tuple, kTcpAck, 100) : udp_datagram(tuple, 100);
  packet.bytes.resize(bytes);
  return packet.bytes;
}

FiveTuple server_tuple6(uint8_t protocol) { return {Family::ipv6, protocol, 8080, 40000, kReal6, kClient6}; }

// The quoted packet of an error that left.
FiveTuple quoted_tuple(const MemoryPacket& error) {
  const HeldPacket held(error);
  PacketView view, quoted;
  REQUIRE(parse_packet(held.packet, view) == ParseError::none);
  REQUIRE(parse_icmp_error(held.packet, view, quoted));
  return quoted.tuple;
}

bool checksums_hold(const MemoryPacket& packet) {
  return header_checksum(packet) == ChecksumState::right && transport_checksum(packet) == ChecksumState::right;
}

// Makes a connection from the client through the VIP to the real server.
void connect(Rig& rig, const FiveTuple& tuple) {
  rig.next_destination = tuple.family == Family::ipv6 ? 1 : 0;
  REQUIRE(rig.feed(tuple.protocol == kProtocolTcp ? tcp_segment(tuple, kTcpSyn) : udp_datagram(tuple)).action ==
          Action::transmit);
}

}  // namespace

TEST_CASE("icmp: tells requests, errors and the rest apart, and verifies checksum and length") {
  struct Row {
    uint8_t type;
    IcmpKind four, six;
  };
  for (const Row& row : {Row{0, IcmpKind::other, IcmpKind::error}, Row{1, IcmpKind::other, IcmpKind::error},
                         Row{2, IcmpKind::other, IcmpKind::error}, Row{3, IcmpKind::error, IcmpKind::error},
                         Row{4, IcmpKind::error, IcmpKind::error}, Row{5, IcmpKind::other, IcmpKind::error},
                         Row{8, IcmpKind::echo_request, IcmpKind::error}, Row{11, IcmpKind::error, IcmpKind::error},
                         Row{12, IcmpKind::other, IcmpKind::error}, Row{127, IcmpKind::other, IcmpKind::error},
                         Row{128, IcmpKind::other, IcmpKind::echo_request}, Row{129, IcmpKind::other, IcmpKind::other},
                         Row{135, IcmpKind::other, IcmpKind::other}, Row{255, IcmpKind::other, IcmpKind::other}}) {
    CAPTURE(row.type);
    CHECK(classify(build_icmp(Family::ipv4, kClient, kVip, row.type, 0, {1, 2, 3})) == row.four);
    CHECK(classify(build_icmp(Family::ipv6, kClient6, kVip6, row.type, 0, {1, 2, 3})) == row.six);
  }
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    const bool is_v6 = family == Family::ipv6;
    const MemoryPacket packet =
        build_icmp(family, is_v6 ? kClient6 : kClient, is_v6 ? kVip6 : kVip, is_v6 ? 128 : 8, 0, {1, 2, 3});
    for (size_t at = is_v6 ? 40 : 20; at < packet.bytes.size(); ++at) {
      MemoryPacket damaged = packet;
      damaged.bytes[at] ^= 0x10;
      CHECK(classify(damaged) == IcmpKind::malformed);
    }
  }
  PacketSpec seven;
  seven.tuple = client_tuple(kProtocolIcmp);
  seven.payload = {8, 0, 0xf7, 0xff, 0, 0, 0};
  CHECK(classify(build_packet(seven)) == IcmpKind::malformed);
}

TEST_CASE("icmp: an echo request to a VIP is answered with its own data") {
  const auto rig = make_rig();
  const std::vector<uint8_t> data = {1, 2, 3, 4, 5, 6, 7};
  const Fed four = rig->feed(build_icmp(Family::ipv4, kClient, kVip, 8, 0, data, 0x12340001));
  REQUIRE(four.action == Action::transmit);
  CHECK(four.packet.bytes == build_icmp(Family::ipv4, kVip, kClient, 0, 0, data, 0x12340001).bytes);
  const Fed six = rig->feed(build_icmp(Family::ipv6, kClient6, kVip6, 128, 0, data, 0x12340001));
  REQUIRE(six.action == Action::transmit);
  CHECK(six.packet.bytes == build_icmp(Family::ipv6, kVip6, kClient6, 129, 0, data, 0x12340001).bytes);
  CHECK(rig->counted(Counter::answered_packets) == 2);
}

TEST_CASE("icmp: echo requests from nobody or to others, and damaged ones, are not answered") {
  const auto rig = make_rig();
  CHECK(rig->feed(build_icmp(Family::ipv4, address4(224, 0, 0, 5), kVip, 8, 0, {})).action == Action::drop);
  CHECK(rig->counted(Counter::drop_not_unicast) == 1);
  MemoryPacket damaged = build_icmp(Family::ipv4, kClient, kVip, 8, 0, {1, 2});
  damaged.bytes.back() ^= 1;
  CHECK(rig->feed(damaged).action == Action::drop);
  CHECK(rig->counted(Counter::drop_malformed_icmp) == 1);
  const MemoryPacket other = build_icmp(Family::ipv4, kClient, kStranger, 8, 0, {1, 2});
  const Fed passed = rig->feed(other);
  CHECK(passed.action == Action::transmit);
  CHECK(passed.packet.bytes == other.bytes);
  CHECK(rig->counted(Counter::answered_packets) == 0);
}

TEST_CASE("icmp: each family has its own protocol; the other's number is no ICMP") {
  const auto rig = make_rig();
  PacketSpec spec;
  spec.tuple = client_tuple(kProtocolIcmp6);
  spec.payload = build_icmp(Family::ipv4, kClient, kVip, 8, 0, {}).bytes;
  spec.payload.erase(spec.payload.begin(), spec.payload.begin() + 20);
  const Fed four = rig->feed(build_packet(spec));
  REQUIRE(four.action == Action::transmit);
  CHECK(four.packet.bytes[20] == 3);
  CHECK(four.packet.bytes[21] == 2);

  PacketSpec spec6;
  spec6.tuple = client_tuple6(kProtocolIcmp);
  spec6.payload = spec.payload;
  const Fed six = rig->feed(build_packet(spec6));
  REQUIRE(six.action == Action::transmit);
  CHECK(six.packet.bytes[6] == kProtocolIcmp6);
  CHECK(six.packet.bytes[40] == 4);
  CHECK(six.packet.bytes[41] == 1);
}

TEST_CASE("icmp: an error about a packet to the real server reaches the client as one about the VIP") {
  for (const uint8_t protocol : {kProtocolTcp, kProtocolUdp}) {
    for (const bool is_v6 : {false, true}) {
      CAPTURE(protocol);
      CAPTURE(is_v6);
      const auto rig = make_rig();
      const FiveTuple tuple = is_v6 ? client_tuple6(protocol) : client_tuple(protocol);
      connect(*rig, tuple);
      // A router on the way to the real server quotes what it saw: client -> real server.
      const FiveTuple seen = (is_v6 ? server_tuple6(protocol) : server_tuple(protocol)).reversed();
      const Address router = is_v6 ? address6(0x999) : kStranger;
      const size_t header = is_v6 ? 40 : 20;
      for (const size_t bytes : {header + 8, header + 9, header + 60}) {
        const MemoryPacket error = build_icmp(is_v6 ? Family::ipv6 : Family::ipv4, router, tuple.source, is_v6 ? 2 : 3,
                                              is_v6 ? 0 : 4, quote(seen, bytes), 1400);
        const Fed fed = rig->feed(error);
        REQUIRE(fed.action == Action::transmit);
        CHECK(checksums_hold(fed.packet));
        CHECK(tuple_of(fed.packet).source == tuple.destination);
        CHECK(tuple_of(fed.packet).destination == tuple.source);
        CHECK(quoted_tuple(fed.packet) == tuple);
        CHECK(fed.packet.bytes.size() == error.bytes.size());
      }
      CHECK(rig->worker_lane(is_v6 ? 1 : 0).out_packets == 3);
    }
  }
}

TEST_CASE("icmp: an error about a reply reaches the real server as one about its own packet") {
  for (const uint8_t protocol : {kProtocolTcp, kProtocolUdp}) {
    for (const bool is_v6 : {false, true}) {
      CAPTURE(protocol);
      CAPTURE(is_v6);
      const auto rig = make_rig();
      const FiveTuple tuple = is_v6 ? client_tuple6(protocol) : client_tuple(protocol);
      connect(*rig, tuple);
      // A router on the way to the client quotes the reply as translated: VIP -> client.
      const Address router = is_v6 ? address6(0x999) : kStranger;
      const MemoryPacket error =
          build_icmp(is_v6 ? Family::ipv6 : Family::ipv4, router, tuple.destination, is_v6 ? 2 : 3, is_v6 ? 0 : 4,
                     quote(tuple.reversed(), is_v6 ? 48 : 28), 1400);
      const Fed fed = rig->feed(error);
      REQUIRE(fed.action == Action::transmit);
      CHECK(checksums_hold(fed.packet));
      const FiveTuple expected = is_v6 ? server_tuple6(protocol) : server_tuple(protocol);
      CHECK(tuple_of(fed.packet).source == router);
      CHECK(tuple_of(fed.packet).destination == expected.source);
      CHECK(quoted_tuple(fed.packet) == expected);
      CHECK(rig->worker_lane(is_v6 ? 1 : 0).in_packets == 2);
    }
  }
}

TEST_CASE("icmp: an error that quotes SCTP is translated both ways; the quoted checksum stays") {
  for (const bool is_v6 : {false, true}) {
    const Family family = is_v6 ? Family::ipv6 : Family::ipv4;
    const FiveTuple tuple = is_v6 ? client_tuple6(kProtocolSctp) : client_tuple(kProtocolSctp);
    const FiveTuple server = is_v6 ? server_tuple6(kProtocolSctp) : server_tuple(kProtocolSctp);
    const ConnectionEnds ends{
        family,       kProtocolSctp,     tuple.source_port, tuple.destination_port, server.source_port,
        tuple.source, tuple.destination, server.source};
    const size_t header = is_v6 ? 40 : 20;
    for (const Direction direction : {Direction::to_client, Direction::to_server}) {
      const bool to_client = direction == Direction::to_client;
      for (const size_t transport_bytes : {size_t{8}, size_t{12}, size_t{20}}) {
        CAPTURE(is_v6);
        CAPTURE(to_client);
        CAPTURE(transport_bytes);
        std::vector<uint8_t> quoted = sctp_packet(to_client ? server.reversed() : tuple.reversed()).bytes;
        quoted.resize(header + transport_bytes);
        const Address router = is_v6 ? address6(0x999) : kStranger;
        HeldPacket held(build_icmp(family, router, to_client ? tuple.source : tuple.destination, 3, 0, quoted));
        PacketView view, inner;
        REQUIRE(parse_packet(held.packet, view) == ParseError::none);
        REQUIRE(parse_icmp_error(held.packet, view, inner));
        translate_icmp_error(held.packet, view, inner, ends, direction, 63);
        const MemoryPacket error = held.copy();
        CHECK(checksums_hold(error));
        CHECK(quoted_tuple(error) == (to_client ? tuple : server));
        CHECK(tuple_of(error).source == (to_client ? tuple.destination : router));
        CHECK(tuple_of(error).destination == (to_client ? tuple.source : server.source));
        CHECK(std::equal(quoted.begin() + static_cast<ptrdiff_t>(header) + 4, quoted.end(),
                         error.bytes.begin() + static_cast<ptrdiff_t>(header + 8 + header + 4)));
      }
    }
  }
}

TEST_CASE("icmp: an error to a VIP that concerns no connection, or quotes too little, is dropped and counted") {
  const auto rig = make_rig();
  connect(*rig, client_tuple(kProtocolTcp));
  const std::vector<uint8_t> reply = quote(client_tuple(kProtocolTcp).reversed(), 40);
  uint64_t dropped = 0;
  for (size_t bytes = 0; bytes < 28; ++bytes) {
    const std::vector<uint8_t> part(reply.begin(), reply.begin() + static_cast<ptrdiff_t>(bytes));
    REQUIRE(rig->feed(build_icmp(Family::ipv4, kStranger, kVip, 3, 1, part)).action == Action::drop);
    CHECK(rig->counted(Counter::drop_icmp_unmatched) == ++dropped);
  }
  const auto other = quote(client_tuple(kProtocolTcp, 40001).reversed(), 40);
  CHECK(rig->feed(build_icmp(Family::ipv4, kStranger, kVip, 3, 1, other)).action == Action::drop);
  // The quoted packet went the wrong way: the client's own, as if the VIP had seen it.
  const auto wrong_way = quote(client_tuple(kProtocolTcp), 40);
  CHECK(rig->feed(build_icmp(Family::ipv4, kStranger, kVip, 3, 1, wrong_way)).action == Action::drop);
  // IPv6 quoted inside of IPv4.
  const auto mixed = quote(client_tuple6(kProtocolTcp).reversed(), 60);
  CHECK(rig->feed(build_icmp(Family::ipv4, kStranger, kVip, 3, 1, mixed)).action == Action::drop);
  CHECK(rig->counted(Counter::drop_icmp_unmatched) == dropped + 3);
}

TEST_CASE("icmp: an error for others passes unchanged") {
  const auto rig = make_rig();
  const MemoryPacket error = build_icmp(Family::ipv4, kStranger, kClient, 3, 1, quote(server_tuple(6, 1, 2), 40));
  const Fed fed = rig->feed(error);
  CHECK(fed.action == Action::transmit);
  CHECK(fed.packet.bytes == error.bytes);
  CHECK(rig->counted(Counter::passed_packets) == 1);
}

TEST_CASE("icmp: an error that concerns a connection whose time is over is unmatched") {
  const auto rig = make_rig();
  connect(*rig, client_tuple(kProtocolTcp));
  const MemoryPacket error =
      build_icmp(Family::ipv4, kStranger, kVip, 3, 1, quote(client_tuple(kProtocolTcp).reversed(), 28));
  rig->advance(60 * kTicksPerSecond - 1);
  CHECK(rig->feed(error).action == Action::transmit);
  rig->advance(1);
  CHECK(rig->feed(error).action == Action::drop);
  CHECK(rig->counted(Counter::drop_icmp_unmatched) == 1);
}

TEST_CASE("icmp: errors neither move a connection's state nor keep it alive") {
  const auto rig = make_rig();
  connect(*rig, client_tuple(kProtocolTcp));
  const auto before = rig->connection(client_tuple(kProtocolTcp));
  rig->advance(100);
  rig->feed(build_icmp(Family::ipv4, kStranger, kVip, 3, 1, quote(client_tuple(kProtocolTcp).reversed(), 28)));
  const auto after = rig->connection(client_tuple(kProtocolTcp));
  REQUIRE(before);
  REQUIRE(after);
  CHECK(after->expires == before->expires);
  CHECK(after->state == before->state);
}

}  // namespace uipvs::test
