#include "engine/worker.h"

#include <doctest/doctest.h>

#include "support/worker_rig.h"

namespace uipvs::test {
namespace {

const FiveTuple kTcpIn = client_tuple(kProtocolTcp);
const FiveTuple kUdpIn = client_tuple(kProtocolUdp);

FiveTuple flow_number(uint32_t number, uint8_t protocol = kProtocolTcp) {
  return client_tuple(protocol, static_cast<uint16_t>(1000 + number));
}

}  // namespace

TEST_CASE("worker: a SYN becomes a request, its verdict a connection, and the packet leaves translated") {
  WorkerRig bench;
  bench.receive(tcp_segment(kTcpIn, kTcpSyn));
  CHECK(bench.worker.turn());
  CHECK(bench.sent().empty());
  CHECK(bench.doorbells == 1);
  const auto requests = bench.requests();
  REQUIRE(requests.size() == 1);
  CHECK(requests[0].service_id == 0);
  CHECK(requests[0].family == 4);
  CHECK(requests[0].protocol == kProtocolTcp);
  CHECK(requests[0].source_port == kTcpIn.source_port);
  CHECK(requests[0].destination_port == kTcpIn.destination_port);
  CHECK(requests[0].source[0] == kClient.words[0]);
  CHECK(requests[0].destination[0] == kVip.words[0]);
  CHECK(requests[0].posted_ns != 0);
  CHECK_FALSE(bench.worker.turn());

  bench.answer(requests[0], 0);
  CHECK(bench.worker.turn());
  auto sent = bench.sent();
  REQUIRE(sent.size() == 1);
  CHECK(tuple_of(sent[0]) == server_tuple(kProtocolTcp).reversed());

  bench.receive(tcp_segment(server_tuple(kProtocolTcp), kTcpSyn | kTcpAck));
  bench.receive(tcp_segment(kTcpIn, kTcpAck));
  CHECK(bench.worker.turn());
  sent = bench.sent();
  REQUIRE(sent.size() == 2);
  CHECK(tuple_of(sent[0]) == kTcpIn.reversed());
  CHECK(tuple_of(sent[1]) == server_tuple(kProtocolTcp).reversed());
  CHECK(bench.rig->counts_agree());
  CHECK(bench.counted(Counter::received_packets) == 3);
  CHECK(bench.counted(Counter::transmitted_packets) == 3);
}

TEST_CASE("worker: an IPv6 request carries whole addresses") {
  WorkerRig bench;
  bench.receive(udp_datagram(client_tuple6(kProtocolUdp)));
  bench.worker.turn();
  const auto requests = bench.requests();
  REQUIRE(requests.size() == 1);
  CHECK(requests[0].family == 6);
  CHECK(requests[0].service_id == 3);
  for (size_t i = 0; i < 4; ++i) {
    CHECK(requests[0].source[i] == kClient6.words[i]);
    CHECK(requests[0].destination[i] == kVip6.words[i]);
  }
}

TEST_CASE("worker: one request a flow: a SYN sent again is dropped while the first awaits its verdict") {
  WorkerRig bench;
  for (int i = 0; i < 5; ++i) {
    bench.receive(tcp_segment(kTcpIn, kTcpSyn));
    bench.worker.turn();
  }
  CHECK(bench.requests().size() == 1);
  CHECK(bench.counted(Counter::upcalls) == 1);
  CHECK(bench.counted(Counter::drop_retransmit_parked) == 4);
}

TEST_CASE("worker: the doorbell rings once until the control thread has cleared it") {
  WorkerRig bench;
  for (uint32_t flow = 0; flow < 10; ++flow) {
    bench.receive(tcp_segment(flow_number(flow), kTcpSyn));
    bench.worker.turn();
  }
  CHECK(bench.doorbells == 1);
  CHECK(bench.requests().size() == 10);
  bench.receive(tcp_segment(flow_number(10), kTcpSyn));
  bench.worker.turn();
  CHECK(bench.doorbells == 2);
}

TEST_CASE("worker: 256 datagrams of a flow wait in order behind one request, the next are dropped and counted") {
  constexpr uint32_t kWaiting = ParkingLot::kMaxPacketsPerFlow;
  WorkerRig bench;
  for (uint32_t i = 0; i < kWaiting + 4; ++i) bench.receive(udp_datagram(kUdpIn, i));
  while (bench.worker.turn()) continue;
  const auto requests = bench.requests();
  REQUIRE(requests.size() == 1);
  CHECK(bench.counted(Counter::drop_parking_full) == 4);
  bench.answer(requests[0], 0);
  bench.worker.turn();
  const auto sent = bench.sent();
  REQUIRE(sent.size() == kWaiting);
  for (size_t i = 0; i < kWaiting; ++i) CHECK(sent[i].bytes.size() == 28 + i);
  CHECK(bench.rig->worker_lane(0).in_packets == kWaiting);
  CHECK(bench.rig->worker_lane(0).connections == 1);
}

TEST_CASE("worker: a refused flow's packets are each answered") {
  WorkerRig bench;
  for (int i = 0; i < 3; ++i) bench.receive(udp_datagram(kUdpIn));
  bench.worker.turn();
  bench.answer(bench.requests().at(0), -1);
  bench.worker.turn();
  CHECK(bench.sent().size() == 3);
  CHECK(bench.counted(Counter::answered_packets) == 3);
  CHECK(bench.rig->table.live() == 0);
}

TEST_CASE("worker: datagrams behind a first one that found no place are counted too") {
  WorkerRig bench;
  for (int i = 0; i < 3; ++i) bench.receive(udp_datagram(kUdpIn));
  bench.worker.turn();
  bench.rig->set_available(0, false);
  bench.answer(bench.requests().at(0), 0);
  bench.worker.turn();
  CHECK(bench.sent().empty());
  CHECK(bench.counted(Counter::drop_destination_removed) == 1);
  CHECK(bench.counted(Counter::drop_unplaced) == 2);
  CHECK(bench.counted(Counter::upcalls) == 1);
  CHECK(bench.rig->counts_agree());
  CHECK(bench.requests().empty());
}

TEST_CASE("worker: datagrams behind a first one that was refused for its port are counted too") {
  WorkerRig bench;
  bench.rig->add_service(11, {Family::ipv4, kProtocolUdp, 80, kStranger});
  FiveTuple clashing = kUdpIn;
  clashing.destination = kStranger;
  bench.receive(udp_datagram(kUdpIn));
  for (int i = 0; i < 3; ++i) bench.receive(udp_datagram(clashing));
  bench.worker.turn();
  for (const UpcallRequest& request : bench.requests()) bench.answer(request, 0);
  bench.worker.turn();
  CHECK(bench.sent().size() == 2);
  CHECK(bench.counted(Counter::refused_tuple_conflict) == 1);
  CHECK(bench.counted(Counter::answered_packets) == 1);
  CHECK(bench.counted(Counter::drop_unplaced) == 2);
  CHECK(bench.rig->table.live() == 1);
  CHECK(bench.rig->counts_agree());
}

TEST_CASE("worker: a verdict of no flow, of a flow already answered, or given twice is ignored") {
  WorkerRig bench;
  bench.receive(tcp_segment(kTcpIn, kTcpSyn));
  bench.worker.turn();
  const UpcallRequest request = bench.requests().at(0);
  bench.rings->verdicts.push({request.ticket + 1, 0});
  bench.rings->verdicts.push({request.ticket + ParkingLot::kFlows, 0});
  bench.answer(request, 0);
  bench.rings->verdicts.push({request.ticket, 0});
  bench.worker.turn();
  CHECK(bench.sent().size() == 1);
  bench.rings->verdicts.push({request.ticket, 0});
  bench.worker.turn();
  CHECK(bench.sent().empty());
  CHECK(bench.rig->table.live() == 1);
  CHECK(bench.rig->counts_agree());
}

TEST_CASE("worker: a verdict for a destination number beyond all is a refusal") {
  for (const int32_t id : {static_cast<int32_t>(Rig::kDestinations), INT32_MAX, INT32_MIN, -2}) {
    WorkerRig bench;
    bench.receive(tcp_segment(kTcpIn, kTcpSyn));
    bench.worker.turn();
    bench.answer(bench.requests().at(0), id);
    bench.worker.turn();
    const auto sent = bench.sent();
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].bytes[20] == 3);
    CHECK(bench.rig->table.live() == 0);
  }
}

TEST_CASE(
    "worker: established traffic goes on while verdicts never come, and what has no room is dropped and counted") {
  WorkerRig bench;
  bench.receive(tcp_segment(kTcpIn, kTcpSyn));
  bench.worker.turn();
  bench.answer(bench.requests().at(0), 0);
  bench.worker.turn();
  for (uint32_t flow = 0; flow < ParkingLot::kFlows + 100; ++flow)
    bench.receive(tcp_segment(flow_number(flow), kTcpSyn));
  while (bench.worker.turn()) {
  }
  CHECK(bench.counted(Counter::drop_parking_full) == 100);
  bench.sent();
  for (int i = 0; i < 500; ++i) {
    bench.receive(tcp_segment(i % 2 == 0 ? kTcpIn : server_tuple(kProtocolTcp), kTcpAck));
    bench.worker.turn();
  }
  CHECK(bench.sent().size() == 500);

  for (const UpcallRequest& request : bench.requests()) bench.answer(request, 0);
  while (bench.worker.turn()) {
  }
  CHECK(bench.sent().size() == ParkingLot::kFlows);
  CHECK(bench.rig->table.live() == ParkingLot::kFlows + 1);
  CHECK(bench.rig->counts_agree());
  bench.receive(tcp_segment(flow_number(5000), kTcpSyn));
  bench.worker.turn();
  CHECK(bench.requests().size() == 1);
}

TEST_CASE("worker: a persistent client's packets wait for one verdict, and all follow the template that it makes") {
  WorkerRig bench;
  bench.rig->make_persistent(0, 300);
  for (const uint16_t port : {5001, 5002, 5003}) {
    bench.receive(tcp_segment(client_tuple(kProtocolTcp, port), kTcpSyn));
  }
  bench.worker.turn();
  const auto requests = bench.requests();
  REQUIRE(requests.size() == 1);
  bench.answer(requests[0], 0);
  bench.worker.turn();
  CHECK(bench.sent().size() == 3);
  CHECK(bench.rig->active(0) == 3);
  CHECK(bench.rig->counts_agree());
}

TEST_CASE("worker: tells how long verdicts took, and counts a choice that it cannot forward to") {
  WorkerRig bench;
  bench.receive(tcp_segment(kTcpIn, kTcpSyn));
  bench.worker.turn();
  bench.answer(bench.requests().at(0), kUnsupportedForwarding);
  bench.worker.turn();
  CHECK(bench.counted(Counter::refused_forwarding_method) == 1);
  CHECK(bench.sent().size() == 1);
  uint64_t answered = 0;
  for (const auto& cell : bench.latency.cells) answered += cell;
  CHECK(answered == 1);
  CHECK(bench.latency.nanoseconds > 0);
}

}  // namespace uipvs::test
