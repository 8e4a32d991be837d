#include "core/fragmentation.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/reassembly.h"
#include "support/fragment_builder.h"
#include "support/rig.h"
#include "support/slow_checksum.h"

namespace uipvs::test {
namespace {

constexpr uint32_t kIdentification = 0x89abcdef;

struct Split {
  SplitError error = SplitError::none;
  uint32_t count = 0;
  std::vector<MemoryPacket> fragments;
};

Split split(const MemoryPacket& whole, uint32_t most, uint32_t mark = 0) {
  HeldPacket held(whole);
  held.packet.mark = mark;
  PacketView view;
  REQUIRE(parse_packet(held.packet, view) == ParseError::none);
  Fragmenter fragmenter(held.packet, view, most, kIdentification);
  Split made{fragmenter.error(), fragmenter.count(), {}};
  HeldPacket buffer({}, most);
  while (fragmenter.next(buffer.packet)) {
    CHECK(buffer.packet.mark == mark);
    made.fragments.push_back(buffer.copy());
  }
  CHECK(fragmenter.error() == made.error);
  return made;
}

PacketSpec udp_spec(Family family, uint32_t payload) {
  PacketSpec spec;
  spec.tuple = family == Family::ipv6 ? client_tuple6(kProtocolUdp) : client_tuple(kProtocolUdp);
  spec.payload = patterned(0, payload);
  return spec;
}

// An extension header of 8 bytes.
std::vector<uint8_t> extensions_of(std::initializer_list<uint8_t> named) {
  std::vector<uint8_t> made;
  for (const uint8_t next : named) made.insert(made.end(), {next, 0, 1, 4, 0, 0, 0, 0});
  return made;
}

}  // namespace

TEST_CASE("fragmentation: what is split and reassembled in any order, with duplicates, is the same packet") {
  Random random(test_seed());
  // With long options and a small limit there are 8192 fragments, which by default are too many.
  ReassemblyLimits limits;
  limits.memory_bytes = limits.source_memory_bytes = 16u << 20;
  Reassembler reassembler({5, 6}, limits);
  uint32_t done = 0;
  for (int round = 0; round < 600; ++round) {
    const uint32_t most_packet = random.one_in(20) ? 65535 : random.one_in(2) ? 400 + random.below(4000) : 3000;
    const MemoryPacket whole = random_packet(random, most_packet);
    const uint32_t most = random.one_in(3) ? 1280 + random.below(300) : 68 + random.below(1500);
    Split made = split(whole, most, 77);
    CAPTURE(most);
    if (made.error != SplitError::none) {
      REQUIRE((made.error == SplitError::limit_too_small || made.error == SplitError::not_needed));
      REQUIRE((made.error == SplitError::not_needed) == (whole.bytes.size() <= most));
      continue;
    }
    ++done;
    REQUIRE(made.fragments.size() == made.count);
    REQUIRE(made.count >= 2);
    size_t largest = 0;
    for (const MemoryPacket& fragment : made.fragments) {
      REQUIRE(fragment.bytes.size() <= most);
      REQUIRE(header_checksum(fragment) == ChecksumState::right);
      largest = std::max(largest, fragment.bytes.size());
    }
    for (size_t i = made.fragments.size(); i > 1; --i) {
      std::swap(made.fragments[i - 1], made.fragments[random.below(static_cast<uint32_t>(i))]);
    }
    WholeDatagram joined;
    for (size_t i = 0; i < made.fragments.size(); ++i) {
      HeldPacket held(made.fragments[i]);
      held.packet.mark = 77;
      const bool is_last = i + 1 == made.fragments.size();
      REQUIRE(reassembler.add(held.packet, 1, joined) ==
              (is_last ? FragmentOutcome::complete : FragmentOutcome::stored));
      if (is_last || !random.one_in(3)) continue;
      const HeldPacket again(made.fragments[random.below(static_cast<uint32_t>(i + 1))]);
      WholeDatagram none;
      REQUIRE(reassembler.add(again.packet, 1, none) == FragmentOutcome::duplicate);
    }
    const Packet& packet = joined.packet;
    REQUIRE(std::vector<uint8_t>(packet.data, packet.data + packet.length) == whole.bytes);
    REQUIRE(packet.mark == 77);
    REQUIRE(joined.largest_fragment_bytes == largest);
    REQUIRE(reassembler.live() == 0);
  }
  CHECK(done > 200);
}

TEST_CASE("fragmentation: all fragments but the last are as large as the limit allows") {
  struct Row {
    Family family;
    uint32_t most, full;
  };
  for (const Row& row : {Row{Family::ipv4, 1500, 1500}, Row{Family::ipv4, 1499, 1492}, Row{Family::ipv6, 1500, 1496},
                         Row{Family::ipv6, 1280, 1280}}) {
    const Split made = split(build_packet(udp_spec(row.family, 4000)), row.most);
    REQUIRE(made.error == SplitError::none);
    for (size_t i = 0; i + 1 < made.fragments.size(); ++i) CHECK(made.fragments[i].bytes.size() == row.full);
    CHECK(made.fragments.back().bytes.size() <= row.full);
  }
}

TEST_CASE("fragmentation: an IPv4 packet becomes these fragments, byte for byte") {
  PacketSpec spec = udp_spec(Family::ipv4, 32);
  spec.fragment = 0x4000;
  const MemoryPacket whole = build_packet(spec);
  const Split made = split(whole, 44);
  REQUIRE(made.fragments.size() == 2);
  for (size_t i = 0; i < 2; ++i) {
    std::vector<uint8_t> expected(whole.bytes.begin(), whole.bytes.begin() + 20);
    const auto from = whole.bytes.begin() + (i == 0 ? 20 : 44);
    expected.insert(expected.end(), from, i == 0 ? from + 24 : whole.bytes.end());
    expected[3] = i == 0 ? 44 : 36;
    expected[6] = i == 0 ? 0x60 : 0x40;  // DF as it was
    expected[7] = i == 0 ? 0 : 3;
    repair_header_checksum(expected);
    CHECK(made.fragments[i].bytes == expected);
  }
}

TEST_CASE("fragmentation: later IPv4 fragments have only the options with the copy bit") {
  struct Row {
    const char* what;
    std::vector<uint8_t> options, later;
  };
  const std::vector<Row> rows = {
      {"record route goes, loose source route stays",
       {7, 7, 4, 0, 0, 0, 0, 1, 131, 7, 4, 9, 9, 9, 9, 0},
       {1, 1, 1, 1, 1, 1, 1, 1, 131, 7, 4, 9, 9, 9, 9, 0}},
      {"nothing behind the end is an option", {0, 2, 7, 2}, {0, 2, 7, 2}},
      {"length 1", {7, 1, 4, 0}, {7, 1, 4, 0}},
      {"length 0", {7, 0, 4, 0}, {7, 0, 4, 0}},
      {"longer than the header", {1, 7, 4, 0}, {1, 7, 4, 0}},
      {"just to the end of the header", {1, 7, 3, 0}, {1, 1, 1, 1}},
      {"no length", {1, 1, 1, 7}, {1, 1, 1, 7}},
      {"router alert stays", {148, 4, 0, 0}, {148, 4, 0, 0}},
      {"time stamp goes", {68, 4, 5, 0}, {1, 1, 1, 1}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    PacketSpec spec = udp_spec(Family::ipv4, 200);
    spec.ip_options = row.options;
    const Split made = split(build_packet(spec), 80);
    REQUIRE(made.fragments.size() >= 3);
    for (size_t i = 0; i < made.fragments.size(); ++i) {
      const auto begin = made.fragments[i].bytes.begin() + 20;
      const std::vector<uint8_t> found(begin, begin + static_cast<ptrdiff_t>(row.options.size()));
      CHECK(found == (i == 0 ? row.options : row.later));
    }
  }
}

TEST_CASE("fragmentation: IPv6 headers for routers are in every fragment, those for the receiver in the first") {
  struct Row {
    const char* what;
    uint8_t first;
    std::vector<uint8_t> extensions;
    uint32_t kept;       // bytes in every fragment
    uint32_t naming_at;  // where the fragment header is named
    uint8_t named;       // by the fragment header
  };
  constexpr uint8_t kHop = kProtocolHopByHop, kRoute = kProtocolRouting, kOptions = kProtocolDestinationOptions;
  const std::vector<Row> rows = {
      {"none", kProtocolUdp, {}, 40, 6, kProtocolUdp},
      {"hop-by-hop", kHop, extensions_of({kProtocolUdp}), 48, 40, kProtocolUdp},
      {"destination options", kOptions, extensions_of({kProtocolUdp}), 40, 6, kOptions},
      {"routing", kRoute, extensions_of({kProtocolUdp}), 48, 40, kProtocolUdp},
      {"hop-by-hop, destination options", kHop, extensions_of({kOptions, kProtocolUdp}), 48, 40, kOptions},
      {"destination options, routing, destination options", kOptions, extensions_of({kRoute, kOptions, kProtocolUdp}),
       56, 48, kOptions},
      {"all four", kHop, extensions_of({kOptions, kRoute, kOptions, kProtocolUdp}), 64, 56, kOptions},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    PacketSpec spec = udp_spec(Family::ipv6, 400);
    spec.first_extension = row.first;
    spec.extensions = row.extensions;
    const MemoryPacket whole = build_packet(spec);
    const Split made = split(whole, 200);
    REQUIRE(made.fragments.size() >= 3);
    uint32_t offset = 0;
    for (const MemoryPacket& fragment : made.fragments) {
      std::vector<uint8_t> expected(whole.bytes.begin(), whole.bytes.begin() + row.kept);
      expected[row.naming_at] = kProtocolFragment;
      expected[4] = 0;
      expected[5] = static_cast<uint8_t>(fragment.bytes.size() - 40);
      const uint32_t data = static_cast<uint32_t>(fragment.bytes.size()) - row.kept - 8;
      const bool has_more = row.kept + offset + data < whole.bytes.size();
      expected.insert(expected.end(),
                      {row.named, 0, static_cast<uint8_t>(offset >> 8),
                       static_cast<uint8_t>((offset & 0xff) | (has_more ? 1 : 0)), 0x89, 0xab, 0xcd, 0xef});
      const auto from = whole.bytes.begin() + row.kept + offset;
      expected.insert(expected.end(), from, from + data);
      CHECK(fragment.bytes == expected);
      offset += data;
    }
    CHECK(row.kept + offset == whole.bytes.size());
  }
}

TEST_CASE("fragmentation: refuses what it cannot split, with its reason") {
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    const uint32_t header = family == Family::ipv6 ? 48 : 20;
    const MemoryPacket whole = build_packet(udp_spec(family, 100));
    const uint32_t length = static_cast<uint32_t>(whole.bytes.size());
    CHECK(split(whole, length).error == SplitError::not_needed);
    CHECK(split(whole, length - 1).error == SplitError::none);
    CHECK(split(whole, header + 8).error == SplitError::none);
    CHECK(split(whole, header + 7).error == SplitError::limit_too_small);
    CHECK(split(whole, 0).error == SplitError::limit_too_small);

    PacketSpec partial = udp_spec(family, 100);
    partial.checksum = ChecksumForm::partial;
    CHECK(split(build_packet(partial), 100).error == SplitError::offload_metadata);
    MemoryPacket segments = whole;
    segments.vnet.gso_type = kVnetGsoUdpL4;
    CHECK(split(segments, 100).error == SplitError::offload_metadata);
    CHECK(split(build_fragment(fragment_of(family, 0, 200, true)), 100).error == SplitError::is_fragment);
  }
  CHECK(split(build_fragment(fragment_of(Family::ipv6, 0, 200, false)), 100).error == SplitError::is_fragment);
}

TEST_CASE("fragmentation: the first fragment has all headers or nothing is split") {
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    const uint32_t header = family == Family::ipv6 ? 48 : 20;
    PacketSpec tcp = udp_spec(family, 400);
    tcp.tuple.protocol = kProtocolTcp;
    tcp.tcp_options.assign(20, 1);
    CHECK(split(build_packet(tcp), header + 39).error == SplitError::limit_too_small);
    CHECK(split(build_packet(tcp), header + 40).error == SplitError::none);
  }
  PacketSpec options = udp_spec(Family::ipv6, 400);
  options.first_extension = kProtocolDestinationOptions;
  options.extensions = extensions_of({kProtocolDestinationOptions, kProtocolUdp});
  CHECK(split(build_packet(options), 48 + 23).error == SplitError::limit_too_small);
  CHECK(split(build_packet(options), 48 + 24).error == SplitError::none);

  // Of a protocol that the parser does not look into: 8 bytes, as for ICMP.
  options.tuple.protocol = kProtocolIcmp6;
  options.extensions = extensions_of({kProtocolIcmp6});
  CHECK(split(build_packet(options), 48 + 15).error == SplitError::limit_too_small);
  CHECK(split(build_packet(options), 48 + 16).error == SplitError::none);
}

TEST_CASE("fragmentation: a buffer that holds less than a fragment is refused and nothing is written to it") {
  const HeldPacket held(build_packet(udp_spec(Family::ipv4, 100)));
  PacketView view;
  REQUIRE(parse_packet(held.packet, view) == ParseError::none);
  Fragmenter fragmenter(held.packet, view, 60, 0);
  HeldPacket small({}, 59);
  CHECK_FALSE(fragmenter.next(small.packet));
  CHECK(fragmenter.error() == SplitError::buffer_too_small);
}

TEST_CASE("fragmentation: padding behind the packet is in no fragment") {
  MemoryPacket whole = build_packet(udp_spec(Family::ipv4, 100));
  const Split expected = split(whole, 60);
  whole.bytes.resize(whole.bytes.size() + 30, 0xee);
  const Split made = split(whole, 60);
  REQUIRE(made.count == expected.count);
  CHECK(made.fragments.back().bytes == expected.fragments.back().bytes);
}

}  // namespace uipvs::test
