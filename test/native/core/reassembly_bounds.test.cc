// What bounds the reassembler: time, records, memory, a source's share; and its slow twin.
#include <doctest/doctest.h>

#include <set>

#include "support/reassembly_bench.h"
#include "support/reassembly_twin.h"

namespace uipvs::test {
namespace {

struct Bench : ReassemblyBench {
  using ReassemblyBench::ReassemblyBench;

  // Whether the last part of the datagram completes it.
  bool is_there(const FragmentSpec& first) {
    FragmentSpec last = first;
    last.offset = static_cast<uint32_t>(first.data.size());
    last.has_more = false;
    last.data.assign(8, 0);
    return add(last) == FragmentOutcome::complete;
  }
};

FragmentSpec first_of(Family family, uint32_t identification, uint32_t source = 7, uint32_t bytes = 16) {
  FragmentSpec spec = fragment_of(family, 0, bytes, true);
  spec.identification = identification;
  // IPv6: another network of 64 bits.
  spec.source.words[family == Family::ipv6 ? 1 : 0] = source;
  return spec;
}

// Limits with room for so many blocks beside the records.
ReassemblyLimits limits_of(uint32_t blocks, uint32_t source_blocks) {
  ReassemblyLimits limits;
  limits.datagrams = 8;
  limits.source_datagrams = 4;
  limits.memory_bytes =
      static_cast<uint32_t>(DatagramTable::memory_bytes(limits.datagrams)) + blocks * kFragmentBlockBytes;
  limits.source_memory_bytes = source_blocks * kFragmentBlockBytes;
  return limits;
}

}  // namespace

TEST_CASE("reassembly: a datagram's time begins with its first arrival, 30 s for IPv4 and 60 s for IPv6") {
  for (const Family family : kBoth) {
    const Tick lifetime = (family == Family::ipv6 ? 60 : 30) * kTicksPerSecond;
    Bench bench;
    Packet first;
    CHECK(bench.add(fragment_of(family, 16, 8, true)) == FragmentOutcome::stored);
    bench.now += lifetime - 1;
    CHECK(bench.reassembler.expire_one(bench.now, first) == Expiry::none);
    CHECK(bench.add(fragment_of(family, 0, 16, true)) == FragmentOutcome::stored);
    bench.now += 1;
    CHECK(bench.reassembler.expire_one(bench.now, first) == Expiry::answerable);
    const std::vector<uint8_t> expected = build_fragment(fragment_of(family, 0, 16, true)).bytes;
    CHECK(std::vector<uint8_t>(first.data, first.data + first.length) == expected);
    CHECK(bench.reassembler.expire_one(bench.now, first) == Expiry::none);
    CHECK(bench.reassembler.live() == 0);
    CHECK(bench.reassembler.used_blocks() == 0);
  }
}

TEST_CASE("reassembly: without its first fragment a datagram ends unanswered") {
  Bench bench;
  Packet first;
  bench.add(fragment_of(Family::ipv4, 16, 8, true));
  bench.now += kFragmentTime4;
  CHECK(bench.reassembler.expire_one(bench.now, first) == Expiry::incomplete);
}

TEST_CASE("reassembly: a fragment that comes after the time begins anew, even where nobody asked what is over") {
  Bench bench;
  bench.add(fragment_of(Family::ipv4, 0, 16, true));
  bench.now += kFragmentTime4;
  CHECK(bench.add(fragment_of(Family::ipv4, 16, 8, false)) == FragmentOutcome::stored);
  CHECK(bench.reassembler.live() == 1);
}

TEST_CASE("reassembly: a refused datagram stays so for the rest of its time, without bytes and unanswered") {
  Bench bench;
  Packet first;
  bench.add(fragment_of(Family::ipv6, 0, 16, true));
  CHECK(bench.add(fragment_of(Family::ipv6, 8, 16, true)) == FragmentOutcome::overlap);
  CHECK(bench.reassembler.used_blocks() == 0);
  bench.now += kFragmentTime6 - 1;
  CHECK(bench.add(fragment_of(Family::ipv6, 0, 16, true)) == FragmentOutcome::refused_before);
  bench.now += 1;
  CHECK(bench.reassembler.expire_one(bench.now, first) == Expiry::refused);
  CHECK(bench.add(fragment_of(Family::ipv6, 0, 16, true)) == FragmentOutcome::stored);
}

TEST_CASE("reassembly: at the limit of datagrams the oldest gives way, of whatever family") {
  Bench bench(limits_of(100, 100));
  for (uint32_t i = 0; i < 8; ++i) {
    bench.add(first_of(kBoth[i % 2], i, i));
    ++bench.now;
  }
  CHECK(bench.add(first_of(Family::ipv4, 100, 100)) == FragmentOutcome::stored);
  CHECK(bench.add(first_of(Family::ipv4, 101, 101)) == FragmentOutcome::stored);
  CHECK(bench.reassembler.live() == 8);
  CHECK(bench.reassembler.evicted() == 2);
  CHECK(bench.is_there(first_of(Family::ipv4, 2, 2)));
  CHECK(bench.is_there(first_of(Family::ipv6, 3, 3)));
  CHECK_FALSE(bench.is_there(first_of(Family::ipv4, 0, 0)));
  CHECK_FALSE(bench.is_there(first_of(Family::ipv6, 1, 1)));
}

TEST_CASE("reassembly: a source at its number of datagrams gives up its own oldest") {
  for (const Family family : kBoth) {
    Bench bench(limits_of(100, 100));
    bench.add(first_of(family, 1, 50));
    for (uint32_t i = 0; i < 5; ++i) {
      FragmentSpec spec = first_of(family, i, 60);
      // The rest of an IPv6 address makes no other source.
      if (family == Family::ipv6) spec.source.words[3] = i;
      bench.add(spec);
    }
    CHECK(bench.reassembler.live() == 5);
    CHECK(bench.reassembler.evicted() == 1);
    CHECK(bench.is_there(first_of(family, 1, 50)));
    FragmentSpec kept = first_of(family, 1, 60);
    if (family == Family::ipv6) kept.source.words[3] = 1;
    CHECK(bench.is_there(kept));
  }
}

TEST_CASE("reassembly: a source at its share of memory gives up its own oldest, others keep theirs") {
  Bench bench(limits_of(100, 9));  // a datagram of one small piece takes three blocks: header, data, map
  bench.add(first_of(Family::ipv4, 1, 50));
  for (uint32_t i = 0; i < 4; ++i) bench.add(first_of(Family::ipv4, i, 60));
  CHECK(bench.reassembler.evicted() == 1);
  CHECK(bench.reassembler.used_blocks() == 12);
  CHECK(bench.is_there(first_of(Family::ipv4, 1, 60)));
  CHECK(bench.is_there(first_of(Family::ipv4, 1, 50)));
}

TEST_CASE("reassembly: where all memory is taken the oldest of all goes, but never the datagram itself") {
  Bench bench(limits_of(9, 9));
  for (uint32_t i = 0; i < 3; ++i) bench.add(first_of(Family::ipv4, i, i));
  FragmentSpec more = first_of(Family::ipv4, 0, 0);
  more.offset = 16;
  CHECK(bench.add(more) == FragmentOutcome::stored);
  CHECK(bench.reassembler.evicted() == 1);
  CHECK_FALSE(bench.is_there(first_of(Family::ipv4, 1, 1)));
  CHECK(bench.reassembler.used_blocks() <= 9);
  CHECK(bench.reassembler.used_bytes() <= limits_of(9, 9).memory_bytes);
}

TEST_CASE("reassembly: a refused datagram gives way as any other, and is not counted again") {
  Bench bench(limits_of(100, 100));
  FragmentSpec refused = first_of(Family::ipv4, 0);
  bench.add(refused);
  refused.offset = 8;
  CHECK(bench.add(refused) == FragmentOutcome::overlap);
  for (uint32_t i = 1; i < 5; ++i) bench.add(first_of(Family::ipv4, i));
  CHECK(bench.reassembler.evicted() == 0);
  CHECK(bench.add(first_of(Family::ipv4, 0)) == FragmentOutcome::stored);
}

TEST_CASE("reassembly: one datagram of many tiny pieces is refused at the share of its source") {
  Bench bench(limits_of(100, 10));
  bench.add(first_of(Family::ipv4, 1));
  for (uint32_t i = 2; i < 9; ++i) {
    FragmentSpec tiny = first_of(Family::ipv4, 1);
    tiny.offset = i * 16;
    tiny.data.resize(8);
    CHECK(bench.add(tiny) == FragmentOutcome::stored);
  }
  FragmentSpec tiny = first_of(Family::ipv4, 1);
  tiny.offset = 16 * 16;
  CHECK(bench.add(tiny) == FragmentOutcome::too_many_fragments);
  CHECK(bench.reassembler.used_blocks() == 0);
  CHECK(bench.add(tiny) == FragmentOutcome::refused_before);
}

TEST_CASE("reassembly: a datagram that all memory cannot hold is refused") {
  Bench bench(limits_of(4, 100));
  CHECK(bench.add(first_of(Family::ipv4, 1, 7, 3000)) == FragmentOutcome::no_room);
  ReassemblyLimits none = limits_of(4, 100);
  none.memory_bytes = 0;
  Bench without(none);
  CHECK(without.add(first_of(Family::ipv4, 1)) == FragmentOutcome::no_room);
}

TEST_CASE("reassembly: a flood of first fragments never takes more than the memory it may") {
  Random random(test_seed());
  const ReassemblyLimits limits;
  Bench bench;
  for (int i = 0; i < 20'000; ++i) {
    const Family family = kBoth[random.below(2)];
    const HeldPacket held(build_fragment(
        first_of(family, static_cast<uint32_t>(random.word()), random.below(40), 8 * (1 + random.below(180)))));
    const FragmentOutcome outcome = bench.reassembler.add(held.packet, bench.now, bench.whole);
    REQUIRE((outcome == FragmentOutcome::stored || outcome == FragmentOutcome::overlap ||
             outcome == FragmentOutcome::duplicate || outcome == FragmentOutcome::refused_before));
    REQUIRE(bench.reassembler.used_bytes() <= limits.memory_bytes);
  }
  CHECK(bench.reassembler.is_accounted());
  CHECK(bench.reassembler.evicted() > 10'000);
  Packet first;
  while (bench.reassembler.expire_one(bench.now + kFragmentTime6, first) != Expiry::none) continue;
  CHECK(bench.reassembler.live() == 0);
  CHECK(bench.reassembler.used_blocks() == 0);
}

TEST_CASE("reassembly: outcomes, bytes, blocks and expiry are those of the slow twin, whatever comes") {
  Random random(test_seed());
  ReassemblyLimits roomy;
  roomy.memory_bytes = 64u << 20;
  roomy.source_memory_bytes = 60u << 20;
  Bench bench(roomy);
  ReassemblyTwin twin;
  std::set<FragmentOutcome> outcomes;
  for (int i = 0; i < 6000; ++i) {
    const uint32_t scale = random.one_in(20) ? 8000 : 8;
    // Most are one of the three parts of the same datagram, so that datagrams become whole as well as refused.
    const uint32_t third = random.below(3);
    const bool is_odd = random.one_in(15);
    const uint32_t offset = is_odd ? random.below(6) * scale : third * 2 * scale;
    const uint32_t bytes = random.one_in(30) ? random.below(40) : (is_odd ? 1 + random.below(3) : 2) * scale;
    FragmentSpec spec = fragment_of(kBoth[random.below(2)], offset, bytes, is_odd ? random.one_in(2) : third != 2);
    spec.identification = random.below(4);
    spec.congestion = random.one_in(40) ? 0 : static_cast<uint8_t>(1 + random.below(3));
    spec.has_dont_fragment = random.one_in(2);
    if (random.one_in(20)) spec.data = random.bytes(bytes);
    if (random.one_in(200)) spec.ip_options.assign(8, 1);
    if (random.one_in(20)) bench.now += random.below(20 * kTicksPerSecond);
    const MemoryPacket packet = build_fragment(spec);

    ReassemblyTwin::Expired expired;
    for (;;) {
      Packet first;
      const Expiry expiry = bench.reassembler.expire_one(bench.now, first);
      if (expiry == Expiry::none) break;
      if (expiry == Expiry::refused) ++expired.refused;
      if (expiry == Expiry::incomplete) ++expired.incomplete;
      if (expiry == Expiry::answerable) expired.answerable.insert({first.data, first.data + first.length});
    }
    REQUIRE(expired == twin.expire(bench.now));

    const FragmentOutcome outcome = bench.reassembler.add(HeldPacket(packet).packet, bench.now, bench.whole);
    const TwinOutcome expected = twin.add(packet, bench.now);
    outcomes.insert(outcome);
    REQUIRE(outcome == expected.outcome);
    if (outcome == FragmentOutcome::complete) {
      const Packet& made = bench.whole.packet;
      REQUIRE(std::vector<uint8_t>(made.data, made.data + made.length) == expected.whole);
      REQUIRE(bench.whole.largest_fragment_bytes == expected.largest);
    }
    REQUIRE(bench.reassembler.live() == twin.live());
    REQUIRE(bench.reassembler.used_blocks() == twin.blocks());
  }
  CHECK(bench.reassembler.is_accounted());
  for (const FragmentOutcome reached :
       {FragmentOutcome::complete, FragmentOutcome::stored, FragmentOutcome::duplicate, FragmentOutcome::overlap,
        FragmentOutcome::length_contradiction, FragmentOutcome::congestion_mark, FragmentOutcome::refused_before}) {
    CHECK(outcomes.count(reached) == 1);
  }
}

}  // namespace uipvs::test
