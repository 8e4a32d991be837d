#include "support/packet_builder.h"

#include <algorithm>

#include "support/slow_checksum.h"

namespace uipvs::test {
namespace {

using Bytes = std::vector<uint8_t>;

void append16(Bytes& to, uint32_t value) {
  to.push_back(static_cast<uint8_t>(value >> 8));
  to.push_back(static_cast<uint8_t>(value));
}

void append32(Bytes& to, uint32_t value) {
  append16(to, value >> 16);
  append16(to, value & 0xffff);
}

void append(Bytes& to, const Bytes& from) { to.insert(to.end(), from.begin(), from.end()); }

void append_address(Bytes& to, Family family, const Address& address) {
  const int words = family == Family::ipv6 ? 4 : 1;
  for (int i = 0; i < words; ++i) append32(to, address.words[i]);
}

void put16(Bytes& to, size_t at, uint16_t value) {
  to[at] = static_cast<uint8_t>(value >> 8);
  to[at + 1] = static_cast<uint8_t>(value);
}

Bytes transport_of(const PacketSpec& spec) {
  Bytes made;
  made.reserve(20 + spec.tcp_options.size() + spec.payload.size());
  if (spec.tuple.protocol == kProtocolTcp) {
    append16(made, spec.tuple.source_port);
    append16(made, spec.tuple.destination_port);
    append32(made, spec.sequence);
    append32(made, spec.acknowledgment);
    made.push_back(static_cast<uint8_t>((5 + spec.tcp_options.size() / 4) << 4));
    made.push_back(spec.tcp_flags);
    append32(made, 0xffff0000);
    append16(made, 0);
    append(made, spec.tcp_options);
  } else if (spec.tuple.protocol == kProtocolUdp) {
    append16(made, spec.tuple.source_port);
    append16(made, spec.tuple.destination_port);
    append16(made, static_cast<uint32_t>(8 + spec.payload.size()));
    append16(made, 0);
  }
  append(made, spec.payload);
  return made;
}

Bytes network_of(const PacketSpec& spec, size_t transport_bytes) {
  Bytes made;
  made.reserve(40 + spec.ip_options.size() + spec.extensions.size() + transport_bytes);
  if (spec.tuple.family == Family::ipv6) {
    append32(made, 0x60000000);
    append16(made, static_cast<uint32_t>(spec.extensions.size() + transport_bytes));
    made.push_back(spec.extensions.empty() ? spec.tuple.protocol : spec.first_extension);
    made.push_back(spec.hop_limit);
  } else {
    const size_t header = 20 + spec.ip_options.size();
    made.push_back(static_cast<uint8_t>(0x40 | header / 4));
    made.push_back(0);
    append16(made, static_cast<uint32_t>(header + transport_bytes));
    append16(made, 0x1234);
    append16(made, spec.fragment);
    made.push_back(spec.hop_limit);
    made.push_back(spec.tuple.protocol);
    append16(made, 0);
  }
  append_address(made, spec.tuple.family, spec.tuple.source);
  append_address(made, spec.tuple.family, spec.tuple.destination);
  append(made, spec.tuple.family == Family::ipv6 ? spec.extensions : spec.ip_options);
  return made;
}

}  // namespace

MemoryPacket build_packet(const PacketSpec& spec) {
  MemoryPacket made;
  Bytes transport = transport_of(spec);
  made.bytes = network_of(spec, transport.size());
  const bool is_tcp = spec.tuple.protocol == kProtocolTcp;
  if (is_tcp || spec.tuple.protocol == kProtocolUdp) {
    const size_t field = is_tcp ? 16 : 6;
    const uint16_t pseudo = slow_pseudo_sum(spec.tuple, static_cast<uint32_t>(transport.size()));
    if (spec.checksum == ChecksumForm::partial) {
      put16(transport, field, pseudo);
      made.vnet.flags = kVnetNeedsChecksum;
      made.vnet.checksum_start = static_cast<uint16_t>(made.bytes.size());
      made.vnet.checksum_offset = static_cast<uint16_t>(field);
    } else if (spec.checksum == ChecksumForm::whole) {
      const uint16_t check = static_cast<uint16_t>(~slow_sum(transport, pseudo));
      put16(transport, field, check == 0 && !is_tcp ? 0xffff : check);
    }
  }
  append(made.bytes, transport);
  if (spec.tuple.family == Family::ipv4) repair_header_checksum(made.bytes);
  return made;
}

MemoryPacket build_icmp(Family family, const Address& source, const Address& destination, uint8_t type, uint8_t code,
                        const std::vector<uint8_t>& body, uint32_t rest) {
  PacketSpec spec;
  spec.tuple = {family, family == Family::ipv6 ? kProtocolIcmp6 : kProtocolIcmp, 0, 0, source, destination};
  spec.payload = {type, code, 0, 0};
  append32(spec.payload, rest);
  append(spec.payload, body);
  const uint16_t pseudo =
      family == Family::ipv6 ? slow_pseudo_sum(spec.tuple, static_cast<uint32_t>(spec.payload.size())) : 0;
  put16(spec.payload, 2, static_cast<uint16_t>(~slow_sum(spec.payload, pseudo)));
  return build_packet(spec);
}

void repair_header_checksum(std::vector<uint8_t>& packet) {
  const size_t header = std::min<size_t>((packet[0] & 0x0fu) * 4u, packet.size());
  put16(packet, 10, 0);
  put16(packet, 10, static_cast<uint16_t>(~slow_sum({packet.data(), header})));
}

Address address4(uint8_t a, uint8_t b, uint8_t c, uint8_t d) {
  return {
      {static_cast<uint32_t>(a) << 24 | static_cast<uint32_t>(b) << 16 | static_cast<uint32_t>(c) << 8 | d, 0, 0, 0}};
}

Address address6(uint32_t low) { return {{0x20010db8, 0, 0, low}}; }

HeldPacket::HeldPacket(const MemoryPacket& from, uint32_t capacity) {
  const uint32_t length = static_cast<uint32_t>(from.bytes.size());
  capacity = std::max(capacity, length);
  memory_.resize(kPacketHeadroom + capacity);
  packet = {memory_.data() + kPacketHeadroom, length, capacity};
  packet.vnet() = from.vnet;
  std::copy(from.bytes.begin(), from.bytes.end(), packet.data);
}

MemoryPacket HeldPacket::copy() const { return {packet.vnet(), {packet.data, packet.data + packet.length}}; }

}  // namespace uipvs::test
