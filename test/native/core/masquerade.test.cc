// Stories of full NAT: the source towards the real server is the director's.
#include <doctest/doctest.h>

#include "core/bytes.h"
#include "core/pipeline.h"
#include "support/rig.h"
#include "support/slow_checksum.h"

namespace uipvs::test {
namespace {

const Address kDirector = address4(10, 0, 0, 1);
const Address kOtherReal = address4(10, 0, 0, 4);

std::unique_ptr<Rig> make_masquerade_rig(uint16_t first = 61000, uint16_t last = 61999) {
  auto rig = make_rig();
  rig->directory.masquerade_first_port = first;
  rig->directory.masquerade_last_port = last;
  for (const uint32_t service : {0u, 1u}) rig->directory.service_entries[service].flags = kServiceMasquerade;
  rig->add_destination(2, kOtherReal, 8080);
  for (const uint32_t id : {0u, 2u}) rig->directory.destinations[id].source.store(kDirector);
  return rig;
}

Fed open(Rig& rig, uint16_t port, const Address& client = kClient) {
  FiveTuple tuple = client_tuple(kProtocolTcp, port);
  tuple.source = client;
  return rig.feed(tcp_segment(tuple, kTcpSyn));
}

}  // namespace

TEST_CASE("masquerade: the real server sees the director, the client the VIP, and checksums hold") {
  const auto rig = make_masquerade_rig();
  const Fed there = open(*rig, 4001);
  REQUIRE(there.action == Action::transmit);
  const FiveTuple seen = tuple_of(there.packet);
  CHECK(seen.source == kDirector);
  CHECK(seen.source_port >= 61000);
  CHECK(seen.source_port <= 61999);
  CHECK(seen.destination == kReal);
  CHECK(transport_checksum(there.packet) == ChecksumState::right);
  const Fed back = rig->feed(tcp_segment(seen.reversed(), kTcpSyn | kTcpAck));
  REQUIRE(back.action == Action::transmit);
  CHECK(tuple_of(back.packet) == client_tuple(kProtocolTcp, 4001).reversed());
  CHECK(transport_checksum(back.packet) == ChecksumState::right);
  CHECK(header_checksum(back.packet) == ChecksumState::right);
  CHECK(tuple_of(rig->feed(tcp_segment(client_tuple(kProtocolTcp, 4001), kTcpAck)).packet) == seen);
}

TEST_CASE("masquerade: the same client port of two clients, and towards two VIPs, has ports of its own") {
  const auto rig = make_masquerade_rig();
  rig->add_service(9, {Family::ipv4, kProtocolTcp, 80, kStranger});
  rig->directory.service_entries[9].flags = kServiceMasquerade;
  FiveTuple other_vip = client_tuple(kProtocolTcp, 4001);
  other_vip.destination = kStranger;
  const uint16_t first = tuple_of(open(*rig, 4001).packet).source_port;
  const uint16_t second = tuple_of(open(*rig, 4001, address4(198, 51, 100, 8)).packet).source_port;
  const uint16_t third = tuple_of(rig->feed(tcp_segment(other_vip, kTcpSyn)).packet).source_port;
  CHECK(first != second);
  CHECK(first != third);
  CHECK(second != third);
  CHECK(rig->counted(Counter::refused_tuple_conflict) == 0);
}

TEST_CASE("masquerade: ports are per port of a real server; when they run out the client is refused and counted") {
  const auto rig = make_masquerade_rig(61000, 61001);
  CHECK(open(*rig, 1).action == Action::transmit);
  CHECK(open(*rig, 2).action == Action::transmit);
  rig->advance(kTicksPerSecond);
  for (const uint16_t port : {3, 4}) {
    const Fed refused = open(*rig, port);
    CHECK(refused.action == Action::transmit);
    CHECK(tuple_of(refused.packet).protocol == kProtocolIcmp);
  }
  CHECK(rig->counted(Counter::refused_masquerade_ports) == 2);
  CHECK(rig->counts_agree());
  rig->next_destination = 2;
  CHECK(tuple_of(open(*rig, 5).packet).destination == kOtherReal);
  // An expired connection gives its port back.
  rig->next_destination = 0;
  rig->advance(61 * kTicksPerSecond);
  CHECK(tuple_of(open(*rig, 6).packet).source == kDirector);
}

TEST_CASE("masquerade: clients of the networks that are left out keep their address") {
  const auto rig = make_masquerade_rig();
  ServiceEntry& service = rig->directory.service_entries[0];
  service.unmasqueraded[0].address.store(address4(198, 51, 100, 0));
  service.unmasqueraded[0].length = 24;
  service.unmasqueraded_count = 1;
  CHECK(tuple_of(open(*rig, 1).packet).source == kClient);
  CHECK(tuple_of(open(*rig, 1, address4(198, 51, 101, 7)).packet).source == kDirector);
}

TEST_CASE("masquerade: without an address or ports nothing is translated wrongly, the packet is dropped and counted") {
  const auto rig = make_masquerade_rig(0, 0);
  CHECK(open(*rig, 1).action == Action::drop);
  CHECK(rig->counted(Counter::drop_masquerade_source) == 1);
  CHECK(rig->connections().empty());
  CHECK(rig->counts_agree());
}

TEST_CASE("masquerade: a real server that calls the director's own port has replies that are not its requests") {
  const auto rig = make_masquerade_rig(61000, 61001);
  // A VIP that is the address which the source is taken from.
  rig->add_service(9, {Family::ipv4, kProtocolTcp, 61000, kDirector});
  rig->directory.real_servers.add(0, {Family::ipv4, 0, 0, kReal});
  const FiveTuple request = {Family::ipv4, kProtocolTcp, 8080, 61000, kReal, kDirector};
  const FiveTuple seen = tuple_of(rig->feed(tcp_segment(request, kTcpSyn)).packet);
  CHECK(seen == FiveTuple{Family::ipv4, kProtocolTcp, 61001, 8080, kDirector, kReal});
  const Fed reply = rig->feed(tcp_segment(seen.reversed(), kTcpSyn | kTcpAck));
  CHECK(tuple_of(reply.packet) == request.reversed());
}

TEST_CASE("masquerade: a real server that is given itself, or its neighbour, is masqueraded without being asked") {
  const auto rig = make_masquerade_rig();
  rig->directory.service_entries[0].flags = 0;
  rig->directory.real_servers.add(0, {Family::ipv4, 0, 0, kReal});
  rig->directory.real_servers.add(1, {Family::ipv4, 0, 0, kOtherReal});
  CHECK(tuple_of(open(*rig, 1, kReal).packet).source == kDirector);
  CHECK(tuple_of(open(*rig, 2, kOtherReal).packet).source == kOtherReal);
  rig->directory.destinations[0].link = 5;
  rig->directory.real_server_links[1] = 5;
  CHECK(tuple_of(open(*rig, 3, kOtherReal).packet).source == kDirector);
  rig->directory.real_server_links[1] = 6;
  CHECK(tuple_of(open(*rig, 4, kOtherReal).packet).source == kOtherReal);
}

TEST_CASE("masquerade: one-packet datagrams of a client share a port, so that a flood does not use them up") {
  const auto rig = make_masquerade_rig(61000, 61001);
  rig->directory.service_entries[1].flags = kServiceMasquerade | kServiceOnePacket;
  for (int count = 0; count < 5; ++count) {
    const Fed fed = rig->feed(udp_datagram(client_tuple(kProtocolUdp, 7)));
    REQUIRE(fed.action == Action::transmit);
    CHECK(tuple_of(rig->feed(udp_datagram(tuple_of(fed.packet).reversed())).packet).destination_port == 7);
  }
  CHECK(rig->table.live() == 1);
}

TEST_CASE("masquerade: errors of both sides name addresses that their receivers know") {
  const auto rig = make_masquerade_rig();
  const Fed there = rig->feed(udp_datagram(client_tuple(kProtocolUdp, 7)));
  const FiveTuple seen = tuple_of(there.packet);
  // The real server has nobody on that port.
  const auto from_server = build_icmp(Family::ipv4, kReal, kDirector, 3, 3, there.packet.bytes);
  const Fed to_client = rig->feed(from_server);
  REQUIRE(to_client.action == Action::transmit);
  CHECK(tuple_of(to_client.packet).source == kVip);
  CHECK(tuple_of(to_client.packet).destination == kClient);
  PacketView quoted;
  REQUIRE(parse_quoted(to_client.packet.bytes.data() + 28, static_cast<uint32_t>(to_client.packet.bytes.size() - 28),
                       quoted) == ParseError::none);
  CHECK(quoted.tuple == client_tuple(kProtocolUdp, 7));

  const Fed reply = rig->feed(udp_datagram(seen.reversed()));
  const auto from_client = build_icmp(Family::ipv4, kClient, kVip, 3, 3, reply.packet.bytes);
  const Fed to_server = rig->feed(from_client);
  REQUIRE(to_server.action == Action::transmit);
  CHECK(tuple_of(to_server.packet).source == kDirector);
  CHECK(tuple_of(to_server.packet).destination == kReal);
  REQUIRE(parse_quoted(to_server.packet.bytes.data() + 28, static_cast<uint32_t>(to_server.packet.bytes.size() - 28),
                       quoted) == ParseError::none);
  CHECK(quoted.tuple == seen.reversed());
}

TEST_CASE("path MTU: what may not be fragmented and is too long for the way is told the MTU, quoted as it was sent") {
  const auto rig = make_rig();
  rig->directory.destinations[0].mtu_bytes = 1400;
  PacketSpec spec;
  spec.tuple = client_tuple(kProtocolUdp, 7);
  spec.payload.assign(1373, 0x61);
  CHECK(tuple_of(rig->feed(build_packet(spec)).packet).protocol == kProtocolUdp);
  spec.fragment = 0x4000;
  rig->advance(kTicksPerSecond);
  const Fed refused = rig->feed(build_packet(spec));
  REQUIRE(refused.action == Action::transmit);
  const uint8_t* const icmp = refused.packet.bytes.data() + 20;
  CHECK(tuple_of(refused.packet).source == kVip);
  CHECK(icmp[0] == 3);
  CHECK(icmp[1] == 4);
  CHECK(load_be32(icmp + 4) == 1400);
  PacketView quoted;
  REQUIRE(parse_quoted(icmp + 8, static_cast<uint32_t>(refused.packet.bytes.size() - 28), quoted) == ParseError::none);
  CHECK(quoted.tuple == spec.tuple);
  CHECK(rig->counted(Counter::refused_too_big) == 1);
  spec.payload.resize(1372);
  CHECK(tuple_of(rig->feed(build_packet(spec)).packet).protocol == kProtocolUdp);
}

TEST_CASE("path MTU: in IPv6 always, and of a super-packet it is the segments that count") {
  const auto rig = make_rig();
  rig->next_destination = 1;
  rig->directory.destinations[1].mtu_bytes = 1300;
  rig->advance(kTicksPerSecond);
  PacketSpec spec;
  spec.tuple = client_tuple6(kProtocolUdp, 7);
  spec.payload.assign(1253, 0x61);
  const Fed refused = rig->feed(build_packet(spec));
  REQUIRE(refused.action == Action::transmit);
  CHECK(refused.packet.bytes[40] == 2);
  CHECK(load_be32(refused.packet.bytes.data() + 44) == 1300);
  spec.payload.assign(4000, 0x61);
  MemoryPacket super_packet = build_packet(spec);
  super_packet.vnet = {kVnetNeedsChecksum, kVnetGsoUdpL4, 48, 1252, 40, 6};
  CHECK(tuple_of(rig->feed(super_packet).packet).protocol == kProtocolUdp);
  super_packet.vnet.gso_size = 1253;
  CHECK(tuple_of(rig->feed(super_packet).packet).protocol == kProtocolIcmp6);
}

}  // namespace uipvs::test
