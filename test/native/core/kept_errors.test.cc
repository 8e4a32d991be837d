// Copies of ICMP errors that the kernel has taken: what becomes of those that are ours.
#include <doctest/doctest.h>

#include "support/kept_error.h"
#include "support/slow_checksum.h"

namespace uipvs::test {

TEST_CASE("kept error: one to a masquerading address reaches the client as one about its packet to the VIP") {
  for (const FiveTuple& tuple : kAllIn) {
    CAPTURE(tuple.protocol);
    const auto [rig, to_server] = connect(true, tuple);
    const bool is_v4 = tuple.family == Family::ipv4;
    REQUIRE(to_server.source == (is_v4 ? kDirector : kDirector6));
    const Kept kept = take(*rig, error_about(to_server));
    REQUIRE(kept.action == Action::transmit);
    CHECK(header_checksum(kept.packet) == ChecksumState::right);
    CHECK(transport_checksum(kept.packet) == ChecksumState::right);
    CHECK(tuple_of(kept.packet).source == tuple.destination);
    CHECK(tuple_of(kept.packet).destination == tuple.source);
    CHECK(quoted_tuple(kept.packet) == tuple);
    CHECK(rig->worker_lane(is_v4 ? 0 : 1).out_packets == 1);
    CHECK(rig->counted(Counter::translated_packets) == 2);
  }
}

TEST_CASE("kept error: one to a VIP of the host reaches the real server as one about its own packet") {
  for (const FiveTuple& tuple : kAllIn) {
    for (const bool is_masqueraded : {false, true}) {
      CAPTURE(is_masqueraded);
      const auto [rig, to_server] = connect(is_masqueraded, tuple);
      const bool is_v4 = tuple.family == Family::ipv4;
      const Kept kept = take(*rig, error_about(tuple.reversed()));
      REQUIRE(kept.action == Action::transmit);
      CHECK(header_checksum(kept.packet) == ChecksumState::right);
      CHECK(transport_checksum(kept.packet) == ChecksumState::right);
      const Address router = is_v4 ? kRouter : kRouter6, director = is_v4 ? kDirector : kDirector6;
      CHECK(tuple_of(kept.packet).source == (is_masqueraded ? director : router));
      CHECK(tuple_of(kept.packet).destination == to_server.destination);
      CHECK(quoted_tuple(kept.packet) == to_server.reversed());
      CHECK(rig->worker_lane(is_v4 ? 0 : 1).in_packets == 2);
    }
  }
}

TEST_CASE("kept error: one to a client on the director itself comes to it as one about its packet to the VIP") {
  const auto [rig, to_server] = connect(false);
  REQUIRE(to_server.source == kClient6);
  const Kept kept = take(*rig, error_about(to_server));
  REQUIRE(kept.action == Action::transmit);
  CHECK(tuple_of(kept.packet).source == kVip6);
  CHECK(tuple_of(kept.packet).destination == kClient6);
  CHECK(quoted_tuple(kept.packet) == kTcpIn);
}

TEST_CASE("kept error: a neighbour that speaks from its link's address is heard, and the VIP speaks for it") {
  const auto [rig, to_server] = connect(false);
  const Address link_local{{0xfe800000, 0, 0, 1}};
  const Kept kept = take(*rig, error_about(kTcpIn.reversed(), link_local));
  REQUIRE(kept.action == Action::transmit);
  CHECK(tuple_of(kept.packet).source == kVip6);
  CHECK(tuple_of(kept.packet).destination == kReal6);
  CHECK(transport_checksum(kept.packet) == ChecksumState::right);
}

TEST_CASE("kept error: what has been translated is not ours once more") {
  for (const FiveTuple& tuple : kAllIn) {
    for (const bool is_masqueraded : {false, true}) {
      const auto [rig, to_server] = connect(is_masqueraded, tuple);
      for (const FiveTuple& about : {to_server, tuple.reversed()}) {
        const Kept kept = take(*rig, error_about(about));
        REQUIRE(kept.action == Action::transmit);
        CHECK(leaves_no_trace(*rig, kept.packet));
      }
    }
  }
}

TEST_CASE(
    "kept error: its hop limit stays, for who sends it takes one; where a VIP is a real server it loses one more") {
  for (const FiveTuple& tuple : {client_tuple(kProtocolTcp), kTcpIn}) {
    const size_t at = tuple.family == Family::ipv4 ? kHopLimit4 : kHopLimit;
    for (const bool restores : {true, false}) {
      for (const uint8_t hop_limit : {uint8_t{2}, uint8_t{64}, uint8_t{255}}) {
        const auto [rig, to_server] = connect(true, tuple);
        rig->directory.restores_hop_limit = restores;
        MemoryPacket error = error_about(to_server);
        error.bytes[at] = hop_limit;
        if (tuple.family == Family::ipv4) repair_header_checksum(error.bytes);
        const Kept kept = take(*rig, error);
        REQUIRE(kept.action == Action::transmit);
        CHECK(kept.packet.bytes[at] == hop_limit - (restores ? 0 : 1));
        CHECK(header_checksum(kept.packet) == ChecksumState::right);
      }
    }
  }
}

}  // namespace uipvs::test
