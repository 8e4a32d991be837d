// Properties of translated ICMP errors, checked by the slow twin; and the one error that IPv4 alone has.
#include <doctest/doctest.h>

#include <algorithm>

#include "core/icmp.h"
#include "core/translate.h"
#include "support/random.h"
#include "support/rig.h"
#include "support/sctp_builder.h"
#include "support/slow_checksum.h"

namespace uipvs::test {
namespace {

constexpr size_t kIcmpBytes = 8;

Address random_address(Random& random, Family family) {
  Address made;
  const int words = family == Family::ipv6 ? 4 : 1;
  for (int i = 0; i < words; ++i) made.words[i] = random.one_in(8) ? 0xffffffff : static_cast<uint32_t>(random.word());
  return made;
}

uint16_t random_port(Random& random) { return static_cast<uint16_t>(random.word()); }

ConnectionEnds random_ends(Random& random) {
  const Family family = random.one_in(2) ? Family::ipv4 : Family::ipv6;
  constexpr uint8_t protocols[] = {kProtocolTcp, kProtocolUdp, kProtocolSctp};
  const auto address = [&] { return random_address(random, family); };
  ConnectionEnds ends{family,
                      protocols[random.below(3)],
                      random_port(random),
                      random_port(random),
                      random_port(random),
                      address(),
                      address(),
                      address()};
  ends.is_masqueraded = random.one_in(2);
  ends.masquerade_port = random_port(random);
  ends.masquerade = address();
  return ends;
}

// What the two sides of the connection call the packet that an error quotes, for either way that the error may go.
struct Quoted {
  FiveTuple before, after;
};
Quoted quoted_of(const ConnectionEnds& ends, Direction direction) {
  const Quoted seen{ends.from_server().reversed(), ends.from_client()};
  return direction == Direction::to_client ? seen : Quoted{ends.from_client().reversed(), ends.from_server()};
}

// The connection whose translation undoes that of `ends`.
ConnectionEnds mirrored(const ConnectionEnds& ends, Direction direction, const Address& complainer) {
  const Quoted quoted = quoted_of(ends, direction);
  ConnectionEnds back;
  back.family = ends.family;
  back.protocol = ends.protocol;
  if (direction == Direction::to_client) {
    back.client = quoted.before.source;
    back.client_port = quoted.before.source_port;
    back.virtual_ = quoted.before.destination;
    back.virtual_port = quoted.before.destination_port;
    return back;
  }
  back.real = quoted.before.source;
  back.real_port = quoted.before.source_port;
  back.client = quoted.before.destination;
  back.client_port = quoted.before.destination_port;
  if (ends.is_masqueraded) {
    // It speaks for the complainer, who must be the client himself to be found again.
    back.is_masqueraded = true;
    back.masquerade = complainer;
    back.masquerade_port = back.client_port;
  }
  return back;
}

MemoryPacket packet_of(Random& random, const FiveTuple& tuple) {
  PacketSpec spec;
  spec.tuple = tuple;
  spec.hop_limit = static_cast<uint8_t>(random.word());
  spec.tcp_flags = static_cast<uint8_t>(random.word());
  spec.payload = random.bytes(16 + random.below(80));
  if (tuple.family == Family::ipv4) spec.ip_options.assign(4 * random.below(11), 1);
  if (tuple.family == Family::ipv6 && random.one_in(3)) {
    spec.first_extension = kProtocolDestinationOptions;
    spec.extensions = {tuple.protocol, 0, 1, 4, 0, 0, 0, 0};
  }
  if (tuple.protocol != kProtocolSctp) return build_packet(spec);
  for (int half = 0; half < 2; ++half) {
    const uint16_t port = half == 0 ? tuple.source_port : tuple.destination_port;
    spec.payload[static_cast<size_t>(2 * half)] = static_cast<uint8_t>(port >> 8);
    spec.payload[static_cast<size_t>(2 * half + 1)] = static_cast<uint8_t>(port);
  }
  return build_packet(spec);
}

// What a router quotes of it: at least eight bytes behind the IP header.
std::vector<uint8_t> cut(Random& random, const MemoryPacket& packet) {
  HeldPacket held(packet);
  PacketView view;
  REQUIRE(parse_packet(held.packet, view) == ParseError::none);
  const uint32_t least = view.transport_offset + 8u;
  std::vector<uint8_t> bytes = packet.bytes;
  bytes.resize(least + random.below(view.length - least + 1));
  return bytes;
}

// Where the quoted packet begins in an error without options or extension headers of its own.
size_t quote_at(const MemoryPacket& error) { return (error.bytes[0] >> 4 == 6 ? 40u : 20u) + kIcmpBytes; }

MemoryPacket translate(const MemoryPacket& error, const ConnectionEnds& ends, Direction direction,
                       const Quoted& expected) {
  HeldPacket held(error);
  PacketView view, quoted;
  REQUIRE(parse_packet(held.packet, view) == ParseError::none);
  REQUIRE(parse_icmp_error(held.packet, view, quoted));
  REQUIRE(quoted.tuple == expected.before);
  translate_icmp_error(held.packet, view, quoted, ends, direction, view.hop_limit);
  const MemoryPacket made = held.copy();
  REQUIRE(header_checksum(made) == ChecksumState::right);
  REQUIRE(transport_checksum(made) == ChecksumState::right);
  REQUIRE(parse_icmp_error(held.packet, view, quoted));
  REQUIRE(quoted.tuple == expected.after);
  return made;
}

// The quoted IP header's, which for IPv6 there is none of.
bool quoted_header_holds(const MemoryPacket& error) {
  const std::span<const uint8_t> quoted = std::span(error.bytes).subspan(quote_at(error));
  return quoted[0] >> 4 == 6 || slow_sum(quoted.first((quoted[0] & 0x0fu) * 4u)) == 0xffff;
}

void connect(Rig& rig) {
  REQUIRE(rig.feed(tcp_segment(client_tuple(kProtocolTcp), kTcpSyn)).action == Action::transmit);
}

}  // namespace

TEST_CASE("icmp identity: an error translated there and back is the error that it was, byte for byte") {
  Random random(test_seed());
  for (int round = 0; round < 20000; ++round) {
    const ConnectionEnds ends = random_ends(random);
    const bool is_v6 = ends.family == Family::ipv6;
    const Direction direction = random.one_in(2) ? Direction::to_client : Direction::to_server;
    const Quoted there = quoted_of(ends, direction);
    const bool is_any = direction == Direction::to_server && !ends.is_masqueraded;
    const Address complainer = is_any ? random_address(random, ends.family) : there.before.destination;
    const std::vector<uint8_t> quoted = cut(random, packet_of(random, there.before));
    const uint8_t type = is_v6 ? static_cast<uint8_t>(1 + random.below(4)) : (random.one_in(2) ? 3 : 11);
    const MemoryPacket error =
        build_icmp(ends.family, complainer, there.before.source, type, static_cast<uint8_t>(random.word()), quoted,
                   static_cast<uint32_t>(random.word()));

    const MemoryPacket made = translate(error, ends, direction, there);
    REQUIRE(quoted_header_holds(made));
    const MemoryPacket again =
        translate(made, mirrored(ends, direction, complainer), direction, {there.after, there.before});
    REQUIRE(again.bytes == error.bytes);
  }
}

TEST_CASE(
    "icmp identity: a translated packet that comes back quoted is the packet that was sent, but for its checksum") {
  Random random(test_seed());
  for (int round = 0; round < 20000; ++round) {
    const ConnectionEnds ends = random_ends(random);
    const Direction direction = random.one_in(2) ? Direction::to_client : Direction::to_server;
    // The error goes to who sent the packet, as `after`.
    const Quoted way = quoted_of(ends, direction);
    const MemoryPacket sent = packet_of(random, way.after);
    HeldPacket held(sent);
    PacketView view;
    REQUIRE(parse_packet(held.packet, view) == ParseError::none);
    const FiveTuple& to = way.before;
    rewrite_packet(held.packet, view, {to.source, to.destination, to.source_port, to.destination_port, view.hop_limit});
    const std::vector<uint8_t> quoted = cut(random, held.copy());
    const bool is_v6 = ends.family == Family::ipv6;
    const MemoryPacket error = build_icmp(ends.family, to.destination, to.source, is_v6 ? 1 : 3, is_v6 ? 4 : 3, quoted);

    const MemoryPacket made = translate(error, ends, direction, way);
    std::vector<uint8_t> expected = sent.bytes;
    expected.resize(quoted.size());
    std::vector<uint8_t> got(made.bytes.begin() + static_cast<ptrdiff_t>(quote_at(made)), made.bytes.end());
    const size_t transport = view.transport_offset;
    const size_t field = ends.protocol == kProtocolTcp ? 16 : ends.protocol == kProtocolUdp ? 6 : 8;
    const size_t width = ends.protocol == kProtocolSctp ? 4 : 2;
    for (std::vector<uint8_t>* bytes : {&expected, &got}) {
      for (size_t at = transport + field; at < std::min(bytes->size(), transport + field + width); ++at)
        (*bytes)[at] = 0;
    }
    REQUIRE(got == expected);
  }
}

TEST_CASE(
    "icmp: a source quench about a packet to the real server reaches the client, one about a reply the real server") {
  constexpr uint8_t kSourceQuench = 4;
  struct Row {
    const char* way;
    FiveTuple about, after;
    Address source, destination;
  };
  const FiveTuple tuple = client_tuple(kProtocolTcp), server = server_tuple(kProtocolTcp);
  for (const Row& row : {Row{"to the client", server.reversed(), tuple, kVip, kClient},
                         Row{"to the real server", tuple.reversed(), server, kStranger, kReal}}) {
    CAPTURE(row.way);
    const auto rig = make_rig();
    connect(*rig);
    std::vector<uint8_t> quoted = tcp_segment(row.about, kTcpAck, 100).bytes;
    quoted.resize(28);
    const MemoryPacket error = build_icmp(Family::ipv4, kStranger, row.about.source, kSourceQuench, 0, quoted);
    const Fed fed = rig->feed(error);
    REQUIRE(fed.action == Action::transmit);
    CHECK(tuple_of(fed.packet).source == row.source);
    CHECK(tuple_of(fed.packet).destination == row.destination);
    CHECK(header_checksum(fed.packet) == ChecksumState::right);
    CHECK(transport_checksum(fed.packet) == ChecksumState::right);
    CHECK(quoted_header_holds(fed.packet));
    CHECK(fed.packet.bytes[20] == kSourceQuench);
    CHECK(std::equal(error.bytes.begin() + 24, error.bytes.begin() + 28, fed.packet.bytes.begin() + 24));
    HeldPacket held(fed.packet);
    PacketView view, inner;
    REQUIRE(parse_packet(held.packet, view) == ParseError::none);
    REQUIRE(parse_icmp_error(held.packet, view, inner));
    CHECK(inner.tuple == row.after);
    CHECK(rig->counted(Counter::translated_packets) == 2);
  }
}

TEST_CASE("icmp: a source quench to a VIP that concerns no connection is dropped and counted") {
  const auto rig = make_rig();
  connect(*rig);
  const std::vector<uint8_t> other = tcp_segment(client_tuple(kProtocolTcp, 40001).reversed(), kTcpAck).bytes;
  CHECK(rig->feed(build_icmp(Family::ipv4, kStranger, kVip, 4, 0, other)).action == Action::drop);
  CHECK(rig->counted(Counter::drop_icmp_unmatched) == 1);
}

}  // namespace uipvs::test
