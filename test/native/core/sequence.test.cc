#include "core/sequence.h"

#include <doctest/doctest.h>

#include "core/payload.h"
#include "support/random.h"
#include "support/rig.h"
#include "support/slow_checksum.h"

namespace uipvs::test {
namespace {

using Bytes = std::vector<uint8_t>;

void append32(Bytes& to, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) to.push_back(static_cast<uint8_t>(value >> shift));
}

struct Numbers {
  uint32_t sequence, acknowledgment;
  bool operator==(const Numbers&) const = default;
};

// A segment without payload that goes through shift_sequence(); its checksum must be right behind it.
Numbers shifted(SequenceRecord& record, Direction direction, Numbers numbers, uint8_t flags = kTcpAck,
                ChecksumForm form = ChecksumForm::whole) {
  PacketSpec spec;
  spec.tuple = client_tuple6(kProtocolTcp);
  spec.sequence = numbers.sequence;
  spec.acknowledgment = numbers.acknowledgment;
  spec.tcp_flags = flags;
  spec.checksum = form;
  HeldPacket held(build_packet(spec));
  PacketView view;
  REQUIRE(parse_packet(held.packet, view) == ParseError::none);
  shift_sequence(held.packet, view, record, direction);
  CHECK(transport_checksum(held.copy()) == ChecksumState::right);
  return {tcp_sequence(held.packet, view), tcp_acknowledgment(held.packet, view)};
}

constexpr Direction kIn = Direction::to_server;
constexpr Direction kOut = Direction::to_client;

}  // namespace

TEST_CASE("sequence: behind an edit numbers move, before it they do not, and the other way they move back") {
  // 100 bytes at 1000 become `change` more; in 32 bits that wrap.
  for (const uint32_t base : {0u, 0xfffffc00u, 0x7ffffc18u}) {
    for (const int32_t change : {7, -7}) {
      CAPTURE(base);
      CAPTURE(change);
      const uint32_t moved = static_cast<uint32_t>(change);
      SequenceRecord record{};
      REQUIRE(note_segment(record, kOut, base + 1000, 100, change));
      CHECK(shifted(record, kOut, {base + 900, 5}) == Numbers{base + 900, 5});
      CHECK(shifted(record, kOut, {base + 1000, 5}) == Numbers{base + 1000, 5});
      CHECK(shifted(record, kOut, {base + 1100, 5}) == Numbers{base + 1100 + moved, 5});
      CHECK(shifted(record, kIn, {5, base + 999}) == Numbers{5, base + 999});
      CHECK(shifted(record, kIn, {5, base + 1000}) == Numbers{5, base + 1000});
      // Of a part of the edited segment, nothing is acknowledged.
      CHECK(shifted(record, kIn, {5, base + 1001}) == Numbers{5, base + 1000});
      CHECK(shifted(record, kIn, {5, base + 1099 + moved}) == Numbers{5, base + 1000});
      CHECK(record.states[1] == static_cast<uint8_t>(EditState::pending));
      CHECK(shifted(record, kIn, {5, base + 1100 + moved}) == Numbers{5, base + 1100});
      CHECK(record.states[1] == static_cast<uint8_t>(EditState::settled));
      CHECK(shifted(record, kIn, {5, base + 5000 + moved}) == Numbers{5, base + 5000});
    }
  }
}

TEST_CASE("sequence: an edited segment that comes again counts once, and the next edit waits for its acknowledgment") {
  SequenceRecord record{};
  CHECK(note_segment(record, kIn, 1000, 10, 5));
  CHECK(note_segment(record, kIn, 1000, 10, 5));
  CHECK(record.shifts[0].delta == 5);
  CHECK(!note_segment(record, kIn, 2000, 10, -2));
  CHECK(record.shifts[0].delta == 5);
  shifted(record, kOut, {1, 1015});
  CHECK(note_segment(record, kIn, 2000, 10, -2));
  CHECK(note_segment(record, kIn, 2000, 10, -2));
  CHECK(note_segment(record, kIn, 1000, 10, 5));
  CHECK(record.shifts[0].delta == 3);
  CHECK(record.shifts[0].previous_delta == 5);
  CHECK(shifted(record, kIn, {2000, 0}).sequence == 2005);
  CHECK(shifted(record, kIn, {2010, 0}).sequence == 2013);
  CHECK(shifted(record, kOut, {1, 2005}).acknowledgment == 2000);
  CHECK(shifted(record, kOut, {1, 2013}).acknowledgment == 2010);
}

TEST_CASE("sequence: what is older than two edits reaches nothing that its receiver does not have") {
  SequenceRecord record{};
  REQUIRE(note_segment(record, kIn, 100000, 10, 500));
  shifted(record, kOut, {1, 100510});
  REQUIRE(note_segment(record, kIn, 100010, 10, 1));
  CHECK(shifted(record, kIn, {100010, 0}).sequence == 100510);
  // With its 510 bytes it would reach to 101010.
  CHECK(shifted(record, kIn, {100000, 0}).sequence == 100500 - 65536);
}

TEST_CASE("sequence: no change of length is no edit") {
  SequenceRecord record{};
  CHECK(note_segment(record, kIn, 1000, 10, 0));
  CHECK(record.states[0] == static_cast<uint8_t>(EditState::none));
}

TEST_CASE("sequence: a connection that sends more than 4 GiB behind an edit keeps its delta, and may be edited again") {
  SequenceRecord record{};
  const uint32_t start = 12345;
  REQUIRE(note_segment(record, kIn, start, 10, 28));
  uint32_t sequence = start;
  for (uint64_t sent = 60000; sent < (uint64_t{10} << 30); sent += 60000) {
    sequence = start + static_cast<uint32_t>(sent);
    const SequenceShift shift = record.shifts[0];
    if (sent % (60000 * 64) == 0) {
      REQUIRE(shifted(record, kIn, {sequence, 0}).sequence == sequence + 28);
      REQUIRE(shifted(record, kOut, {1, sequence + 28}).acknowledgment == sequence);
    } else {
      REQUIRE(shifted_sequence(shift, sequence) == sequence + 28);
      REQUIRE(unshifted_acknowledgment(shift, record.edited_bytes[0], sequence + 28) == sequence);
    }
  }
  CHECK(record.states[0] == static_cast<uint8_t>(EditState::none));
  REQUIRE(note_segment(record, kIn, sequence, 10, 2));
  CHECK(shifted(record, kIn, {sequence, 0}).sequence == sequence + 28);
  CHECK(shifted(record, kIn, {sequence + 10, 0}).sequence == sequence + 40);
}

TEST_CASE("sequence: without an edit, and without ACK, nothing changes") {
  SequenceRecord record{};
  CHECK(shifted(record, kIn, {77, 88}) == Numbers{77, 88});
  REQUIRE(note_segment(record, kOut, 10, 10, 5));
  CHECK(shifted(record, kIn, {77, 88}, kTcpRst) == Numbers{77, 88});
  CHECK(shifted(record, kIn, {77, 88}) == Numbers{77, 83});
}

TEST_CASE("sequence: what comes before its time is known, in numbers that wrap") {
  SequenceRecord record{};
  CHECK(!is_early(record, kIn, 500));
  REQUIRE(note_segment(record, kIn, 0xfffffff0, 1, 0));
  CHECK(!is_early(record, kIn, 0xfffffff1));
  CHECK(!is_early(record, kIn, 0xffffff00));
  CHECK(is_early(record, kIn, 0xfffffff2));
  CHECK(is_early(record, kIn, 5));
  CHECK(!is_early(record, kOut, 5));
  REQUIRE(note_segment(record, kIn, 0xfffffff1, 20, 3));
  CHECK(!is_early(record, kIn, 5));
  REQUIRE(note_segment(record, kIn, 0xfffffff1, 20, 3));
  CHECK(!is_early(record, kIn, 5));
  CHECK(is_early(record, kIn, 6));
}

TEST_CASE("sequence: an edit that is refused has not passed") {
  SequenceRecord record{};
  REQUIRE(note_segment(record, kIn, 0, 10, 3));
  REQUIRE(!note_segment(record, kIn, 10, 10, 3));
  CHECK(is_early(record, kIn, 20));
}

TEST_CASE("sequence: a partial checksum holds no sequence number") {
  SequenceRecord record{};
  REQUIRE(note_segment(record, kIn, 1000, 10, 5));
  CHECK(shifted(record, kIn, {2000, 3000}, kTcpAck, ChecksumForm::partial) == Numbers{2005, 3000});
}

TEST_CASE("sequence: SACK blocks move back with the acknowledgment, wherever in the options they stand") {
  for (uint32_t padding = 0; padding < 4; ++padding) {
    SequenceRecord record{};
    REQUIRE(note_segment(record, kOut, 0xfffffff0, 10, 6));
    PacketSpec spec;
    spec.tuple = client_tuple(kProtocolTcp);
    spec.acknowledgment = 0xffffffe0;
    spec.tcp_options.assign(padding, 1);
    spec.tcp_options.push_back(5);
    spec.tcp_options.push_back(26);
    // D-SACK of what is before the edit, a block that starts with it, one behind it.
    for (const uint32_t edge : {0xffffffd0u, 0xffffffe0u, 0xfffffff0u, 0x0000000au, 0x0000010au, 0x0000020au}) {
      append32(spec.tcp_options, edge);
    }
    spec.tcp_options.resize(28 + (padding > 2 ? 4 : 0), 0);
    PacketSpec expected = spec;
    expected.tcp_options.resize(padding + 2);
    for (const uint32_t edge : {0xffffffd0u, 0xffffffe0u, 0xfffffff0u, 0x00000004u, 0x00000104u, 0x00000204u}) {
      append32(expected.tcp_options, edge);
    }
    expected.tcp_options.resize(spec.tcp_options.size(), 0);
    HeldPacket held(build_packet(spec));
    PacketView view;
    REQUIRE(parse_packet(held.packet, view) == ParseError::none);
    shift_sequence(held.packet, view, record, kIn);
    CAPTURE(padding);
    CHECK(held.copy().bytes == build_packet(expected).bytes);
    CHECK(record.states[1] == static_cast<uint8_t>(EditState::pending));
  }
}

TEST_CASE("sequence: options that contradict themselves are left alone") {
  const std::vector<Bytes> broken{{5, 0, 1, 2}, {5, 1, 1, 2}, {5, 40, 1, 2}, {0, 5, 10, 1}, {1, 1, 1, 5}, {5, 2, 5, 3}};
  for (const Bytes& options : broken) {
    SequenceRecord record{};
    REQUIRE(note_segment(record, kOut, 0, 0, 6));
    PacketSpec spec;
    spec.tuple = client_tuple(kProtocolTcp);
    spec.tcp_options = options;
    HeldPacket held(build_packet(spec));
    PacketView view;
    REQUIRE(parse_packet(held.packet, view) == ParseError::none);
    shift_sequence(held.packet, view, record, kIn);
    spec.acknowledgment -= 6;
    CHECK(held.copy().bytes == build_packet(spec).bytes);
  }
}

}  // namespace uipvs::test
