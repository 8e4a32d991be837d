#include <doctest/doctest.h>

#include <array>

#include "support/random.h"
#include "support/worker_rig.h"

namespace uipvs::test {
namespace {

constexpr uint32_t kFlows = 200;
// Few enough records that they are used again and again, too few for all flows.
constexpr uint32_t kRecords = 96;

FiveTuple flow_number(uint32_t number) { return client_tuple(kProtocolTcp, static_cast<uint16_t>(2000 + number)); }

FiveTuple answer_of(uint32_t number) {
  const FiveTuple request = flow_number(number);
  return {Family::ipv4, kProtocolTcp, 8080, request.source_port, kReal, request.source};
}

}  // namespace

TEST_CASE("threads: two workers with both directions of the same connections, edits, expiry and listing at once") {
  WorkerRig bench(kRecords, true);
  Rig& rig = *bench.rig;
  WorkerCounters second_counters{};
  ReceiverSet second_others;
  MemoryReceiver second_receiver;
  MemoryTransmitter second_transmitter;
  Worker second({bench.commons, second_counters, second_others, second_receiver, second_transmitter, false}, [] {});
  std::atomic<bool> stops{false};
  std::atomic<uint64_t> answered{0}, listed{0}, torn{0};

  std::thread control([&] {
    Random random(test_seed() + 1);
    while (!stops) {
      for (const UpcallRequest& request : bench.requests()) {
        bench.answer(request, random.one_in(8) ? -1 : 0);
        ++answered;
      }
      bench.worker.wake();
      rig.directory.udp_timeout = random.below(100) * kTicksPerSecond;
      rig.set_available(0, !random.one_in(10));
    }
  });
  std::thread lister([&] {
    std::array<ConnectionTable::Snapshot, 32> some;
    while (!stops) {
      uint64_t cursor = 0;
      do {
        size_t count = 0;
        cursor = rig.table.list(cursor, some, count, 20);
        for (size_t i = 0; i < count; ++i)
          torn += !(some[i].ends.from_client() == flow_number(some[i].ends.client_port - 2000u));
        listed += count;
      } while (cursor != 0);
    }
  });
  // The answers, by the other worker, and requests as well: a flow may come by either.
  std::thread other([&] {
    Random random(test_seed() + 2);
    while (!stops) {
      for (int i = 0; i < 8; ++i) {
        const uint32_t flow = random.below(kFlows);
        const uint8_t flags[] = {kTcpSyn | kTcpAck, kTcpAck, kTcpAck | kTcpFin, kTcpRst};
        const FiveTuple tuple = random.one_in(4) ? flow_number(flow) : answer_of(flow);
        second_receiver.queue.push_back(tcp_segment(tuple, flags[random.below(4)]));
      }
      second.turn();
      second_transmitter.sent.clear();
    }
  });

  Random random(test_seed());
  for (int turn = 0; turn < 4000 || answered < 200 || listed < 1000; ++turn) {
    for (int i = 0; i < 8; ++i) {
      const uint8_t flags[] = {kTcpSyn, kTcpSyn, kTcpAck, kTcpRst};
      bench.receive(tcp_segment(flow_number(random.below(kFlows)), flags[random.below(4)]));
    }
    bench.worker.turn();
    bench.transmitter.sent.clear();
    if (turn % 16 == 0) std::this_thread::yield();
  }
  stops = true;
  control.join();
  lister.join();
  other.join();
  CHECK(torn == 0);

  // Nothing is counted that is not there.
  for (const UpcallRequest& request : bench.requests()) bench.answer(request, -1);
  bench.worker.turn();
  CHECK(rig.active(0) + rig.inactive(0) == static_cast<int32_t>(rig.table.live()));
}

}  // namespace uipvs::test
