// Copies of ICMP errors that the kernel has taken: which of them are ours.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <functional>

#include "core/icmp.h"
#include "support/random.h"
#include "support/rig.h"
#include "support/slow_checksum.h"

namespace uipvs::test {
namespace {

const Address kDirector6 = address6(0x201);
const Address kDirector = address4(10, 0, 2, 1);
const Address kRouter = address4(10, 0, 9, 9);
const Address kRouter6 = address6(0x999);
const FiveTuple kTcpIn = client_tuple6(kProtocolTcp);
const std::array<FiveTuple, 4> kAllIn = {client_tuple(kProtocolTcp), client_tuple(kProtocolUdp),
                                         client_tuple6(kProtocolTcp), client_tuple6(kProtocolUdp)};
constexpr size_t kHopLimit = 7, kHopLimit4 = 8;

struct Kept {
  Action action = Action::drop;
  MemoryPacket packet;
};

Kept take(Rig& rig, const MemoryPacket& packet) {
  HeldPacket held(packet);
  PacketView view;
  const Decision decision = rig.pipeline.process_kept_error(held.packet, view);
  return {decision.action, held.copy()};
}

std::vector<uint64_t> all_counted(const Rig& rig) {
  std::vector<uint64_t> all;
  for (const auto& cell : rig.counters.cells) all.push_back(cell.load());
  return all;
}

// Neither treated nor counted, and not a byte of it changed.
bool leaves_no_trace(Rig& rig, const MemoryPacket& packet) {
  const auto before = all_counted(rig);
  const Kept kept = take(rig, packet);
  return kept.action == Action::ignore && kept.packet.bytes == packet.bytes && all_counted(rig) == before;
}

std::vector<uint8_t> quote(const FiveTuple& tuple, size_t bytes = 48) {
  MemoryPacket packet = tuple.protocol == kProtocolTcp ? tcp_segment(tuple, kTcpAck, 100) : udp_datagram(tuple, 100);
  packet.bytes.resize(bytes);
  return packet.bytes;
}

// Packet too big, from a router to who sent `about`.
MemoryPacket error_about(const FiveTuple& about, const Address& from = kRouter6) {
  if (about.family == Family::ipv4)
    return build_icmp(Family::ipv4, kRouter, about.source, 3, 4, quote(about, 28), 1300);
  return build_icmp(Family::ipv6, from, about.source, 2, 0, quote(about), 1300);
}

FiveTuple quoted_tuple(const MemoryPacket& error) {
  const HeldPacket held(error);
  PacketView view, quoted;
  REQUIRE(parse_packet(held.packet, view) == ParseError::none);
  REQUIRE(parse_icmp_error(held.packet, view, quoted));
  return quoted.tuple;
}

// A rig with a connection of the client; the tuple of its packets to the real server.
struct Connected {
  std::unique_ptr<Rig> rig;
  FiveTuple to_server;
};

Connected connect(bool is_masqueraded, const FiveTuple& tuple = kTcpIn) {
  Connected made{make_rig(), {}};
  Rig& rig = *made.rig;
  rig.directory.masquerade_first_port = 61000;
  rig.directory.masquerade_last_port = 61999;
  const bool is_v4 = tuple.family == Family::ipv4;
  const uint32_t destination = is_v4 ? 0 : 1;
  rig.directory.destinations[destination].source.store(is_v4 ? kDirector : kDirector6);
  for (const uint32_t service : {0u, 1u, 2u, 3u}) {
    if (is_masqueraded) rig.directory.service_entries[service].flags = kServiceMasquerade;
    rig.directory.vip_is_local[service] = true;
  }
  rig.next_destination = destination;
  const Fed fed = rig.feed(tuple.protocol == kProtocolTcp ? tcp_segment(tuple, kTcpSyn) : udp_datagram(tuple));
  REQUIRE(fed.action == Action::transmit);
  made.to_server = tuple_of(fed.packet);
  return made;
}

}  // namespace

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
