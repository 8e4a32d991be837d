#include "core/payload.h"

#include <doctest/doctest.h>

#include "support/random.h"
#include "support/rig.h"
#include "support/slow_checksum.h"

namespace uipvs::test {
namespace {

using Bytes = std::vector<uint8_t>;

PacketSpec random_spec(Random& random) {
  PacketSpec spec;
  const uint8_t protocol = random.one_in(2) ? kProtocolTcp : kProtocolUdp;
  spec.tuple = random.one_in(2) ? client_tuple(protocol) : client_tuple6(protocol);
  spec.tuple.source_port = static_cast<uint16_t>(random.word());
  spec.ip_options.assign(4 * random.below(11), 1);
  if (random.one_in(3)) {
    spec.first_extension = kProtocolDestinationOptions;
    spec.extensions = {protocol, 0, 1, 4, 0, 0, 0, 0};
  }
  spec.tcp_options.assign(4 * random.below(11), 1);
  spec.payload = random.bytes(random.below(random.one_in(16) ? 3000 : 40));
  const uint32_t form = random.below(4);
  spec.checksum = form == 0 ? ChecksumForm::partial : form == 1 ? ChecksumForm::absent : ChecksumForm::whole;
  return spec;
}

size_t transport_offset(const PacketSpec& spec) {
  return spec.tuple.family == Family::ipv6 ? 40 + spec.extensions.size() : 20 + spec.ip_options.size();
}

// The same sum may be 0 or 0xffff in a checksum field.
bool is_same_packet(MemoryPacket left, MemoryPacket right, const PacketSpec& spec) {
  if (left.bytes.size() != right.bytes.size()) return false;
  std::vector<size_t> fields{transport_offset(spec) + (spec.tuple.protocol == kProtocolTcp ? 16 : 6)};
  if (spec.tuple.family == Family::ipv4) fields.push_back(10);
  for (const size_t field : fields) {
    for (MemoryPacket* packet : {&left, &right}) {
      uint8_t* const at = packet->bytes.data() + field;
      if (at[0] == 0xff && at[1] == 0xff) at[0] = at[1] = 0;
    }
  }
  return left.bytes == right.bytes;
}

MemoryPacket super_packet(uint8_t protocol, uint8_t gso_type, uint16_t gso_size, size_t payload) {
  PacketSpec spec;
  spec.tuple = client_tuple(protocol);
  spec.payload.assign(payload, 0x42);
  spec.checksum = ChecksumForm::partial;
  MemoryPacket packet = build_packet(spec);
  packet.vnet.gso_type = gso_type;
  packet.vnet.gso_size = gso_size;
  return packet;
}

}  // namespace

TEST_CASE("payload: an edit gives the packet that its sender would have made, and editing back the one it was") {
  Random random(test_seed());
  for (int round = 0; round < 20000; ++round) {
    PacketSpec spec = random_spec(random);
    // Without a checksum TCP has a wrong one, which must stay as wrong as it was.
    if (spec.tuple.protocol == kProtocolTcp && spec.checksum == ChecksumForm::absent)
      spec.checksum = ChecksumForm::whole;
    const MemoryPacket before = build_packet(spec);
    const uint32_t offset = random.below(static_cast<uint32_t>(spec.payload.size()) + 1);
    const uint32_t count = random.below(static_cast<uint32_t>(spec.payload.size()) - offset + 1);
    const Bytes added = random.bytes(random.below(50));
    const Bytes removed(spec.payload.begin() + offset, spec.payload.begin() + offset + count);
    PacketSpec edited = spec;
    edited.payload.erase(edited.payload.begin() + offset, edited.payload.begin() + offset + count);
    edited.payload.insert(edited.payload.begin() + offset, added.begin(), added.end());
    const MemoryPacket expected = build_packet(edited);

    HeldPacket held(before, static_cast<uint32_t>(std::max(before.bytes.size(), expected.bytes.size())));
    PacketView view;
    REQUIRE(parse_packet(held.packet, view) == ParseError::none);
    REQUIRE(replace_payload(held.packet, view, offset, count, added) == EditError::none);
    CAPTURE(round);
    REQUIRE(is_same_packet(held.copy(), expected, spec));
    PacketView seen;
    REQUIRE(parse_packet(held.packet, seen) == ParseError::none);
    CHECK(seen.length == view.length);
    CHECK(seen.payload_offset == view.payload_offset);
    CHECK(held.packet.vnet().header_length == view.payload_offset);
    const std::span<const uint8_t> payload = payload_of(held.packet, view);
    REQUIRE(Bytes(payload.begin(), payload.end()) == edited.payload);
    CHECK(header_checksum(held.copy()) == ChecksumState::right);
    CHECK(transport_checksum(held.copy()) ==
          (spec.checksum == ChecksumForm::absent ? ChecksumState::absent : ChecksumState::right));

    REQUIRE(replace_payload(held.packet, view, offset, static_cast<uint32_t>(added.size()), removed) ==
            EditError::none);
    REQUIRE(is_same_packet(held.copy(), before, spec));
  }
}

TEST_CASE("payload: a wrong checksum is still wrong after an edit") {
  for (const size_t bytes : {size_t{4}, size_t{5}}) {
    MemoryPacket packet = tcp_segment(client_tuple(kProtocolTcp), kTcpAck, 10);
    packet.bytes.back() ^= 0x10;
    HeldPacket held(packet, 100);
    PacketView view;
    REQUIRE(parse_packet(held.packet, view) == ParseError::none);
    REQUIRE(replace_payload(held.packet, view, 3, 2, Bytes(bytes, 7)) == EditError::none);
    CHECK(transport_checksum(held.copy()) == ChecksumState::wrong);
  }
}

TEST_CASE("payload: bytes behind a datagram move with it, and its checksum covers what its length says") {
  PacketSpec spec;
  spec.tuple = client_tuple(kProtocolUdp);
  spec.payload = {'h', 'e', 'l', 'l', 'o'};
  MemoryPacket packet = build_packet(spec);
  packet.bytes.insert(packet.bytes.end(), {1, 2, 3});
  packet.bytes[3] = static_cast<uint8_t>(packet.bytes.size());
  repair_header_checksum(packet.bytes);
  HeldPacket held(packet, 200);
  PacketView view;
  REQUIRE(parse_packet(held.packet, view) == ParseError::none);
  CHECK(payload_of(held.packet, view).size() == 5);
  CHECK(replace_payload(held.packet, view, 5, 1, Bytes{9}) == EditError::out_of_range);
  REQUIRE(replace_payload(held.packet, view, 1, 1, Bytes{7, 8}) == EditError::none);
  const MemoryPacket after = held.copy();
  CHECK(transport_checksum(after) == ChecksumState::right);
  CHECK(header_checksum(after) == ChecksumState::right);
  const Bytes expected{'h', 7, 8, 'l', 'l', 'o', 1, 2, 3};
  CHECK(Bytes(after.bytes.begin() + 28, after.bytes.end()) == expected);
}

TEST_CASE("payload: what is beyond the payload, the buffer or a packet, or is a fragment, is refused and left alone") {
  struct Row {
    MemoryPacket packet;
    uint32_t capacity, offset, count, bytes;
    EditError error;
  };
  const MemoryPacket segment = tcp_segment(client_tuple(kProtocolTcp), kTcpAck, 10);
  PacketSpec fragment;
  fragment.tuple = client_tuple(kProtocolUdp);
  fragment.fragment = 0x2000;
  fragment.payload.assign(8, 1);
  const std::vector<Row> rows{
      {segment, 100, 11, 0, 0, EditError::out_of_range},
      {segment, 100, 5, 6, 0, EditError::out_of_range},
      {segment, 100, 0, UINT32_MAX, 0, EditError::out_of_range},
      {segment, 100, UINT32_MAX, 1, 0, EditError::out_of_range},
      {segment, 60, 0, 0, 11, EditError::no_room},
      {segment, 60, 0, 0, 10, EditError::none},
      {super_packet(kProtocolTcp, kVnetGsoTcp4, 1460, 65495), 70000, 0, 0, 1, EditError::no_room},
      {build_packet(fragment), 100, 0, 1, 1, EditError::not_editable},
      {build_icmp(Family::ipv4, kClient, kVip, 8, 0, {1, 2}), 100, 0, 0, 1, EditError::not_editable},
      {super_packet(kProtocolUdp, kVnetGsoUdpL4, 100, 300), 1000, 0, 1, 2, EditError::segmented},
      {super_packet(kProtocolUdp, kVnetGsoUdpL4, 100, 300), 1000, 99, 2, 2, EditError::none},
      {super_packet(kProtocolUdp, kVnetGsoUdp, 100, 300), 1000, 0, 1, 2, EditError::none},
  };
  for (size_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i];
    HeldPacket held(row.packet, row.capacity);
    PacketView view;
    REQUIRE(parse_packet(held.packet, view) == ParseError::none);
    CAPTURE(i);
    CHECK(replace_payload(held.packet, view, row.offset, row.count, Bytes(row.bytes, 3)) == row.error);
    if (row.error == EditError::none) {
      CHECK(transport_checksum(held.copy()) == ChecksumState::right);
    } else {
      CHECK(held.copy().bytes == row.packet.bytes);
    }
  }
}

TEST_CASE("payload: a TCP super-packet stays one until what it carries fits a segment") {
  struct Row {
    uint32_t cut;
    uint8_t gso_type;
    uint16_t gso_size;
  };
  for (const Row& row :
       {Row{1999, kVnetGsoTcp4 | 0x80, 1000}, Row{2000, kVnetGsoNone, 0}, Row{3000, kVnetGsoNone, 0}}) {
    HeldPacket held(super_packet(kProtocolTcp, kVnetGsoTcp4 | 0x80, 1000, 3000));
    PacketView view;
    REQUIRE(parse_packet(held.packet, view) == ParseError::none);
    REQUIRE(replace_payload(held.packet, view, 0, row.cut, {}) == EditError::none);
    CAPTURE(row.cut);
    CHECK(held.packet.vnet().gso_type == row.gso_type);
    CHECK(held.packet.vnet().gso_size == row.gso_size);
    CHECK(held.packet.vnet().flags == kVnetNeedsChecksum);
    CHECK(transport_checksum(held.copy()) == ChecksumState::right);
  }
}

TEST_CASE("payload: an option is inserted in front of the others, as its sender would have") {
  Random random(test_seed());
  for (int round = 0; round < 5000; ++round) {
    PacketSpec spec = random_spec(random);
    spec.tuple.protocol = kProtocolTcp;
    if (!spec.extensions.empty()) spec.extensions[0] = kProtocolTcp;
    if (spec.checksum == ChecksumForm::absent) spec.checksum = ChecksumForm::whole;
    const MemoryPacket before = build_packet(spec);
    Bytes option = random.bytes(4 * random.below(6));
    PacketSpec longer = spec;
    longer.tcp_options.insert(longer.tcp_options.begin(), option.begin(), option.end());
    HeldPacket held(before, static_cast<uint32_t>(before.bytes.size() + option.size()));
    PacketView view;
    REQUIRE(parse_packet(held.packet, view) == ParseError::none);
    const EditError error = insert_tcp_option(held.packet, view, option);
    if (longer.tcp_options.size() > 40) {
      REQUIRE(error == EditError::no_option_room);
      REQUIRE(held.copy().bytes == before.bytes);
      continue;
    }
    REQUIRE(error == EditError::none);
    REQUIRE(is_same_packet(held.copy(), build_packet(longer), spec));
    CHECK(transport_checksum(held.copy()) == ChecksumState::right);
    PacketView seen;
    REQUIRE(parse_packet(held.packet, seen) == ParseError::none);
    CHECK(seen.payload_offset == view.payload_offset);
    CHECK(seen.length == view.length);
  }
}

TEST_CASE("payload: an option more makes the segments of a super-packet smaller") {
  HeldPacket held(super_packet(kProtocolTcp, kVnetGsoTcp4, 1000, 3000), 4000);
  PacketView view;
  REQUIRE(parse_packet(held.packet, view) == ParseError::none);
  REQUIRE(insert_tcp_option(held.packet, view, Bytes(8, 1)) == EditError::none);
  CHECK(held.packet.vnet().gso_size == 992);
  CHECK(held.packet.vnet().header_length == 48);
  HeldPacket tiny(super_packet(kProtocolTcp, kVnetGsoTcp4, 8, 3000), 4000);
  REQUIRE(parse_packet(tiny.packet, view) == ParseError::none);
  CHECK(insert_tcp_option(tiny.packet, view, Bytes(8, 1)) == EditError::segmented);
  CHECK(tiny.packet.vnet().gso_size == 8);
}

}  // namespace uipvs::test
