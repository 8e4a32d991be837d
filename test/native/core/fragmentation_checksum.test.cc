// complete_checksum(), without which a packet with a partial checksum is not split.
#include <doctest/doctest.h>

#include <algorithm>

#include "core/bytes.h"
#include "core/fragmentation.h"
#include "support/random.h"
#include "support/rig.h"
#include "support/sctp_builder.h"
#include "support/slow_checksum.h"

namespace uipvs::test {
namespace {

PacketSpec udp_spec(Family family) {
  PacketSpec spec;
  spec.tuple = family == Family::ipv6 ? client_tuple6(kProtocolUdp) : client_tuple(kProtocolUdp);
  spec.payload.assign(100, 0x55);
  return spec;
}

}  // namespace

TEST_CASE("completed checksum: a partial checksum is completed to what the sender would have written") {
  Random random(test_seed());
  for (int round = 0; round < 300; ++round) {
    PacketSpec spec = udp_spec(random.one_in(2) ? Family::ipv6 : Family::ipv4);
    if (random.one_in(2)) spec.tuple.protocol = kProtocolTcp;
    spec.payload = random.bytes(random.below(200));
    MemoryPacket expected = build_packet(spec);
    spec.checksum = ChecksumForm::partial;
    HeldPacket held(build_packet(spec));
    PacketView view;
    REQUIRE(parse_packet(held.packet, view) == ParseError::none);
    REQUIRE(complete_checksum(held.packet, view));
    REQUIRE_FALSE(view.has_partial_checksum);
    REQUIRE(transport_checksum(held.copy()) == ChecksumState::right);
    REQUIRE(held.copy().vnet.flags == 0);
    REQUIRE(held.copy().vnet.checksum_start == 0);
    // A TCP checksum of 0 is written as its twin, 0xffff.
    const size_t field = view.transport_offset + (spec.tuple.protocol == kProtocolTcp ? 16u : 6u);
    if (load_be16(expected.bytes.data() + field) == 0) store_be16(expected.bytes.data() + field, 0xffff);
    REQUIRE(held.copy().bytes == expected.bytes);
  }
}

TEST_CASE("completed checksum: a sum of zero is written as its twin, since zero means none in UDP") {
  PacketSpec spec = udp_spec(Family::ipv4);
  spec.payload = {0, 0};
  const MemoryPacket before = build_packet(spec);
  // What was the checksum becomes data, and the sum of all is 0xffff.
  spec.payload = {before.bytes[26], before.bytes[27]};
  spec.checksum = ChecksumForm::partial;
  HeldPacket held(build_packet(spec));
  PacketView view;
  REQUIRE(parse_packet(held.packet, view) == ParseError::none);
  REQUIRE(complete_checksum(held.packet, view));
  CHECK(load_be16(held.packet.data + 26) == 0xffff);
}

TEST_CASE("completed checksum: a partial SCTP checksum is completed, segments and whole checksums are left alone") {
  MemoryPacket sctp = sctp_packet(client_tuple(kProtocolSctp), sctp_chunk(kChunkData));
  const std::vector<uint8_t> right = sctp.bytes;
  sctp.vnet = {kVnetNeedsChecksum, 0, 0, 0, 20, 8};
  std::fill_n(sctp.bytes.begin() + 28, 4, 0);
  HeldPacket held(sctp);
  PacketView view;
  REQUIRE(parse_packet(held.packet, view) == ParseError::none);
  CHECK(complete_checksum(held.packet, view));
  CHECK(held.copy().bytes == right);

  PacketSpec spec = udp_spec(Family::ipv4);
  spec.checksum = ChecksumForm::partial;
  MemoryPacket segments = build_packet(spec);
  segments.vnet.gso_type = kVnetGsoUdpL4;
  HeldPacket held_segments(segments);
  REQUIRE(parse_packet(held_segments.packet, view) == ParseError::none);
  CHECK_FALSE(complete_checksum(held_segments.packet, view));
  CHECK(held_segments.copy().bytes == segments.bytes);

  HeldPacket whole(build_packet(udp_spec(Family::ipv4)));
  REQUIRE(parse_packet(whole.packet, view) == ParseError::none);
  CHECK(complete_checksum(whole.packet, view));
  CHECK(whole.copy().bytes == build_packet(udp_spec(Family::ipv4)).bytes);
}

}  // namespace uipvs::test
