// The worker's loop: the devices that it looks at, and its thread.
#include <doctest/doctest.h>

#include <thread>

#include "engine/worker.h"
#include "support/worker_rig.h"

namespace uipvs::test {
namespace {

const FiveTuple kTcpIn = client_tuple(kProtocolTcp);

}  // namespace

TEST_CASE("worker: more packets than a burst take more turns, none is lost or out of order") {
  WorkerRig bench;
  for (uint32_t i = 0; i < 200; ++i) bench.receive(udp_datagram({Family::ipv4, 17, 1, 2, kReal, kClient}, i));
  int turns = 0;
  while (bench.worker.turn()) ++turns;
  CHECK(turns >= 4);
  const auto sent = bench.sent();
  REQUIRE(sent.size() == 200);
  for (size_t i = 0; i < 200; ++i) REQUIRE(sent[i].bytes.size() == 28 + i);
}

TEST_CASE("worker: a receiver that fails is counted and told, and forgotten once it works again") {
  class FailingReceiver final : public Receiver {
   public:
    int result = -5;
    int receive(std::span<Packet>) override { return result; }
    int descriptor() const override { return -1; }
  };
  WorkerRig bench;
  FailingReceiver receiver;
  Worker worker({bench.commons, bench.rig->counters, bench.others, receiver, bench.transmitter}, [] {});
  CHECK_FALSE(worker.turn());
  CHECK(worker.receive_error() == 5);
  CHECK(bench.counted(Counter::receive_errors) == 1);
  receiver.result = 0;
  CHECK_FALSE(worker.turn());
  CHECK(bench.counted(Counter::receive_errors) == 1);
  CHECK(worker.receive_error() == 0);
}

TEST_CASE("worker: what comes by a mark's device has the mark, and only as long as the device is there") {
  WorkerRig bench;
  bench.rig->directory.add_service(9, {Family::ipv4, 0, 0, {}}, 77);
  MemoryReceiver marked;
  REQUIRE(bench.others.add({77, false}, marked));
  FiveTuple elsewhere = kTcpIn;
  elsewhere.destination = kStranger;
  marked.queue.push_back(tcp_segment(elsewhere, kTcpSyn));
  bench.receive(tcp_segment(kTcpIn, kTcpSyn));
  bench.worker.turn();
  const auto requests = bench.requests();
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].service_id == 0);
  CHECK(requests[1].service_id == 9);
  for (const auto& request : requests) bench.answer(request, 0);
  bench.worker.turn();
  CHECK(bench.sent().size() == 2);

  bench.others.remove(marked);
  CHECK(bench.others.count() == 0);
  marked.queue.push_back(tcp_segment(elsewhere, kTcpSyn));
  CHECK_FALSE(bench.worker.turn());
  CHECK(marked.queue.size() == 1);
}

TEST_CASE("worker: as many marks as there are slots, and not one more") {
  ReceiverSet marked;
  std::vector<MemoryReceiver> receivers(ReceiverSet::kMost + 1);
  for (uint32_t i = 0; i < ReceiverSet::kMost; ++i) CHECK(marked.add({i + 1, false}, receivers[i]));
  CHECK_FALSE(marked.add({999, false}, receivers.back()));
  marked.remove(receivers[3]);
  CHECK(marked.add({999, false}, receivers.back()));
}

TEST_CASE("worker: its thread starts, sleeps without work, is woken by a verdict and stops, twice if asked") {
  WorkerRig bench;
  bench.receive(tcp_segment(kTcpIn, kTcpSyn));
  bench.worker.turn();
  bench.answer(bench.requests().at(0), 0);
  REQUIRE(bench.worker.start("test-worker") == 0);
  bench.worker.wake();
  while (bench.rig->table.live() == 0) std::this_thread::yield();
  bench.worker.stop();
  bench.worker.stop();
  CHECK(bench.sent().size() == 1);
}

}  // namespace uipvs::test
