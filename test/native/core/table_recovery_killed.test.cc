// A process that ends at any instruction of the taking over of a table: whoever takes over next has what it would have had.
#include <doctest/doctest.h>

#include <algorithm>

#include "core/table_recovery.h"
#include "support/connection_model.h"
#include "support/recovery_rig.h"
#include "support/table_check.h"

namespace uipvs::test {
namespace {

// As few as there can be: the memory is copied after every store.
constexpr uint32_t kFew = 24;
std::unique_ptr<Rig> make_small() { return make_varied_rig(kFew); }

// With a real server that is no longer there.
std::unique_ptr<Rig> make_without_one() {
  auto rig = make_small();
  rig->directory.destinations[1].is_known = false;
  return rig;
}

ConnectionHead& head_of(Rig& rig, const FiveTuple& tuple) { return *rig.table.find(tuple, rig.table.hash(tuple)).head; }

struct Story {
  const char* what;
  MakeRig make;         // of whoever takes over
  void (*spoil)(Rig&);  // what the dead one left, after a connection of each kind has come
  uint32_t least_dropped;
};

const Story kStories[] = {
    {"all go on", make_small, [](Rig&) {}, 0},
    {"some have expired", make_small, [](Rig& rig) { rig.advance(100 * kTicksPerSecond); }, 3},
    {"all but templates have expired", make_small, [](Rig& rig) { rig.advance(1000 * kTicksPerSecond); }, 8},
    {"all have expired", make_small, [](Rig& rig) { rig.advance(30000 * kTicksPerSecond); }, 13},
    {"a real server is not there any more", make_without_one, [](Rig&) {}, 2},
    {"some are broken", make_small,
     [](Rig& rig) {
       ++head_of(rig, tcp_tuple(80)).client_port;
       head_of(rig, tcp_tuple(82)).flags = 0x40;
       head_of(rig, client_tuple(kProtocolUdp)).state = 99;
     },
     3},
    {"a template is no longer valid", make_small,
     [](Rig& rig) {
       rig.set_available(0, false);
       rig.next_destination = -1;
       rig.feed(tcp_segment(client_tuple(kProtocolTcp, 7, 81), kTcpSyn));
     },
     0},
    {"a template's ports are half overwritten", make_small,
     [](Rig& rig) {
       rig.set_available(0, false);
       rig.next_destination = -1;
       rig.feed(tcp_segment(client_tuple(kProtocolTcp, 7, 81), kTcpSyn));
       for (uint32_t index = 0; index < rig.table.high_water(); ++index) {
         const ConnectionId id = rig.table.at(index);
         if (id == 0) continue;
         ConnectionHead& record = rig.table.head(id);
         if ((record.flags & kConnectionInvalid) != 0) record.virtual_port = 81;
       }
     },
     0},
};

// In any order: ends, destination, state and flags.
void require_same(const Rig& left, const Rig& right) {
  const auto before = left.connections(), after = right.connections();
  REQUIRE(before.size() == after.size());
  for (const auto& one : before) {
    const bool is_there = std::any_of(after.begin(), after.end(), [&](const auto& other) {
      return same_ends(one.ends, other.ends) && one.destination_id == other.destination_id &&
             one.state == other.state && one.flags == other.flags && one.expires == other.expires;
    });
    CHECK(is_there);
  }
}

void take_over(Rig& rig) {
  const auto memory = rig.memory.bytes();
  if (rig.table.resume(memory, rig.table.capacity(), {}) != ConnectionTable::Mismatch::none) return;
  TableRecovery(rig.table, rig.directory, rig.lanes_of(1), rig.now).run();
}

}  // namespace

TEST_CASE("recovery: a process may end at any instruction of the recovery itself") {
  for (const Story& story : kStories) {
    CAPTURE(story.what);
    const auto dead = make_small();
    begin_all(*dead);
    const uint32_t live = dead->table.live();
    story.spoil(*dead);
    const Restarted whole = restart(*dead, story.make);
    REQUIRE(whole.mismatch == ConnectionTable::Mismatch::none);
    const RecoveryReport& report = whole.report;
    CHECK(report.broken + report.homeless + report.expired >= story.least_dropped);
    CHECK(report.broken + report.homeless + report.expired + report.connections == live);

    const auto killed = story.make();
    killed->now = dead->now;
    const auto kept = kept_memory(*dead);
    std::copy(kept.begin(), kept.end(), killed->memory.bytes().begin());
    const auto states = states_during(*killed, take_over);
#ifdef __x86_64__
    CHECK(states.size() > story.least_dropped);
#else
    MESSAGE("skipped: instructions are followed on x86-64 only");
#endif
    for (const auto& state : states) {
      const Restarted next = restart(state, dead->now, story.make);
      REQUIRE(next.mismatch == ConnectionTable::Mismatch::none);
      // What is dropped is dropped for the same reason, before or after; nothing that goes on is taken for broken.
      CHECK(next.report.connections == report.connections);
      CHECK(next.report.broken <= report.broken);
      const char* const disagreement = find_disagreement(*next.rig);
      CHECK_MESSAGE(disagreement == nullptr, (disagreement != nullptr ? disagreement : ""));
      require_same(*whole.rig, *next.rig);
      for (uint32_t id = 0; id < 3; ++id) {
        CHECK(next.rig->active(id) == whole.rig->active(id));
        CHECK(next.rig->inactive(id) == whole.rig->inactive(id));
        CHECK(next.rig->persistent(id) == whole.rig->persistent(id));
      }
    }
  }
}

}  // namespace uipvs::test
