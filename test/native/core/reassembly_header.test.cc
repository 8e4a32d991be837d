// The header that a datagram has when it is whole, of those that its fragments had.
#include <doctest/doctest.h>

#include "core/bytes.h"
#include "support/reassembly_bench.h"
#include "support/slow_checksum.h"

namespace uipvs::test {

TEST_CASE("reassembly: header, mark and size of the largest are told, whatever comes first") {
  for (const Family family : kBoth) {
    ReassemblyBench bench;
    FragmentSpec first = fragment_of(family, 0, 16, true), last = fragment_of(family, 16, 200, false);
    MemoryPacket hop = build_fragment(first);
    const bool is_v6 = family == Family::ipv6;
    hop.bytes[is_v6 ? 7 : 8] = 9;
    if (!is_v6) repair_header_checksum(hop.bytes);
    CHECK(bench.add(build_fragment(last), 5) == FragmentOutcome::stored);
    CHECK(bench.add(hop, 6) == FragmentOutcome::complete);
    CHECK(bench.whole.packet.mark == 6);
    CHECK(bench.whole.largest_fragment_bytes == 200u + (is_v6 ? 48 : 20));
    CHECK(bench.whole.packet.capacity == kMaxPacketBytes);
    CHECK(bench.delivered().bytes[is_v6 ? 7 : 8] == 9);
    CHECK(header_checksum(bench.delivered()) == ChecksumState::right);
    CHECK(bench.delivered().vnet.flags == 0);
    CHECK(bench.delivered().vnet.gso_type == kVnetGsoNone);
  }
}

TEST_CASE("reassembly: DF stays where the largest fragment had it") {
  struct Row {
    bool small_has, large_has;
  };
  for (const Row& row : {Row{false, false}, Row{true, false}, Row{false, true}, Row{true, true}}) {
    ReassemblyBench bench;
    FragmentSpec large = fragment_of(Family::ipv4, 0, 64, true), small = fragment_of(Family::ipv4, 64, 8, false);
    large.has_dont_fragment = row.large_has;
    small.has_dont_fragment = row.small_has;
    bench.add(large);
    REQUIRE(bench.add(small) == FragmentOutcome::complete);
    CHECK(load_be16(bench.delivered().bytes.data() + 6) == (row.large_has ? 0x4000 : 0));
    CHECK(load_be16(bench.delivered().bytes.data() + 4) == 1);
  }
}

TEST_CASE("reassembly: congestion marks are joined, and a mix with none is refused") {
  struct Row {
    uint8_t first, last;
    int joined;  // -1: refused
  };
  for (const Family family : kBoth) {
    for (const Row& row : {Row{0, 0, 0}, Row{1, 1, 1}, Row{2, 1, 2}, Row{2, 3, 3}, Row{3, 1, 3}, Row{3, 3, 3},
                           Row{0, 1, -1}, Row{2, 0, -1}, Row{0, 3, -1}}) {
      ReassemblyBench bench;
      FragmentSpec first = fragment_of(family, 0, 16, true), last = fragment_of(family, 16, 8, false);
      first.congestion = row.first;
      last.congestion = row.last;
      bench.add(first);
      CHECK(bench.add(last) == (row.joined < 0 ? FragmentOutcome::congestion_mark : FragmentOutcome::complete));
      if (row.joined < 0) continue;
      const uint8_t second = bench.delivered().bytes[1];
      CHECK((family == Family::ipv6 ? second >> 4 : second) == row.joined);
      CHECK(bench.data() == patterned(0, 24));
    }
  }
}

TEST_CASE("reassembly: IPv6 headers before the fragment header stay, those behind it belong to the datagram") {
  ReassemblyBench bench;
  FragmentSpec first = fragment_of(Family::ipv6, 0, 24, true), last = fragment_of(Family::ipv6, 24, 3, false);
  first.first_extension = kProtocolHopByHop;
  first.extensions = {kProtocolRouting, 0, 1, 4, 0, 0, 0, 0, kProtocolFragment, 0, 0, 0, 0, 0, 0, 0};
  first.protocol = kProtocolDestinationOptions;
  const std::vector<uint8_t> options = {47, 0, 1, 4, 0, 0, 0, 0};
  std::copy(options.begin(), options.end(), first.data.begin());
  CHECK(bench.add(last) == FragmentOutcome::stored);
  REQUIRE(bench.add(first) == FragmentOutcome::complete);
  const std::vector<uint8_t> bytes = bench.delivered().bytes;
  REQUIRE(bytes.size() == 40 + 16 + 27);
  CHECK(bytes[4] == 0);
  CHECK(bytes[5] == 16 + 27);
  CHECK(bytes[6] == kProtocolHopByHop);
  CHECK(bytes[40] == kProtocolRouting);
  CHECK(bytes[48] == kProtocolDestinationOptions);
  CHECK(bytes[56] == 47);
}

}  // namespace uipvs::test
