#include <doctest/doctest.h>

#include "core/translate.h"
#include "support/random.h"
#include "support/rig.h"
#include "support/sctp_builder.h"
#include "support/slow_checksum.h"

namespace uipvs::test {
namespace {

Address random_address(Random& random, Family family) {
  Address made;
  const int words = family == Family::ipv6 ? 4 : 1;
  for (int i = 0; i < words; ++i) made.words[i] = static_cast<uint32_t>(random.word());
  return made;
}

FiveTuple random_tuple(Random& random, Family family) {
  return {family,
          kProtocolSctp,
          static_cast<uint16_t>(random.word()),
          static_cast<uint16_t>(random.word()),
          random_address(random, family),
          random_address(random, family)};
}

PacketSpec random_spec(Random& random) {
  PacketSpec spec;
  spec.tuple = random_tuple(random, random.one_in(2) ? Family::ipv4 : Family::ipv6);
  spec.hop_limit = static_cast<uint8_t>(random.word());
  spec.ip_options.assign(4 * random.below(11), 1);
  if (random.one_in(3)) {
    spec.first_extension = kProtocolDestinationOptions;
    spec.extensions = {kProtocolSctp, 0, 1, 4, 0, 0, 0, 0};
  }
  spec.payload = random.bytes(random.below(random.one_in(16) ? 3000 : 60));
  return spec;
}

Rewrite rewrite_to(const FiveTuple& tuple, uint8_t hop_limit) {
  return {tuple.source, tuple.destination, tuple.source_port, tuple.destination_port, hop_limit};
}

PacketView view_of(const HeldPacket& held) {
  PacketView view;
  REQUIRE(parse_packet(held.packet, view) == ParseError::none);
  return view;
}

}  // namespace

TEST_CASE("translate sctp: what arrives is as if it had been sent so, and translating back gives every byte back") {
  Random random(test_seed());
  for (int round = 0; round < 4000; ++round) {
    PacketSpec spec = random_spec(random);
    const MemoryPacket before = build_sctp(spec);
    HeldPacket held(before);
    PacketView view = view_of(held);
    const PacketSpec original = spec;
    spec.tuple = random_tuple(random, spec.tuple.family);
    spec.hop_limit = static_cast<uint8_t>(random.word());

    rewrite_packet(held.packet, view, rewrite_to(spec.tuple, spec.hop_limit));
    REQUIRE(held.copy().bytes == build_sctp(spec).bytes);
    REQUIRE(view.tuple == spec.tuple);
    REQUIRE(held.copy().vnet.header_length == view.payload_offset);

    rewrite_packet(held.packet, view, rewrite_to(original.tuple, original.hop_limit));
    REQUIRE(held.copy().bytes == before.bytes);
  }
}

TEST_CASE("translate sctp: new addresses alone leave the checksum as it is, right or wrong") {
  for (const FiveTuple& tuple : {client_tuple(kProtocolSctp), client_tuple6(kProtocolSctp)}) {
    for (const bool is_damaged : {false, true}) {
      MemoryPacket packet = sctp_packet(tuple);
      if (is_damaged) packet.bytes.back() ^= 1;
      const size_t transport = tuple.family == Family::ipv4 ? 20 : 40;
      HeldPacket held(packet);
      PacketView view = view_of(held);
      FiveTuple other = tuple;
      other.destination.words[0] ^= 0x00ff00ff;
      rewrite_packet(held.packet, view, rewrite_to(other, 63));
      const MemoryPacket after = held.copy();
      CHECK(transport_checksum(after) == (is_damaged ? ChecksumState::wrong : ChecksumState::right));
      CHECK(header_checksum(after) == ChecksumState::right);
      CHECK(std::equal(packet.bytes.begin() + static_cast<ptrdiff_t>(transport), packet.bytes.end(),
                       after.bytes.begin() + static_cast<ptrdiff_t>(transport)));
    }
  }
}

TEST_CASE(
    "translate sctp: a new port gives a right checksum, even to a packet that had a wrong one, as the kernel does") {
  for (const bool is_source : {false, true}) {
    MemoryPacket packet = sctp_packet(client_tuple(kProtocolSctp));
    packet.bytes[20 + 8] ^= 0x55;
    HeldPacket held(packet);
    PacketView view = view_of(held);
    FiveTuple other = view.tuple;
    ++(is_source ? other.source_port : other.destination_port);
    rewrite_packet(held.packet, view, rewrite_to(other, 64));
    CHECK(transport_checksum(held.copy()) == ChecksumState::right);
  }
}

TEST_CASE("translate sctp: the packet that kernel IPVS translated comes out the same") {
  PacketSpec spec;
  spec.tuple = {Family::ipv4, kProtocolSctp, 5080, 80, address4(10, 0, 0, 2), address4(10, 9, 0, 1)};
  // Verification tag 7, checksum, an INIT of 8 bytes.
  spec.payload = {0x13, 0xd8, 0, 80, 0, 0, 0, 7, 0, 0, 0, 0, 1, 0, 0, 8, 0, 0, 0, 0};
  HeldPacket held(build_packet(spec));
  PacketView view = view_of(held);
  FiveTuple server = spec.tuple;
  server.destination = address4(10, 1, 0, 11);
  server.destination_port = 8080;
  rewrite_packet(held.packet, view, rewrite_to(server, 63));
  const std::vector<uint8_t> expected = {0x13, 0xd8, 0x1f, 0x90, 0, 0, 0, 7, 0x71, 0xd6,
                                         0xcf, 0x99, 1,    0,    0, 8, 0, 0, 0,    0};
  const MemoryPacket after = held.copy();
  CHECK(std::vector<uint8_t>(after.bytes.begin() + 20, after.bytes.end()) == expected);
}

TEST_CASE("translate sctp: padding behind the IP packet is not summed and stays") {
  PacketSpec spec;
  spec.tuple = client_tuple(kProtocolSctp);
  spec.payload = sctp_chunk(kChunkData, {1, 2, 3, 4});
  MemoryPacket packet = build_sctp(spec);
  const size_t length = packet.bytes.size();
  packet.bytes.resize(length + 9, 0xee);
  HeldPacket held(packet);
  PacketView view = view_of(held);
  rewrite_packet(held.packet, view, rewrite_to(server_tuple(kProtocolSctp), 64));
  MemoryPacket after = held.copy();
  CHECK(std::vector<uint8_t>(after.bytes.begin() + static_cast<ptrdiff_t>(length), after.bytes.end()) ==
        std::vector<uint8_t>(9, 0xee));
  CHECK(transport_checksum(after) == ChecksumState::right);
}

TEST_CASE("translate sctp: a packet without a checksum gets it, and is no longer said to need one") {
  for (const FiveTuple& tuple : {client_tuple(kProtocolSctp), client_tuple6(kProtocolSctp)}) {
    for (const bool has_new_port : {false, true}) {
      PacketSpec spec;
      spec.tuple = tuple;
      spec.checksum = ChecksumForm::partial;
      spec.payload = sctp_chunk(kChunkInit);
      HeldPacket held(build_sctp(spec));
      PacketView view = view_of(held);
      REQUIRE(view.has_partial_checksum);
      FiveTuple other = tuple;
      other.destination.words[0] ^= 0x100;
      if (has_new_port) other.destination_port = 8080;
      rewrite_packet(held.packet, view, rewrite_to(other, 64));
      const MemoryPacket after = held.copy();
      CHECK(transport_checksum(after) == ChecksumState::right);
      CHECK(after.vnet.flags == 0);
      CHECK(after.vnet.checksum_start == 0);
      CHECK(after.vnet.checksum_offset == 0);
      CHECK_FALSE(view.has_partial_checksum);
    }
  }
}

TEST_CASE("translate sctp: a packet that leaves as it came can be given its checksum too") {
  PacketSpec spec;
  spec.tuple = client_tuple6(kProtocolSctp);
  spec.checksum = ChecksumForm::partial;
  spec.payload = sctp_chunk(kChunkInit);
  HeldPacket held(build_sctp(spec));
  PacketView view = view_of(held);
  write_sctp_checksum(held.packet, view);
  spec.checksum = ChecksumForm::whole;
  CHECK(held.copy().bytes == build_sctp(spec).bytes);
  CHECK(held.copy().vnet.flags == 0);
  CHECK_FALSE(view.has_partial_checksum);
}

TEST_CASE("translate sctp: a first fragment keeps its checksum, which covers what is not there") {
  PacketSpec spec;
  spec.tuple = client_tuple(kProtocolSctp);
  spec.fragment = 0x2000;
  spec.payload = sctp_chunk(kChunkData);
  const MemoryPacket before = build_sctp(spec);
  HeldPacket held(before);
  PacketView view = view_of(held);
  rewrite_packet(held.packet, view, rewrite_to(server_tuple(kProtocolSctp), 64));
  CHECK(std::equal(before.bytes.begin() + 24, before.bytes.end(), held.packet.data + 24));
}

TEST_CASE("translate sctp: a quoted packet has its addresses and ports changed, not its checksum") {
  for (const FiveTuple& tuple : {server_tuple(kProtocolSctp), client_tuple6(kProtocolSctp)}) {
    const size_t header = tuple.family == Family::ipv4 ? 20 : 40;
    for (const size_t transport_bytes : {size_t{8}, size_t{12}, size_t{20}}) {
      MemoryPacket packet = sctp_packet(tuple);
      packet.bytes.resize(header + transport_bytes);
      HeldPacket held(packet);
      PacketView view;
      REQUIRE(parse_quoted(held.packet.data, held.packet.length, view) == ParseError::none);
      CHECK(view.sctp_event == SctpEvent::none);
      rewrite_quoted(held.packet.data, view, rewrite_to(tuple.reversed(), view.hop_limit));
      PacketView seen;
      REQUIRE(parse_quoted(held.packet.data, held.packet.length, seen) == ParseError::none);
      CHECK(seen.tuple == tuple.reversed());
      CHECK(std::equal(packet.bytes.begin() + static_cast<ptrdiff_t>(header) + 4, packet.bytes.end(),
                       held.packet.data + header + 4));
    }
  }
}

}  // namespace uipvs::test
