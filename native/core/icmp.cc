#include "core/icmp.h"

#include "core/bytes.h"
#include "core/checksum.h"
#include "core/ipsec.h"
#include "core/translate.h"

namespace uipvs {
namespace {

// Specification: RFC 792, RFC 4443.
constexpr uint32_t kIcmpHeader = 8;
constexpr uint8_t kEchoReply = 0, kUnreachable = 3, kSourceQuench = 4, kEchoRequest = 8, kTimeExceeded = 11;
constexpr uint8_t kEchoRequest6 = 128, kEchoReply6 = 129;
// Implementation: what Linux sends with (net.ipv4.ip_default_ttl).
constexpr uint8_t kDefaultHopLimit = 64;

ChecksumSum icmp_pseudo_sum(const PacketView& view) {
  // ICMP for IPv4 has no pseudo-header.
  if (view.tuple.family == Family::ipv4) return 0;
  return pseudo_header_sum(view.tuple, view.length - view.transport_offset);
}

void store_icmp_checksum(Packet& packet, const PacketView& view) {
  uint8_t* const icmp = packet.data + view.transport_offset;
  store_be16(icmp + 2, 0);
  const ChecksumSum sum = icmp_pseudo_sum(view) + checksum_sum(icmp, view.length - view.transport_offset);
  store_be16(icmp + 2, static_cast<uint16_t>(~checksum_fold(sum)));
}

void write_outer(Packet& packet, PacketView& view, Address source, Address destination, uint8_t hop_limit) {
  uint8_t* const data = packet.data;
  view.tuple.source = source;
  view.tuple.destination = destination;
  view.hop_limit = hop_limit;
  if (view.tuple.family == Family::ipv6) {
    data[7] = hop_limit;
    for (int i = 0; i < 4; ++i) {
      store_be32(data + 8 + i * 4, source.words[i]);
      store_be32(data + 24 + i * 4, destination.words[i]);
    }
    return;
  }
  data[8] = hop_limit;
  store_be32(data + 12, source.words[0]);
  store_be32(data + 16, destination.words[0]);
  store_be16(data + 10, 0);
  store_be16(data + 10, static_cast<uint16_t>(~checksum_fold(checksum_sum(data, (data[0] & 0x0fu) * 4))));
}

}  // namespace

IcmpKind classify_icmp(const Packet& packet, const PacketView& view) {
  const uint32_t bytes = view.length - view.transport_offset;
  if (bytes < kIcmpHeader) return IcmpKind::malformed;
  const uint8_t* const icmp = packet.data + view.transport_offset;
  if (checksum_fold(icmp_pseudo_sum(view) + checksum_sum(icmp, bytes)) != 0xffff) return IcmpKind::malformed;
  if (view.tuple.family == Family::ipv6) {
    if (icmp[0] == kEchoRequest6) return IcmpKind::echo_request;
    return icmp[0] < 128 ? IcmpKind::error : IcmpKind::other;
  }
  if (icmp[0] == kEchoRequest) return IcmpKind::echo_request;
  const bool is_error = icmp[0] == kUnreachable || icmp[0] == kSourceQuench || icmp[0] == kTimeExceeded;
  return is_error ? IcmpKind::error : IcmpKind::other;
}

void make_echo_reply(Packet& packet, PacketView& view) {
  packet.data[view.transport_offset] = view.tuple.family == Family::ipv6 ? kEchoReply6 : kEchoReply;
  write_outer(packet, view, view.tuple.destination, view.tuple.source, kDefaultHopLimit);
  store_icmp_checksum(packet, view);
}

bool parse_icmp_error(const Packet& packet, const PacketView& view, PacketView& quoted) {
  const uint32_t at = view.transport_offset + kIcmpHeader;
  return parse_quoted(packet.data + at, view.length - at, quoted) == ParseError::none &&
         (quoted.has_ports || is_ipsec(quoted.tuple)) && quoted.tuple.family == view.tuple.family;
}

PacketView answered_by(const PacketView& quoted) {
  PacketView other = quoted;
  other.tuple = quoted.tuple.reversed();
  other.is_quoted = true;
  return other;
}

void translate_icmp_error(Packet& packet, PacketView& view, const PacketView& quoted, const ConnectionEnds& ends,
                          Direction direction, uint8_t hop_limit) {
  Rewrite to{quoted.tuple.source, quoted.tuple.destination, quoted.tuple.source_port, quoted.tuple.destination_port,
             quoted.hop_limit};
  if (direction == Direction::to_client) {
    // The server's side complains of a packet that went client -> real server; the client knows it as its own, sent to
    // the VIP.
    to.source = ends.client;
    to.source_port = ends.client_port;
    to.destination = ends.virtual_;
    to.destination_port = ends.virtual_port;
    write_outer(packet, view, ends.virtual_, ends.client, hop_limit);
  } else {
    // The client's side complains of a reply that came VIP -> client; the real server knows it as its own.
    to.source = ends.real;
    to.source_port = ends.real_port;
    to.destination = ends.source();
    to.destination_port = ends.source_port();
    const Address complainer = ends.is_masqueraded ? ends.masquerade : view.tuple.source;
    write_outer(packet, view, complainer, ends.real, hop_limit);
  }
  rewrite_quoted(packet.data + view.transport_offset + kIcmpHeader, quoted, to);
  store_icmp_checksum(packet, view);
}

}  // namespace uipvs
