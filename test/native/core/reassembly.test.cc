#include "core/reassembly.h"

#include <doctest/doctest.h>

#include <string>

#include "core/bytes.h"
#include "core/packet_view.h"
#include "support/reassembly_bench.h"
#include "support/slow_checksum.h"

namespace uipvs::test {
namespace {

struct Cut {
  uint32_t offset, bytes;
  bool has_more;
  FragmentOutcome outcome;
};

struct Story {
  const char* what;
  std::vector<Cut> cuts;
};

constexpr auto kComplete = FragmentOutcome::complete, kStored = FragmentOutcome::stored,
               kDuplicate = FragmentOutcome::duplicate, kOverlap = FragmentOutcome::overlap,
               kContradiction = FragmentOutcome::length_contradiction, kUnaligned = FragmentOutcome::unaligned_length,
               kZero = FragmentOutcome::zero_length, kTooLong = FragmentOutcome::too_long,
               kBefore = FragmentOutcome::refused_before;

}  // namespace

TEST_CASE("reassembly: each story of cuts ends as it must, in both families") {
  const std::vector<Story> stories = {
      {"in order", {{0, 16, true, kStored}, {16, 8, true, kStored}, {24, 5, false, kComplete}}},
      {"backwards", {{24, 5, false, kStored}, {16, 8, true, kStored}, {0, 16, true, kComplete}}},
      {"the last in the middle", {{0, 16, true, kStored}, {24, 5, false, kStored}, {16, 8, true, kComplete}}},
      {"duplicates of each",
       {{0, 16, true, kStored},
        {0, 16, true, kDuplicate},
        {24, 5, false, kStored},
        {24, 5, false, kDuplicate},
        {16, 8, true, kComplete}}},
      {"a duplicate whose next piece is there",
       {{8, 8, true, kStored}, {16, 8, true, kStored}, {8, 8, true, kDuplicate}, {16, 8, true, kDuplicate}}},
      {"two pieces again as one", {{8, 8, true, kStored}, {16, 8, true, kStored}, {8, 16, true, kOverlap}}},
      {"one piece again as two", {{8, 16, true, kStored}, {8, 8, true, kOverlap}, {16, 8, true, kBefore}}},
      {"the later half again", {{8, 16, true, kStored}, {16, 8, true, kOverlap}}},
      {"the middle again", {{8, 24, true, kStored}, {16, 8, true, kOverlap}}},
      {"around a piece", {{16, 8, true, kStored}, {8, 24, true, kOverlap}}},
      {"over a head", {{16, 16, true, kStored}, {8, 16, true, kOverlap}}},
      {"over a tail", {{8, 16, true, kStored}, {16, 16, true, kOverlap}}},
      {"over the first fragment (RFC 3128)",
       {{0, 24, true, kStored}, {8, 24, false, kOverlap}, {24, 8, false, kBefore}}},
      {"an overlap, then the whole datagram again",
       {{0, 16, true, kStored}, {8, 16, true, kOverlap}, {0, 16, true, kBefore}, {16, 8, false, kBefore}}},
      {"the same bytes, now without more", {{8, 8, true, kStored}, {8, 8, false, kContradiction}}},
      {"the same bytes, now with more", {{8, 8, false, kStored}, {8, 8, true, kContradiction}}},
      {"two ends, the second before", {{32, 8, false, kStored}, {8, 8, false, kContradiction}}},
      {"two ends, the second behind", {{8, 8, false, kStored}, {32, 8, false, kContradiction}}},
      {"the same last piece, shorter", {{8, 7, false, kStored}, {8, 6, false, kContradiction}}},
      {"data behind the end", {{8, 8, false, kStored}, {16, 8, true, kContradiction}}},
      {"an end before the data", {{32, 8, true, kStored}, {8, 8, false, kContradiction}}},
      {"an end within the data", {{8, 24, true, kStored}, {8, 16, false, kContradiction}}},
      {"teardrop", {{0, 36, true, kUnaligned}, {24, 4, false, kStored}}},
      {"teardrop of whole units", {{0, 40, true, kStored}, {24, 4, false, kContradiction}}},
      {"nestea", {{0, 24, true, kStored}, {16, 8, true, kOverlap}, {48, 8, false, kBefore}}},
      {"ping of death", {{0, 1480, true, kStored}, {65528, 64, false, kTooLong}, {1480, 8, false, kComplete}}},
      {"one byte too long", {{65512, 4, false, kTooLong}, {65480, 8, false, kStored}}},
      {"beyond 16 bits", {{65528, 8, true, kTooLong}}},
      {"rose: the ends and nothing between", {{0, 32, true, kStored}, {65480, 8, false, kStored}}},
      {"no data", {{0, 0, true, kZero}, {8, 0, true, kZero}, {8, 0, false, kZero}, {8, 8, true, kStored}}},
      {"odd lengths",
       {{0, 9, true, kUnaligned}, {8, 7, true, kUnaligned}, {0, 8, true, kStored}, {8, 7, false, kComplete}}},
      {"across blocks and maps",
       {{16376, 16, true, kStored},
        {0, 16376, true, kStored},
        {16392, 40000, true, kStored},
        {16376, 16, true, kDuplicate},
        {56392, 1, false, kComplete}}},
  };
  for (const Family family : kBoth) {
    for (const Story& story : stories) {
      CAPTURE(story.what);
      ReassemblyBench bench;
      uint32_t end = 0;
      for (const Cut& cut : story.cuts) {
        CAPTURE(cut.offset);
        CHECK(bench.add(fragment_of(family, cut.offset, cut.bytes, cut.has_more)) == cut.outcome);
        if (!cut.has_more) end = std::max(end, cut.offset + cut.bytes);
        if (cut.outcome == FragmentOutcome::complete) {
          if (std::string(story.what) == "ping of death") end = 1488;
          CHECK(bench.data() == patterned(0, end));
          CHECK(bench.reassembler.live() == 0);
          CHECK(bench.reassembler.used_blocks() == 0);
        }
      }
    }
  }
}

TEST_CASE("reassembly: the longest datagram is as long as a packet may be") {
  for (const Family family : kBoth) {
    const uint32_t data = 65535 - (family == Family::ipv6 ? 40 : 20);
    ReassemblyBench bench;
    CHECK(bench.add(fragment_of(family, 32768, data - 32768, false)) == FragmentOutcome::stored);
    CHECK(bench.add(fragment_of(family, 0, 32768, true)) == FragmentOutcome::complete);
    CHECK(bench.data() == patterned(0, data));
  }
}

TEST_CASE("reassembly: a first fragment with more options than the last may not make it too long") {
  ReassemblyBench bench;
  FragmentSpec first = fragment_of(Family::ipv4, 0, 32768, true);
  first.ip_options.assign(4, 1);
  CHECK(bench.add(first) == FragmentOutcome::stored);
  CHECK(bench.add(fragment_of(Family::ipv4, 32768, 65515 - 32768, false)) == FragmentOutcome::too_long);
  CHECK(bench.add(fragment_of(Family::ipv4, 32768, 65515 - 32768, false)) == FragmentOutcome::refused_before);
}

TEST_CASE("reassembly: a first fragment must have its transport header, and its datagram waits for a good one") {
  struct Row {
    uint8_t protocol;
    uint32_t too_short, enough;
  };
  for (const Family family : kBoth) {
    for (const Row& row : {Row{kProtocolTcp, 16, 24}, Row{kProtocolSctp, 8, 16}}) {
      CAPTURE(row.protocol);
      ReassemblyBench bench;
      FragmentSpec spec = fragment_of(family, 0, row.too_short, true);
      spec.protocol = row.protocol;
      CHECK(bench.add(spec) == FragmentOutcome::header_incomplete);
      CHECK(bench.reassembler.live() == 0);
      spec.data = patterned(0, row.enough);
      if (row.protocol == kProtocolTcp) spec.data[12] = 0x50;
      CHECK(bench.add(spec) == FragmentOutcome::stored);
      if (row.protocol == kProtocolTcp) {
        spec.data[12] = 0x70;
        CHECK(bench.add(spec) == FragmentOutcome::header_incomplete);
      }
    }
  }
  ReassemblyBench bench;
  FragmentSpec spec = fragment_of(Family::ipv6, 0, 8, true);
  spec.protocol = kProtocolDestinationOptions;
  spec.data = {kProtocolIcmp6, 0, 1, 4, 0, 0, 0, 0};
  CHECK(bench.add(spec) == FragmentOutcome::header_incomplete);
  spec.data[0] = 47;
  CHECK(bench.add(spec) == FragmentOutcome::header_incomplete);
}

TEST_CASE("reassembly: refuses what is no fragment, nested, malformed or has offload metadata") {
  ReassemblyBench bench;
  for (const Family family : kBoth) {
    CHECK(bench.add(fragment_of(family, 0, 16, false)) == FragmentOutcome::not_fragment);
    MemoryPacket cut = build_fragment(fragment_of(family, 8, 16, true));
    cut.bytes.resize(cut.bytes.size() - 1);
    CHECK(bench.add(cut) == FragmentOutcome::malformed);
    FragmentSpec first = fragment_of(family, 0, 16, true);
    first.protocol = kProtocolUdp;
    first.data = {0, 1, 0, 2, 0, 99, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    MemoryPacket offloaded = build_fragment(first);
    offloaded.vnet.flags = kVnetNeedsChecksum;
    offloaded.vnet.checksum_start = family == Family::ipv6 ? 48 : 20;
    offloaded.vnet.checksum_offset = 6;
    CHECK(bench.add(offloaded) == FragmentOutcome::offload_metadata);
    offloaded.vnet = {};
    offloaded.vnet.gso_type = kVnetGsoUdpL4;
    CHECK(bench.add(offloaded) == FragmentOutcome::offload_metadata);
  }
  for (const uint8_t offset : {0, 8}) {
    FragmentSpec nested = fragment_of(Family::ipv6, 0, 16, true);
    nested.protocol = kProtocolFragment;
    nested.data = {47, 0, 0, static_cast<uint8_t>(offset | 1), 0, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8};
    CHECK(bench.add(nested) == FragmentOutcome::nested);
    // The outer one atomic.
    nested.has_more = false;
    CHECK(bench.add(nested) == FragmentOutcome::nested);
  }
  CHECK(bench.reassembler.live() == 0);
}

TEST_CASE("reassembly: datagrams differ by addresses, identification and, for IPv4, protocol") {
  for (const Family family : kBoth) {
    ReassemblyBench bench;
    const FragmentSpec first = fragment_of(family, 0, 16, true);
    FragmentSpec last = fragment_of(family, 16, 8, false);
    CHECK(bench.add(first) == FragmentOutcome::stored);
    for (int i = 0; i < 3; ++i) {
      FragmentSpec other = last;
      if (i == 0) other.source.words[0] ^= 1;
      if (i == 1) other.destination.words[0] ^= 1;
      if (i == 2) other.identification ^= 0x100;
      CHECK(bench.add(other) == FragmentOutcome::stored);
    }
    last.protocol = 50;
    // Only the first fragment's next header counts.
    CHECK(bench.add(last) == (family == Family::ipv6 ? FragmentOutcome::complete : FragmentOutcome::stored));
    if (family == Family::ipv6) CHECK(bench.delivered().bytes[6] == 47);
  }
}

}  // namespace uipvs::test
