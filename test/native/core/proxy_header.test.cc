#include "core/proxy_header.h"

#include <doctest/doctest.h>

#include "support/rig.h"
#include "support/slow_checksum.h"

namespace uipvs::test {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr Direction kIn = Direction::to_server;
constexpr Direction kOut = Direction::to_client;

ConnectionEnds ends_of(Family family, uint8_t protocol) {
  ConnectionEnds ends;
  const bool is_v6 = family == Family::ipv6;
  ends.family = family;
  ends.protocol = protocol;
  ends.client = is_v6 ? kClient6 : kClient;
  ends.virtual_ = is_v6 ? kVip6 : kVip;
  ends.client_port = 40000;
  ends.virtual_port = 443;
  return ends;
}

Bytes header_of(const ConnectionEnds& ends) {
  std::array<uint8_t, kProxyHeaderBytes6> bytes;
  const uint32_t length = write_proxy_header(ends, bytes);
  return {bytes.begin(), bytes.begin() + length};
}

struct Passed {
  EditError error;
  uint32_t sequence, acknowledgment;
  Bytes payload;
};

// A segment as the pipeline takes it through.
Passed pass(SequenceRecord& record, Direction direction, uint8_t flags, uint32_t sequence, uint32_t acknowledgment,
            const Bytes& payload, const Bytes& options = {}) {
  PacketSpec spec;
  spec.tuple = client_tuple(kProtocolTcp);
  spec.tcp_flags = flags;
  spec.sequence = sequence;
  spec.acknowledgment = acknowledgment;
  spec.payload = payload;
  spec.tcp_options = options;
  HeldPacket held(build_packet(spec), 200);
  PacketView view;
  REQUIRE(parse_packet(held.packet, view) == ParseError::none);
  EditError error = EditError::none;
  if (direction == kIn) {
    error = add_proxy_header(held.packet, view, record, ends_of(Family::ipv4, kProtocolTcp));
  } else {
    make_room_for_proxy_header(held.packet, view);
  }
  shift_sequence(held.packet, view, record, direction);
  CHECK(transport_checksum(held.copy()) == ChecksumState::right);
  const std::span<const uint8_t> seen = payload_of(held.packet, view);
  return {error, tcp_sequence(held.packet, view), tcp_acknowledgment(held.packet, view), {seen.begin(), seen.end()}};
}

const Bytes kHello{'h', 'e', 'l', 'l', 'o'};

Bytes with_header(const Bytes& payload) {
  Bytes made = header_of(ends_of(Family::ipv4, kProtocolTcp));
  made.insert(made.end(), payload.begin(), payload.end());
  return made;
}

}  // namespace

TEST_CASE("proxy header: of TCP over IPv4, byte for byte") {
  const Bytes expected{0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a, 0x21, 0x11,
                       0,    12,   198,  51,   100,  7,    203,  0,    113,  10,   0x9c, 0x40, 0x01, 0xbb};
  CHECK(header_of(ends_of(Family::ipv4, kProtocolTcp)) == expected);
}

TEST_CASE("proxy header: of UDP over IPv6, byte for byte") {
  const Bytes expected{0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a, 0x21,
                       0x22, 0,    36,   0x20, 0x01, 0x0d, 0xb8, 0,    0,    0,    0,    0,    0,
                       0,    0,    0,    0,    0,    7,    0x20, 0x01, 0x0d, 0xb8, 0,    0,    0,
                       0,    0,    0,    0,    0,    0,    0,    1,    0,    0x9c, 0x40, 0x01, 0xbb};
  CHECK(header_of(ends_of(Family::ipv6, kProtocolUdp)) == expected);
}

TEST_CASE("proxy header: rides on whatever starts at the client's first byte until the server has acknowledged it") {
  for (const uint32_t isn : {5000u, UINT32_MAX, UINT32_MAX - 1}) {
    SequenceRecord record{};
    CHECK(pass(record, kIn, kTcpSyn, isn, 0, {}).payload.empty());
    CHECK(pass(record, kOut, kTcpSyn | kTcpAck, 900, isn + 1, {}).acknowledgment == isn + 1);
    // The handshake's ACK, again, and with data.
    for (const Bytes& payload : {Bytes{}, Bytes{}, kHello}) {
      const Passed first = pass(record, kIn, kTcpAck, isn + 1, 901, payload);
      CHECK(first.sequence == isn + 1);
      CHECK(first.payload == with_header(payload));
    }
    const Passed second = pass(record, kIn, kTcpAck, isn + 6, 901, kHello);
    CHECK(second.sequence == isn + 34);
    CHECK(second.payload == kHello);
    // Of part of the header, nothing is acknowledged, and it is still needed.
    CHECK(pass(record, kOut, kTcpAck, 901, isn + 28, {}).acknowledgment == isn + 1);
    CHECK(pass(record, kIn, kTcpAck, isn + 1, 901, {}).payload == with_header({}));
    CHECK(pass(record, kOut, kTcpAck, 901, isn + 29, {}).acknowledgment == isn + 1);
    const Passed late = pass(record, kIn, kTcpAck, isn + 1, 901, kHello);
    CHECK(late.sequence == isn + 29);
    CHECK(late.payload == kHello);
    CHECK(pass(record, kOut, kTcpAck, 901, isn + 39, {}).acknowledgment == isn + 11);
    // A keep-alive of a client that has said nothing.
    CHECK(pass(record, kIn, kTcpAck, isn, 901, {}).sequence == isn);
  }
}

TEST_CASE("proxy header: a FIN or data that comes first carries it, a RST does not") {
  SequenceRecord record{};
  pass(record, kIn, kTcpSyn, 100, 0, {});
  CHECK(pass(record, kIn, kTcpFin | kTcpAck, 101, 7, {}).payload == with_header({}));
  CHECK(pass(record, kIn, kTcpRst, 101, 0, {}).payload.empty());
  CHECK(pass(record, kIn, kTcpRst, 102, 0, {}).sequence == 130);
}

TEST_CASE("proxy header: data in a SYN is cut off, and comes with the header behind the handshake") {
  SequenceRecord record{};
  const Passed syn = pass(record, kIn, kTcpSyn, 100, 0, kHello);
  CHECK(syn.error == EditError::none);
  CHECK(syn.sequence == 100);
  CHECK(syn.payload.empty());
  CHECK(pass(record, kIn, kTcpAck, 101, 7, kHello).payload == with_header(kHello));
}

TEST_CASE("proxy header: a client that starts anew before an answer has its new number taken, later it has not") {
  SequenceRecord record{};
  record.flags = 77;
  pass(record, kIn, kTcpSyn, 100, 0, {});
  pass(record, kIn, kTcpSyn, 5000, 0, {});
  CHECK(record.flags == 77);
  CHECK(pass(record, kIn, kTcpAck, 5001, 7, kHello).payload == with_header(kHello));
  pass(record, kOut, kTcpAck, 7, 5001 + 28 + 5, {});
  pass(record, kIn, kTcpSyn, 9000, 0, {});
  CHECK(record.client_sequence == 5000);
  CHECK(pass(record, kIn, kTcpAck, 5006, 7, kHello).sequence == 5034);
}

TEST_CASE("proxy header: is behind an edit of later bytes not put again") {
  SequenceRecord record{};
  pass(record, kIn, kTcpSyn, 100, 0, {});
  pass(record, kIn, kTcpAck, 101, 7, kHello);
  pass(record, kOut, kTcpAck, 7, 101 + 28, {});
  REQUIRE(note_segment(record, kIn, 106, 5, 2));
  const Passed again = pass(record, kIn, kTcpAck, 101, 7, kHello);
  CHECK(again.payload == kHello);
  CHECK(again.sequence == 129);
}

TEST_CASE("proxy header: a connection that was open before has none") {
  SequenceRecord record{};
  const Passed segment = pass(record, kIn, kTcpAck, 101, 7, kHello);
  CHECK(segment.payload == kHello);
  CHECK(segment.sequence == 101);
}

TEST_CASE("proxy header: where it does not fit the buffer, the segment must not go on") {
  SequenceRecord record{};
  pass(record, kIn, kTcpSyn, 100, 0, {});
  CHECK(pass(record, kIn, kTcpAck, 101, 7, Bytes(150, 1)).error == EditError::no_room);
}

TEST_CASE("proxy header: only a SYN-ACK has its MSS lowered, by the header's length, if that leaves as much again") {
  struct Row {
    uint8_t flags;
    uint16_t before, after4, after6;
  };
  for (const Row& row : {Row{kTcpSyn | kTcpAck, 1460, 1432, 1408}, Row{kTcpSyn | kTcpAck, 56, 28, 56},
                         Row{kTcpSyn | kTcpAck, 55, 55, 55}, Row{kTcpSyn, 1460, 1460, 1460},
                         Row{kTcpAck, 1460, 1460, 1460}, Row{kTcpSyn | kTcpAck, 65535, 65507, 65483}}) {
    for (const bool is_v6 : {false, true}) {
      PacketSpec spec;
      spec.tuple = is_v6 ? client_tuple6(kProtocolTcp) : client_tuple(kProtocolTcp);
      spec.tcp_flags = row.flags;
      // At an odd offset.
      spec.tcp_options = {3, 3, 7, 2, 4, static_cast<uint8_t>(row.before >> 8), static_cast<uint8_t>(row.before), 0};
      PacketSpec expected = spec;
      const uint16_t after = is_v6 ? row.after6 : row.after4;
      expected.tcp_options[5] = static_cast<uint8_t>(after >> 8);
      expected.tcp_options[6] = static_cast<uint8_t>(after);
      HeldPacket held(build_packet(spec));
      PacketView view;
      REQUIRE(parse_packet(held.packet, view) == ParseError::none);
      make_room_for_proxy_header(held.packet, view);
      CAPTURE(row.before);
      CHECK(held.copy().bytes == build_packet(expected).bytes);
    }
  }
}

TEST_CASE("proxy header: in front of a datagram") {
  PacketSpec spec;
  spec.tuple = client_tuple6(kProtocolUdp);
  spec.payload = kHello;
  const ConnectionEnds ends = ends_of(Family::ipv6, kProtocolUdp);
  HeldPacket held(build_packet(spec), 200);
  PacketView view;
  REQUIRE(parse_packet(held.packet, view) == ParseError::none);
  REQUIRE(prepend_proxy_header(held.packet, view, ends) == EditError::none);
  spec.payload = header_of(ends);
  spec.payload.insert(spec.payload.end(), kHello.begin(), kHello.end());
  CHECK(held.copy().bytes == build_packet(spec).bytes);
}

}  // namespace uipvs::test
