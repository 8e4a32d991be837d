// What a turn of the worker's loop takes from its receivers, and how it sends that.
#include <doctest/doctest.h>

#include "engine/worker.h"
#include "support/worker_rig.h"

namespace uipvs::test {
namespace {

const FiveTuple kTcpIn = client_tuple(kProtocolTcp);

class CountingTransmitter final : public Transmitter {
 public:
  std::vector<size_t> bursts;
  void send(std::span<Packet* const> burst, WorkerCounters&) override { bursts.push_back(burst.size()); }
};

// Datagrams of nobody's, which are passed on.
MemoryPacket datagram_of(uint8_t sender, uint32_t payload_bytes = 8) {
  return udp_datagram({Family::ipv4, kProtocolUdp, sender, 2, kReal, kClient}, payload_bytes);
}

// Who sent what has left, in order.
std::vector<uint8_t> senders(const std::vector<MemoryPacket>& sent) {
  std::vector<uint8_t> result;
  for (const MemoryPacket& packet : sent) result.push_back(packet.bytes.at(21));
  return result;
}

}  // namespace

TEST_CASE("worker: what comes by several devices in a turn leaves in one burst") {
  WorkerRig bench;
  CountingTransmitter transmitter;
  Worker worker({bench.commons, bench.rig->counters, bench.others, bench.receiver, transmitter}, [] {});
  std::array<MemoryReceiver, 3> others;
  for (uint8_t i = 0; i < others.size(); ++i) {
    REQUIRE(bench.others.add({static_cast<uint32_t>(i + 1), false}, others[i]));
    others[i].queue.push_back(datagram_of(i));
  }
  bench.receive(datagram_of(9));
  CHECK(worker.turn());
  CHECK(transmitter.bursts == std::vector<size_t>{4});
}

TEST_CASE("worker: a device that fills every burst takes no more than its turns from the others") {
  WorkerRig bench;
  MemoryReceiver other;
  REQUIRE(bench.others.add({1, false}, other));
  for (int i = 0; i < 640; ++i) bench.receive(datagram_of(1));
  other.queue.push_back(datagram_of(2));
  bench.worker.turn();
  CHECK(other.queue.size() == 1);
  bench.worker.turn();
  CHECK(other.queue.empty());
  CHECK(senders(bench.sent()).at(64) == 2);
}

TEST_CASE("worker: super-packets end a burst while the cache still holds them") {
  WorkerRig bench;
  MemoryReceiver other;
  REQUIRE(bench.others.add({1, false}, other));
  for (int i = 0; i < 2; ++i) bench.receive(datagram_of(1, 40000));
  other.queue.push_back(datagram_of(2));
  bench.worker.turn();
  CHECK(bench.sent().size() == 2);
  bench.worker.turn();
  CHECK(bench.sent().size() == 1);
}

TEST_CASE("worker: a verdict is carried out before the burst that has the flow's next packet, and leaves with it") {
  WorkerRig bench;
  bench.receive(tcp_segment(kTcpIn, kTcpSyn));
  bench.worker.turn();
  bench.answer(bench.requests().at(0), 0);
  bench.receive(tcp_segment(kTcpIn, kTcpAck));
  bench.worker.turn();
  const auto sent = bench.sent();
  REQUIRE(sent.size() == 2);
  CHECK((sent[0].bytes.at(33) & kTcpSyn) != 0);
  CHECK((sent[1].bytes.at(33) & kTcpSyn) == 0);
  CHECK(bench.counted(Counter::upcalls) == 1);
}

TEST_CASE("worker: an error of the main device is told although others give packets") {
  class FailingReceiver final : public Receiver {
   public:
    int receive(std::span<Packet>) override { return -5; }
    int descriptor() const override { return -1; }
  };
  WorkerRig bench;
  FailingReceiver broken;
  Worker worker({bench.commons, bench.rig->counters, bench.others, broken, bench.transmitter}, [] {});
  MemoryReceiver other;
  REQUIRE(bench.others.add({1, false}, other));
  other.queue.push_back(datagram_of(3));
  CHECK(worker.turn());
  CHECK(worker.receive_error() == 5);
  CHECK(bench.sent().size() == 1);
}

}  // namespace uipvs::test
