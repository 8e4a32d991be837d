// What becomes of packets that belong to no connection: answered as a host would, passed on, or dropped for a reason.
#include <doctest/doctest.h>

#include "core/pipeline.h"
#include "support/rig.h"
#include "support/slow_checksum.h"

namespace uipvs::test {
namespace {

const FiveTuple kTcpIn = client_tuple(kProtocolTcp);
const FiveTuple kUdpIn = client_tuple(kProtocolUdp);

bool checksums_hold(const MemoryPacket& packet) {
  return header_checksum(packet) == ChecksumState::right && transport_checksum(packet) == ChecksumState::right;
}

}  // namespace

TEST_CASE("pipeline: TCP without a connection is reset, service or not") {
  const auto rig = make_rig();
  for (const uint16_t port : {80, 81}) {
    const Fed fed = rig->feed(tcp_segment(client_tuple(kProtocolTcp, 40000, port), kTcpAck));
    CHECK(fed.decision.action == Action::transmit);
    CHECK(fed.packet.bytes[33] == kTcpRst);
    CHECK(checksums_hold(fed.packet));
  }
  CHECK(rig->feed(tcp_segment(client_tuple(kProtocolTcp, 40000, 81), kTcpSyn)).packet.bytes[33] == (kTcpRst | kTcpAck));
  CHECK(rig->feed(tcp_segment(kTcpIn, kTcpSyn | kTcpRst)).action == Action::drop);
  CHECK(rig->counted(Counter::drop_unanswerable) == 1);
  CHECK(rig->counted(Counter::answered_packets) == 3);
  CHECK(rig->counted(Counter::connections_created) == 0);
}

TEST_CASE("pipeline: a datagram to a port of a VIP without a service, and a protocol without one, is unreachable") {
  const auto rig = make_rig();
  const Fed port = rig->feed(udp_datagram(client_tuple(kProtocolUdp, 40000, 53)));
  CHECK(port.packet.bytes[20] == 3);
  CHECK(port.packet.bytes[21] == 3);
  PacketSpec gre;
  gre.tuple = client_tuple(47);
  gre.payload.assign(12, 0);
  const Fed protocol = rig->feed(build_packet(gre));
  CHECK(protocol.packet.bytes[20] == 3);
  CHECK(protocol.packet.bytes[21] == 2);
}

TEST_CASE("pipeline: an IPv6 packet that ends in no next header is not answered") {
  // RFC 8200 4.7: it is no error.
  const auto rig = make_rig();
  PacketSpec spec;
  spec.tuple = client_tuple6(kProtocolNoNext);
  CHECK(rig->feed(build_packet(spec)).action == Action::drop);
}

TEST_CASE("pipeline: a damaged packet is not answered as a host would not") {
  const auto rig = make_rig();
  for (MemoryPacket packet : {tcp_segment(client_tuple(kProtocolTcp, 1, 81), kTcpSyn, 3),
                              udp_datagram(client_tuple(kProtocolUdp, 1, 81), 3)}) {
    packet.bytes.back() ^= 1;
    CHECK(rig->feed(packet).action == Action::drop);
  }
  CHECK(rig->counted(Counter::drop_unanswerable) == 2);
}

TEST_CASE("pipeline: who sent a datagram to a VIP of which not all came is told, also where the host has the address") {
  const auto rig = make_rig();
  PacketSpec spec;
  spec.tuple = client_tuple(kProtocolUdp);
  spec.payload.resize(64);
  spec.fragment = 0x2000;
  const auto refuse = [&rig](const PacketSpec& first) {
    HeldPacket held(build_packet(first), 2048);
    const Action action = rig->pipeline.refuse_incomplete(held.packet);
    return std::pair(action, held.copy());
  };
  for (const bool is_local : {false, true}) {
    rig->directory.vip_is_local[rig->directory.vips.find({Family::ipv4, 0, 0, kVip})] = is_local;
    const auto [action, answer] = refuse(spec);
    REQUIRE(action == Action::transmit);
    CHECK(tuple_of(answer).source == kVip);
    CHECK(answer.bytes[20] == 11);
    CHECK(answer.bytes[21] == 1);
  }
  spec.tuple.destination = kStranger;
  CHECK(refuse(spec).first == Action::drop);
}

TEST_CASE("pipeline: a refused flow gets a port unreachable, TCP too") {
  const auto rig = make_rig();
  rig->next_destination = -1;
  for (const MemoryPacket& packet : {tcp_segment(kTcpIn, kTcpSyn), udp_datagram(kUdpIn)}) {
    const Fed fed = rig->feed(packet);
    CHECK(fed.action == Action::transmit);
    CHECK(fed.packet.bytes[20] == 3);
    CHECK(fed.packet.bytes[21] == 3);
    CHECK(checksums_hold(fed.packet));
  }
  CHECK(rig->table.live() == 0);
  CHECK(rig->counts_agree());
}

TEST_CASE("pipeline: packets that are not ours pass unchanged, byte for byte") {
  const auto rig = make_rig();
  PacketSpec esp;
  esp.tuple = {Family::ipv6, 50, 0, 0, kReal6, kClient6};
  esp.payload.assign(40, 9);
  for (const MemoryPacket& packet :
       {tcp_segment(server_tuple(kProtocolTcp, 1, 22), kTcpAck, 100), udp_datagram(server_tuple(kProtocolUdp, 1, 53)),
        build_packet(esp), tcp_segment({Family::ipv6, 6, 1, 2, kReal6, kClient6}, 0)}) {
    const Fed fed = rig->feed(packet);
    CHECK(fed.action == Action::transmit);
    CHECK(fed.packet.bytes == packet.bytes);
  }
  CHECK(rig->counted(Counter::passed_packets) == 4);
}

TEST_CASE("pipeline: packets from or to no single host do not pass") {
  const auto rig = make_rig();
  for (const FiveTuple& tuple : {FiveTuple{Family::ipv4, 17, 1, 2, kReal, address4(224, 0, 0, 251)},
                                 FiveTuple{Family::ipv4, 17, 1, 2, kReal, address4(255, 255, 255, 255)},
                                 FiveTuple{Family::ipv4, 17, 1, 2, address4(127, 0, 0, 1), kClient},
                                 FiveTuple{Family::ipv4, 17, 1, 2, address4(0, 0, 0, 0), kClient},
                                 FiveTuple{Family::ipv6, 17, 1, 2, Address{{0xfe800000, 0, 0, 1}}, kClient6},
                                 FiveTuple{Family::ipv6, 17, 1, 2, kReal6, Address{{0xff020000, 0, 0, 1}}},
                                 FiveTuple{Family::ipv4, 17, 1, 80, address4(224, 0, 0, 1), kVip}}) {
    CHECK(rig->feed(udp_datagram(tuple)).action == Action::drop);
  }
  CHECK(rig->counted(Counter::drop_not_unicast) == 7);
}

TEST_CASE("pipeline: a fragment is to be put together with the rest first") {
  const auto rig = make_rig();
  PacketSpec spec;
  spec.payload.assign(16, 1);
  spec.tuple = kUdpIn;
  for (const uint16_t fragment : {0x2000, 0x2002, 0x0002}) {
    spec.fragment = fragment;
    CHECK(rig->feed(build_packet(spec)).action == Action::reassemble);
  }
  CHECK(rig->dropped() == 0);
}

TEST_CASE("pipeline: every malformed packet is counted under its own reason") {
  const auto rig = make_rig();
  MemoryPacket wrong_checksum = tcp_segment(kTcpIn, kTcpSyn);
  wrong_checksum.bytes[10] ^= 1;
  MemoryPacket wrong_version = tcp_segment(kTcpIn, kTcpSyn);
  wrong_version.bytes[0] = 0x75;
  MemoryPacket cut = tcp_segment(kTcpIn, kTcpSyn);
  cut.bytes.resize(30);
  for (const MemoryPacket& packet : {wrong_checksum, wrong_version, cut, MemoryPacket{}}) rig->feed(packet);
  CHECK(rig->counted(Counter::drop_malformed_ip_checksum) == 1);
  CHECK(rig->counted(Counter::drop_malformed_version) == 1);
  CHECK(rig->counted(Counter::drop_malformed_ip_length) == 1);
  CHECK(rig->counted(Counter::drop_malformed_empty) == 1);
  CHECK(rig->dropped() == 4);
}

}  // namespace uipvs::test
