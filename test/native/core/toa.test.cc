#include "core/toa.h"

#include <doctest/doctest.h>

#include "support/rig.h"
#include "support/slow_checksum.h"

namespace uipvs::test {
namespace {

using Bytes = std::vector<uint8_t>;

const Bytes kToa4{254, 8, 0x9c, 0x40, 198, 51, 100, 7};
const Bytes kToa6{254, 20, 0x9c, 0x40, 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7};
const Bytes kSynOptions{2, 4, 5, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0, 1, 3, 3, 7};

Bytes joined(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

PacketSpec syn(Family family, const Bytes& options) {
  PacketSpec spec;
  spec.tuple = family == Family::ipv6 ? client_tuple6(kProtocolTcp) : client_tuple(kProtocolTcp);
  spec.tcp_flags = kTcpSyn;
  spec.tcp_options = options;
  return spec;
}

EditError insert(HeldPacket& held, uint32_t most_bytes = 1500) {
  PacketView view;
  REQUIRE(parse_packet(held.packet, view) == ParseError::none);
  const bool is_v6 = view.tuple.family == Family::ipv6;
  const EditError error = insert_toa(held.packet, view, is_v6 ? kClient6 : kClient, 40000, most_bytes);
  PacketView seen;
  REQUIRE(parse_packet(held.packet, seen) == ParseError::none);
  CHECK(seen.payload_offset == view.payload_offset);
  CHECK(transport_checksum(held.copy()) == ChecksumState::right);
  CHECK(header_checksum(held.copy()) == ChecksumState::right);
  return error;
}

}  // namespace

TEST_CASE("toa: says the client in front of a SYN's options, which in IPv6 it fills") {
  for (const ChecksumForm form : {ChecksumForm::whole, ChecksumForm::partial}) {
    for (const Family family : {Family::ipv4, Family::ipv6}) {
      PacketSpec spec = syn(family, kSynOptions);
      spec.checksum = form;
      HeldPacket held(build_packet(spec), 200);
      REQUIRE(insert(held) == EditError::none);
      spec.tcp_options = joined(family == Family::ipv6 ? kToa6 : kToa4, kSynOptions);
      CHECK(held.copy().bytes == build_packet(spec).bytes);
    }
  }
}

TEST_CASE("toa: without room among the options, in the buffer or on the path nothing changes") {
  HeldPacket full(build_packet(syn(Family::ipv4, Bytes(36, 1))), 200);
  CHECK(insert(full) == EditError::no_option_room);
  HeldPacket full6(build_packet(syn(Family::ipv6, Bytes(24, 1))), 200);
  CHECK(insert(full6) == EditError::no_option_room);
  CHECK(full6.copy().bytes == build_packet(syn(Family::ipv6, Bytes(24, 1))).bytes);
  HeldPacket tight(build_packet(syn(Family::ipv4, {})), 47);
  CHECK(insert(tight) == EditError::no_room);
  HeldPacket narrow(build_packet(syn(Family::ipv4, {})), 200);
  CHECK(insert(narrow, 47) == EditError::no_room);
  CHECK(insert(narrow, 48) == EditError::none);
}

TEST_CASE("toa: a client that says such an option itself is not believed, with or without room for ours") {
  for (const Bytes& forged : {kToa4, kToa6}) {
    PacketSpec spec = syn(Family::ipv4, joined(Bytes{1, 3, 3, 7}, forged));
    HeldPacket held(build_packet(spec), 200);
    REQUIRE(insert(held) == EditError::none);
    spec.tcp_options = joined(joined(kToa4, Bytes{1, 3, 3, 7}), Bytes(forged.size(), 1));
    CHECK(held.copy().bytes == build_packet(spec).bytes);
    HeldPacket tight(build_packet(syn(Family::ipv4, forged)));
    CHECK(insert(tight) == EditError::no_room);
    CHECK(tight.copy().bytes == build_packet(syn(Family::ipv4, Bytes(forged.size(), 1))).bytes);
  }
}

TEST_CASE("toa: another experiment that uses the same kind is left alone") {
  // RFC 6994, experiment 0xf989.
  const Bytes experiment{254, 12, 0xf9, 0x89, 1, 2, 3, 4, 5, 6, 7, 8};
  PacketSpec spec = syn(Family::ipv4, experiment);
  HeldPacket held(build_packet(spec), 200);
  REQUIRE(insert(held) == EditError::none);
  spec.tcp_options = joined(kToa4, experiment);
  CHECK(held.copy().bytes == build_packet(spec).bytes);
}

TEST_CASE("toa: only TCP has options") {
  HeldPacket held(udp_datagram(client_tuple(kProtocolUdp)), 200);
  PacketView view;
  REQUIRE(parse_packet(held.packet, view) == ParseError::none);
  CHECK(insert_toa(held.packet, view, kClient, 40000, 1500) == EditError::not_editable);
}

}  // namespace uipvs::test
