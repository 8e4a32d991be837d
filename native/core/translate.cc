#include "core/translate.h"

#include <initializer_list>

#include "core/bytes.h"
#include "core/checksum.h"
#include "core/crc32c.h"

namespace uipvs {
namespace {

constexpr uint32_t kTcpChecksum = 16;
constexpr uint32_t kUdpChecksum = 6;

ChecksumSum address_delta(Family family, const Address& before, const Address& after) {
  ChecksumSum delta = checksum_delta32(before.words[0], after.words[0]);
  if (family == Family::ipv6) {
    for (int i = 1; i < 4; ++i) delta += checksum_delta32(before.words[i], after.words[i]);
  }
  return delta;
}

void store_address6(uint8_t* to, const Address& address) {
  for (int i = 0; i < 4; ++i) store_be32(to + i * 4, address.words[i]);
}

// Writes addresses and hop limit, and repairs the IPv4 header checksum.
void write_network(uint8_t* data, const PacketView& view, const Rewrite& to, ChecksumSum addresses) {
  if (view.tuple.family == Family::ipv6) {
    data[7] = to.hop_limit;
    store_address6(data + 8, to.source);
    store_address6(data + 24, to.destination);
    return;
  }
  const uint16_t hop_before = static_cast<uint16_t>(data[8] << 8);
  const uint16_t hop_after = static_cast<uint16_t>(to.hop_limit << 8);
  data[8] = to.hop_limit;
  store_be32(data + 12, to.source.words[0]);
  store_be32(data + 16, to.destination.words[0]);
  store_be16(data + 10, checksum_update(load_be16(data + 10), addresses + checksum_delta16(hop_before, hop_after)));
}

void write_ports(uint8_t* transport, const Rewrite& to) {
  store_be16(transport, to.source_port);
  store_be16(transport + 2, to.destination_port);
}

// Of a datagram that is all there; the parser has checked its length.
uint16_t whole_udp_checksum(const uint8_t* transport, const FiveTuple& tuple) {
  const uint16_t bytes = load_be16(transport + 4);
  const ChecksumSum sum = pseudo_header_sum(tuple, bytes) + checksum_sum(transport, bytes);
  const uint16_t check = static_cast<uint16_t>(~checksum_fold(sum));
  return check == 0 ? 0xffff : check;
}

// The checksum of TCP or UDP, whose ports are already rewritten.
void repair_checksum(uint8_t* transport, const PacketView& view, ChecksumSum addresses, ChecksumSum ports) {
  const bool is_udp = view.tuple.protocol == kProtocolUdp;
  uint8_t* const field = transport + (is_udp ? kUdpChecksum : kTcpChecksum);
  const uint16_t check = load_be16(field);
  uint16_t updated;
  if (view.has_partial_checksum) {
    updated = checksum_update_partial(check, addresses);
  } else if (is_udp && check == 0) {
    updated = view.is_fragment ? 0 : whole_udp_checksum(transport, view.tuple);
  } else {
    updated = checksum_update(check, addresses + ports);
    if (is_udp && updated == 0) updated = 0xffff;
  }
  store_be16(field, updated);
}

}  // namespace

uint64_t pseudo_header_sum(const FiveTuple& tuple, uint32_t transport_bytes) {
  ChecksumSum sum = tuple.protocol + checksum_words(transport_bytes);
  for (const Address* address : {&tuple.source, &tuple.destination}) {
    for (const uint32_t word : address->words) sum += checksum_words(word);
  }
  return sum;
}

void write_sctp_checksum(Packet& packet, PacketView& view) {
  uint8_t* const transport = packet.data + view.transport_offset;
  store_sctp_checksum(transport, sctp_checksum(transport, view.length - view.transport_offset));
  VnetHeader& vnet = packet.vnet();
  vnet.flags = static_cast<uint8_t>(vnet.flags & ~kVnetNeedsChecksum);
  vnet.checksum_start = 0;
  vnet.checksum_offset = 0;
  view.has_partial_checksum = false;
}

void rewrite_packet(Packet& packet, PacketView& view, const Rewrite& to) {
  const Family family = view.tuple.family;
  const ChecksumSum addresses = address_delta(family, view.tuple.source, to.source) +
                                address_delta(family, view.tuple.destination, to.destination);
  const ChecksumSum ports = checksum_delta16(view.tuple.source_port, to.source_port) +
                            checksum_delta16(view.tuple.destination_port, to.destination_port);
  const bool has_new_port =
      view.tuple.source_port != to.source_port || view.tuple.destination_port != to.destination_port;
  uint8_t* const transport = packet.data + view.transport_offset;

  write_network(packet.data, view, to, addresses);
  if (view.has_ports) write_ports(transport, to);
  view.tuple.source = to.source;
  view.tuple.destination = to.destination;
  view.hop_limit = to.hop_limit;
  if (!view.has_ports) return;
  view.tuple.source_port = to.source_port;
  view.tuple.destination_port = to.destination_port;

  if (view.tuple.protocol != kProtocolSctp) {
    repair_checksum(transport, view, addresses, ports);
  } else if (!view.is_fragment && (has_new_port || view.has_partial_checksum)) {
    write_sctp_checksum(packet, view);
  }
  packet.vnet().header_length = view.payload_offset;
}

void rewrite_quoted(uint8_t* data, const PacketView& view, const Rewrite& to) {
  const Family family = view.tuple.family;
  write_network(data, view, to,
                address_delta(family, view.tuple.source, to.source) +
                    address_delta(family, view.tuple.destination, to.destination));
  if (view.has_ports) write_ports(data + view.transport_offset, to);
}

}  // namespace uipvs
