// Copies of ICMP errors that the kernel has taken: which are none of ours, and what is changed at random.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

#include "support/kept_error.h"
#include "support/random.h"
#include "support/slow_checksum.h"

namespace uipvs::test {

TEST_CASE("kept error: one that may go no further leaves no trace") {
  const auto [rig, to_server] = connect(true);
  for (const uint8_t hop_limit : {0, 1}) {
    MemoryPacket error = error_about(to_server);
    error.bytes[kHopLimit] = hop_limit;
    CHECK(leaves_no_trace(*rig, error));
  }
}

TEST_CASE("kept error: one about a packet of nobody's leaves no trace") {
  const auto [rig, to_server] = connect(true);
  using Change = std::function<void(FiveTuple&)>;
  const std::vector<Change> changes = {
      [](FiveTuple& tuple) { ++tuple.source_port; },           [](FiveTuple& tuple) { ++tuple.destination_port; },
      [](FiveTuple& tuple) { tuple.protocol = kProtocolUdp; }, [](FiveTuple& tuple) { tuple.source = kRouter6; },
      [](FiveTuple& tuple) { tuple.destination = kRouter6; },  [](FiveTuple& tuple) { tuple = tuple.reversed(); },
  };
  for (const FiveTuple& about : {to_server, kTcpIn.reversed()}) {
    for (const Change& change : changes) {
      FiveTuple other = about;
      change(other);
      CHECK(leaves_no_trace(*rig, error_about(other)));
    }
  }
}

TEST_CASE("kept error: with schedule_icmp one about no connection, but to a service, is scheduled; no other is") {
  for (const FiveTuple& tuple : kAllIn) {
    auto rig = make_rig();
    FiveTuple about = tuple.reversed();
    CHECK(leaves_no_trace(*rig, error_about(about)));
    rig->directory.policy.schedule_icmp = true;
    HeldPacket held(error_about(about));
    PacketView view;
    CHECK(rig->pipeline.process_kept_error(held.packet, view).action == Action::upcall);
    CHECK(view.tuple == tuple);
    about.source_port ^= 0x4000;
    CHECK(leaves_no_trace(*rig, error_about(about)));
    CHECK(leaves_no_trace(*rig, error_about(tuple)));
  }
}

TEST_CASE("kept error: one to another than who sent the packet that it quotes leaves no trace") {
  const auto [rig, to_server] = connect(true);
  for (const Address& other : {kVip6, kClient6, kReal6, kRouter6}) {
    CHECK(leaves_no_trace(*rig, build_icmp(Family::ipv6, kRouter6, other, 2, 0, quote(to_server), 1300)));
  }
}

TEST_CASE("kept error: one from no single host leaves no trace") {
  const auto [rig, to_server] = connect(true);
  for (const Address& source : {Address{}, Address{{0, 0, 0, 1}}, Address{{0xff020000, 0, 0, 1}}}) {
    CHECK(leaves_no_trace(*rig, error_about(to_server, source)));
  }
}

TEST_CASE("kept error: one about a connection whose time is over leaves no trace") {
  const auto [rig, to_server] = connect(true);
  rig->advance(60 * kTicksPerSecond - 1);
  CHECK(take(*rig, error_about(to_server)).action == Action::transmit);
  rig->advance(1);
  CHECK(leaves_no_trace(*rig, error_about(to_server)));
}

TEST_CASE("kept error: neighbour discovery, pings and all that is no error leave no trace") {
  const auto [rig, to_server] = connect(true);
  for (uint32_t type = 128; type < 256; ++type) {
    CAPTURE(type);
    const auto packet = build_icmp(Family::ipv6, kRouter6, kDirector6, static_cast<uint8_t>(type), 0, quote(to_server));
    REQUIRE(leaves_no_trace(*rig, packet));
  }
  CHECK(leaves_no_trace(*rig, tcp_segment(to_server.reversed(), kTcpAck)));
}

TEST_CASE("kept error: one that is cut short anywhere leaves no trace, nor does one with a wrong checksum") {
  const auto [rig, to_server] = connect(true);
  const MemoryPacket whole = error_about(to_server);
  for (size_t bytes = 0; bytes < whole.bytes.size(); ++bytes) {
    MemoryPacket part = whole;
    part.bytes.resize(bytes);
    REQUIRE(leaves_no_trace(*rig, part));
  }
  const std::vector<uint8_t> quoted = quote(to_server);
  for (size_t bytes = 0; bytes < quoted.size(); ++bytes) {
    const std::vector<uint8_t> part(quoted.begin(), quoted.begin() + static_cast<ptrdiff_t>(bytes));
    REQUIRE(leaves_no_trace(*rig, build_icmp(Family::ipv6, kRouter6, kDirector6, 1, 4, part)));
  }
  for (size_t at = 40; at < whole.bytes.size(); ++at) {
    MemoryPacket damaged = whole;
    damaged.bytes[at] ^= 0x20;
    REQUIRE(leaves_no_trace(*rig, damaged));
  }
}

TEST_CASE("kept error: what is changed at random is ignored, or translated whole, and no connection comes or goes") {
  Random random(test_seed());
  const auto [rig, to_server] = connect(true);
  int translated = 0;
  for (int round = 0; round < 20000; ++round) {
    const FiveTuple about = random.one_in(2) ? to_server : kTcpIn.reversed();
    std::vector<uint8_t> quoted = quote(about, 40 + random.below(100));
    for (uint32_t edits = random.below(3); edits != 0; --edits)
      quoted[random.below(static_cast<uint32_t>(quoted.size()))] = static_cast<uint8_t>(random.word());
    const uint8_t type = static_cast<uint8_t>(random.below(6));
    const auto packet =
        build_icmp(Family::ipv6, kRouter6, about.source, type, 0, quoted, static_cast<uint32_t>(random.word()));
    const Kept kept = take(*rig, packet);
    REQUIRE(kept.packet.bytes.size() == packet.bytes.size());
    if (kept.action == Action::transmit) {
      ++translated;
      REQUIRE(transport_checksum(kept.packet) == ChecksumState::right);
    } else {
      REQUIRE(kept.action == Action::ignore);
      REQUIRE(kept.packet.bytes == packet.bytes);
    }
  }
  CHECK(translated > 1000);
  CHECK(rig->table.live() == 1);
  CHECK(rig->dropped() == 0);
}

}  // namespace uipvs::test
