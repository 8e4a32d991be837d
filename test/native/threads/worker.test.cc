#include "engine/worker.h"

#include <doctest/doctest.h>

#include <array>

#include "support/random.h"
#include "support/worker_rig.h"

namespace uipvs::test {
namespace {

// Few enough connections that slots are used again and again.
constexpr uint32_t kFlows = 120;

// Both ends of a flow are told by its client port, so that a record torn between two flows is recognised.
FiveTuple flow_number(uint32_t number) {
  const bool is_v6 = number % 3 == 0;
  const uint16_t port = static_cast<uint16_t>(2000 + number);
  FiveTuple tuple = is_v6 ? client_tuple6(kProtocolTcp, port) : client_tuple(kProtocolTcp, port);
  tuple.source.words[is_v6 ? 3 : 0] += number;
  return tuple;
}

bool is_whole(const ConnectionEnds& ends) {
  const FiveTuple expected = flow_number(ends.client_port - 2000u);
  return ends.from_client() == expected && ends.real_port == 8080 &&
         ends.real == (ends.family == Family::ipv6 ? kReal6 : kReal);
}

}  // namespace

TEST_CASE("threads: traffic, verdicts, listings and edits of the directory at once leave nothing torn or miscounted") {
  WorkerRig bench(64);
  Rig& rig = *bench.rig;
  std::atomic<bool> stops{false};
  std::atomic<uint64_t> torn{0}, listed{0}, answered{0};

  std::thread control([&] {
    Random random(test_seed() + 1);
    while (!stops) {
      for (const UpcallRequest& request : bench.requests()) {
        const int32_t id = request.family == 6 ? 1 : 0;
        bench.answer(request, random.one_in(8) ? -1 : id);
        ++answered;
      }
      bench.worker.wake();
      const uint32_t service = 20 + random.below(20);
      const ServiceKey key{Family::ipv4, kProtocolUdp, static_cast<uint16_t>(service), kVip};
      if (!rig.directory.services.add(service, key)) rig.directory.services.remove(service);
      rig.directory.udp_timeout = random.below(100) * kTicksPerSecond;
      rig.set_available(random.below(2), !random.one_in(10));
    }
  });
  std::thread lister([&] {
    std::array<ConnectionTable::Snapshot, 32> some;
    while (!stops) {
      uint64_t cursor = 0;
      do {
        size_t count = 0;
        cursor = rig.table.list(cursor, some, count, 20);
        for (size_t i = 0; i < count; ++i) torn += !is_whole(some[i].ends) || some[i].destination_id > 1;
        listed += count;
      } while (cursor != 0);
    }
  });

  Random random(test_seed());
  for (int turn = 0; turn < 4000 || answered < 200 || listed < 1000; ++turn) {
    for (int i = 0; i < 8; ++i) {
      FiveTuple tuple = flow_number(random.below(kFlows));
      // A reset closes, and a SYN after it begins anew in another slot.
      const uint8_t flags[] = {kTcpSyn, kTcpSyn, kTcpAck, kTcpRst};
      bench.receive(tcp_segment(tuple, flags[random.below(4)]));
    }
    bench.worker.turn();
    bench.transmitter.sent.clear();
    if (turn % 16 == 0) std::this_thread::yield();
  }
  stops = true;
  control.join();
  lister.join();
  for (const UpcallRequest& request : bench.requests()) bench.answer(request, -1);
  while (bench.worker.turn()) {
  }
  CHECK(torn == 0);
  CHECK(rig.counts_agree());
  CHECK(rig.counted(Counter::connections_created) > 64);
}

TEST_CASE("threads: a sleeping worker is woken by every verdict") {
  // There is no connection and no device, so only wake() ends the sleep.
  WorkerRig bench;
  REQUIRE(bench.worker.start("test-worker") == 0);
  for (uint32_t round = 0; round < 2000; ++round) {
    const uint64_t taken = round + 1;
    REQUIRE(bench.rings->verdicts.push({round, 0}));
    bench.worker.wake();
    while (bench.rings->verdicts.tail.load() != taken) std::this_thread::yield();
  }
  bench.worker.stop();
  CHECK(bench.rings->verdicts.is_empty());
}

}  // namespace uipvs::test
