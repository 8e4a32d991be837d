#include "core/answer.h"

#include <algorithm>
#include <cstring>

#include "core/bytes.h"
#include "core/checksum.h"
#include "core/translate.h"

namespace uipvs {
namespace {

constexpr uint32_t kIpv4Header = 20;
constexpr uint32_t kIpv6Header = 40;
constexpr uint32_t kTcpHeader = 20;
constexpr uint32_t kIcmpHeader = 8;
// Specification: the longest ICMP error. RFC 1812 4.3.2.3 (IPv4), RFC 4443 2.4(c) (IPv6, minimum MTU).
constexpr uint32_t kMaxIcmpError4 = 576;
constexpr uint32_t kMaxIcmpError6 = 1280;
// Implementation: as Linux: default TTL, and precedence "internetwork control" for errors (RFC 1812 4.3.2.5).
constexpr uint8_t kDefaultHopLimit = 64;
constexpr uint8_t kErrorTos = 0xc0;

// Writes an IP header without options at the packet's start and sets its length.
void write_header(Packet& packet, Family family, uint8_t protocol, const Address& source, const Address& destination,
                  uint8_t tos, uint32_t transport_bytes) {
  uint8_t* const data = packet.data;
  if (family == Family::ipv6) {
    packet.length = kIpv6Header + transport_bytes;
    store_be32(data, 0x60000000);
    store_be16(data + 4, static_cast<uint16_t>(transport_bytes));
    data[6] = protocol;
    data[7] = kDefaultHopLimit;
    for (int i = 0; i < 4; ++i) {
      store_be32(data + 8 + i * 4, source.words[i]);
      store_be32(data + 24 + i * 4, destination.words[i]);
    }
  } else {
    packet.length = kIpv4Header + transport_bytes;
    data[0] = 0x45;
    data[1] = tos;
    store_be16(data + 2, static_cast<uint16_t>(packet.length));
    store_be32(data + 4, 0x4000);  // identification 0, do not fragment
    data[8] = kDefaultHopLimit;
    data[9] = protocol;
    store_be16(data + 10, 0);
    store_be32(data + 12, source.words[0]);
    store_be32(data + 16, destination.words[0]);
    store_be16(data + 10, static_cast<uint16_t>(~checksum_fold(checksum_sum(data, kIpv4Header))));
  }
  packet.vnet() = VnetHeader{};
}

// Length of the transport payload of a whole segment, SYN and FIN counted: what the reset acknowledges.
uint32_t segment_length(const PacketView& view) {
  const uint32_t payload = view.length - view.payload_offset;
  return payload + ((view.tcp_flags & kTcpSyn) != 0) + ((view.tcp_flags & kTcpFin) != 0);
}

bool is_icmp_error(const Packet& packet, const PacketView& view) {
  const bool is_v6 = view.tuple.family == Family::ipv6;
  if (view.tuple.protocol != (is_v6 ? kProtocolIcmp6 : kProtocolIcmp)) return false;
  if (view.transport_offset >= view.length) return false;
  const uint8_t type = packet.data[view.transport_offset];
  return is_v6 ? type < 128 : type != 0 && type != 8;
}

// `rest` is the second word of the message.
bool make_error(Packet& packet, const PacketView& view, uint8_t type, uint8_t code, uint32_t rest) {
  if (!is_unicast(view.tuple.family, view.tuple.source) || is_icmp_error(packet, view)) return false;
  const bool is_v6 = view.tuple.family == Family::ipv6;
  const uint32_t ip_header = is_v6 ? kIpv6Header : kIpv4Header;
  const uint32_t most = (is_v6 ? kMaxIcmpError6 : kMaxIcmpError4) - ip_header - kIcmpHeader;
  const uint32_t quoted = std::min(view.length, most);
  if (ip_header + kIcmpHeader + quoted > packet.capacity) return false;

  FiveTuple back = view.tuple.reversed();
  back.protocol = is_v6 ? kProtocolIcmp6 : kProtocolIcmp;
  std::memmove(packet.data + ip_header + kIcmpHeader, packet.data, quoted);
  write_header(packet, back.family, back.protocol, back.source, back.destination, kErrorTos, kIcmpHeader + quoted);
  uint8_t* const icmp = packet.data + ip_header;
  icmp[0] = type;
  icmp[1] = code;
  store_be16(icmp + 2, 0);
  store_be32(icmp + 4, rest);
  const ChecksumSum pseudo = is_v6 ? pseudo_header_sum(back, kIcmpHeader + quoted) : 0;
  store_be16(icmp + 2, static_cast<uint16_t>(~checksum_fold(pseudo + checksum_sum(icmp, kIcmpHeader + quoted))));
  return true;
}

}  // namespace

bool is_unicast(Family family, const Address& address) {
  if (family == Family::ipv4) {
    const uint32_t word = address.words[0];
    return (word >> 24) != 0 && (word >> 24) != 127 && (word >> 28) < 0xe;
  }
  if ((address.words[0] >> 24) == 0xff) return false;
  // :: and ::1
  return (address.words[0] | address.words[1] | address.words[2]) != 0 || address.words[3] > 1;
}

bool is_link_local(Family family, const Address& address) {
  return family == Family::ipv6 && (address.words[0] >> 22) == (0xfe800000u >> 22);
}

bool is_intact(const Packet& packet, const PacketView& view) {
  if (!view.has_ports || view.has_partial_checksum || view.tuple.protocol == kProtocolSctp) return true;
  const uint8_t* const transport = packet.data + view.transport_offset;
  uint32_t bytes = view.length - view.transport_offset;
  if (view.tuple.protocol == kProtocolUdp) {
    if (load_be16(transport + 6) == 0) return true;
    bytes = load_be16(transport + 4);
  }
  return checksum_fold(pseudo_header_sum(view.tuple, bytes) + checksum_sum(transport, bytes)) == 0xffff;
}

bool make_tcp_reset(Packet& packet, const PacketView& view) {
  if ((view.tcp_flags & kTcpRst) != 0 || !is_unicast(view.tuple.family, view.tuple.source)) return false;
  const uint8_t* const segment = packet.data + view.transport_offset;
  const uint32_t sequence = load_be32(segment + 4);
  const uint32_t acknowledgment = load_be32(segment + 8);
  const bool acknowledges = (view.tcp_flags & kTcpAck) != 0;
  const FiveTuple back = view.tuple.reversed();
  const uint32_t acknowledged = sequence + segment_length(view);

  write_header(packet, back.family, kProtocolTcp, back.source, back.destination, 0, kTcpHeader);
  uint8_t* const reset = packet.data + (packet.length - kTcpHeader);
  std::memset(reset, 0, kTcpHeader);
  store_be16(reset, back.source_port);
  store_be16(reset + 2, back.destination_port);
  store_be32(reset + 4, acknowledges ? acknowledgment : 0);
  store_be32(reset + 8, acknowledges ? 0 : acknowledged);
  reset[12] = (kTcpHeader / 4) << 4;
  reset[13] = acknowledges ? kTcpRst : static_cast<uint8_t>(kTcpRst | kTcpAck);
  const ChecksumSum sum = pseudo_header_sum(back, kTcpHeader) + checksum_sum(reset, kTcpHeader);
  store_be16(reset + 16, static_cast<uint16_t>(~checksum_fold(sum)));
  return true;
}

bool make_unreachable(Packet& packet, const PacketView& view, Unreachable what) {
  const bool is_port = what == Unreachable::port;
  if (view.tuple.family == Family::ipv4) return make_error(packet, view, 3, is_port ? 3 : 2, 0);
  // Parameter problem points at the next-header field.
  return is_port ? make_error(packet, view, 1, 4, 0) : make_error(packet, view, 4, 1, 6);
}

bool make_too_big(Packet& packet, const PacketView& view, uint32_t mtu_bytes) {
  const bool is_v6 = view.tuple.family == Family::ipv6;
  return make_error(packet, view, is_v6 ? 2 : 3, is_v6 ? 0 : 4, mtu_bytes);
}

bool make_reassembly_timeout(Packet& packet, const PacketView& view) {
  return make_error(packet, view, view.tuple.family == Family::ipv6 ? 3 : 11, 1, 0);
}

bool make_hop_limit_exceeded(Packet& packet, const PacketView& view) {
  return make_error(packet, view, view.tuple.family == Family::ipv6 ? 3 : 11, 0, 0);
}

}  // namespace uipvs
