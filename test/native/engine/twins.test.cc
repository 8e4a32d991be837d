#include "engine/twins.h"

#include <doctest/doctest.h>

#include "support/random.h"
#include "support/worker_rig.h"

namespace uipvs::test {
namespace {

constexpr bool kWire = true;
constexpr bool kTun = false;
constexpr Tick kNow = 5000;

// What a worker does with a packet; whether it was treated.
bool offer(Twins& twins, const MemoryPacket& packet, bool is_from_wire) {
  const HeldPacket held(packet);
  const uint64_t print = twins.print_of(held.packet);
  if (twins.take_second(print, is_from_wire)) return false;
  twins.note(print, is_from_wire);
  return true;
}

MemoryPacket datagram(uint16_t port, uint8_t hop_limit = 64) {
  PacketSpec spec;
  spec.tuple = client_tuple(kProtocolUdp, port);
  spec.hop_limit = hop_limit;
  return build_packet(spec);
}

// While packets come from the wire the TUN device is not looked at in every turn.
void turn_for_all(WorkerRig& bench) {
  for (int turns = 0; turns < 16; ++turns) bench.worker.turn();
}

struct Watching {
  Watching() {
    twins.set_changing(true);
    REQUIRE(twins.watch(kNow));
  }
  Twins twins{{1, 2}};
};

}  // namespace

TEST_CASE("twins: of two that come by different ways the second is left out, whichever it is") {
  Watching watching;
  CHECK(offer(watching.twins, datagram(1), kWire));
  CHECK_FALSE(offer(watching.twins, datagram(1), kTun));
  CHECK(offer(watching.twins, datagram(2), kTun));
  CHECK_FALSE(offer(watching.twins, datagram(2), kWire));
}

TEST_CASE("twins: what a router changes does not part them, nor what Ethernet pads with") {
  Watching watching;
  MemoryPacket padded = datagram(1, 64);
  padded.bytes.resize(46);
  CHECK(offer(watching.twins, padded, kWire));
  CHECK_FALSE(offer(watching.twins, datagram(1, 63), kTun));
  PacketSpec spec;
  spec.tuple = client_tuple6(kProtocolUdp);
  CHECK(offer(watching.twins, build_packet(spec), kTun));
  spec.hop_limit = 63;
  CHECK_FALSE(offer(watching.twins, build_packet(spec), kWire));
}

TEST_CASE("twins: the same bytes sent again are treated as often as they were sent") {
  Watching watching;
  int treated = 0;
  for (const bool is_from_wire : {kTun, kTun, kWire, kTun, kWire, kWire}) {
    treated += offer(watching.twins, datagram(1), is_from_wire) ? 1 : 0;
  }
  CHECK(treated == 3);
  CHECK(offer(watching.twins, datagram(2), kWire));
  CHECK(offer(watching.twins, datagram(2), kWire));
}

TEST_CASE("twins: are remembered no longer than an original may take, and not at all when nothing changes") {
  Watching watching;
  CHECK(offer(watching.twins, datagram(1), kWire));
  CHECK(watching.twins.watch(kNow + kTicksPerSecond));
  CHECK(offer(watching.twins, datagram(1), kTun));
  watching.twins.set_changing(false);
  CHECK(watching.twins.watch(kNow + kTicksPerSecond + 10));
  CHECK_FALSE(watching.twins.watch(kNow + 2 * kTicksPerSecond));
  CHECK_FALSE(Twins({1, 2}).watch(kNow));
}

TEST_CASE("twins: many packets, each by either way or both, in any order near to each other") {
  Watching watching;
  Random random(test_seed());
  uint32_t treated = 0;
  constexpr uint32_t kPackets = 20000;
  for (uint32_t number = 0; number < kPackets; ++number) {
    const MemoryPacket packet = datagram(static_cast<uint16_t>(number));
    const bool first = random.below(2) == 0;
    treated += offer(watching.twins, packet, first) ? 1 : 0;
    if (random.below(3) != 0) treated += offer(watching.twins, packet, !first) ? 1 : 0;
  }
  CHECK(treated == kPackets);
}

TEST_CASE("worker: while interfaces change a datagram that comes by both ways leaves once, and is counted once") {
  WorkerRig bench;
  bench.rig->directory.capture.protocols.store(OnWire::tcp_and_udp);
  MemoryReceiver wire;
  REQUIRE(bench.others.add({0, true}, wire));
  bench.commons.directory.capture.protocols = OnWire::tcp_and_udp;
  const MemoryPacket request = udp_datagram(client_tuple(kProtocolUdp));
  bench.receive(request);
  turn_for_all(bench);
  bench.answer(bench.requests().at(0), 0);
  turn_for_all(bench);
  bench.sent();

  // Without a change under way, whatever comes is treated.
  bench.receive(request);
  wire.queue.push_back(request);
  turn_for_all(bench);
  CHECK(bench.sent().size() == 2);

  bench.commons.twins.set_changing(true);
  bench.receive(request);
  wire.queue.push_back(request);
  wire.queue.push_back(udp_datagram(client_tuple(kProtocolUdp), 5));
  turn_for_all(bench);
  CHECK(bench.sent().size() == 2);
  CHECK(bench.counted(Counter::received_packets) == 5);
}

TEST_CASE("worker: a copy that is the kernel's leaves no trace, and the original is treated") {
  WorkerRig bench;
  MemoryReceiver wire;
  REQUIRE(bench.others.add({0, true}, wire));
  bench.commons.twins.set_changing(true);
  // ICMP is never taken from the wire.
  const MemoryPacket ping = build_icmp(Family::ipv4, kClient, kVip, 8, 0, {1, 2, 3, 4});
  wire.queue.push_back(ping);
  turn_for_all(bench);
  CHECK(bench.sent().empty());
  bench.receive(ping);
  turn_for_all(bench);
  CHECK(bench.sent().size() == 1);
  CHECK(bench.counted(Counter::received_packets) == 1);
}

namespace {

class LosingReceiver final : public Receiver {
 public:
  uint64_t lost = 0;
  int receive(std::span<Packet>) override { return 0; }
  int descriptor() const override { return -1; }
  uint64_t take_lost() override { return std::exchange(lost, 0); }
};

}  // namespace

TEST_CASE("worker: what a receiver had no room for is counted") {
  WorkerRig bench;
  LosingReceiver receiver;
  REQUIRE(bench.others.add({0, true}, receiver));
  receiver.lost = 7;
  turn_for_all(bench);
  turn_for_all(bench);
  CHECK(bench.counted(Counter::drop_ring_full) == 7);
}

}  // namespace uipvs::test
