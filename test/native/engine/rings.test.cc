#include "engine/rings.h"

#include <doctest/doctest.h>

#include <cstddef>
#include <memory>

namespace uipvs::test {

TEST_CASE("rings: the layout is the one that TypeScript reads") {
  using Requests = Ring<UpcallRequest>;
  using Verdicts = Ring<Verdict>;
  CHECK(offsetof(Requests, head) == 0);
  CHECK(offsetof(Requests, tail) == 64);
  CHECK(offsetof(Requests, doorbell) == 128);
  CHECK(offsetof(Requests, entries) == 192);
  CHECK(offsetof(Verdicts, entries) == 192);
  CHECK(offsetof(WorkerRings, verdicts) == sizeof(Requests));
  CHECK(sizeof(WorkerRings) == (48 + 16 * 4096 + 48 + 2 * 4096) * 4);
  CHECK(offsetof(UpcallRequest, ticket) == 0);
  CHECK(offsetof(UpcallRequest, service_id) == 4);
  CHECK(offsetof(UpcallRequest, family) == 8);
  CHECK(offsetof(UpcallRequest, protocol) == 9);
  CHECK(offsetof(UpcallRequest, source_port) == 12);
  CHECK(offsetof(UpcallRequest, destination_port) == 14);
  CHECK(offsetof(UpcallRequest, source) == 16);
  CHECK(offsetof(UpcallRequest, destination) == 32);
  CHECK(offsetof(UpcallRequest, posted_ns) == 48);
}

TEST_CASE("rings: give back in order, tell full and empty apart, and run across the wrap of the indices") {
  const auto ring = std::make_unique<Ring<Verdict>>();
  ring->head = 0xffffffff - 100;
  ring->tail = 0xffffffff - 100;
  for (int turn = 0; turn < 3; ++turn) {
    Verdict verdict{};
    CHECK(ring->is_empty());
    CHECK_FALSE(ring->pop(verdict));
    for (uint32_t i = 0; i < kRingEntries; ++i) REQUIRE(ring->push({i, static_cast<int32_t>(i) - 7}));
    CHECK_FALSE(ring->push({0, 0}));
    CHECK_FALSE(ring->is_empty());
    for (uint32_t i = 0; i < kRingEntries; ++i) {
      REQUIRE(ring->pop(verdict));
      REQUIRE(verdict.ticket == i);
      REQUIRE(verdict.destination_id == static_cast<int32_t>(i) - 7);
    }
  }
}

}  // namespace uipvs::test
