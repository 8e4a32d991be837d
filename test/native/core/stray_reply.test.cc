#include <doctest/doctest.h>

#include "support/rig.h"
#include "support/sctp_builder.h"

namespace uipvs::test {
namespace {

constexpr uint16_t kRealPort = 8080;

// A rig that knows of a real server's port, of each protocol and family, and that strangers are to be told.
std::unique_ptr<Rig> make_stray_rig(bool sends = true) {
  auto rig = make_rig();
  uint32_t id = 0;
  for (const uint8_t protocol : {kProtocolTcp, kProtocolUdp, kProtocolSctp}) {
    REQUIRE(rig->directory.real_ports.add(id++, {Family::ipv4, protocol, kRealPort, kReal}));
    REQUIRE(rig->directory.real_ports.add(id++, {Family::ipv6, protocol, kRealPort, kReal6}));
  }
  rig->directory.policy.nat_icmp_send = sends;
  return rig;
}

FiveTuple from_server(Family family, uint8_t protocol, uint16_t port = kRealPort) {
  const bool is_v4 = family == Family::ipv4;
  return {family, protocol, port, 4001, is_v4 ? kReal : kReal6, is_v4 ? kStranger : address6(0x999)};
}

}  // namespace

TEST_CASE("stray replies: pass as they are where nat_icmp_send is 0") {
  const auto rig = make_stray_rig(false);
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    for (const MemoryPacket& packet :
         {udp_datagram(from_server(family, kProtocolUdp)), tcp_segment(from_server(family, kProtocolTcp), kTcpSyn)}) {
      const Fed fed = rig->feed(packet);
      CHECK(fed.action == Action::transmit);
      CHECK(fed.packet.bytes == packet.bytes);
    }
  }
  CHECK(rig->counted(Counter::passed_packets) == 4);
}

TEST_CASE("stray replies: are answered by a port unreachable where it is 1, and go no further") {
  const auto rig = make_stray_rig();
  uint64_t answered = 0;
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    const size_t header = family == Family::ipv4 ? 20 : 40;
    for (const MemoryPacket& packet :
         {udp_datagram(from_server(family, kProtocolUdp)), tcp_segment(from_server(family, kProtocolTcp), kTcpSyn),
          tcp_segment(from_server(family, kProtocolTcp), kTcpSyn | kTcpAck),
          tcp_segment(from_server(family, kProtocolTcp), kTcpAck, 10)}) {
      const Fed fed = rig->feed(packet);
      CHECK(fed.action == Action::transmit);
      CHECK(fed.packet.bytes[header] == (family == Family::ipv4 ? 3 : 1));
      CHECK(fed.packet.bytes[header + 1] == (family == Family::ipv4 ? 3 : 4));
      const FiveTuple told = tuple_of(fed.packet);
      CHECK(told.destination == from_server(family, kProtocolUdp).source);
      CHECK(rig->counted(Counter::answered_packets) == ++answered);
    }
  }
  CHECK(rig->counted(Counter::passed_packets) == 0);
}

TEST_CASE("stray replies: a RST and an SCTP ABORT are never answered") {
  const auto rig = make_stray_rig();
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    for (const uint8_t flags : {kTcpRst, static_cast<uint8_t>(kTcpRst | kTcpAck)}) {
      CHECK(rig->feed(tcp_segment(from_server(family, kProtocolTcp), flags)).action == Action::transmit);
    }
    const std::vector<uint8_t> abort = sctp_chunk(6);
    CHECK(rig->feed(sctp_packet(from_server(family, kProtocolSctp), abort)).action == Action::transmit);
  }
  CHECK(rig->counted(Counter::answered_packets) == 0);
  CHECK(rig->counted(Counter::passed_packets) == 6);
}

TEST_CASE("stray replies: of other ports, protocols and machines pass") {
  const auto rig = make_stray_rig();
  rig->directory.real_ports.remove(2);  // UDP, IPv4
  FiveTuple other_machine = from_server(Family::ipv6, kProtocolUdp);
  other_machine.source = address6(0x204);
  for (const FiveTuple& tuple : {from_server(Family::ipv4, kProtocolUdp), other_machine,
                                 from_server(Family::ipv6, kProtocolUdp, kRealPort + 1)}) {
    CHECK(rig->feed(udp_datagram(tuple)).action == Action::transmit);
  }
  CHECK(rig->counted(Counter::passed_packets) == 3);
}

TEST_CASE("stray replies: a reply of a connection is none") {
  const auto rig = make_stray_rig();
  REQUIRE(rig->feed(udp_datagram(client_tuple(kProtocolUdp))).action == Action::transmit);
  const Fed reply = rig->feed(udp_datagram(server_tuple(kProtocolUdp)));
  CHECK(reply.action == Action::transmit);
  CHECK(tuple_of(reply.packet) == client_tuple(kProtocolUdp).reversed());
  CHECK(rig->counted(Counter::answered_packets) == 0);
}

}  // namespace uipvs::test
