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

}  // namespace uipvs::test
