#include "core/packet_view.h"

#include "core/bytes.h"
#include "core/checksum.h"

namespace uipvs {
namespace {

constexpr uint32_t kIpv4MinHeader = 20;
constexpr uint32_t kIpv6Header = 40;
constexpr uint32_t kTcpMinHeader = 20;
constexpr uint32_t kUdpHeader = 8;
constexpr uint32_t kSctpHeader = 12;
constexpr uint32_t kSctpChunkHeader = 4;
constexpr uint32_t kQuotedTransport = 8;
// What peek_tuple() looks at.
constexpr uint8_t kIpv4WithoutOptions = 0x45;
constexpr uint32_t kPeekedTransport = 4;

enum class Strictness { whole, quoted };

ParseError parse_ipv4(const uint8_t* data, uint32_t available, Strictness strictness, PacketView& view) {
  if (available < kIpv4MinHeader) return ParseError::ip_header_truncated;
  const uint32_t header = (data[0] & 0x0fu) * 4;
  if (header < kIpv4MinHeader) return ParseError::ip_header_length;
  if (available < header) return ParseError::ip_header_truncated;
  const uint32_t total = load_be16(data + 2);
  if (total < header) return ParseError::ip_total_length;
  if (strictness == Strictness::whole && total > available) return ParseError::ip_total_length;
  const uint16_t fragment = load_be16(data + 6);
  view.length = total;
  view.transport_offset = static_cast<uint16_t>(header);
  view.hop_limit = data[8];
  view.is_fragment = (fragment & 0x3fff) != 0;
  view.has_ports = (fragment & 0x1fff) == 0;
  view.tuple.family = Family::ipv4;
  view.tuple.protocol = data[9];
  view.tuple.source = {{load_be32(data + 12), 0, 0, 0}};
  view.tuple.destination = {{load_be32(data + 16), 0, 0, 0}};
  const bool is_wrong = strictness == Strictness::whole && checksum_fold(checksum_sum(data, header)) != 0xffff;
  return is_wrong ? ParseError::ip_header_checksum : ParseError::none;
}

Address load_address6(const uint8_t* from) {
  return {{load_be32(from), load_be32(from + 4), load_be32(from + 8), load_be32(from + 12)}};
}

ParseError walk_extensions(const uint8_t* data, uint32_t end, PacketView& view) {
  uint32_t offset = kIpv6Header;
  uint8_t next = data[6];
  view.has_ports = true;
  for (int walked = 0;; ++walked) {
    const bool is_extension = next == kProtocolHopByHop || next == kProtocolRouting || next == kProtocolFragment ||
                              next == kProtocolDestinationOptions;
    if (!is_extension) break;
    if (walked == kMaxExtensionHeaders) return ParseError::extension_chain;
    if (end < offset + 8) return ParseError::ip_header_truncated;
    uint32_t bytes = 8;
    if (next == kProtocolFragment) {
      const uint16_t fragment = load_be16(data + offset + 2);
      view.has_fragment_header = true;
      // An atomic fragment (offset 0, no more) is a whole packet: RFC 6946.
      if ((fragment & 0xfff9) != 0) view.is_fragment = true;
      if ((fragment & 0xfff8) != 0) view.has_ports = false;
    } else {
      bytes = (data[offset + 1] + 1u) * 8;
    }
    next = data[offset];
    offset += bytes;
    if (offset > end) {
      view.has_ports = false;
      view.tuple.protocol = next;
      return ParseError::ip_header_truncated;
    }
    if (!view.has_ports) break;  // what follows is the middle of somebody's payload
  }
  view.tuple.protocol = next;
  view.transport_offset = static_cast<uint16_t>(offset);
  return ParseError::none;
}

ParseError parse_ipv6(const uint8_t* data, uint32_t available, Strictness strictness, PacketView& view) {
  if (available < kIpv6Header) return ParseError::ip_header_truncated;
  const uint32_t total = kIpv6Header + load_be16(data + 4);
  if (total > kMaxPacketBytes) return ParseError::ip_total_length;
  if (strictness == Strictness::whole && total > available) return ParseError::ip_total_length;
  view.length = total;
  view.hop_limit = data[7];
  view.tuple.family = Family::ipv6;
  view.tuple.source = load_address6(data + 8);
  view.tuple.destination = load_address6(data + 24);
  return walk_extensions(data, total < available ? total : available, view);
}

ParseError parse_tcp(const uint8_t* header, uint32_t available, PacketView& view) {
  if (available < kTcpMinHeader) return ParseError::transport_truncated;
  const uint32_t bytes = (header[12] >> 4) * 4u;
  if (bytes < kTcpMinHeader || bytes > available) return ParseError::tcp_data_offset;
  view.tcp_flags = header[13];
  view.payload_offset = static_cast<uint16_t>(view.transport_offset + bytes);
  return ParseError::none;
}

ParseError parse_udp(const uint8_t* header, uint32_t available, PacketView& view) {
  if (available < kUdpHeader) return ParseError::transport_truncated;
  const uint32_t bytes = load_be16(header + 4);
  // A first fragment carries the whole datagram's length.
  if (bytes < kUdpHeader || (bytes > available && !view.is_fragment)) return ParseError::udp_length;
  view.payload_offset = static_cast<uint16_t>(view.transport_offset + kUdpHeader);
  return ParseError::none;
}

// What the chunk at `offset` means; none where its header is not all there.
SctpEvent sctp_chunk(const uint8_t* header, uint32_t available, uint32_t offset) {
  return available < offset + kSctpChunkHeader ? SctpEvent::none : sctp_event(header[offset]);
}

ParseError parse_sctp(const uint8_t* header, uint32_t available, PacketView& view) {
  if (available < kSctpHeader) return ParseError::transport_truncated;
  view.payload_offset = static_cast<uint16_t>(view.transport_offset + kSctpHeader);
  view.sctp_first_chunk = sctp_chunk(header, available, kSctpHeader);
  view.sctp_event = view.sctp_first_chunk;
  // The first chunk decides, unless an ABORT follows a chunk that comes bundled with others. A chunk without room for
  // its own header has none behind it. Source: ip_vs_proto_sctp.c, set_sctp_state.
  if (view.sctp_event == SctpEvent::cookie_echo || view.sctp_event == SctpEvent::cookie_ack) {
    const uint32_t bytes = load_be16(header + kSctpHeader + 2);
    const uint32_t second = kSctpHeader + ((bytes + 3) & ~3u);
    if (bytes >= kSctpChunkHeader && sctp_chunk(header, available, second) == SctpEvent::abort) {
      view.sctp_event = SctpEvent::abort;
    }
  }
  return ParseError::none;
}

ParseError parse_transport(const uint8_t* header, uint32_t available, PacketView& view) {
  if (view.tuple.protocol == kProtocolTcp) return parse_tcp(header, available, view);
  if (view.tuple.protocol == kProtocolUdp) return parse_udp(header, available, view);
  return parse_sctp(header, available, view);
}

void load_ports(const uint8_t* header, PacketView& view) {
  view.tuple.source_port = load_be16(header);
  view.tuple.destination_port = load_be16(header + 2);
}

bool has_port_fields(uint8_t protocol) {
  return protocol == kProtocolTcp || protocol == kProtocolUdp || protocol == kProtocolSctp;
}

uint16_t checksum_field(uint8_t protocol) {
  if (protocol == kProtocolTcp) return 16;
  return protocol == kProtocolUdp ? 6 : 8;
}

ParseError parse_network(const uint8_t* data, uint32_t available, Strictness strictness, PacketView& view) {
  if (available == 0) return ParseError::empty;
  view = PacketView{};
  const uint8_t version = data[0] >> 4;
  if (version == 4) return parse_ipv4(data, available, strictness, view);
  if (version == 6) return parse_ipv6(data, available, strictness, view);
  return ParseError::version;
}

// NEEDS_CSUM names where the sum starts and where it is put; anything but the transport header's own field is a lie.
ParseError check_offload(const VnetHeader& vnet, PacketView& view) {
  if ((vnet.flags & kVnetNeedsChecksum) == 0) return ParseError::none;
  if (!view.has_ports || vnet.checksum_start != view.transport_offset ||
      vnet.checksum_offset != checksum_field(view.tuple.protocol)) {
    return ParseError::offload_metadata;
  }
  view.has_partial_checksum = true;
  return ParseError::none;
}

}  // namespace

bool peek_tuple(const Packet& packet, FiveTuple& tuple) {
  const uint8_t* const data = packet.data;
  if (packet.length < kIpv4MinHeader + kPeekedTransport) return false;
  uint32_t ports = kIpv4MinHeader;
  if (data[0] == kIpv4WithoutOptions) {
    if ((load_be16(data + 6) & 0x3fff) != 0) return false;
    tuple.family = Family::ipv4;
    tuple.protocol = data[9];
    tuple.source = {{load_be32(data + 12), 0, 0, 0}};
    tuple.destination = {{load_be32(data + 16), 0, 0, 0}};
  } else if (data[0] >> 4 == 6 && packet.length >= kIpv6Header + kPeekedTransport) {
    ports = kIpv6Header;
    tuple.family = Family::ipv6;
    tuple.protocol = data[6];
    tuple.source = load_address6(data + 8);
    tuple.destination = load_address6(data + 24);
  } else {
    return false;
  }
  if (tuple.protocol != kProtocolTcp && tuple.protocol != kProtocolUdp && tuple.protocol != kProtocolSctp) return false;
  tuple.source_port = load_be16(data + ports);
  tuple.destination_port = load_be16(data + ports + 2);
  return true;
}

ParseError parse_packet(const Packet& packet, PacketView& view) {
  const ParseError network = parse_network(packet.data, packet.length, Strictness::whole, view);
  if (network != ParseError::none) return network;
  view.payload_offset = view.transport_offset;
  if (!has_port_fields(view.tuple.protocol)) {
    view.has_ports = false;
    return ParseError::none;
  }
  if (!view.has_ports) return ParseError::none;
  const uint8_t* header = packet.data + view.transport_offset;
  const uint32_t available = view.length - view.transport_offset;
  const ParseError transport = parse_transport(header, available, view);
  if (transport != ParseError::none) return transport;
  load_ports(header, view);
  return check_offload(packet.vnet(), view);
}

ParseError parse_quoted(const uint8_t* data, uint32_t length, PacketView& view) {
  const ParseError network = parse_network(data, length, Strictness::quoted, view);
  if (network != ParseError::none) return network;
  view.payload_offset = view.transport_offset;
  if (!view.has_ports || !has_port_fields(view.tuple.protocol)) {
    view.has_ports = false;
    return ParseError::none;
  }
  if (length < view.transport_offset + kQuotedTransport) return ParseError::transport_truncated;
  load_ports(data + view.transport_offset, view);
  return ParseError::none;
}

}  // namespace uipvs
