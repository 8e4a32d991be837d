// The worker and the errors that the kernel keeps: when it looks at their copies, and what becomes of them.
#include <doctest/doctest.h>
#include <sys/eventfd.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "engine/boot_time.h"
#include "engine/worker.h"
#include "io/descriptor.h"
#include "support/worker_rig.h"

namespace uipvs::test {
namespace {

constexpr int kTurnsALook = 64;
constexpr std::chrono::seconds kWakeLimit{10};
const Address kRouter6 = address6(0x999);

// Of a host that has such errors to give, or whose poll() says so.
class CountedErrors final : public Receiver {
 public:
  MemoryReceiver inner;
  std::atomic<int> looks{0};
  Descriptor ready{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};

  int receive(std::span<Packet> burst) override {
    uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = ::read(ready.get(), &count, sizeof count);
    ++looks;
    return inner.receive(burst);
  }
  int descriptor() const override { return ready.get(); }
};

struct Bench : WorkerRig {
  CountedErrors errors;
  int rings = 0;
  Worker listening{{commons, rig->counters, others, receiver, transmitter, true, {&errors, nullptr}},
                   [this] { ++rings; }};

  Bench() {
    // The worker's clock is the host's.
    rig->advance(static_cast<Tick>(boot_time_ns() / (kNanosecondsPerSecond / kTicksPerSecond)) - rig->now);
    rig->next_destination = 1;
    REQUIRE(rig->feed(tcp_segment(client_tuple6(kProtocolTcp), kTcpSyn)).action == Action::transmit);
  }
  void turn_until_a_look() {
    for (int turns = 0; turns < kTurnsALook; ++turns) listening.turn();
  }
};

MemoryPacket error_about(const FiveTuple& about) {
  std::vector<uint8_t> quoted = tcp_segment(about, kTcpAck).bytes;
  quoted.resize(48);
  return build_icmp(Family::ipv6, kRouter6, about.source, 2, 0, quoted, 1300);
}

}  // namespace

TEST_CASE("worker: looks for errors that the kernel keeps in one of 64 turns, not in each") {
  Bench bench;
  for (int turns = 0; turns < 10 * kTurnsALook; ++turns) CHECK_FALSE(bench.listening.turn());
  CHECK(bench.errors.looks == 10);
}

TEST_CASE("worker: a kept error about a connection leaves translated, one about nobody's leaves no trace") {
  Bench bench;
  const FiveTuple reply = client_tuple6(kProtocolTcp).reversed();
  FiveTuple other = reply;
  ++other.destination_port;
  bench.errors.inner.queue = {{}, error_about(other), error_about(reply), error_about(other)};
  bench.turn_until_a_look();
  CHECK(bench.errors.inner.queue.empty());
  const auto sent = bench.sent();
  REQUIRE(sent.size() == 1);
  CHECK(tuple_of(sent[0]).source == kRouter6);
  CHECK(tuple_of(sent[0]).destination == kReal6);
  CHECK(bench.counted(Counter::received_packets) == 1);
  CHECK(bench.counted(Counter::transmitted_packets) == 1);
  CHECK(bench.rig->dropped() == 0);
}

TEST_CASE("worker: an error that comes by the device and as a kept one is two, of which each leaves") {
  Bench bench;
  const MemoryPacket error = error_about(client_tuple6(kProtocolTcp).reversed());
  bench.receive(error);
  bench.errors.inner.queue = {error};
  bench.turn_until_a_look();
  CHECK(bench.sent().size() == 2);
}

TEST_CASE("worker: a kept error that is to be scheduled goes to the control thread, which is told so") {
  Bench bench;
  bench.rig->directory.policy.schedule_icmp = true;
  bench.errors.inner.queue = {error_about(client_tuple6(kProtocolTcp, 40001).reversed())};
  bench.turn_until_a_look();
  CHECK_FALSE(bench.commons.rings.requests.is_empty());
  CHECK(bench.rings == 1);
}

TEST_CASE("worker: one that sleeps without a connection is woken by a kept error, of whichever family") {
  for (const size_t at : {size_t{0}, size_t{1}}) {
    WorkerRig rig;
    CountedErrors errors[2];
    const Worker::Parts parts = {rig.commons, rig.rig->counters,       rig.others, rig.receiver, rig.transmitter,
                                 true,        {&errors[0], &errors[1]}};
    Worker worker(parts, [] {});
    REQUIRE(worker.start("test-worker") == 0);
    const uint64_t one = 1;
    REQUIRE(::write(errors[at].ready.get(), &one, sizeof one) == sizeof one);
    const auto deadline = std::chrono::steady_clock::now() + kWakeLimit;
    while (errors[at].looks == 0 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    worker.stop();
    CHECK(errors[at].looks > 0);
  }
}

}  // namespace uipvs::test
