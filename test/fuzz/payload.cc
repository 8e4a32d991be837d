// A packet of any bytes, edited and edited back: payload, options, sequence numbers, PROXY header, TOA; and any text as an
// FTP line and a SIP message.
//
// Input: choices, what changes, then the IP packet. What was right must still be, what comes back be what it was.
#include "core/payload.h"

#include "core/ftp.h"
#include "core/proxy_header.h"
#include "core/sequence.h"
#include "core/sip.h"
#include "core/tcp_options.h"
#include "core/toa.h"
#include "fuzz_input.h"
#include "support/packet_builder.h"
#include "support/slow_checksum.h"

namespace uipvs::test {
namespace {

// Choices: repair the IPv4 header checksum; make the transport checksum right; say NEEDS_CSUM.
constexpr uint8_t kRepair = 1, kSeal = 2, kPartial = 4;
constexpr uint32_t kRoom = 300;

using Bytes = std::vector<uint8_t>;

void put16(uint8_t* to, uint16_t value) {
  to[0] = static_cast<uint8_t>(value >> 8);
  to[1] = static_cast<uint8_t>(value);
}

// Makes the transport checksum right, or partial.
void seal(Packet& packet, const PacketView& view, bool is_partial) {
  uint8_t* const transport = packet.data + view.transport_offset;
  const bool is_udp = view.tuple.protocol == kProtocolUdp;
  const uint16_t field = is_udp ? 6 : 16;
  const size_t bytes =
      is_udp ? static_cast<size_t>(transport[4] << 8 | transport[5]) : view.length - view.transport_offset;
  put16(transport + field, 0);
  const uint16_t pseudo = slow_pseudo_sum(view.tuple, static_cast<uint32_t>(bytes));
  const uint16_t check = is_partial ? pseudo : static_cast<uint16_t>(~slow_sum({transport, bytes}, pseudo));
  put16(transport + field, check == 0 && is_udp ? 0xffff : check);
  if (!is_partial) return;
  packet.vnet().flags = kVnetNeedsChecksum;
  packet.vnet().checksum_start = view.transport_offset;
  packet.vnet().checksum_offset = field;
}

// The packet parses as its view says, and its checksums are as they were.
void check(const Packet& packet, const PacketView& view, ChecksumState before) {
  HeldPacket copy({packet.vnet(), {packet.data, packet.data + packet.length}});
  PacketView seen;
  must(parse_packet(copy.packet, seen) == ParseError::none, "what was edited does not parse");
  must(seen.length == view.length && seen.payload_offset == view.payload_offset &&
           seen.transport_offset == view.transport_offset && packet.length == view.length,
       "the view is not of what was edited");
  must(seen.tuple == view.tuple && seen.tcp_flags == view.tcp_flags, "another tuple");
  must(header_checksum(copy.copy()) == ChecksumState::right, "the IPv4 header checksum");
  must(transport_checksum(copy.copy()) == before, "the transport checksum is not as right as it was");
}

// But for the checksums, of which 0 and 0xffff are the same.
bool is_same(const Bytes& left, const Bytes& right) {
  if (left.size() != right.size()) return false;
  for (size_t i = 0; i + 1 < left.size(); i += 2) {
    const int one = left[i] << 8 | left[i + 1], other = right[i] << 8 | right[i + 1];
    if (one % 0xffff != other % 0xffff) return false;
  }
  return left.size() % 2 == 0 || left.back() == right.back();
}

void fuzz_payload(FuzzInput& input, Packet& packet, PacketView& view, ChecksumState before) {
  const uint32_t payload = static_cast<uint32_t>(payload_of(packet, view).size());
  const uint32_t offset = input.word() % (payload + 2), count = input.word() % (payload + 2);
  const Bytes added = input.bytes(input.byte() % 100);
  const Bytes original(packet.data, packet.data + view.length);
  const VnetHeader vnet = packet.vnet();
  const PacketView original_view = view;
  const EditError error = replace_payload(packet, view, offset, count, added);
  if (error != EditError::none) {
    must(Bytes(packet.data, packet.data + view.length) == original, "an edit that was refused");
    return;
  }
  must(offset + count <= payload, "an edit beyond the payload");
  packet.vnet().gso_type = vnet.gso_type;
  packet.vnet().gso_size = vnet.gso_size;
  check(packet, view, before);
  const uint8_t* const removed = original.data() + original_view.payload_offset + offset;
  must(replace_payload(packet, view, offset, static_cast<uint32_t>(added.size()), {removed, count}) == EditError::none,
       "an edit that cannot be undone");
  must(is_same(original, Bytes(packet.data, packet.data + view.length)), "there and back is another packet");
  packet.vnet() = vnet;
  check(packet, view, before);
}

SequenceRecord any_record(FuzzInput& input) {
  SequenceRecord record;
  const Bytes bytes = input.bytes(sizeof record);
  record = SequenceRecord{};
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<uint8_t*>(&record));
  return record;
}

void fuzz_tcp(FuzzInput& input, Packet& packet, PacketView& view, ChecksumState before) {
  SequenceRecord record = any_record(input);
  const Direction direction = (input.byte() & 1) != 0 ? Direction::to_server : Direction::to_client;
  ConnectionEnds ends;
  ends.family = view.tuple.family;
  ends.protocol = kProtocolTcp;
  ends.client = view.tuple.source;
  ends.client_port = view.tuple.source_port;
  add_proxy_header(packet, view, record, ends);
  check(packet, view, before);
  shift_sequence(packet, view, record, direction);
  check(packet, view, before);
  is_early(record, direction, tcp_sequence(packet, view));
  note_segment(record, direction, tcp_sequence(packet, view), input.word(), static_cast<int16_t>(input.word()));
  make_room_for_proxy_header(packet, view);
  check(packet, view, before);
  insert_toa(packet, view, ends.client, ends.client_port, input.word());
  check(packet, view, before);
}

void fuzz_text(FuzzInput& input, std::span<const uint8_t> payload, Family family) {
  const Bytes exact(payload.begin(), payload.end());
  const std::span<const uint8_t> id = find_call_id(exact);
  must(id.size() <= kMaxCallIdBytes, "a Call-ID that is too long");
  must(id.empty() || id.data() + id.size() < exact.data() + exact.size(), "a Call-ID without an end");
  FtpCommand command = parse_ftp_command(exact, family);
  FtpMode mode = command.mode;
  bool has_endpoint = mode == FtpMode::active || mode == FtpMode::extended_active;
  if (mode == FtpMode::none) {
    mode = (input.byte() & 1) != 0 ? FtpMode::passive : FtpMode::extended_passive;
    has_endpoint = parse_ftp_reply(exact, mode, family, command.endpoint);
  }
  if (!has_endpoint) return;
  const FtpEndpoint& endpoint = command.endpoint;
  must(endpoint.length != 0 && endpoint.offset + endpoint.length <= exact.size() && endpoint.port != 0, "an endpoint");
  // Written anew in its place it says the same.
  std::array<uint8_t, kMaxFtpTextBytes> text;
  const uint32_t bytes = write_ftp_endpoint(mode, family, endpoint.address, endpoint.port, text);
  Bytes edited(exact.begin(), exact.begin() + endpoint.offset);
  edited.insert(edited.end(), text.begin(), text.begin() + bytes);
  edited.insert(edited.end(), exact.begin() + endpoint.offset + endpoint.length, exact.end());
  FtpEndpoint again;
  if (command.mode == FtpMode::none) {
    must(parse_ftp_reply(edited, mode, family, again), "a reply that was written is not read");
  } else {
    const FtpCommand read = parse_ftp_command(edited, family);
    must(read.mode == mode, "a command that was written is not read");
    again = read.endpoint;
  }
  must(again.port == endpoint.port && again.offset == endpoint.offset && again.length == bytes, "another endpoint");
  must(mode == FtpMode::extended_passive || again.address == endpoint.address, "another address");
}

}  // namespace

void fuzz_one(FuzzInput input) {
  const uint8_t choices = input.byte();
  FuzzInput changes = input;
  input.bytes(24);
  MemoryPacket packet;
  packet.vnet.gso_type = static_cast<uint8_t>(input.byte() & 0x87);
  packet.vnet.gso_size = input.byte();
  packet.bytes = input.bytes(kMaxPacketBytes);
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    FuzzInput text = changes;
    fuzz_text(text, packet.bytes, family);
  }
  if ((choices & kRepair) != 0 && packet.bytes.size() >= 20 && packet.bytes[0] >> 4 == 4) {
    repair_header_checksum(packet.bytes);
  }
  HeldPacket held(packet, static_cast<uint32_t>(packet.bytes.size()) + changes.byte() % kRoom);
  PacketView view;
  if (parse_packet(held.packet, view) != ParseError::none || !view.has_ports) return;
  if (view.tuple.protocol == kProtocolSctp) return;
  if ((choices & (kSeal | kPartial)) != 0 && !view.is_fragment) {
    seal(held.packet, view, (choices & kPartial) != 0);
    must(parse_packet(held.packet, view) == ParseError::none, "a checksum decides whether a packet parses");
  }
  held.packet.length = view.length;
  const ChecksumState before = transport_checksum(held.copy());
  fuzz_payload(changes, held.packet, view, before);
  if (view.tuple.protocol == kProtocolTcp) fuzz_tcp(changes, held.packet, view, before);
}

}  // namespace uipvs::test

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  uipvs::test::fuzz_one({data, size});
  return 0;
}
