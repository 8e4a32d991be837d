// A packet of any bytes, translated to other addresses and ports and back, as a packet and as the quote of an ICMP error.
//
// Input: choices, what changes, then the IP packet. There, it must say what was asked, with right checksums if they were
// right; back, it must be the same but for what a checksum field may say in two ways or had wrong.
#include "core/translate.h"
#include "fuzz_input.h"
#include "support/packet_builder.h"
#include "support/slow_checksum.h"

namespace uipvs::test {
namespace {

// Choices: repair the IPv4 header checksum; make the transport checksum right; say NEEDS_CSUM; as a quote; keep the ports.
constexpr uint8_t kRepair = 1, kSeal = 2, kPartial = 4, kQuote = 8, kKeepPorts = 16;

uint16_t word_at(const uint8_t* at) { return static_cast<uint16_t>(at[0] << 8 | at[1]); }

// 0 and 0xffff are the same sum.
bool is_same_sum(uint16_t left, uint16_t right) { return left % 0xffff == right % 0xffff; }

struct Field {
  size_t offset = 0, bytes = 2;
};

Field checksum_field(uint8_t protocol) {
  if (protocol == kProtocolSctp) return {8, 4};
  return {protocol == kProtocolTcp ? size_t{16} : size_t{6}, 2};
}

// Makes the transport checksum right, or partial.
void seal(Packet& packet, const PacketView& view, bool is_partial) {
  uint8_t* const transport = packet.data + view.transport_offset;
  const Field field = checksum_field(view.tuple.protocol);
  const bool is_udp = view.tuple.protocol == kProtocolUdp;
  const size_t bytes = is_udp ? word_at(transport + 4) : view.length - view.transport_offset;
  std::fill_n(transport + field.offset, field.bytes, uint8_t{0});
  if (view.tuple.protocol == kProtocolSctp) {
    const uint32_t crc = is_partial ? 0 : slow_crc32c({transport, bytes});
    for (size_t i = 0; i < 4; ++i) transport[8 + i] = static_cast<uint8_t>(crc >> (8 * i));
  } else {
    const uint16_t pseudo = slow_pseudo_sum(view.tuple, static_cast<uint32_t>(bytes));
    uint16_t check = is_partial ? pseudo : static_cast<uint16_t>(~slow_sum({transport, bytes}, pseudo));
    if (is_udp && check == 0) check = 0xffff;
    transport[field.offset] = static_cast<uint8_t>(check >> 8);
    transport[field.offset + 1] = static_cast<uint8_t>(check);
  }
  if (!is_partial) return;
  packet.vnet().flags = kVnetNeedsChecksum;
  packet.vnet().checksum_start = view.transport_offset;
  packet.vnet().checksum_offset = static_cast<uint16_t>(field.offset);
}

Rewrite rewrite_to(const FiveTuple& tuple, uint8_t hop_limit) {
  return {tuple.source, tuple.destination, tuple.source_port, tuple.destination_port, hop_limit};
}

FiveTuple changed(FuzzInput& input, const FiveTuple& tuple, bool keeps_ports) {
  FiveTuple other = tuple;
  other.source.words[0] ^= static_cast<uint32_t>(input.word()) << 16 | input.word();
  other.destination.words[tuple.family == Family::ipv6 ? 3 : 0] ^=
      static_cast<uint32_t>(input.word()) << 16 | input.word();
  const uint16_t source_port = input.word(), destination_port = input.word();
  if (keeps_ports) return other;
  other.source_port = source_port;
  other.destination_port = destination_port;
  return other;
}

// Whether what came back is what went, but for the checksum fields.
bool is_same_elsewhere(std::vector<uint8_t> left, std::vector<uint8_t> right, const PacketView& view, Field transport) {
  if (left.size() != right.size()) return false;
  for (std::vector<uint8_t>* bytes : {&left, &right}) {
    if (view.tuple.family == Family::ipv4) std::fill_n(bytes->begin() + 10, 2, uint8_t{0});
    std::fill_n(bytes->begin() + static_cast<ptrdiff_t>(view.transport_offset + transport.offset), transport.bytes,
                uint8_t{0});
  }
  return left == right;
}

void check_transport(const MemoryPacket& before, const MemoryPacket& back, const PacketView& view, bool has_new_port) {
  const Field field = checksum_field(view.tuple.protocol);
  const uint8_t* const was = before.bytes.data() + view.transport_offset + field.offset;
  const uint8_t* const is = back.bytes.data() + view.transport_offset + field.offset;
  const bool is_whole = !view.is_fragment;
  if (view.tuple.protocol == kProtocolSctp) {
    if (is_whole && (has_new_port || view.has_partial_checksum)) {
      must(transport_checksum(back) == ChecksumState::right, "the CRC32c after there and back");
    } else {
      must(std::equal(was, was + 4, is), "a CRC32c that nothing concerned");
    }
  } else if (view.tuple.protocol == kProtocolUdp && word_at(was) == 0 && !view.has_partial_checksum) {
    if (is_whole) must(transport_checksum(back) == ChecksumState::right, "a UDP checksum where none was");
    if (!is_whole) must(word_at(is) == 0, "a UDP checksum of a fragment that had none");
  } else {
    must(is_same_sum(word_at(was), word_at(is)), "the transport checksum after there and back");
  }
}

void fuzz_packet(FuzzInput& input, uint8_t choices, MemoryPacket packet) {
  HeldPacket held(packet);
  PacketView view;
  if (parse_packet(held.packet, view) != ParseError::none || !view.has_ports) return;
  must(view.transport_offset <= view.payload_offset && view.payload_offset <= view.length &&
           view.length <= held.packet.length,
       "a view beyond the packet");
  if ((choices & (kSeal | kPartial)) != 0 && !view.is_fragment) {
    seal(held.packet, view, (choices & kPartial) != 0);
    must(parse_packet(held.packet, view) == ParseError::none, "a checksum decides whether a packet parses");
  }
  const MemoryPacket before = held.copy();
  const PacketView original = view;
  const FiveTuple other = changed(input, view.tuple, (choices & kKeepPorts) != 0);
  const bool has_new_port =
      other.source_port != view.tuple.source_port || other.destination_port != view.tuple.destination_port;

  rewrite_packet(held.packet, view, rewrite_to(other, 7));
  const MemoryPacket there = held.copy();
  PacketView seen;
  must(parse_packet(held.packet, seen) == ParseError::none, "what was translated does not parse");
  must(seen.tuple == other && view.tuple == other && seen.hop_limit == 7, "not the tuple that was asked for");
  must(seen.sctp_event == original.sctp_event && seen.tcp_flags == original.tcp_flags, "another event");
  must(header_checksum(there) == ChecksumState::right, "the IPv4 header checksum");
  if (transport_checksum(before) == ChecksumState::right) {
    must(transport_checksum(there) == ChecksumState::right, "a checksum that was right and no longer is");
  }

  rewrite_packet(held.packet, view, rewrite_to(original.tuple, original.hop_limit));
  const MemoryPacket back = held.copy();
  must(header_checksum(back) == ChecksumState::right, "the IPv4 header checksum after there and back");
  must(is_same_elsewhere(before.bytes, back.bytes, original, checksum_field(original.tuple.protocol)),
       "there and back is another packet");
  check_transport(before, back, original, has_new_port);
}

void fuzz_quote(FuzzInput& input, uint8_t choices, const MemoryPacket& packet) {
  HeldPacket held(packet);
  PacketView view;
  if (parse_quoted(held.packet.data, held.packet.length, view) != ParseError::none || !view.has_ports) return;
  const FiveTuple original = view.tuple, other = changed(input, view.tuple, (choices & kKeepPorts) != 0);
  rewrite_quoted(held.packet.data, view, rewrite_to(other, view.hop_limit));
  PacketView seen;
  must(parse_quoted(held.packet.data, held.packet.length, seen) == ParseError::none, "a quote does not parse");
  must(seen.tuple == other, "not the tuple that was asked for, in a quote");
  rewrite_quoted(held.packet.data, seen, rewrite_to(original, view.hop_limit));
  const MemoryPacket back = held.copy();
  must(is_same_elsewhere(packet.bytes, back.bytes, view, {0, 0}), "there and back is another quote");
  if (view.tuple.family == Family::ipv4) {
    must(is_same_sum(word_at(packet.bytes.data() + 10), word_at(back.bytes.data() + 10)), "a quote's header checksum");
  }
}

}  // namespace

void fuzz_one(FuzzInput input) {
  const uint8_t choices = input.byte();
  FuzzInput changes = input;
  input.bytes(12);
  MemoryPacket packet;
  packet.bytes = input.bytes(kMaxPacketBytes);
  if ((choices & kRepair) != 0 && packet.bytes.size() >= 20 && packet.bytes[0] >> 4 == 4) {
    repair_header_checksum(packet.bytes);
  }
  if ((choices & kQuote) != 0) {
    fuzz_quote(changes, choices, packet);
  } else {
    fuzz_packet(changes, choices, packet);
  }
}

}  // namespace uipvs::test

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  uipvs::test::fuzz_one({data, size});
  return 0;
}
