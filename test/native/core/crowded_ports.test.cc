#include "core/crowded_ports.h"

#include <doctest/doctest.h>

#include <set>

#include "support/packet_builder.h"
#include "support/random.h"

namespace uipvs::test {
namespace {

constexpr HashSecret kSecret{1, 2};

FiveTuple way_back(uint16_t port = 0, uint8_t last = 1) {
  return {Family::ipv4, kProtocolTcp, 80, port, address4(10, 0, 0, 3), address4(10, 0, 0, last)};
}

// What a table would say, and how often it was asked.
struct Asked {
  std::set<uint16_t> taken;
  int times = 0;

  uint16_t find(CrowdedPorts& crowds, const PortRange& range, uint32_t start) {
    return crowds.find_free(way_back(), range, start, [this](uint16_t port) {
      ++times;
      return taken.contains(port);
    });
  }
  void note(CrowdedPorts& crowds, uint16_t port, bool is_taken) {
    if (is_taken) taken.insert(port);
    if (!is_taken) taken.erase(port);
    crowds.note(way_back(port), is_taken);
  }
};

}  // namespace

TEST_CASE("crowded ports: the first free one from the start on, cyclically") {
  const PortRange range{1000, 130};
  Asked asked;
  for (uint16_t port = 1000; port < 1130; ++port) asked.taken.insert(port);
  for (const uint16_t port : {1003, 1063, 1064, 1129}) asked.taken.erase(port);
  CrowdedPorts crowds(kSecret);
  CHECK(asked.find(crowds, range, 0) == 1003);
  CHECK(asked.find(crowds, range, 3) == 1003);
  CHECK(asked.find(crowds, range, 4) == 1063);
  CHECK(asked.find(crowds, range, 64) == 1064);
  CHECK(asked.find(crowds, range, 65) == 1129);
  asked.note(crowds, 1129, true);
  CHECK(asked.find(crowds, range, 65) == 1003);
  CHECK(asked.find(crowds, range, 129) == 1003);
}

TEST_CASE("crowded ports: the table is asked about each port once, and then about none that is taken") {
  const PortRange range{61000, 4535};
  Asked asked;
  for (uint16_t port = 61000; port < 65535; ++port) asked.taken.insert(port);
  CrowdedPorts crowds(kSecret);
  CHECK(asked.find(crowds, range, 17) == 0);
  CHECK(asked.times == 4535);
  for (uint32_t start = 0; start < 1000; ++start) CHECK(asked.find(crowds, range, start) == 0);
  CHECK(asked.times == 4535);
  asked.note(crowds, 64000, false);
  CHECK(asked.find(crowds, range, 17) == 64000);
  CHECK(asked.times == 4536);
}

TEST_CASE("crowded ports: what they name as free is asked of the table") {
  const PortRange range{1000, 100};
  Asked asked;
  for (uint16_t port = 1000; port < 1098; ++port) asked.taken.insert(port);
  CrowdedPorts crowds(kSecret);
  CHECK(asked.find(crowds, range, 0) == 1098);
  // Nobody has told of these.
  asked.taken.insert(1098);
  CHECK(asked.find(crowds, range, 0) == 1099);
  asked.taken.insert(1099);
  CHECK(asked.find(crowds, range, 0) == 0);
}

TEST_CASE("crowded ports: another way back, and a port out of the range, are no matter") {
  const PortRange range{1000, 64};
  Asked asked;
  for (uint16_t port = 1000; port < 1064; ++port) asked.taken.insert(port);
  CrowdedPorts crowds(kSecret);
  CHECK(asked.find(crowds, range, 0) == 0);
  crowds.note(way_back(1005, 2), false);
  crowds.note(way_back(999), false);
  crowds.note(way_back(1064), false);
  const int times = asked.times;
  CHECK(asked.find(crowds, range, 0) == 0);
  CHECK(asked.times == times);
}

TEST_CASE("crowded ports: another range begins anew") {
  Asked asked;
  for (uint16_t port = 1000; port < 1064; ++port) asked.taken.insert(port);
  CrowdedPorts crowds(kSecret);
  CHECK(asked.find(crowds, {1000, 64}, 0) == 0);
  CHECK(asked.find(crowds, {1000, 70}, 0) == 1064);
  CHECK(crowds.size() == 1);
}

TEST_CASE("crowded ports: those that have become sparse are forgotten, even of a few ports") {
  for (const uint16_t count : {3, 64, 1000}) {
    CAPTURE(count);
    Asked asked;
    for (uint16_t port = 1000; port < 1000 + count; ++port) asked.taken.insert(port);
    CrowdedPorts crowds(kSecret);
    CHECK(asked.find(crowds, {1000, count}, 0) == 0);
    crowds.forget_sparse();
    CHECK(crowds.size() == 1);
    for (uint16_t port = 1000; port < 1000 + count; ++port) asked.note(crowds, port, false);
    crowds.forget_sparse();
    CHECK(crowds.is_empty());
  }
}

TEST_CASE("crowded ports: at random, as a search port by port says") {
  const uint64_t seed = test_seed();
  CAPTURE(seed);
  Random random(seed);
  const PortRange range{2000, 1 + random.below(300)};
  Asked asked;
  CrowdedPorts crowds(kSecret);
  for (int step = 0; step < 5000; ++step) {
    const auto port = static_cast<uint16_t>(range.first + random.below(range.count));
    asked.note(crowds, port, !random.one_in(8));
    const uint32_t start = random.below(range.count);
    uint16_t expected = 0;
    for (uint32_t tried = 0; tried < range.count && expected == 0; ++tried) {
      const auto candidate = static_cast<uint16_t>(range.first + (start + tried) % range.count);
      if (!asked.taken.contains(candidate)) expected = candidate;
    }
    REQUIRE(asked.find(crowds, range, start) == expected);
    if (random.one_in(50)) crowds.forget_sparse();
  }
}

}  // namespace uipvs::test
