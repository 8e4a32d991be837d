// Stories of settings and limits: one-packet scheduling, thresholds, look-up order, reuse, and the defence.
#include <doctest/doctest.h>

#include "core/pipeline.h"
#include "support/rig.h"

namespace uipvs::test {
namespace {

const Address kOtherReal = address4(10, 0, 0, 4);

Action open(Rig& rig, uint16_t port) { return rig.feed(tcp_segment(client_tuple(kProtocolTcp, port), kTcpSyn)).action; }

std::unique_ptr<Rig> make_one_packet_rig() {
  auto rig = make_rig();
  rig->directory.service_entries[1].flags = kServiceOnePacket;
  rig->add_destination(2, kOtherReal, 8080);
  return rig;
}

}  // namespace

TEST_CASE("one-packet: every datagram is scheduled, counted and forgotten, and each reply finds the client") {
  const auto rig = make_one_packet_rig();
  const MemoryPacket question = udp_datagram(client_tuple(kProtocolUdp));
  for (const int32_t destination : {0, 2, 0}) {
    rig->next_destination = destination;
    const Fed fed = rig->feed(question);
    CHECK(fed.decision.action == Action::upcall);
    CHECK(tuple_of(fed.packet).destination == (destination == 0 ? kReal : kOtherReal));
  }
  CHECK(rig->worker_lane(0).connections == 2);
  CHECK(rig->worker_lane(0).in_packets == 2);
  CHECK(rig->inactive(0) == 0);
  CHECK(rig->connections().empty());
  CHECK(rig->table.live() == 2);

  FiveTuple reply = server_tuple(kProtocolUdp);
  reply.source = kOtherReal;
  const Fed answered = rig->feed(udp_datagram(reply));
  CHECK(answered.action == Action::transmit);
  CHECK(tuple_of(answered.packet) == client_tuple(kProtocolUdp).reversed());
  CHECK(rig->worker_lane(2).out_packets == 1);
  rig->advance(301 * kTicksPerSecond);
  rig->pipeline.expire(16);
  CHECK(rig->table.live() == 0);
  CHECK(rig->table.index_use().entries == 0);
  CHECK(rig->counts_agree());
}

TEST_CASE("one-packet: the same client port asking through another VIP gets its answer from that one") {
  const auto rig = make_one_packet_rig();
  rig->add_service(9, {Family::ipv4, kProtocolUdp, 80, kStranger});
  rig->directory.service_entries[9].flags = kServiceOnePacket;
  rig->feed(udp_datagram(client_tuple(kProtocolUdp)));
  FiveTuple other = client_tuple(kProtocolUdp);
  other.destination = kStranger;
  CHECK(rig->feed(udp_datagram(other)).action == Action::transmit);
  CHECK(tuple_of(rig->feed(udp_datagram(server_tuple(kProtocolUdp))).packet).source == kStranger);
  CHECK(rig->table.live() == 1);
}

TEST_CASE("thresholds: a template's connection overloads its destination, and ended connections relieve it") {
  const auto rig = make_rig();
  rig->make_persistent(0, 300);
  rig->directory.destinations[0].upper_threshold = 4;
  open(*rig, 1);
  open(*rig, 2);
  open(*rig, 3);
  CHECK_FALSE(rig->is_overloaded(0));
  open(*rig, 4);
  CHECK(rig->is_overloaded(0));
  // Fewer than three quarters of the upper threshold, which is two.
  rig->feed(tcp_segment(server_tuple(kProtocolTcp, 1), kTcpRst));
  rig->feed(tcp_segment(server_tuple(kProtocolTcp, 2), kTcpRst));
  rig->advance(5 * kTicksPerSecond);
  rig->feed(tcp_segment(server_tuple(kProtocolTcp, 2), kTcpRst));
  rig->advance(5 * kTicksPerSecond);
  rig->pipeline.expire(16);
  CHECK(rig->active(0) + rig->inactive(0) == 3);
  CHECK(rig->is_overloaded(0));
  rig->advance(5 * kTicksPerSecond);
  rig->pipeline.expire(16);
  CHECK(rig->active(0) + rig->inactive(0) == 2);
  CHECK_FALSE(rig->is_overloaded(0));
}

TEST_CASE("thresholds: with a lower one the relief comes below it") {
  const auto rig = make_rig();
  rig->make_persistent(0, 300);
  rig->directory.destinations[0].upper_threshold = 3;
  rig->directory.destinations[0].lower_threshold = 1;
  for (uint16_t port = 1; port <= 3; ++port) open(*rig, port);
  CHECK(rig->is_overloaded(0));
  for (uint16_t port = 1; port <= 2; ++port) rig->feed(tcp_segment(server_tuple(kProtocolTcp, port), kTcpRst));
  rig->advance(11 * kTicksPerSecond);
  rig->pipeline.expire(16);
  CHECK(rig->is_overloaded(0));
  rig->feed(tcp_segment(server_tuple(kProtocolTcp, 3), kTcpRst));
  rig->advance(11 * kTicksPerSecond);
  rig->pipeline.expire(16);
  CHECK_FALSE(rig->is_overloaded(0));
}

TEST_CASE("look-up: FTP's service is asked for unprivileged ports and for 20, before the one for all ports") {
  const auto rig = make_rig();
  const auto service_for = [&](uint16_t port) {
    return rig->directory.find_service(client_tuple(kProtocolTcp, 40000, port), 0);
  };
  rig->add_service(10, {Family::ipv4, kProtocolTcp, 0, kVip});
  CHECK(service_for(80) == 0);
  CHECK(service_for(2000) == 10);
  rig->add_service(11, {Family::ipv4, kProtocolTcp, kFtpPort, kVip});
  CHECK(service_for(2000) == 11);
  CHECK(service_for(20) == 11);
  CHECK(service_for(21) == 11);
  CHECK(service_for(22) == 10);
  rig->directory.remove_service(11);
  CHECK(service_for(2000) == 10);
  rig->directory.remove_service(10);
  CHECK(service_for(2000) == ServiceTable::kNoService);
}

TEST_CASE("look-up: without persistence FTP's service leaves other ports to the host, and port 0 takes nothing") {
  const auto rig = make_rig();
  rig->add_service(11, {Family::ipv4, kProtocolTcp, kFtpPort, kVip});
  const Fed reset = rig->feed(tcp_segment(client_tuple(kProtocolTcp, 1, 2000), kTcpSyn));
  CHECK(reset.decision.action == Action::transmit);
  CHECK(tuple_of(reset.packet).protocol == kProtocolTcp);
  rig->directory.remove_service(11);
  rig->add_service(10, {Family::ipv4, kProtocolTcp, 0, kVip});
  rig->advance(kTicksPerSecond);
  const Fed refused = rig->feed(tcp_segment(client_tuple(kProtocolTcp, 1, 2000), kTcpSyn));
  CHECK(refused.decision.action == Action::transmit);
  CHECK(tuple_of(refused.packet).protocol == kProtocolIcmp);
}

TEST_CASE("look-up: what comes from port 20 is never scheduled") {
  const auto rig = make_rig();
  const Fed fed = rig->feed(tcp_segment(client_tuple(kProtocolTcp, kFtpDataPort), kTcpSyn));
  CHECK(fed.decision.action == Action::transmit);
  CHECK(tuple_of(fed.packet).protocol == kProtocolTcp);
  CHECK(rig->connections().empty());
}

TEST_CASE("expire_nodest_conn: a removed destination's connection begins anew in the same packet") {
  const auto rig = make_rig();
  rig->add_destination(2, kOtherReal, 8080);
  open(*rig, 1);
  rig->set_available(0, false);
  rig->directory.policy.expire_nodest_conn = true;
  rig->next_destination = 2;
  const Fed fed = rig->feed(tcp_segment(client_tuple(kProtocolTcp, 1), kTcpSyn));
  CHECK(tuple_of(fed.packet).destination == kOtherReal);
  CHECK(rig->counts_agree());
}

TEST_CASE("expire_nodest_conn: connections and templates without a destination go by themselves") {
  const auto rig = make_rig();
  rig->make_persistent(0, 300);
  open(*rig, 1);
  rig->set_available(0, false);
  rig->pipeline.expire(16);
  CHECK(rig->connections().size() == 2);
  rig->directory.policy.expire_nodest_conn = true;
  rig->pipeline.expire(16);
  CHECK(rig->connections().size() == 2);
  // Only for a destination that is taken away while the setting is on; then for all that were.
  rig->directory.policy.nodest_flushes = 1;
  rig->pipeline.expire(16);
  CHECK(rig->connections().empty());
  CHECK(rig->counts_agree());
}

TEST_CASE("expire_nodest_conn: a SYN on a quiesced destination's connection begins anew, data does not") {
  const auto rig = make_rig();
  rig->add_destination(2, kOtherReal, 8080);
  open(*rig, 1);
  rig->directory.destinations[0].is_quiesced = true;
  rig->next_destination = 2;
  CHECK(open(*rig, 1) == Action::transmit);
  CHECK(rig->connection(client_tuple(kProtocolTcp, 1))->destination_id == 0);
  rig->directory.policy.expire_nodest_conn = true;
  rig->feed(tcp_segment(client_tuple(kProtocolTcp, 1), kTcpAck));
  CHECK(rig->connection(client_tuple(kProtocolTcp, 1))->destination_id == 0);
  open(*rig, 1);
  CHECK(rig->connection(client_tuple(kProtocolTcp, 1))->destination_id == 2);
}

TEST_CASE("conn_reuse_mode 0: a SYN on a closed connection stays with it") {
  const auto rig = make_rig();
  rig->directory.policy.conn_reuse_mode = 0;
  open(*rig, 1);
  rig->feed(tcp_segment(server_tuple(kProtocolTcp, 1), kTcpRst));
  rig->next_destination = -1;
  CHECK(open(*rig, 1) == Action::transmit);
  CHECK(rig->worker_lane(0).connections == 1);
}

TEST_CASE("sloppy_tcp: any segment but RST begins a connection") {
  const auto rig = make_rig();
  rig->directory.policy.sloppy_tcp = true;
  CHECK(rig->process(tcp_segment(client_tuple(kProtocolTcp, 1), kTcpAck)).action == Action::upcall);
  CHECK(rig->process(tcp_segment(client_tuple(kProtocolTcp, 1), kTcpFin)).action == Action::upcall);
  CHECK(rig->process(tcp_segment(client_tuple(kProtocolTcp, 1), kTcpRst | kTcpSyn)).action != Action::upcall);
  rig->feed(tcp_segment(client_tuple(kProtocolTcp, 1), kTcpFin));
  CHECK(rig->inactive(0) == 1);
  CHECK(rig->counts_agree());
}

TEST_CASE("secure_tcp: a SYN and an ACK do not make an established connection") {
  const auto rig = make_rig();
  rig->directory.policy.is_secure_tcp = true;
  open(*rig, 1);
  rig->feed(tcp_segment(client_tuple(kProtocolTcp, 1), kTcpAck));
  CHECK(rig->connection(client_tuple(kProtocolTcp, 1))->state == static_cast<uint8_t>(TcpState::syn_recv));
}

TEST_CASE("drop_packet: the first and then every so manieth packet that would begin a connection is dropped") {
  const auto rig = make_rig();
  rig->directory.policy.drop_rate = 3;
  std::string fates;
  for (uint16_t port = 1; port <= 9; ++port) fates += open(*rig, port) == Action::drop ? 'd' : '.';
  CHECK(fates == "d..d..d..");
  CHECK(rig->counted(Counter::drop_defence) == 3);
  rig->directory.policy.drop_rate = 0;
  CHECK(open(*rig, 20) == Action::transmit);
}

TEST_CASE("drop_entry: embryonic connections go, established ones stay until they have been idle for a minute") {
  const auto rig = make_rig();
  for (uint16_t port = 1001; port <= 1200; ++port) {
    open(*rig, port);
    if (port % 2 == 0) rig->feed(tcp_segment(client_tuple(kProtocolTcp, port), kTcpAck));
  }
  for (int second = 0; second < 400; ++second) rig->pipeline.drop_entries();
  CHECK(rig->connections().size() == 100);
  CHECK(rig->counted(Counter::connections_defended) == 100);
  rig->advance(61 * kTicksPerSecond);
  for (int second = 0; second < 400; ++second) rig->pipeline.drop_entries();
  CHECK(rig->connections().size() < 10);
  CHECK(rig->counts_agree());
}

TEST_CASE("drop_entry: a connection takes its unassured template along, an assured template stays") {
  const auto rig = make_rig();
  rig->make_persistent(0, 300);
  open(*rig, 1);
  for (int second = 0; second < 100; ++second) rig->pipeline.drop_entries();
  CHECK(rig->connections().empty());
  open(*rig, 2);
  rig->feed(tcp_segment(client_tuple(kProtocolTcp, 2), kTcpAck));
  open(*rig, 3);
  for (int second = 0; second < 100; ++second) rig->pipeline.drop_entries();
  CHECK(rig->connections().size() == 2);
  CHECK(rig->persistent(0) == 1);
  CHECK(rig->counts_agree());
}

}  // namespace uipvs::test
