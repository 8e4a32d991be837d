// Stories: what becomes of a packet and of the connection that it belongs to.
#include "core/pipeline.h"

#include <doctest/doctest.h>

#include "support/rig.h"
#include "support/slow_checksum.h"

namespace uipvs::test {
namespace {

const FiveTuple kTcpIn = client_tuple(kProtocolTcp);
const FiveTuple kTcpOut = server_tuple(kProtocolTcp);
const FiveTuple kUdpIn = client_tuple(kProtocolUdp);
const FiveTuple kUdpOut = server_tuple(kProtocolUdp);

TcpState state_of(const Rig& rig, const FiveTuple& tuple = kTcpIn) {
  const auto found = rig.connection(tuple);
  REQUIRE(found);
  return static_cast<TcpState>(found->state);
}

uint32_t seconds_left(const Rig& rig, const FiveTuple& tuple) {
  const auto found = rig.connection(tuple);
  REQUIRE(found);
  return (found->expires - rig.now) / kTicksPerSecond;
}

bool checksums_hold(const MemoryPacket& packet) {
  return header_checksum(packet) == ChecksumState::right && transport_checksum(packet) == ChecksumState::right;
}

}  // namespace

TEST_CASE("pipeline: a TCP connection lives from SYN to TIME_WAIT, translated both ways and counted") {
  const auto rig = make_rig();
  struct Step {
    bool is_from_client;
    uint8_t flags;
    TcpState state;
    bool is_active;
    uint32_t seconds;
  };
  const Step steps[] = {
      {true, kTcpSyn, TcpState::syn_recv, true, 60},
      {false, kTcpSyn | kTcpAck, TcpState::syn_recv, true, 60},
      {true, kTcpAck, TcpState::established, true, 900},
      {false, kTcpAck, TcpState::established, true, 900},
      {false, kTcpFin | kTcpAck, TcpState::fin_wait, false, 120},
      {true, kTcpAck, TcpState::fin_wait, false, 120},
      {true, kTcpFin | kTcpAck, TcpState::time_wait, false, 120},
      {false, kTcpAck, TcpState::time_wait, false, 120},
  };
  uint64_t in_packets = 0, out_packets = 0, in_bytes = 0, out_bytes = 0;
  for (const Step& step : steps) {
    const MemoryPacket packet = tcp_segment(step.is_from_client ? kTcpIn : kTcpOut, step.flags, 10);
    const Fed fed = rig->feed(packet);
    REQUIRE(fed.action == Action::transmit);
    const FiveTuple expected = step.is_from_client ? kTcpOut.reversed() : kTcpIn.reversed();
    CHECK(tuple_of(fed.packet) == expected);
    CHECK(checksums_hold(fed.packet));
    CHECK(state_of(*rig) == step.state);
    CHECK(seconds_left(*rig, kTcpIn) == step.seconds);
    CHECK(rig->active(0) == (step.is_active ? 1 : 0));
    CHECK(rig->inactive(0) == (step.is_active ? 0 : 1));
    (step.is_from_client ? in_packets : out_packets) += 1;
    (step.is_from_client ? in_bytes : out_bytes) += packet.bytes.size();
    rig->advance(7);
  }
  const DestinationLane& lane = rig->worker_lane(0);
  CHECK(lane.connections == 1);
  CHECK(lane.in_packets == in_packets);
  CHECK(lane.out_packets == out_packets);
  CHECK(lane.in_bytes == in_bytes);
  CHECK(lane.out_bytes == out_bytes);
  CHECK(rig->counted(Counter::connections_created) == 1);
  CHECK(rig->counted(Counter::translated_packets) == 8);

  rig->advance(121 * kTicksPerSecond);
  rig->pipeline.expire(16);
  CHECK(rig->table.live() == 0);
  CHECK(rig->counted(Counter::connections_expired) == 1);
  CHECK(rig->active(0) == 0);
  CHECK(rig->inactive(0) == 0);
  CHECK(rig->dropped() == 0);
}

TEST_CASE("pipeline: an IPv6 connection is translated both ways") {
  const auto rig = make_rig();
  rig->next_destination = 1;
  const Fed in = rig->feed(tcp_segment(client_tuple6(kProtocolTcp), kTcpSyn));
  REQUIRE(in.action == Action::transmit);
  CHECK(tuple_of(in.packet).destination == kReal6);
  CHECK(tuple_of(in.packet).destination_port == 8080);
  CHECK(checksums_hold(in.packet));
  const Fed out = rig->feed(tcp_segment(tuple_of(in.packet).reversed(), kTcpSyn | kTcpAck));
  REQUIRE(out.action == Action::transmit);
  CHECK(tuple_of(out.packet) == client_tuple6(kProtocolTcp).reversed());
  CHECK(checksums_hold(out.packet));
}

TEST_CASE("pipeline: UDP has one inactive state of 300 s that every packet of either side renews") {
  const auto rig = make_rig();
  REQUIRE(rig->feed(udp_datagram(kUdpIn)).action == Action::transmit);
  CHECK(rig->active(0) == 0);
  CHECK(rig->inactive(0) == 1);
  CHECK(seconds_left(*rig, kUdpIn) == 300);
  rig->advance(100 * kTicksPerSecond);
  const Fed reply = rig->feed(udp_datagram(kUdpOut));
  CHECK(tuple_of(reply.packet) == kUdpIn.reversed());
  CHECK(seconds_left(*rig, kUdpIn) == 300);
  CHECK(rig->inactive(0) == 1);
}

TEST_CASE("pipeline: a destination without a port of its own keeps the service's") {
  const auto rig = make_rig();
  rig->add_destination(2, kReal, 0);
  rig->next_destination = 2;
  CHECK(tuple_of(rig->feed(udp_datagram(kUdpIn)).packet).destination_port == 80);
}

TEST_CASE("pipeline: a service of port 0 takes what no exact port takes") {
  const auto rig = make_rig();
  rig->add_service(9, {Family::ipv4, kProtocolTcp, 0, kVip});
  rig->make_persistent(9, 60);
  CHECK(rig->process(tcp_segment(client_tuple(kProtocolTcp, 1, 80), kTcpSyn)).decision.service_id == 0);
  CHECK(rig->process(tcp_segment(client_tuple(kProtocolTcp, 1, 81), kTcpSyn)).decision.service_id == 9);
}

TEST_CASE(
    "pipeline: the hop that the device costs is given back, but for a hop limit of 255 or where it is switched off") {
  const auto rig = make_rig();
  PacketSpec spec;
  spec.tuple = kUdpIn;
  spec.hop_limit = 10;
  CHECK(rig->feed(build_packet(spec)).packet.bytes[8] == 11);
  spec.hop_limit = 255;
  CHECK(rig->feed(build_packet(spec)).packet.bytes[8] == 255);
  rig->directory.restores_hop_limit = false;
  spec.hop_limit = 10;
  CHECK(rig->feed(build_packet(spec)).packet.bytes[8] == 10);
}

TEST_CASE("pipeline: a SYN on a connection in TIME_WAIT or CLOSE asks the scheduler anew") {
  for (const bool by_reset : {false, true}) {
    const auto rig = make_rig();
    rig->add_destination(2, address4(10, 0, 0, 4), 8080);
    rig->feed(tcp_segment(kTcpIn, kTcpSyn));
    rig->feed(tcp_segment(kTcpIn, kTcpAck));
    if (by_reset) {
      rig->feed(tcp_segment(kTcpIn, kTcpRst));
      CHECK(state_of(*rig) == TcpState::close);
    } else {
      rig->feed(tcp_segment(kTcpIn, kTcpFin | kTcpAck));
      rig->feed(tcp_segment(kTcpOut, kTcpFin | kTcpAck));
      CHECK(state_of(*rig) == TcpState::time_wait);
    }
    rig->next_destination = 2;
    const Fed fed = rig->feed(tcp_segment(kTcpIn, kTcpSyn));
    CHECK(fed.decision.action == Action::upcall);
    CHECK(tuple_of(fed.packet).destination == address4(10, 0, 0, 4));
    CHECK(rig->counted(Counter::connections_reused) == 1);
    CHECK(rig->table.live() == 1);
    CHECK(rig->counts_agree());
  }
}

TEST_CASE("pipeline: a SYN on a live connection stays with it") {
  const auto rig = make_rig();
  rig->feed(tcp_segment(kTcpIn, kTcpSyn));
  rig->feed(tcp_segment(kTcpIn, kTcpAck));
  CHECK(rig->feed(tcp_segment(kTcpIn, kTcpSyn)).decision.action == Action::transmit);
  CHECK(state_of(*rig) == TcpState::established);
}

TEST_CASE("pipeline: a connection whose time is over is no longer there, swept or not") {
  const auto rig = make_rig();
  rig->feed(tcp_segment(kTcpIn, kTcpSyn));
  rig->advance(60 * kTicksPerSecond);
  const Fed reply = rig->feed(tcp_segment(kTcpOut, kTcpSyn | kTcpAck));
  CHECK(reply.action == Action::transmit);
  CHECK(tuple_of(reply.packet) == kTcpOut);
  CHECK(rig->counted(Counter::passed_packets) == 1);
  CHECK(rig->counted(Counter::connections_expired) == 1);
  CHECK(rig->table.live() == 0);
  CHECK(rig->counts_agree());
}

TEST_CASE(
    "pipeline: packets to a removed destination are dropped, its replies still leave, nothing is counted for it") {
  const auto rig = make_rig();
  rig->feed(tcp_segment(kTcpIn, kTcpSyn));
  rig->set_available(0, false);
  CHECK(rig->feed(tcp_segment(kTcpIn, kTcpAck)).action == Action::drop);
  CHECK(rig->counted(Counter::drop_destination_removed) == 1);
  CHECK(tuple_of(rig->feed(tcp_segment(kTcpOut, kTcpSyn | kTcpAck)).packet) == kTcpIn.reversed());
  CHECK(rig->worker_lane(0).in_packets == 1);
  CHECK(rig->worker_lane(0).out_packets == 0);
  rig->set_available(0, true);
  CHECK(rig->feed(tcp_segment(kTcpIn, kTcpAck)).action == Action::transmit);
}

TEST_CASE("pipeline: a verdict for a destination that was removed meanwhile is uncounted and dropped") {
  const auto rig = make_rig();
  rig->set_available(0, false);
  for (const MemoryPacket& packet : {tcp_segment(kTcpIn, kTcpSyn), udp_datagram(kUdpIn)}) {
    CHECK(rig->feed(packet).action == Action::drop);
  }
  CHECK(rig->counted(Counter::drop_destination_removed) == 2);
  CHECK(rig->table.live() == 0);
  CHECK(rig->counts_agree());
}

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
