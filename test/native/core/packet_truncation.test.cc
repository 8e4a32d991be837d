// Packets cut at every byte, and packets of random bytes, in heap buffers of exactly their size: AddressSanitizer is
// the judge of reads, and what the parser accepts must lie inside.
#include <doctest/doctest.h>

#include "core/icmp.h"
#include "core/packet_view.h"
#include "support/random.h"
#include "support/rig.h"
#include "support/sctp_builder.h"

namespace uipvs::test {
namespace {

std::vector<uint8_t> inner_packet(const FiveTuple& tuple, size_t bytes) {
  MemoryPacket packet = tuple.protocol == kProtocolTcp    ? tcp_segment(tuple, kTcpAck, 8)
                        : tuple.protocol == kProtocolSctp ? sctp_packet(tuple, sctp_chunk(kChunkData))
                                                          : udp_datagram(tuple, 8);
  packet.bytes.resize(bytes);
  return packet.bytes;
}

std::vector<MemoryPacket> whole_packets() {
  std::vector<MemoryPacket> made;
  std::vector<uint8_t> bundle = sctp_chunk(kChunkCookieEcho, {1, 2, 3, 4, 5});
  const std::vector<uint8_t> abort = sctp_chunk(kChunkAbort);
  bundle.insert(bundle.end(), abort.begin(), abort.end());
  for (const FiveTuple& tuple : {client_tuple(kProtocolSctp), client_tuple6(kProtocolSctp)}) {
    made.push_back(sctp_packet(tuple, bundle));
  }
  made.push_back(build_icmp(Family::ipv4, kStranger, kVip, 3, 1, inner_packet(server_tuple(kProtocolSctp), 28)));
  for (const uint8_t protocol : {kProtocolTcp, kProtocolUdp}) {
    for (const FiveTuple& tuple : {client_tuple(protocol), client_tuple6(protocol)}) {
      PacketSpec spec;
      spec.tuple = tuple;
      spec.payload.assign(9, 0x33);
      made.push_back(build_packet(spec));
      spec.ip_options.assign(12, 1);
      spec.tcp_options.assign(20, 1);
      spec.first_extension = kProtocolHopByHop;
      spec.extensions = {kProtocolRouting, 0, 1, 4, 0, 0, 0, 0, protocol, 1, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8};
      if (protocol == kProtocolUdp) spec.checksum = ChecksumForm::partial;
      made.push_back(build_packet(spec));
    }
    made.push_back(build_icmp(Family::ipv4, kStranger, kVip, 3, 1, inner_packet(server_tuple(protocol), 28)));
    made.push_back(build_icmp(Family::ipv6, kClient6, kVip6, 2, 0, inner_packet(client_tuple6(protocol), 56)));
  }
  return made;
}

bool lies_inside(const PacketView& view, const Packet& packet) {
  return view.length <= packet.length && view.transport_offset <= view.length &&
         view.payload_offset >= view.transport_offset && view.payload_offset <= view.length;
}

// Cuts the packet to `length` bytes; with `lies` the headers still tell of the whole.
MemoryPacket cut(const MemoryPacket& whole, size_t length, bool lies) {
  MemoryPacket part{whole.vnet, {whole.bytes.begin(), whole.bytes.begin() + static_cast<ptrdiff_t>(length)}};
  if (lies) return part;
  if (part.bytes[0] >> 4 == 4 && length >= 20) {
    part.bytes[2] = static_cast<uint8_t>(length >> 8);
    part.bytes[3] = static_cast<uint8_t>(length);
    repair_header_checksum(part.bytes);
  } else if (part.bytes[0] >> 4 == 6 && length >= 40) {
    part.bytes[4] = static_cast<uint8_t>((length - 40) >> 8);
    part.bytes[5] = static_cast<uint8_t>(length - 40);
  }
  return part;
}

}  // namespace

TEST_CASE("truncation: no cut makes the parser read beyond, and a cut that the headers do not admit is refused") {
  for (const MemoryPacket& whole : whole_packets()) {
    for (size_t length = 1; length < whole.bytes.size(); ++length) {
      CAPTURE(length);
      const HeldPacket lying(cut(whole, length, true)), honest(cut(whole, length, false));
      PacketView view;
      REQUIRE(parse_packet(lying.packet, view) != ParseError::none);
      if (parse_packet(honest.packet, view) == ParseError::none) REQUIRE(lies_inside(view, honest.packet));
    }
    const HeldPacket held(whole);
    PacketView view;
    REQUIRE(parse_packet(held.packet, view) == ParseError::none);
    REQUIRE(lies_inside(view, held.packet));
  }
}

TEST_CASE("truncation: a quoted packet is read from 8 bytes of transport header on, never from fewer") {
  for (const uint8_t protocol : {kProtocolTcp, kProtocolUdp, kProtocolSctp}) {
    for (const FiveTuple& tuple : {server_tuple(protocol), client_tuple6(protocol)}) {
      const size_t header = tuple.family == Family::ipv4 ? 20 : 40;
      for (size_t length = 0; length <= header + 16; ++length) {
        CAPTURE(length);
        const std::vector<uint8_t> quoted = inner_packet(tuple, length);
        PacketView view;
        const ParseError error = parse_quoted(quoted.data(), static_cast<uint32_t>(length), view);
        REQUIRE((error == ParseError::none) == (length >= header + 8));
        if (error == ParseError::none) REQUIRE(view.tuple == tuple);
      }
    }
  }
}

TEST_CASE("truncation: packets with random bytes anywhere never take the pipeline beyond them") {
  Random random(test_seed());
  const auto rig = make_rig();
  const std::vector<MemoryPacket> wholes = whole_packets();
  for (int round = 0; round < 40000; ++round) {
    MemoryPacket packet = wholes[random.below(static_cast<uint32_t>(wholes.size()))];
    for (uint32_t edits = 1 + random.below(3); edits != 0; --edits) {
      packet.bytes[random.below(static_cast<uint32_t>(packet.bytes.size()))] = static_cast<uint8_t>(random.word());
    }
    if (random.one_in(2)) packet = cut(packet, 1 + random.below(static_cast<uint32_t>(packet.bytes.size())), false);
    if (packet.bytes[0] >> 4 == 4 && packet.bytes.size() >= 20) repair_header_checksum(packet.bytes);
    HeldPacket held(packet);
    PacketView view;
    const Decision decision = rig->pipeline.process(held.packet, view);
    if (decision.action == Action::upcall) REQUIRE(lies_inside(view, held.packet));
    REQUIRE(held.packet.length <= held.packet.capacity);
  }
}

}  // namespace uipvs::test
