#include "engine/rings.h"

#include <doctest/doctest.h>

#include <memory>
#include <thread>

namespace uipvs::test {

TEST_CASE("threads: a ring hands over every entry once, whole and in order") {
  constexpr uint32_t kEntries = 300000;
  const auto ring = std::make_unique<Ring<UpcallRequest>>();
  std::thread producer([&] {
    for (uint32_t i = 0; i < kEntries;) {
      UpcallRequest request{};
      request.ticket = i;
      request.destination[3] = ~i;
      request.posted_ns = uint64_t{i} << 32 | i;
      if (ring->push(request)) {
        ++i;
      } else {
        std::this_thread::yield();
      }
    }
  });
  uint32_t wrong = 0;
  for (uint32_t i = 0; i < kEntries;) {
    UpcallRequest request;
    if (!ring->pop(request)) {
      std::this_thread::yield();
      continue;
    }
    wrong += request.ticket != i || request.destination[3] != ~i || request.posted_ns != (uint64_t{i} << 32 | i);
    ++i;
  }
  producer.join();
  CHECK(wrong == 0);
  CHECK(ring->is_empty());
}

}  // namespace uipvs::test
