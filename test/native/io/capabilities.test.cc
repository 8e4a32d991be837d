#include "io/capabilities.h"

#include <doctest/doctest.h>
#include <linux/capability.h>

#include <cerrno>
#include <thread>
#include <vector>

namespace uipvs::test {
namespace {

constexpr CapabilitySet kAdmin = CapabilitySet{1} << CAP_NET_ADMIN;
constexpr CapabilitySet kBoth = kAdmin | CapabilitySet{1} << CAP_NET_RAW;

// Of a new thread, after `task` on it: capabilities that it has given up are its own affair.
template <typename Task>
ThreadRights rights_after(Task task) {
  ThreadRights found;
  std::thread([&] {
    task();
    REQUIRE(read_own_rights(found) == 0);
  }).join();
  return found;
}

ThreadRights rights_now() {
  return rights_after([] {});
}

}  // namespace

TEST_CASE(
    "capabilities: a limited thread has of what is kept what it had, and nothing is handed on to programs of root") {
  const ThreadRights before = rights_now();
  const ThreadRights after = rights_after([] { CHECK(limit_capabilities(kBoth) == 0); });
  CHECK(after.permitted == (before.permitted & kBoth));
  CHECK(after.effective == after.permitted);
  CHECK(after.inheritable == (has_rights_of_root() ? 0 : after.permitted));
  CHECK(after.ambient == after.inheritable);
  CHECK(after.bounding == before.bounding);
}

TEST_CASE("capabilities: what was given up does not come back") {
  const ThreadRights before = rights_now();
  const ThreadRights after = rights_after([] {
    CHECK(limit_capabilities(kAdmin) == 0);
    CHECK(limit_capabilities(kBoth) == 0);
  });
  CHECK(after.permitted == (before.permitted & kAdmin));
}

TEST_CASE("capabilities: other threads keep theirs, and all are seen") {
  const ThreadRights before = rights_now();
  std::vector<ThreadRights> threads;
  std::thread([&] {
    REQUIRE(limit_capabilities(kAdmin) == 0);
    REQUIRE(read_rights(threads) == 0);
  }).join();
  REQUIRE(threads.size() >= 2);
  CHECK(threads[0].permitted == before.permitted);
  CHECK(threads.back().permitted == (before.permitted & kAdmin));
}

TEST_CASE("capabilities: the bounding set is limited with CAP_SETPCAP, and is as it was without") {
  const ThreadRights before = rights_now();
  const bool may = (before.effective >> CAP_SETPCAP & 1) != 0;
  int outcome = 0;
  const ThreadRights after = rights_after([&] { outcome = limit_bounding_set(kBoth); });
  CHECK(outcome == (may || (before.bounding & ~kBoth) == 0 ? 0 : -EPERM));
  CHECK(after.bounding == (may ? before.bounding & kBoth : before.bounding));
  const ThreadRights without = rights_after([&] {
    REQUIRE(limit_capabilities(kAdmin) == 0);
    outcome = limit_bounding_set(kBoth);
  });
  CHECK(outcome == ((before.bounding & ~kBoth) == 0 ? 0 : -EPERM));
  CHECK(without.bounding == before.bounding);
}

}  // namespace uipvs::test
