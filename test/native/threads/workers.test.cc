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
  while (bench.worker.turn()) {
  }
  CHECK(rig.active(0) + rig.inactive(0) == static_cast<int32_t>(rig.table.live()));
}

namespace {

constexpr uint32_t kDatagramFlows = 150;
constexpr uint16_t kFirstPort = 3000;
// So often are there verdicts between two edits, else hardly any would come in time.
constexpr uint32_t kRoundsPerEdit = 32;
constexpr uint32_t kFirstService = 20, kComingServices = 8;
constexpr uint32_t kFirstDestination = 8, kComingDestinations = 4;

// Some flows of each service that comes and goes; the client's port tells the flow.
FiveTuple datagram_flow(uint32_t number) {
  const auto service_port = static_cast<uint16_t>(kFirstPort + number % kComingServices);
  return client_tuple(kProtocolUdp, static_cast<uint16_t>(4000 + number), service_port);
}

// Of one destination after another: the address tells whose it is.
Address address_of_destination(uint32_t id, uint32_t life) {
  Address address = kReal;
  address.words[0] += 256 * id + life % 200;
  return address;
}

// Control's part: services and destinations, added and removed as the addon does it.
class Edits {
 public:
  explicit Edits(Rig& rig) : rig_(rig) {
    for (uint32_t id = kFirstDestination; id < kFirstDestination + kComingDestinations; ++id) add_destination(id);
  }

  void edit(Random& random) {
    const uint32_t service = random.below(kComingServices);
    if (has_service_[service]) {
      rig_.directory.remove_service(kFirstService + service);
    } else {
      const ServiceKey key{Family::ipv4, kProtocolUdp, static_cast<uint16_t>(kFirstPort + service), kVip};
      rig_.directory.add_service(kFirstService + service, key, 0);
    }
    has_service_[service] = !has_service_[service];
    const uint32_t id = kFirstDestination + random.below(kComingDestinations);
    DestinationEntry& entry = rig_.directory.destinations[id];
    // It is given to another address once no connection and no verdict names it.
    if (!entry.is_available.load() && rig_.lanes_of(0).connections(id) == 0) {
      entry.is_known = false;
      add_destination(id);
      ++given_again;
    } else {
      entry.is_available = false;
    }
  }

  // One that may be used, or -1.
  int32_t choose(Random& random) const {
    const uint32_t id = kFirstDestination + random.below(kComingDestinations);
    return rig_.directory.destinations[id].is_available.load() ? static_cast<int32_t>(id) : -1;
  }

  uint32_t given_again = 0;

 private:
  void add_destination(uint32_t id) {
    rig_.add_destination(id, address_of_destination(id, lives_[id - kFirstDestination]++), 8080);
  }

  Rig& rig_;
  std::array<bool, kComingServices> has_service_{};
  std::array<uint32_t, kComingDestinations> lives_{};
};

bool is_whole(const ConnectionTable::Snapshot& one) {
  if (one.ends.protocol == kProtocolTcp) {
    return one.ends.from_client() == flow_number(one.ends.client_port - 2000u) && one.destination_id == 0;
  }
  const FiveTuple expected = datagram_flow(one.ends.client_port - 4000u);
  if (!(one.ends.from_client() == expected)) return false;
  return (one.ends.real.words[0] - kReal.words[0]) / 256 == one.destination_id;
}

}  // namespace

TEST_CASE("threads: connections expire and give way while services and destinations come and go and all is listed") {
  WorkerRig bench(kRecords, true);
  Rig& rig = *bench.rig;
  WorkerCounters second_counters{};
  ReceiverSet second_others;
  MemoryReceiver second_receiver;
  MemoryTransmitter second_transmitter;
  Worker second({bench.commons, second_counters, second_others, second_receiver, second_transmitter, false}, [] {});
  std::atomic<bool> stops{false};
  std::atomic<uint64_t> listed{0}, torn{0};
  std::atomic<uint32_t> given_again{0};
  Edits edits(rig);

  std::thread control([&] {
    Random random(test_seed() + 1);
    for (uint32_t round = 0; !stops; ++round) {
      for (const UpcallRequest& request : bench.requests()) {
        bench.answer(request, request.protocol == kProtocolTcp ? 0 : edits.choose(random));
      }
      bench.worker.wake();
      std::this_thread::yield();
      if (round % kRoundsPerEdit != 0) continue;
      edits.edit(random);
      given_again = edits.given_again;
      // None, a tick, two: they end between one packet and the next.
      rig.directory.udp_timeout = random.below(3);
    }
  });
  std::thread lister([&] {
    std::array<ConnectionTable::Snapshot, 32> some;
    while (!stops) {
      uint64_t cursor = 0;
      do {
        size_t count = 0;
        cursor = rig.table.list(cursor, some, count, 20);
        for (size_t i = 0; i < count; ++i) torn += !is_whole(some[i]);
        listed += count;
      } while (cursor != 0);
    }
  });
  const auto queue_some = [](Random& random, MemoryReceiver& receiver) {
    for (int i = 0; i < 8; ++i) {
      if (random.one_in(4)) {
        // More half-open ones than there are records, for which others give way.
        receiver.queue.push_back(tcp_segment(flow_number(random.below(kFlows)), kTcpSyn));
        continue;
      }
      const FiveTuple request = datagram_flow(random.below(kDatagramFlows));
      if (!random.one_in(4)) {
        receiver.queue.push_back(udp_datagram(request));
        continue;
      }
      const Address real =
          address_of_destination(kFirstDestination + random.below(kComingDestinations), random.below(200));
      receiver.queue.push_back(
          udp_datagram({Family::ipv4, kProtocolUdp, 8080, request.source_port, real, request.source}));
    }
  };
  std::thread other([&] {
    Random random(test_seed() + 2);
    while (!stops) {
      queue_some(random, second_receiver);
      second.turn();
      second_transmitter.sent.clear();
    }
  });

  Random random(test_seed());
  const auto is_enough = [&] {
    return listed >= 1000 && given_again >= 20 && rig.counted(Counter::connections_expired) >= 50 &&
           rig.counted(Counter::connections_reclaimed) >= 50;
  };
  for (int turn = 0; turn < 2000 || !is_enough(); ++turn) {
    queue_some(random, bench.receiver);
    bench.worker.turn();
    bench.transmitter.sent.clear();
    if (turn % 16 == 0) std::this_thread::yield();
  }
  stops = true;
  control.join();
  lister.join();
  other.join();
  CHECK(torn == 0);

  for (const UpcallRequest& request : bench.requests()) bench.answer(request, -1);
  while (bench.worker.turn()) {
  }
  CHECK(rig.counts_agree());
  CHECK(rig.counted(Counter::connections_expired) >= 50);
  CHECK(rig.counted(Counter::connections_reclaimed) >= 50);
}

}  // namespace uipvs::test
