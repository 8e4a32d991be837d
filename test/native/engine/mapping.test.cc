#include "engine/mapping.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "engine/engine.h"

namespace uipvs::test {

TEST_CASE("mapping: memory is zeroed, of the size asked for, and may be larger than what is there") {
  Mapping shared, anonymous, vast;
  REQUIRE(shared.map_shared("uipvs-test", 10000) == 0);
  REQUIRE(anonymous.map_anonymous(10000) == 0);
  for (const Mapping* mapping : {&shared, &anonymous}) {
    CHECK(mapping->bytes().size() == 10000);
    CHECK(std::all_of(mapping->bytes().begin(), mapping->bytes().end(), [](std::byte b) { return b == std::byte{0}; }));
    mapping->bytes()[9999] = std::byte{1};
  }
  CHECK(vast.map_shared("uipvs-test", size_t{1} << 38) == 0);
}

TEST_CASE("engine: is made without a device, with lanes and counters that start at nothing") {
  Engine engine;
  const char* failed_call = "";
  REQUIRE(engine.create({1000, 10, 20}, failed_call) == 0);
  CHECK(engine.lane_memory().size() == Engine::kLanes * 20 * sizeof(DestinationLane));
  // A block for what is counted in common, and one a worker.
  CHECK(engine.counter_memory().size() == 2 * sizeof(WorkerCounters));
  CHECK(engine.ring_memory().size() == sizeof(WorkerRings));
  CHECK(engine.table().capacity() == 1000);
  CHECK(engine.table().live() == 0);
  auto* const lanes = reinterpret_cast<DestinationLane*>(engine.lane_memory().data());
  lanes[19].connections = 5;
  lanes[20 + 19].active = 6;
  lanes[20 + 18].active = 7;
  engine.clear_destination(19);
  CHECK(lanes[19].connections == 0);
  CHECK(lanes[20 + 19].active == 0);
  CHECK(lanes[20 + 18].active == 7);
  engine.stop();
  engine.stop();
}

}  // namespace uipvs::test
