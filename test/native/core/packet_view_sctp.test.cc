#include <doctest/doctest.h>

#include "core/packet_view.h"
#include "support/rig.h"
#include "support/sctp_builder.h"

namespace uipvs::test {
namespace {

using Bytes = std::vector<uint8_t>;

ParseError parse(const MemoryPacket& packet, PacketView& view) {
  const HeldPacket held(packet);
  return parse_packet(held.packet, view);
}

Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

// A chunk that says `length` of itself, whatever it is.
Bytes lying_chunk(uint8_t type, uint16_t length, const Bytes& value = {}) {
  Bytes made = {type, 0, static_cast<uint8_t>(length >> 8), static_cast<uint8_t>(length)};
  return made + value;
}

}  // namespace

TEST_CASE("sctp parser: reads ports and offsets over both families, with options and extensions") {
  for (const FiveTuple& tuple : {client_tuple(kProtocolSctp), client_tuple6(kProtocolSctp)}) {
    const bool is_v6 = tuple.family == Family::ipv6;
    PacketSpec spec;
    spec.tuple = tuple;
    spec.ip_options.assign(40, 1);
    spec.first_extension = kProtocolHopByHop;
    spec.extensions = {kProtocolSctp, 0, 1, 4, 0, 0, 0, 0};
    spec.payload = sctp_chunk(kChunkInit);
    PacketView view;
    REQUIRE(parse(build_sctp(spec), view) == ParseError::none);
    CHECK(view.tuple == tuple);
    CHECK(view.has_ports);
    CHECK(view.transport_offset == (is_v6 ? 48 : 60));
    CHECK(view.payload_offset == view.transport_offset + 12);
    CHECK(view.tcp_flags == 0);
    CHECK_FALSE(view.has_partial_checksum);
  }
}

TEST_CASE("sctp parser: a common header that is not all there is refused, one without chunks is not") {
  for (const FiveTuple& tuple : {client_tuple(kProtocolSctp), client_tuple6(kProtocolSctp)}) {
    const size_t header = tuple.family == Family::ipv4 ? 20 : 40;
    for (size_t bytes = 0; bytes <= 16; ++bytes) {
      PacketSpec spec;
      spec.tuple = tuple;
      spec.payload = sctp_packet(tuple).bytes;
      spec.payload.erase(spec.payload.begin(), spec.payload.begin() + static_cast<ptrdiff_t>(header));
      spec.payload.resize(bytes);
      PacketView view;
      CAPTURE(bytes);
      CHECK(parse(build_packet(spec), view) == (bytes < 12 ? ParseError::transport_truncated : ParseError::none));
      if (bytes < 12) continue;
      const SctpEvent expected = bytes < 16 ? SctpEvent::none : SctpEvent::init;
      CHECK(view.sctp_event == expected);
      CHECK(view.sctp_first_chunk == expected);
    }
  }
}

TEST_CASE("sctp parser: the first chunk decides, unless an ABORT follows COOKIE ECHO or COOKIE ACK") {
  struct Row {
    const char* what;
    Bytes chunks;
    SctpEvent first;
    SctpEvent event;
  };
  const Bytes stop = sctp_chunk(kChunkAbort), some = sctp_chunk(kChunkData), echo = sctp_chunk(kChunkCookieEcho);
  using enum SctpEvent;
  for (const Row& row : {
           Row{"INIT", sctp_chunk(kChunkInit), init, init},
           Row{"ABORT", stop, abort, abort},
           Row{"unknown chunk", sctp_chunk(193), data, data},
           Row{"DATA, ABORT", some + stop, data, data},
           Row{"INIT ACK, ABORT", sctp_chunk(kChunkInitAck) + stop, init_ack, init_ack},
           Row{"SHUTDOWN, ABORT", sctp_chunk(kChunkShutdown) + stop, shutdown, shutdown},
           Row{"COOKIE ECHO, ABORT", echo + stop, cookie_echo, abort},
           Row{"COOKIE ACK, ABORT", sctp_chunk(kChunkCookieAck, {}) + stop, cookie_ack, abort},
           Row{"COOKIE ECHO, DATA, ABORT", echo + some + stop, cookie_echo, cookie_echo},
           Row{"COOKIE ECHO of 5 bytes, padded, ABORT", sctp_chunk(kChunkCookieEcho, {9}) + stop, cookie_echo, abort},
           Row{"COOKIE ECHO of length 0, ABORT", lying_chunk(kChunkCookieEcho, 0) + stop, cookie_echo, cookie_echo},
           Row{"COOKIE ECHO of length 3, ABORT", lying_chunk(kChunkCookieEcho, 3) + stop, cookie_echo, cookie_echo},
           Row{"COOKIE ECHO longer than the packet", lying_chunk(kChunkCookieEcho, 0xffff) + stop, cookie_echo,
               cookie_echo},
           Row{"COOKIE ECHO, 3 bytes of an ABORT", echo + Bytes{kChunkAbort, 0, 0}, cookie_echo, cookie_echo},
           Row{"COOKIE ECHO, 4 bytes of an ABORT", echo + Bytes{kChunkAbort, 0, 0, 4}, cookie_echo, abort},
       }) {
    for (const FiveTuple& tuple : {client_tuple(kProtocolSctp), client_tuple6(kProtocolSctp)}) {
      CAPTURE(row.what);
      PacketView view;
      REQUIRE(parse(sctp_packet(tuple, row.chunks), view) == ParseError::none);
      CHECK(view.sctp_first_chunk == row.first);
      CHECK(view.sctp_event == row.event);
    }
  }
}

TEST_CASE("sctp parser: padding behind the IP packet is no chunk") {
  MemoryPacket packet = sctp_packet(client_tuple(kProtocolSctp), {});
  packet.bytes.resize(60, kChunkInit);
  PacketView view;
  REQUIRE(parse(packet, view) == ParseError::none);
  CHECK(view.sctp_first_chunk == SctpEvent::none);
}

TEST_CASE("sctp parser: only a first fragment has ports and a chunk") {
  for (const uint16_t fragment : {uint16_t{0x2000}, uint16_t{0x2001}, uint16_t{0x0001}}) {
    PacketSpec spec;
    spec.tuple = client_tuple(kProtocolSctp);
    spec.fragment = fragment;
    spec.payload = sctp_chunk(kChunkInit);
    PacketView view;
    CAPTURE(fragment);
    REQUIRE(parse(build_sctp(spec), view) == ParseError::none);
    const bool is_first = fragment == 0x2000;
    CHECK(view.is_fragment);
    CHECK(view.has_ports == is_first);
    CHECK(view.tuple.source_port == (is_first ? spec.tuple.source_port : 0));
    CHECK(view.sctp_event == (is_first ? SctpEvent::init : SctpEvent::none));
  }
}

TEST_CASE("sctp parser: NEEDS_CSUM must name SCTP's own field") {
  struct Row {
    uint16_t start, offset;
    ParseError expected;
  };
  for (const Row& row : {Row{20, 8, ParseError::none}, Row{20, 16, ParseError::offload_metadata},
                         Row{20, 6, ParseError::offload_metadata}, Row{0, 8, ParseError::offload_metadata},
                         Row{24, 8, ParseError::offload_metadata}, Row{65535, 8, ParseError::offload_metadata}}) {
    MemoryPacket packet = sctp_packet(client_tuple(kProtocolSctp));
    packet.vnet.flags = kVnetNeedsChecksum;
    packet.vnet.checksum_start = row.start;
    packet.vnet.checksum_offset = row.offset;
    CAPTURE(row.start);
    CAPTURE(row.offset);
    PacketView view;
    const ParseError error = parse(packet, view);
    CHECK(error == row.expected);
    if (error == ParseError::none) CHECK(view.has_partial_checksum);
  }
}

TEST_CASE("sctp parser: packets of other protocols have no chunk") {
  for (const MemoryPacket& packet :
       {tcp_segment(client_tuple(kProtocolTcp), kTcpSyn, 40), udp_datagram(client_tuple6(kProtocolUdp), 40)}) {
    PacketView view;
    REQUIRE(parse(packet, view) == ParseError::none);
    CHECK(view.sctp_event == SctpEvent::none);
    CHECK(view.sctp_first_chunk == SctpEvent::none);
  }
}

}  // namespace uipvs::test
