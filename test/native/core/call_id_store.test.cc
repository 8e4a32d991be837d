#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/call_id_store.h"
#include "support/random.h"
#include "support/rig.h"

namespace uipvs::test {
namespace {

constexpr uint32_t kCapacity = 50;

std::span<const uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string text_in(const CallIdStore& store, uint32_t cell) {
  CallId call_id;
  store.read(cell, call_id);
  return {reinterpret_cast<const char*>(call_id.text), call_id.bytes};
}

}  // namespace

TEST_CASE("Call-ID store: each cell holds its text, of every length, and no other") {
  TableMemory memory(16384);
  REQUIRE(CallIdStore::memory_bytes(kCapacity) <= memory.bytes().size());
  CallIdStore store;
  store.format(memory.bytes().data());
  for (const size_t length : {1, 2, 3, 4, 7, 8, 254, 255}) {
    const std::string text(length, static_cast<char>('a' + length % 26));
    const uint32_t cell = store.take(bytes_of(text));
    CHECK(cell != 0);
    CHECK(text_in(store, cell) == text);
    CHECK(store.holds(cell, bytes_of(text)));
    CHECK_FALSE(store.holds(cell, bytes_of(text.substr(1))));
    CHECK_FALSE(store.holds(cell, bytes_of(text.substr(1) + "!")));
    CHECK_FALSE(store.holds(cell, {}));
  }
  CHECK(text_in(store, 0).empty());
  CHECK(store.holds(0, {}));
}

TEST_CASE("Call-ID store: cells come back, and no more are used than were at once") {
  TableMemory memory(16384);
  CallIdStore store;
  store.format(memory.bytes().data());
  Random random(test_seed());
  std::vector<std::pair<uint32_t, std::string>> held;
  for (int step = 0; step < 5000; ++step) {
    if (held.size() < kCapacity && (held.empty() || random.below(2) == 0)) {
      const std::string text = std::to_string(step) + std::string(random.below(200), 'x');
      const uint32_t cell = store.take(bytes_of(text));
      REQUIRE(cell >= 1);
      REQUIRE(cell <= kCapacity);
      held.emplace_back(cell, text);
    } else {
      const size_t at = random.below(static_cast<uint32_t>(held.size()));
      store.give(held[at].first);
      held.erase(held.begin() + static_cast<std::ptrdiff_t>(at));
    }
    for (const auto& [cell, text] : held) REQUIRE(store.holds(cell, bytes_of(text)));
  }
}

}  // namespace uipvs::test
