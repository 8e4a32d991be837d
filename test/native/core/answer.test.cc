#include "core/answer.h"

#include <doctest/doctest.h>

#include "support/rig.h"
#include "support/sctp_builder.h"
#include "support/slow_checksum.h"

namespace uipvs::test {
namespace {

uint32_t word_at(const MemoryPacket& packet, size_t at) {
  return static_cast<uint32_t>(packet.bytes[at]) << 24 | static_cast<uint32_t>(packet.bytes[at + 1]) << 16 |
         static_cast<uint32_t>(packet.bytes[at + 2]) << 8 | packet.bytes[at + 3];
}

bool is_well_formed(const MemoryPacket& packet) {
  const HeldPacket held(packet);
  PacketView view;
  return parse_packet(held.packet, view) == ParseError::none && view.length == packet.bytes.size() &&
         header_checksum(packet) == ChecksumState::right && transport_checksum(packet) == ChecksumState::right;
}

struct Answered {
  bool is_answered = false;
  MemoryPacket packet;
};

Answered reset_of(const MemoryPacket& segment) {
  HeldPacket held(segment);
  PacketView view;
  REQUIRE(parse_packet(held.packet, view) == ParseError::none);
  const bool is_answered = make_tcp_reset(held.packet, view);
  return {is_answered, held.copy()};
}

Answered unreachable_of(const MemoryPacket& packet, Unreachable what, uint32_t capacity = 2048) {
  HeldPacket held(packet, capacity);
  PacketView view;
  REQUIRE(parse_packet(held.packet, view) == ParseError::none);
  const bool is_answered = make_unreachable(held.packet, view, what);
  return {is_answered, held.copy()};
}

}  // namespace

TEST_CASE("answer: a segment is reset by the rules of RFC 9293 3.10.7.1") {
  struct Row {
    const char* what;
    uint8_t flags;
    uint32_t payload;
    uint32_t sequence;
    uint32_t acknowledgment;
    uint8_t reset_flags;
  };
  // The segment has sequence 1000 and acknowledgment 2000.
  for (const Row& row :
       {Row{"SYN", kTcpSyn, 0, 0, 1001, kTcpRst | kTcpAck},
        Row{"SYN with data", kTcpSyn, 5, 0, 1006, kTcpRst | kTcpAck},
        Row{"SYN FIN", kTcpSyn | kTcpFin, 0, 0, 1002, kTcpRst | kTcpAck},
        Row{"no flag", 0, 7, 0, 1007, kTcpRst | kTcpAck}, Row{"FIN", kTcpFin, 3, 0, 1004, kTcpRst | kTcpAck},
        Row{"ACK", kTcpAck, 9, 2000, 0, kTcpRst}, Row{"SYN ACK", kTcpSyn | kTcpAck, 0, 2000, 0, kTcpRst},
        Row{"FIN ACK", kTcpFin | kTcpAck, 0, 2000, 0, kTcpRst}}) {
    for (const FiveTuple& tuple : {client_tuple(kProtocolTcp), client_tuple6(kProtocolTcp)}) {
      CAPTURE(row.what);
      const auto [is_answered, reset] = reset_of(tcp_segment(tuple, row.flags, row.payload));
      REQUIRE(is_answered);
      const size_t header = tuple.family == Family::ipv4 ? 20 : 40;
      REQUIRE(reset.bytes.size() == header + 20);
      CHECK(is_well_formed(reset));
      CHECK(tuple_of(reset) == tuple.reversed());
      CHECK(word_at(reset, header + 4) == row.sequence);
      CHECK(word_at(reset, header + 8) == row.acknowledgment);
      CHECK(reset.bytes[header + 12] == 0x50);
      CHECK(reset.bytes[header + 13] == row.reset_flags);
      CHECK((word_at(reset, header + 14) >> 16) == 0);
    }
  }
}

TEST_CASE("answer: a reset acknowledges across the wrap of sequence numbers, and not the padding") {
  PacketSpec spec;
  spec.tuple = client_tuple(kProtocolTcp);
  spec.tcp_flags = kTcpSyn;
  spec.sequence = 0xffffffff;
  spec.payload.assign(4, 1);
  MemoryPacket segment = build_packet(spec);
  segment.bytes.resize(60, 0);
  const auto [is_answered, reset] = reset_of(segment);
  REQUIRE(is_answered);
  CHECK(word_at(reset, 28) == 4);
}

TEST_CASE("answer: options of the IP and the TCP header and extensions do not come back in a reset") {
  PacketSpec spec;
  spec.tuple = client_tuple6(kProtocolTcp);
  spec.tcp_flags = kTcpSyn;
  spec.tcp_options.assign(20, 1);
  spec.first_extension = kProtocolHopByHop;
  spec.extensions = {kProtocolTcp, 0, 1, 4, 0, 0, 0, 0};
  spec.checksum = ChecksumForm::partial;
  const auto [is_answered, reset] = reset_of(build_packet(spec));
  REQUIRE(is_answered);
  CHECK(reset.bytes.size() == 60);
  CHECK(reset.vnet.flags == 0);
  CHECK(is_well_formed(reset));
}

TEST_CASE("answer: a reset is not answered, nor is a source that is no single host") {
  CHECK_FALSE(reset_of(tcp_segment(client_tuple(kProtocolTcp), kTcpRst)).is_answered);
  CHECK_FALSE(reset_of(tcp_segment(client_tuple(kProtocolTcp), kTcpRst | kTcpSyn | kTcpAck)).is_answered);
  for (const Address& source : {address4(0, 0, 0, 0), address4(127, 0, 0, 1), address4(224, 0, 0, 1),
                                address4(255, 255, 255, 255), address4(240, 0, 0, 1), address4(0, 1, 2, 3)}) {
    FiveTuple tuple = client_tuple(kProtocolTcp);
    tuple.source = source;
    CHECK_FALSE(reset_of(tcp_segment(tuple, kTcpSyn)).is_answered);
    tuple.protocol = kProtocolUdp;
    CHECK_FALSE(unreachable_of(udp_datagram(tuple), Unreachable::port).is_answered);
  }
  for (const Address& source : {Address{{0, 0, 0, 0}}, Address{{0, 0, 0, 1}}, Address{{0xff020000, 0, 0, 1}}}) {
    FiveTuple tuple = client_tuple6(kProtocolTcp);
    tuple.source = source;
    CHECK_FALSE(reset_of(tcp_segment(tuple, kTcpSyn)).is_answered);
    tuple.protocol = kProtocolUdp;
    CHECK_FALSE(unreachable_of(udp_datagram(tuple), Unreachable::port).is_answered);
  }
}

TEST_CASE("answer: an unreachable quotes the packet after an ICMP header of the right type and code") {
  struct Row {
    bool is_v6;
    Unreachable what;
    uint8_t type, code;
    uint32_t rest;
  };
  for (const Row& row : {Row{false, Unreachable::port, 3, 3, 0}, Row{false, Unreachable::protocol, 3, 2, 0},
                         Row{true, Unreachable::port, 1, 4, 0}, Row{true, Unreachable::protocol, 4, 1, 6}}) {
    const FiveTuple tuple = row.is_v6 ? client_tuple6(kProtocolUdp) : client_tuple(kProtocolUdp);
    const MemoryPacket datagram = udp_datagram(tuple, 20);
    const auto [is_answered, answer] = unreachable_of(datagram, row.what);
    REQUIRE(is_answered);
    CHECK(is_well_formed(answer));
    const size_t header = row.is_v6 ? 40 : 20;
    CHECK(answer.bytes[header] == row.type);
    CHECK(answer.bytes[header + 1] == row.code);
    CHECK(word_at(answer, header + 4) == row.rest);
    const std::vector<uint8_t> quoted(answer.bytes.begin() + static_cast<ptrdiff_t>(header) + 8, answer.bytes.end());
    CHECK(quoted == datagram.bytes);
    const FiveTuple outer = tuple_of(answer);
    CHECK(outer.source == tuple.destination);
    CHECK(outer.destination == tuple.source);
    CHECK(outer.protocol == (row.is_v6 ? kProtocolIcmp6 : kProtocolIcmp));
  }
}

TEST_CASE("answer: an unreachable is at most 576 bytes over IPv4 and 1280 over IPv6") {
  for (const uint32_t payload : {519u, 520u, 521u, 1183u, 1184u, 1185u, 1900u}) {
    CAPTURE(payload);
    const auto four = unreachable_of(udp_datagram(client_tuple(kProtocolUdp), payload), Unreachable::port);
    CHECK(four.packet.bytes.size() == std::min<size_t>(576, 20 + 8 + 20 + 8 + payload));
    CHECK(is_well_formed(four.packet));
    const auto six = unreachable_of(udp_datagram(client_tuple6(kProtocolUdp), payload), Unreachable::port);
    CHECK(six.packet.bytes.size() == std::min<size_t>(1280, 40 + 8 + 40 + 8 + payload));
    CHECK(is_well_formed(six.packet));
  }
}

TEST_CASE("answer: an unreachable that does not fit its buffer is not made") {
  const MemoryPacket datagram = udp_datagram(client_tuple(kProtocolUdp));
  const uint32_t needed = static_cast<uint32_t>(28 + datagram.bytes.size());
  CHECK_FALSE(unreachable_of(datagram, Unreachable::port, needed - 1).is_answered);
  CHECK(unreachable_of(datagram, Unreachable::port, needed).is_answered);
}

TEST_CASE("answer: an ICMP error is never answered with another") {
  const std::vector<uint8_t> quoted = udp_datagram(client_tuple(kProtocolUdp)).bytes;
  for (const uint8_t type : {3, 4, 5, 11, 12}) {
    CHECK_FALSE(
        unreachable_of(build_icmp(Family::ipv4, kClient, kVip, type, 0, quoted), Unreachable::protocol).is_answered);
  }
  for (const uint8_t type : {1, 2, 3, 4, 127}) {
    CHECK_FALSE(
        unreachable_of(build_icmp(Family::ipv6, kClient6, kVip6, type, 0, quoted), Unreachable::protocol).is_answered);
  }
}

TEST_CASE("answer: a packet that was damaged on the way is told from an intact one") {
  for (const FiveTuple& tuple : {client_tuple(kProtocolTcp), client_tuple6(kProtocolTcp), client_tuple(kProtocolUdp),
                                 client_tuple6(kProtocolUdp)}) {
    for (const ChecksumForm form : {ChecksumForm::whole, ChecksumForm::partial, ChecksumForm::absent}) {
      if (form == ChecksumForm::absent && tuple.protocol == kProtocolTcp) continue;
      PacketSpec spec;
      spec.tuple = tuple;
      spec.payload.assign(5, 0x21);
      spec.checksum = form;
      MemoryPacket packet = build_packet(spec);
      PacketView view;
      const HeldPacket intact(packet);
      REQUIRE(parse_packet(intact.packet, view) == ParseError::none);
      CHECK(is_intact(intact.packet, view));
      packet.bytes.back() ^= 1;
      const HeldPacket damaged(packet);
      REQUIRE(parse_packet(damaged.packet, view) == ParseError::none);
      // Only a whole checksum tells.
      CHECK(is_intact(damaged.packet, view) == (form != ChecksumForm::whole));
    }
  }
}

TEST_CASE("answer: SCTP gets an unreachable whatever its checksum, as from a host that does not speak it") {
  for (const FiveTuple& tuple : {client_tuple(kProtocolSctp), client_tuple6(kProtocolSctp)}) {
    MemoryPacket packet = sctp_packet(tuple);
    packet.bytes.back() ^= 1;
    PacketView view;
    const HeldPacket held(packet);
    REQUIRE(parse_packet(held.packet, view) == ParseError::none);
    CHECK(is_intact(held.packet, view));
    const auto [is_answered, answer] = unreachable_of(packet, Unreachable::protocol);
    REQUIRE(is_answered);
    CHECK(is_well_formed(answer));
  }
}

}  // namespace uipvs::test
