// The corpus of malformed packets that the tests in namespaces send: here each of them alone, with the counter that it must
// move and no other. The file is written by test/e2e/support/corpus-file.ts, and a test there says when it is out of date.
#include <doctest/doctest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "support/worker_rig.h"

namespace uipvs::test {
namespace {

constexpr const char* kFile = "test/native/engine/corpus.txt";
constexpr uint16_t kPort = 80;
constexpr size_t kLeastCases = 1000;

// A line: the counter, with a + where it comes after the packet before, the bytes in hexadecimal, and to its end the name.
struct Case {
  std::string fate;
  bool is_sequel = false;
  MemoryPacket packet;
  std::string name;
};

std::vector<Case> read_cases() {
  std::ifstream file(kFile);
  REQUIRE(file.is_open());
  std::vector<Case> cases;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    Case one;
    std::string hex;
    words >> one.fate >> hex;
    std::getline(words >> std::ws, one.name);
    one.is_sequel = one.fate.starts_with('+');
    if (one.is_sequel) one.fate.erase(0, 1);
    for (size_t at = 0; hex != "-" && at < hex.size(); at += 2) {
      one.packet.bytes.push_back(static_cast<uint8_t>(std::stoi(hex.substr(at, 2), nullptr, 16)));
    }
    cases.push_back(std::move(one));
  }
  return cases;
}

// The services that the packets are for, at 10.9.0.1 and fd09::1.
void add_services(Rig& rig) {
  uint32_t id = 10;
  for (const uint8_t protocol : {kProtocolTcp, kProtocolUdp, kProtocolSctp}) {
    rig.add_service(id++, {Family::ipv4, protocol, kPort, address4(10, 9, 0, 1)});
    rig.add_service(id++, {Family::ipv6, protocol, kPort, Address{{0xfd090000, 0, 0, 1}}});
  }
}

// Counters that say what became of a packet; with the upcalls, of which each packet here makes one at most.
bool is_fate(const std::string& name) {
  return name.starts_with("drop_") || name == "upcalls" || name == "translated_packets" || name == "passed_packets" ||
         name == "answered_packets" || name == "fragments_kept";
}

std::string fate_of(WorkerRig& bench, const MemoryPacket& packet) {
  std::array<uint64_t, kCounterCount> before{};
  for (size_t i = 0; i < kCounterCount; ++i) before[i] = bench.counted(static_cast<Counter>(i));
  bench.rig->advance(kTicksPerSecond / 8);  // answers are limited in their rate
  bench.receive(packet);
  for (int turn = 0; turn < 2; ++turn) bench.worker.turn();
  std::string fate;
  for (size_t i = 0; i < kCounterCount; ++i) {
    const uint64_t grown = bench.counted(static_cast<Counter>(i)) - before[i];
    if (grown == 0 || !is_fate(kCounterNames[i])) continue;
    fate += (fate.empty() ? "" : "+") + std::string(kCounterNames[i]) + (grown == 1 ? "" : " " + std::to_string(grown));
  }
  return fate;
}

}  // namespace

TEST_CASE("corpus: each packet moves the counter that it must, and no other") {
  const std::vector<Case> cases = read_cases();
  CHECK(cases.size() >= kLeastCases);
  std::unique_ptr<WorkerRig> bench;
  for (const auto& [fate, is_sequel, packet, name] : cases) {
    CAPTURE(name);
    if (!is_sequel) {
      bench = std::make_unique<WorkerRig>();
      add_services(*bench->rig);
    }
    CHECK(fate_of(*bench, packet) == fate);
    // A connection that it begins is there for those that come after it.
    for (const UpcallRequest& request : bench->requests()) bench->answer(request, request.family == 6 ? 1 : 0);
    for (int turn = 0; turn < 2; ++turn) bench->worker.turn();
    CHECK(bench->rig->connections().size() == (bench->counted(Counter::upcalls) != 0 ? 1 : 0));
  }
}

}  // namespace uipvs::test
