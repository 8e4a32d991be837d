#include "core/payload.h"

#include <algorithm>
#include <cstring>

#include "core/bytes.h"
#include "core/checksum.h"
#include "core/tcp_options.h"

namespace uipvs {
namespace {

constexpr uint32_t kUdpLength = 4;
constexpr uint32_t kUdpChecksum = 6;
constexpr uint8_t kVnetGsoEcn = 0x80;

bool is_udp(const PacketView& view) { return view.tuple.protocol == kProtocolUdp; }

bool is_editable(const PacketView& view) {
  return view.has_ports && !view.is_fragment && !view.is_quoted &&
         (view.tuple.protocol == kProtocolTcp || is_udp(view));
}

uint8_t gso_type(const Packet& packet) { return static_cast<uint8_t>(packet.vnet().gso_type & ~kVnetGsoEcn); }

bool is_tcp_super_packet(const Packet& packet) {
  const uint8_t type = gso_type(packet);
  return type == kVnetGsoTcp4 || type == kVnetGsoTcp6;
}

// Where that ends which the transport checksum covers.
uint32_t transport_end(const Packet& packet, const PacketView& view) {
  if (!is_udp(view)) return view.length;
  return view.transport_offset + load_be16(packet.data + view.transport_offset + kUdpLength);
}

bool has_room(const Packet& packet, const PacketView& view, size_t count, size_t bytes) {
  const size_t most = std::min<size_t>(packet.capacity, kMaxPacketBytes);
  return view.length - count + bytes <= most;
}

void write_ip_length(Packet& packet, const PacketView& view, uint32_t length) {
  uint8_t* const data = packet.data;
  if (view.tuple.family == Family::ipv6) {
    store_be16(data + 4, static_cast<uint16_t>(length - 40));
    return;
  }
  const uint16_t before = load_be16(data + 2);
  store_be16(data + 2, static_cast<uint16_t>(length));
  store_be16(data + 10, checksum_update(load_be16(data + 10), checksum_delta16(before, static_cast<uint16_t>(length))));
}

// `lengths`: what the new length adds to the pseudo-header's sum; `content`: what changed in the segment itself.
void repair_checksum(uint8_t* transport, const PacketView& view, ChecksumSum lengths, ChecksumSum content) {
  uint8_t* const field = transport + (is_udp(view) ? kUdpChecksum : kTcpChecksumOffset);
  const uint16_t check = load_be16(field);
  if (view.has_partial_checksum) {
    store_be16(field, checksum_update_partial(check, lengths));
    return;
  }
  if (is_udp(view) && check == 0) return;
  const uint16_t updated = checksum_update(check, lengths + content);
  store_be16(field, is_udp(view) && updated == 0 ? 0xffff : updated);
}

// The sum of what an edit touches, from the word in which it starts: with an even change of length up to the word in
// which the edit `stop`s, with an odd one up to the `end` of what the checksum covers.
uint16_t touched_sum(const Packet& packet, uint32_t start, uint32_t stop, uint32_t end, bool is_odd) {
  const uint32_t until = is_odd ? end : std::min(end, stop + ((stop - start) & 1));
  return checksum_fold(checksum_sum(packet.data + start, until - start));
}

// Replaces `count` bytes at `position` of the packet. The caller has checked that they lie in the transport's part, at or
// behind the end of the fixed header, and that there is room.
void splice(Packet& packet, PacketView& view, uint32_t position, uint32_t count, std::span<const uint8_t> bytes) {
  uint8_t* const transport = packet.data + view.transport_offset;
  const uint32_t added = static_cast<uint32_t>(bytes.size());
  const uint32_t end = transport_end(packet, view);
  const uint32_t start = position - ((position - view.transport_offset) & 1);
  const bool is_odd = ((count ^ added) & 1) != 0;
  const uint16_t covered_before = static_cast<uint16_t>(end - view.transport_offset);
  const uint16_t covered_after = static_cast<uint16_t>(covered_before - count + added);

  const uint16_t before = touched_sum(packet, start, position + count, end, is_odd);
  std::memmove(packet.data + position + added, packet.data + position + count, view.length - position - count);
  if (added != 0) std::memcpy(packet.data + position, bytes.data(), added);
  const uint16_t after = touched_sum(packet, start, position + added, end - count + added, is_odd);

  const ChecksumSum lengths = checksum_delta16(covered_before, covered_after);
  ChecksumSum content = checksum_delta16(before, after);
  if (is_udp(view)) {
    store_be16(transport + kUdpLength, covered_after);
    content += lengths;
  }
  repair_checksum(transport, view, lengths, content);
  view.length = view.length - count + added;
  write_ip_length(packet, view, view.length);
  packet.length = view.length;
}

// What fits one segment is none to be cut.
void settle_offload(Packet& packet, const PacketView& view) {
  VnetHeader& vnet = packet.vnet();
  vnet.header_length = view.payload_offset;
  if (!is_tcp_super_packet(packet) || view.length - view.payload_offset > vnet.gso_size) return;
  vnet.gso_type = kVnetGsoNone;
  vnet.gso_size = 0;
}

}  // namespace

std::span<const uint8_t> payload_of(const Packet& packet, const PacketView& view) {
  if (!is_editable(view)) return {};
  return {packet.data + view.payload_offset, transport_end(packet, view) - view.payload_offset};
}

EditError replace_payload(Packet& packet, PacketView& view, uint32_t offset, uint32_t count,
                          std::span<const uint8_t> bytes) {
  if (!is_editable(view)) return EditError::not_editable;
  const size_t payload = payload_of(packet, view).size();
  if (offset > payload || count > payload - offset) return EditError::out_of_range;
  if (!has_room(packet, view, count, bytes.size())) return EditError::no_room;
  if (gso_type(packet) == kVnetGsoUdpL4 && count != bytes.size()) return EditError::segmented;
  splice(packet, view, view.payload_offset + offset, count, bytes);
  settle_offload(packet, view);
  return EditError::none;
}

EditError insert_tcp_option(Packet& packet, PacketView& view, std::span<const uint8_t> option) {
  if (!is_editable(view) || is_udp(view)) return EditError::not_editable;
  const size_t header = tcp_header(packet, view).size() + option.size();
  if (option.size() % 4 != 0 || header > kMaxTcpHeaderBytes) return EditError::no_option_room;
  if (!has_room(packet, view, 0, option.size())) return EditError::no_room;
  if (is_tcp_super_packet(packet)) {
    VnetHeader& vnet = packet.vnet();
    if (vnet.gso_size <= option.size()) return EditError::segmented;
    vnet.gso_size = static_cast<uint16_t>(vnet.gso_size - option.size());
  }
  splice(packet, view, view.transport_offset + kTcpHeaderBytes, 0, option);
  view.payload_offset = static_cast<uint16_t>(view.payload_offset + option.size());
  edit_tcp_header(packet, view, [header](std::span<uint8_t> edited) {
    edited[12] = static_cast<uint8_t>((header / 4) << 4 | (edited[12] & 0x0f));
  });
  settle_offload(packet, view);
  return EditError::none;
}

}  // namespace uipvs
