#include "core/packet_view.h"

#include <doctest/doctest.h>

#include <functional>

#include "support/rig.h"

namespace uipvs::test {
namespace {

using Edit = std::function<void(MemoryPacket&)>;

struct Malformed {
  const char* what;
  PacketSpec spec;
  Edit edit;
  ParseError expected;
};

PacketSpec spec_of(const FiveTuple& tuple, uint32_t payload_bytes = 4) {
  PacketSpec spec;
  spec.tuple = tuple;
  spec.payload.assign(payload_bytes, 0x55);
  return spec;
}

PacketSpec with_extensions(uint8_t first, std::vector<uint8_t> extensions, uint8_t protocol = kProtocolTcp) {
  PacketSpec spec = spec_of(client_tuple6(protocol));
  spec.first_extension = first;
  spec.extensions = std::move(extensions);
  return spec;
}

// `count` destination options of 8 bytes, the last of which names TCP.
std::vector<uint8_t> options_chain(int count) {
  std::vector<uint8_t> made;
  for (int i = 0; i < count; ++i) {
    made.insert(made.end(), {i + 1 < count ? kProtocolDestinationOptions : kProtocolTcp, 0, 1, 4, 0, 0, 0, 0});
  }
  return made;
}

Edit set(size_t at, uint8_t value) {
  return [=](MemoryPacket& packet) { packet.bytes[at] = value; };
}

// Sets a byte of an IPv4 header and makes its checksum right again.
Edit set4(size_t at, uint8_t value) {
  return [=](MemoryPacket& packet) {
    packet.bytes[at] = value;
    repair_header_checksum(packet.bytes);
  };
}

Edit offload(uint16_t start, uint16_t offset) {
  return [=](MemoryPacket& packet) {
    packet.vnet.flags = kVnetNeedsChecksum;
    packet.vnet.checksum_start = start;
    packet.vnet.checksum_offset = offset;
  };
}

const PacketSpec kTcp = spec_of(client_tuple(kProtocolTcp));
const PacketSpec kUdp = spec_of(client_tuple(kProtocolUdp));
const PacketSpec kTcp6 = spec_of(client_tuple6(kProtocolTcp));
const PacketSpec kUdp6 = spec_of(client_tuple6(kProtocolUdp));

ParseError parse(const MemoryPacket& packet, PacketView& view) {
  const HeldPacket held(packet);
  return parse_packet(held.packet, view);
}

}  // namespace

TEST_CASE("parser: refuses each malformed packet with its reason") {
  const std::vector<Malformed> table = {
      {"nothing", kTcp, [](MemoryPacket& p) { p.bytes.clear(); }, ParseError::empty},
      {"version 0", kTcp, set(0, 0x05), ParseError::version},
      {"version 5", kTcp, set(0, 0x55), ParseError::version},
      {"version 15", kTcp, set(0, 0xf5), ParseError::version},
      {"IPv4 header cut", kTcp, [](MemoryPacket& p) { p.bytes.resize(19); }, ParseError::ip_header_truncated},
      {"IPv4 options cut", kTcp,
       [](MemoryPacket& p) {
         p.bytes.resize(24);
         p.bytes[0] = 0x4f;
       },
       ParseError::ip_header_truncated},
      {"IHL 4", kTcp, set(0, 0x44), ParseError::ip_header_length},
      {"IHL 0", kTcp, set(0, 0x40), ParseError::ip_header_length},
      {"IPv4 total length one beyond", kTcp, set4(3, 45), ParseError::ip_total_length},
      {"IPv4 total length below the header", kTcp, set4(3, 19), ParseError::ip_total_length},
      {"IPv4 total length 0", kTcp, set4(3, 0), ParseError::ip_total_length},
      {"IPv4 header checksum", kTcp, set(10, 0), ParseError::ip_header_checksum},
      {"TCP header not all in the total length", kTcp, set4(3, 39), ParseError::transport_truncated},
      {"TCP data offset 4", kTcp, set(32, 0x40), ParseError::tcp_data_offset},
      {"TCP data offset beyond", kTcp, set(32, 0x70), ParseError::tcp_data_offset},
      {"UDP header not all in the total length", kUdp, set4(3, 27), ParseError::transport_truncated},
      {"UDP length 7", kUdp, set(25, 7), ParseError::udp_length},
      {"UDP length one beyond", kUdp, set(25, 13), ParseError::udp_length},
      {"IPv6 header cut", kTcp6, [](MemoryPacket& p) { p.bytes.resize(39); }, ParseError::ip_header_truncated},
      {"IPv6 payload length one beyond", kTcp6, set(5, 25), ParseError::ip_total_length},
      {"IPv6 payload length of a jumbogram", kTcp6, set(4, 0xff), ParseError::ip_total_length},
      {"IPv6 payload length 0", kTcp6, set(5, 0), ParseError::transport_truncated},
      {"IPv6 longer than any IPv4 packet", kTcp6,
       [](MemoryPacket& p) {
         p.bytes.resize(65575);
         p.bytes[4] = 0xff;
         p.bytes[5] = 0xff;
       },
       ParseError::ip_total_length},
      {"UDP over IPv6, length 0", kUdp6, set(45, 0), ParseError::udp_length},
      {"extension beyond the packet", with_extensions(kProtocolHopByHop, options_chain(1)), set(41, 9),
       ParseError::ip_header_truncated},
      {"extension header cut", with_extensions(kProtocolHopByHop, options_chain(1)), set(5, 7),
       ParseError::ip_header_truncated},
      {"fragment header cut", with_extensions(kProtocolFragment, {6, 0, 0, 1, 0, 0, 0, 9}), set(5, 4),
       ParseError::ip_header_truncated},
      {"seventeen extension headers", with_extensions(kProtocolDestinationOptions, options_chain(17)), nullptr,
       ParseError::extension_chain},
      {"checksum start of another header", kTcp, offload(24, 16), ParseError::offload_metadata},
      {"checksum start beyond the packet", kTcp, offload(60000, 16), ParseError::offload_metadata},
      {"checksum offset of UDP in TCP", kTcp, offload(20, 6), ParseError::offload_metadata},
      {"checksum offset of TCP in UDP", kUdp, offload(20, 16), ParseError::offload_metadata},
      {"checksum start at an IPv6 header", kTcp6, offload(0, 16), ParseError::offload_metadata},
  };
  std::vector<bool> is_seen(static_cast<size_t>(ParseError::offload_metadata) + 1);
  for (const Malformed& row : table) {
    CAPTURE(row.what);
    MemoryPacket packet = build_packet(row.spec);
    PacketView view;
    if (row.edit) REQUIRE(parse(packet, view) == ParseError::none);
    if (row.edit) row.edit(packet);
    CHECK(parse(packet, view) == row.expected);
    is_seen[static_cast<size_t>(row.expected)] = true;
  }
  for (size_t error = 1; error < is_seen.size(); ++error) {
    CAPTURE(error);
    CHECK(is_seen[error]);
  }
}

TEST_CASE("parser: reads tuples, offsets and flags of whole packets") {
  PacketView view;
  PacketSpec spec = kTcp;
  spec.ip_options.assign(40, 1);
  spec.tcp_options.assign(40, 1);
  spec.tcp_flags = kTcpSyn | kTcpAck;
  spec.hop_limit = 3;
  REQUIRE(parse(build_packet(spec), view) == ParseError::none);
  CHECK(view.tuple == spec.tuple);
  CHECK(view.transport_offset == 60);
  CHECK(view.payload_offset == 120);
  CHECK(view.length == 124);
  CHECK(view.tcp_flags == (kTcpSyn | kTcpAck));
  CHECK(view.hop_limit == 3);
  CHECK(view.has_ports);
  CHECK_FALSE(view.is_fragment);
  CHECK_FALSE(view.has_partial_checksum);

  PacketSpec spec6 = with_extensions(kProtocolHopByHop, options_chain(16));
  REQUIRE(parse(build_packet(spec6), view) == ParseError::none);
  CHECK(view.tuple == spec6.tuple);
  CHECK(view.transport_offset == 168);
  CHECK(view.payload_offset == 188);

  REQUIRE(parse(build_packet(kUdp6), view) == ParseError::none);
  CHECK(view.tuple == kUdp6.tuple);
  CHECK(view.payload_offset == 48);
}

TEST_CASE("parser: leaves padding behind the IP packet out") {
  MemoryPacket packet = build_packet(kUdp);
  packet.bytes.resize(60, 0xee);
  PacketView view;
  REQUIRE(parse(packet, view) == ParseError::none);
  CHECK(view.length == 32);
}

TEST_CASE("parser: takes a partial checksum where the metadata tell the truth") {
  for (PacketSpec spec : {kTcp, kUdp, kTcp6, kUdp6}) {
    spec.checksum = ChecksumForm::partial;
    PacketView view;
    REQUIRE(parse(build_packet(spec), view) == ParseError::none);
    CHECK(view.has_partial_checksum);
  }
}

TEST_CASE("parser: metadata without NEEDS_CSUM are not looked at") {
  MemoryPacket packet = build_packet(kTcp);
  packet.vnet = {kVnetDataValid, kVnetGsoTcp4, 65535, 1, 65535, 65535};
  PacketView view;
  REQUIRE(parse(packet, view) == ParseError::none);
  CHECK_FALSE(view.has_partial_checksum);
}

TEST_CASE("parser: only a first IPv4 fragment has ports") {
  struct Row {
    uint16_t fragment;
    bool is_fragment;
    bool has_ports;
  };
  for (const Row& row : {Row{0x4000, false, true}, Row{0x8000, false, true}, Row{0x2000, true, true},
                         Row{0x2001, true, false}, Row{0x0001, true, false}, Row{0x1fff, true, false}}) {
    CAPTURE(row.fragment);
    PacketSpec spec = kUdp;
    spec.fragment = row.fragment;
    PacketView view;
    REQUIRE(parse(build_packet(spec), view) == ParseError::none);
    CHECK(view.is_fragment == row.is_fragment);
    CHECK(view.has_ports == row.has_ports);
    CHECK(view.tuple.source_port == (row.has_ports ? spec.tuple.source_port : 0));
  }
}

TEST_CASE("parser: a first fragment may say a UDP length beyond itself, a whole datagram not") {
  PacketSpec spec = kUdp;
  spec.fragment = 0x2000;
  MemoryPacket packet = build_packet(spec);
  packet.bytes[24] = 0x20;
  PacketView view;
  CHECK(parse(packet, view) == ParseError::none);
}

TEST_CASE("parser: IPv6 fragments are known by their header, an atomic fragment is whole") {
  struct Row {
    uint16_t fragment;
    bool is_fragment;
    bool has_ports;
  };
  for (const Row& row : {Row{0x0000, false, true}, Row{0x0006, false, true}, Row{0x0001, true, true},
                         Row{0x0008, true, false}, Row{0xfff8, true, false}}) {
    CAPTURE(row.fragment);
    const uint8_t high = static_cast<uint8_t>(row.fragment >> 8), low = static_cast<uint8_t>(row.fragment);
    PacketView view;
    REQUIRE(parse(build_packet(with_extensions(kProtocolFragment, {6, 0, high, low, 0, 0, 0, 9})), view) ==
            ParseError::none);
    CHECK(view.is_fragment == row.is_fragment);
    CHECK(view.has_ports == row.has_ports);
    CHECK(view.tuple.protocol == kProtocolTcp);
  }
}

TEST_CASE("parser: what follows a later fragment's header is not read as a header") {
  // It names a hop-by-hop header, but the bytes there are the middle of a payload.
  PacketView view;
  const auto packet = build_packet(with_extensions(kProtocolFragment, {kProtocolHopByHop, 0, 0, 8, 0, 0, 0, 9}));
  REQUIRE(parse(packet, view) == ParseError::none);
  CHECK(view.transport_offset == 48);
  CHECK_FALSE(view.has_ports);
}

TEST_CASE("parser: a protocol without ports has none") {
  PacketView view;
  REQUIRE(parse(build_packet(spec_of(client_tuple(47))), view) == ParseError::none);
  CHECK_FALSE(view.has_ports);
  CHECK(view.payload_offset == view.transport_offset);
  CHECK(view.tuple.destination_port == 0);
}

}  // namespace uipvs::test
