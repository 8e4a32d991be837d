#include "core/room.h"

#include <doctest/doctest.h>
#include <sys/mman.h>

#include <string>

#include "core/connection_table.h"
#include "engine/mapping.h"
#include "support/rig.h"

namespace uipvs::test {
namespace {

constexpr uint32_t kCapacity = 100'000;

// Memory that cannot be touched before it is granted, as that of a file on a full file system cannot.
class Guarded : public Room {
 public:
  Guarded() {
    REQUIRE(mapping_.map_anonymous(ConnectionTable::memory_bytes(kCapacity)) == 0);
    const size_t kept = ConnectionTable::kept_bytes(kCapacity);
    protect(ConnectionTable::kPageBytes, kept - ConnectionTable::kPageBytes, PROT_NONE);
    table.format(mapping_.bytes(), kCapacity, {3, 4}, {}, this);
  }

  bool take(size_t offset, size_t bytes) override {
    if (bytes > free_bytes) return false;
    free_bytes -= bytes;
    protect(offset, bytes, PROT_READ | PROT_WRITE);
    return true;
  }

  CreateError create(uint32_t number, Family family, uint16_t flags = 0, const std::string& call_id = {}) {
    NewConnection fresh;
    fresh.flags = flags;
    fresh.call_id = {reinterpret_cast<const uint8_t*>(call_id.data()), call_id.size()};
    fresh.ends = {family, kProtocolTcp, static_cast<uint16_t>(number), 80, 8080, {{1 + (number >> 16)}}, kVip, kReal};
    ConnectionId id = 0;
    Found clash;
    return table.create(fresh, id, clash);
  }

  ConnectionTable table;
  size_t free_bytes = 0;

 private:
  void protect(size_t offset, size_t bytes, int rights) {
    REQUIRE(::mprotect(mapping_.bytes().data() + offset, bytes, rights) == 0);
  }

  Mapping mapping_;
};

constexpr size_t kStep = size_t{1} << 20;

}  // namespace

TEST_CASE("room: without any the table is full, and nothing is touched") {
  Guarded guarded;
  CHECK(guarded.create(1, Family::ipv4) == CreateError::full);
  CHECK(guarded.create(1, Family::ipv6) == CreateError::full);
  CHECK(guarded.table.live() == 0);
}

TEST_CASE("room: the table is full where the room ends, what is there goes on, and with more room there are more") {
  Guarded guarded;
  guarded.free_bytes = kStep;
  uint32_t made = 0;
  while (guarded.create(made, Family::ipv4) == CreateError::none) ++made;
  // Slot 0 is never used.
  CHECK(made == kStep / sizeof(ConnectionRecord4) - 1);
  CHECK(guarded.table.live() == made);
  CHECK(guarded.create(1, Family::ipv6) == CreateError::full);

  // What is given up can be used again.
  const ConnectionId some = guarded.table.at(made / 2);
  guarded.table.remove(some);
  CHECK(guarded.create(made, Family::ipv4) == CreateError::none);
  CHECK(guarded.create(made + 1, Family::ipv4) == CreateError::full);

  guarded.free_bytes = 100 * kStep;
  for (uint32_t number = made + 1; number < kCapacity; ++number) {
    REQUIRE(guarded.create(number, Family::ipv4) == CreateError::none);
  }
  CHECK(guarded.table.live() == kCapacity - 1);
}

TEST_CASE("room: a record whose sequence record or Call-ID finds none is given back") {
  for (const bool is_call : {false, true}) {
    CAPTURE(is_call);
    const uint16_t flags = is_call ? kConnectionTemplate : kConnectionProxy;
    const auto create = [&](Guarded& guarded, uint32_t number) {
      return guarded.create(number, Family::ipv4, flags, is_call ? "call" + std::to_string(number) : "");
    };
    Guarded guarded;
    guarded.free_bytes = kStep;
    CHECK(create(guarded, 1) == CreateError::full);
    CHECK(guarded.table.live() == 0);
    CHECK(guarded.create(1, Family::ipv4) == CreateError::none);
    guarded.free_bytes = kStep;
    CHECK(create(guarded, 2) == CreateError::none);
    CHECK(guarded.table.live() == 2);
  }
}

}  // namespace uipvs::test
