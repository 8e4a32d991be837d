#include "core/translate.h"

#include <doctest/doctest.h>

#include "support/random.h"
#include "support/rig.h"
#include "support/slow_checksum.h"

namespace uipvs::test {
namespace {

Address random_address(Random& random, Family family) {
  Address made;
  const int words = family == Family::ipv6 ? 4 : 1;
  for (int i = 0; i < words; ++i) made.words[i] = random.one_in(8) ? 0xffffffff : static_cast<uint32_t>(random.word());
  return made;
}

PacketSpec random_spec(Random& random) {
  PacketSpec spec;
  const Family family = random.one_in(2) ? Family::ipv4 : Family::ipv6;
  spec.tuple = {family,
                random.one_in(2) ? kProtocolTcp : kProtocolUdp,
                static_cast<uint16_t>(random.word()),
                static_cast<uint16_t>(random.word()),
                random_address(random, family),
                random_address(random, family)};
  spec.hop_limit = static_cast<uint8_t>(random.word());
  spec.tcp_flags = static_cast<uint8_t>(random.word());
  spec.ip_options.assign(4 * random.below(11), 1);
  if (random.one_in(3)) {
    spec.first_extension = kProtocolDestinationOptions;
    spec.extensions = {spec.tuple.protocol, 0, 1, 4, 0, 0, 0, 0};
  }
  spec.tcp_options.assign(4 * random.below(11), 1);
  spec.payload = random.bytes(random.below(random.one_in(16) ? 3000 : 40));
  spec.checksum = random.one_in(3) ? ChecksumForm::partial : ChecksumForm::whole;
  return spec;
}

Rewrite rewrite_to(const FiveTuple& tuple, uint8_t hop_limit) {
  return {tuple.source, tuple.destination, tuple.source_port, tuple.destination_port, hop_limit};
}

}  // namespace

TEST_CASE("translate: rewrites what is asked, and translating back gives every byte back") {
  Random random(test_seed());
  for (int round = 0; round < 20000; ++round) {
    const PacketSpec spec = random_spec(random);
    const MemoryPacket before = build_packet(spec);
    HeldPacket held(before);
    PacketView view;
    REQUIRE(parse_packet(held.packet, view) == ParseError::none);
    const PacketView original = view;
    FiveTuple peeked;
    const bool is_plain = (view.tuple.family == Family::ipv6 ? spec.extensions : spec.ip_options).empty();
    REQUIRE(peek_tuple(held.packet, peeked) == is_plain);
    if (is_plain) REQUIRE(peeked == spec.tuple);

    FiveTuple other = spec.tuple;
    other.source = random_address(random, other.family);
    other.destination = random_address(random, other.family);
    other.source_port = static_cast<uint16_t>(random.word());
    other.destination_port = static_cast<uint16_t>(random.word());
    const uint8_t hop_limit = static_cast<uint8_t>(random.word());
    rewrite_packet(held.packet, view, rewrite_to(other, hop_limit));

    const MemoryPacket there = held.copy();
    PacketView seen;
    REQUIRE(parse_packet(held.packet, seen) == ParseError::none);
    REQUIRE(seen.tuple == other);
    REQUIRE(view.tuple == other);
    REQUIRE(seen.hop_limit == hop_limit);
    REQUIRE(view.hop_limit == hop_limit);
    REQUIRE(there.vnet.header_length == view.payload_offset);
    REQUIRE(header_checksum(there) == ChecksumState::right);
    REQUIRE(transport_checksum(there) == ChecksumState::right);

    rewrite_packet(held.packet, view, rewrite_to(spec.tuple, spec.hop_limit));
    const MemoryPacket back = held.copy();
    if (spec.checksum == ChecksumForm::partial) {
      // The same sum may be written 0 or 0xffff.
      REQUIRE(transport_checksum(back) == ChecksumState::right);
    } else {
      REQUIRE(back.bytes == before.bytes);
    }
    REQUIRE(view.tuple == original.tuple);
  }
}

TEST_CASE("translate: the bytes around addresses, ports, hop limit and checksums stay") {
  for (const auto& tuple : {client_tuple(kProtocolTcp), client_tuple6(kProtocolUdp)}) {
    PacketSpec spec;
    spec.tuple = tuple;
    spec.payload.assign(33, 0x77);
    const MemoryPacket before = build_packet(spec);
    spec.tuple.destination.words[0] ^= 0x01010101;
    spec.tuple.destination_port = 8080;
    HeldPacket held(before);
    PacketView view;
    REQUIRE(parse_packet(held.packet, view) == ParseError::none);
    rewrite_packet(held.packet, view, rewrite_to(spec.tuple, spec.hop_limit));
    CHECK(held.copy().bytes == build_packet(spec).bytes);
  }
}

TEST_CASE("translate: a UDP checksum that comes out 0 is sent as 0xffff") {
  // Every value of the checksum comes by as the port runs through all of its own.
  const MemoryPacket packet = udp_datagram(client_tuple(kProtocolUdp));
  HeldPacket held(packet);
  PacketView view;
  REQUIRE(parse_packet(held.packet, view) == ParseError::none);
  int all_ones = 0;
  for (uint32_t port = 0; port <= 0xffff; ++port) {
    FiveTuple other = view.tuple;
    other.source_port = static_cast<uint16_t>(port);
    rewrite_packet(held.packet, view, rewrite_to(other, 64));
    const MemoryPacket now = held.copy();
    const int check = now.bytes[26] << 8 | now.bytes[27];
    REQUIRE(check != 0);
    if (check == 0xffff) ++all_ones;
    REQUIRE(transport_checksum(now) == ChecksumState::right);
  }
  CHECK(all_ones >= 1);
}

TEST_CASE("translate: a UDP datagram without a checksum leaves with one") {
  Random random(test_seed());
  for (int round = 0; round < 2000; ++round) {
    PacketSpec spec = random_spec(random);
    spec.tuple.protocol = kProtocolUdp;
    spec.first_extension = 0;
    spec.extensions.clear();
    spec.checksum = ChecksumForm::absent;
    MemoryPacket packet = build_packet(spec);
    packet.bytes.resize(packet.bytes.size() + random.below(7), 0xee);  // padding that is no part of it
    HeldPacket held(packet);
    PacketView view;
    REQUIRE(parse_packet(held.packet, view) == ParseError::none);
    FiveTuple other = spec.tuple;
    other.destination_port = 9;
    rewrite_packet(held.packet, view, rewrite_to(other, 64));
    REQUIRE(transport_checksum(held.copy()) == ChecksumState::right);
  }
}

TEST_CASE("translate: UDP checksums come out as kernel IPVS wrote them, none, right or wrong as they were") {
  struct Row {
    bool is_reply;
    uint16_t before, after;
  };
  const FiveTuple request = {Family::ipv4, kProtocolUdp, 6000, 80, address4(10, 0, 0, 2), address4(10, 9, 0, 1)};
  const FiveTuple received = {Family::ipv4, kProtocolUdp, 6000, 8080, address4(10, 0, 0, 2), address4(10, 1, 0, 11)};
  // What Linux 6.1 sent on.
  for (const Row& row : {Row{false, 0, 0x70f4}, Row{true, 0, 0x9036}, Row{false, 0x1111, 0xf1ce}}) {
    PacketSpec spec;
    spec.tuple = row.is_reply ? received.reversed() : request;
    spec.checksum = ChecksumForm::absent;
    spec.payload = {'h', 'e', 'l', 'l', 'o'};
    MemoryPacket packet = build_packet(spec);
    packet.bytes[26] = static_cast<uint8_t>(row.before >> 8);
    packet.bytes[27] = static_cast<uint8_t>(row.before);
    HeldPacket held(packet);
    PacketView view;
    REQUIRE(parse_packet(held.packet, view) == ParseError::none);
    rewrite_packet(held.packet, view, rewrite_to(row.is_reply ? request.reversed() : received, 63));
    CAPTURE(row.after);
    CHECK((held.packet.data[26] << 8 | held.packet.data[27]) == row.after);
  }
}

TEST_CASE("translate: a first fragment without a UDP checksum stays without") {
  PacketSpec spec;
  spec.tuple = client_tuple(kProtocolUdp);
  spec.checksum = ChecksumForm::absent;
  spec.fragment = 0x2000;
  spec.payload.assign(8, 1);
  HeldPacket held(build_packet(spec));
  PacketView view;
  REQUIRE(parse_packet(held.packet, view) == ParseError::none);
  rewrite_packet(held.packet, view, rewrite_to(server_tuple(kProtocolUdp), 64));
  CHECK(held.packet.data[26] == 0);
  CHECK(held.packet.data[27] == 0);
}

TEST_CASE("translate: a super-packet keeps its offload metadata but for the header length") {
  PacketSpec spec;
  spec.tuple = client_tuple(kProtocolTcp);
  spec.tcp_options.assign(12, 1);
  spec.payload.assign(60000, 0x42);
  spec.checksum = ChecksumForm::partial;
  MemoryPacket packet = build_packet(spec);
  packet.vnet.gso_type = kVnetGsoTcp4;
  packet.vnet.gso_size = 1448;
  packet.vnet.header_length = 9999;
  HeldPacket held(packet);
  PacketView view;
  REQUIRE(parse_packet(held.packet, view) == ParseError::none);
  rewrite_packet(held.packet, view, rewrite_to(server_tuple(kProtocolTcp), 63));
  const VnetHeader after = held.copy().vnet;
  CHECK(after.header_length == 52);
  CHECK(after.gso_type == kVnetGsoTcp4);
  CHECK(after.gso_size == 1448);
  CHECK(after.checksum_start == 20);
  CHECK(after.checksum_offset == 16);
  CHECK(after.flags == kVnetNeedsChecksum);
  CHECK(transport_checksum(held.copy()) == ChecksumState::right);
}

TEST_CASE("translate: a quoted packet has its addresses and ports changed, nothing behind 8 transport bytes") {
  for (const FiveTuple& tuple : {server_tuple(kProtocolTcp), client_tuple6(kProtocolUdp)}) {
    const size_t header = tuple.family == Family::ipv4 ? 20 : 40;
    MemoryPacket packet = tuple.protocol == kProtocolTcp ? tcp_segment(tuple, kTcpAck) : udp_datagram(tuple);
    packet.bytes.resize(header + 8);
    HeldPacket held(packet);
    PacketView view;
    REQUIRE(parse_quoted(held.packet.data, held.packet.length, view) == ParseError::none);
    rewrite_quoted(held.packet.data, view, rewrite_to(tuple.reversed(), view.hop_limit));
    PacketView seen;
    REQUIRE(parse_quoted(held.packet.data, held.packet.length, seen) == ParseError::none);
    CHECK(seen.tuple == tuple.reversed());
    CHECK(header_checksum(held.copy()) == ChecksumState::right);
    CHECK(std::equal(packet.bytes.begin() + static_cast<ptrdiff_t>(header) + 4, packet.bytes.end(),
                     held.packet.data + header + 4));
  }
}

}  // namespace uipvs::test
