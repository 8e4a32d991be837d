// AH and ESP, which follow the connection of UDP port 500.
#include <doctest/doctest.h>

#include "core/ipsec.h"
#include "core/pipeline.h"
#include "support/rig.h"
#include "support/slow_checksum.h"

namespace uipvs::test {
namespace {

const FiveTuple kKeys = {Family::ipv4, kProtocolUdp, kKeyExchangePort, kKeyExchangePort, kClient, kVip};
const FiveTuple kKeys6 = {Family::ipv6, kProtocolUdp, kKeyExchangePort, kKeyExchangePort, kClient6, kVip6};

// UDP port 500 of both VIPs; the keys of kClient and kClient6 are exchanged, with kReal and kReal6.
std::unique_ptr<Rig> make_ipsec_rig() {
  auto rig = make_rig();
  rig->add_service(9, {Family::ipv4, kProtocolUdp, kKeyExchangePort, kVip});
  rig->add_service(10, {Family::ipv6, kProtocolUdp, kKeyExchangePort, kVip6});
  rig->add_destination(2, kReal, kKeyExchangePort);
  rig->add_destination(3, kReal6, kKeyExchangePort);
  rig->next_destination = 2;
  rig->feed(udp_datagram(kKeys));
  rig->next_destination = 3;
  rig->feed(udp_datagram(kKeys6));
  return rig;
}

MemoryPacket ipsec(uint8_t protocol, const Address& source, const Address& destination, Family family = Family::ipv4,
                   uint16_t fragment = 0) {
  PacketSpec spec;
  spec.tuple = {family, protocol, 0, 0, source, destination};
  spec.payload = {0, 0, 16, 1, 0, 0, 0, 1, 0xaa, 0xbb, 0xcc, 0xdd, 0xee};
  spec.fragment = fragment;
  return build_packet(spec);
}

// What is behind the IP header.
std::vector<uint8_t> body(const MemoryPacket& packet) {
  const ptrdiff_t header = packet.bytes[0] >> 4 == 4 ? 20 : 40;
  return {packet.bytes.begin() + header, packet.bytes.end()};
}

void check_carried(Rig& rig, const MemoryPacket& packet, const Address& source, const Address& destination) {
  const Fed fed = rig.feed(packet);
  REQUIRE(fed.decision.action == Action::transmit);
  CHECK(tuple_of(fed.packet).source == source);
  CHECK(tuple_of(fed.packet).destination == destination);
  CHECK(body(fed.packet) == body(packet));
  CHECK(header_checksum(fed.packet) == ChecksumState::right);
}

}  // namespace

TEST_CASE("ipsec: both ways, the addresses change and nothing else") {
  const auto rig = make_ipsec_rig();
  check_carried(*rig, ipsec(kProtocolEsp, kClient, kVip), kClient, kReal);
  check_carried(*rig, ipsec(kProtocolAh, kClient, kVip), kClient, kReal);
  check_carried(*rig, ipsec(kProtocolEsp, kReal, kClient), kVip, kClient);
  check_carried(*rig, ipsec(kProtocolAh, kReal, kClient), kVip, kClient);
  check_carried(*rig, ipsec(kProtocolEsp, kClient6, kVip6, Family::ipv6), kClient6, kReal6);
  check_carried(*rig, ipsec(kProtocolEsp, kReal6, kClient6, Family::ipv6), kVip6, kClient6);
  CHECK(rig->worker_lane(2).in_packets == 3);
  CHECK(rig->worker_lane(2).out_packets == 2);
}

TEST_CASE("ipsec: a fragment goes on by itself, the first and the others") {
  const auto rig = make_ipsec_rig();
  check_carried(*rig, ipsec(kProtocolEsp, kClient, kVip, Family::ipv4, 0x2000), kClient, kReal);
  check_carried(*rig, ipsec(kProtocolEsp, kClient, kVip, Family::ipv4, 0x2000 | 100), kClient, kReal);
  check_carried(*rig, ipsec(kProtocolEsp, kReal, kClient, Family::ipv4, 100), kVip, kClient);
}

TEST_CASE("ipsec: keeps the connection of its keys alive") {
  const auto rig = make_ipsec_rig();
  for (int i = 0; i < 3; ++i) {
    rig->advance(299 * kTicksPerSecond);
    check_carried(*rig, ipsec(kProtocolEsp, i % 2 == 0 ? kClient : kReal, i % 2 == 0 ? kVip : kClient),
                  i % 2 == 0 ? kClient : kVip, i % 2 == 0 ? kReal : kClient);
  }
  rig->advance(301 * kTicksPerSecond);
  CHECK(rig->feed(ipsec(kProtocolEsp, kClient, kVip)).decision.action == Action::transmit);
  CHECK(rig->counted(Counter::answered_packets) == 1);
}

TEST_CASE("ipsec: without keys it is answered by a VIP, passed on elsewhere, and never scheduled") {
  const auto rig = make_ipsec_rig();
  CHECK(rig->feed(ipsec(kProtocolEsp, kStranger, kVip)).decision.action == Action::transmit);
  CHECK(rig->counted(Counter::answered_packets) == 1);
  CHECK(rig->feed(ipsec(kProtocolEsp, kReal, kStranger)).decision.action == Action::transmit);
  CHECK(rig->counted(Counter::passed_packets) == 1);
  // Of a client whose keys come from another port.
  FiveTuple translated = kKeys;
  translated.source = kStranger;
  translated.source_port = 4500;
  rig->next_destination = 2;
  rig->feed(udp_datagram(translated));
  CHECK(rig->feed(ipsec(kProtocolEsp, kStranger, kVip)).decision.action == Action::transmit);
  CHECK(rig->counted(Counter::answered_packets) == 2);
  // AH over IPv6 is an extension header to IPVS.
  rig->feed(ipsec(kProtocolAh, kClient6, kVip6, Family::ipv6));
  CHECK(rig->counted(Counter::answered_packets) == 3);
}

TEST_CASE("ipsec: of a removed destination it is dropped, or its connection is given up") {
  const auto rig = make_ipsec_rig();
  rig->set_available(2, false);
  CHECK(rig->feed(ipsec(kProtocolEsp, kClient, kVip)).action == Action::drop);
  CHECK(rig->counted(Counter::drop_destination_removed) == 1);
  rig->directory.policy.expire_nodest_conn = true;
  rig->feed(ipsec(kProtocolEsp, kClient, kVip));
  CHECK_FALSE(rig->connection(kKeys).has_value());
  CHECK(rig->counts_agree());
}

TEST_CASE("ipsec: an ICMP error about it is translated, its addresses and no more") {
  const auto rig = make_ipsec_rig();
  const MemoryPacket quoted = ipsec(kProtocolEsp, kVip, kClient);
  const Fed error = rig->feed(build_icmp(Family::ipv4, kClient, kVip, 3, 4, quoted.bytes, 1400));
  REQUIRE(error.action == Action::transmit);
  CHECK(tuple_of(error.packet).destination == kReal);
  const std::vector<uint8_t> inner(error.packet.bytes.begin() + 28, error.packet.bytes.end());
  CHECK(tuple_of(MemoryPacket{{}, inner}).source == kReal);
  CHECK(body(MemoryPacket{{}, inner}) == body(quoted));
}

TEST_CASE("ipsec: is left alone where the key exchange is masqueraded") {
  const auto rig = make_ipsec_rig();
  rig->directory.masquerade_first_port = 61000;
  rig->directory.masquerade_last_port = 61999;
  rig->directory.service_entries[9].flags = kServiceMasquerade;
  rig->directory.destinations[2].source.store(address4(10, 0, 0, 1));
  FiveTuple keys = kKeys;
  keys.source = kStranger;
  rig->next_destination = 2;
  CHECK(rig->feed(udp_datagram(keys)).action == Action::transmit);
  CHECK(tuple_of(rig->feed(ipsec(kProtocolEsp, kStranger, kVip)).packet).destination == kStranger);
}

}  // namespace uipvs::test
