#include "support/slow_checksum.h"

#include <vector>

namespace uipvs::test {
namespace {

uint16_t add_with_carry(uint16_t left, uint16_t right) {
  const uint32_t sum = static_cast<uint32_t>(left) + right;
  return static_cast<uint16_t>(sum > 0xffff ? sum - 0xffff : sum);
}

uint16_t word_at(std::span<const uint8_t> bytes, size_t at) {
  return static_cast<uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

struct Located {
  bool is_readable = false;
  size_t transport = 0;
  size_t end = 0;
  uint8_t protocol = 0;
  uint16_t addresses = 0;  // sum of both
};

Located locate4(std::span<const uint8_t> bytes) {
  const size_t header = (bytes[0] & 0x0fu) * 4u;
  const size_t total = word_at(bytes, 2);
  if ((word_at(bytes, 6) & 0x3fff) != 0 || total > bytes.size() || header > total) return {};
  return {true, header, total, bytes[9], slow_sum(bytes.subspan(12, 8))};
}

Located locate6(std::span<const uint8_t> bytes) {
  if (bytes.size() < 40) return {};
  const size_t total = 40u + word_at(bytes, 4);
  if (total > bytes.size()) return {};
  size_t at = 40;
  uint8_t next = bytes[6];
  while (next == 0 || next == 43 || next == 44 || next == 60) {
    if (at + 8 > total) return {};
    if (next == 44 && (word_at(bytes, at + 2) & 0xfff9) != 0) return {};
    const size_t length = next == 44 ? 8 : (bytes[at + 1] + 1u) * 8u;
    next = bytes[at];
    at += length;
  }
  if (at > total) return {};
  return {true, at, total, next, slow_sum(bytes.subspan(8, 32))};
}

// Source: RFC 9260 6.8 and appendix A: over the packet with zeros in the field, least significant byte first.
ChecksumState sctp_packet_checksum(const MemoryPacket& packet, const Located& at) {
  if (at.transport + 12 > at.end) return ChecksumState::unknown;
  if ((packet.vnet.flags & kVnetNeedsChecksum) != 0) return ChecksumState::absent;
  std::vector<uint8_t> bytes(packet.bytes.begin() + static_cast<ptrdiff_t>(at.transport),
                             packet.bytes.begin() + static_cast<ptrdiff_t>(at.end));
  uint32_t stored = 0;
  for (size_t i = 0; i < 4; ++i) {
    stored |= static_cast<uint32_t>(bytes[8 + i]) << (8 * i);
    bytes[8 + i] = 0;
  }
  return stored == slow_crc32c(bytes) ? ChecksumState::right : ChecksumState::wrong;
}

}  // namespace

uint32_t slow_crc32c(std::span<const uint8_t> bytes) {
  uint32_t crc = 0xffffffff;
  for (const uint8_t byte : bytes) {
    for (int bit = 0; bit < 8; ++bit) {
      const bool is_set = ((crc ^ (byte >> bit)) & 1) != 0;
      crc = (crc >> 1) ^ (is_set ? 0x82f63b78 : 0);
    }
  }
  return ~crc;
}

uint16_t slow_sum(std::span<const uint8_t> bytes, uint16_t start) {
  uint16_t sum = start;
  for (size_t at = 0; at < bytes.size(); at += 2) {
    const uint8_t low = at + 1 < bytes.size() ? bytes[at + 1] : 0;
    sum = add_with_carry(sum, static_cast<uint16_t>(bytes[at] << 8 | low));
  }
  return sum;
}

uint16_t slow_pseudo_sum(const FiveTuple& tuple, uint32_t transport_bytes) {
  uint16_t sum = add_with_carry(tuple.protocol, static_cast<uint16_t>(transport_bytes));
  sum = add_with_carry(sum, static_cast<uint16_t>(transport_bytes >> 16));
  const int words = tuple.family == Family::ipv6 ? 4 : 1;
  for (int i = 0; i < words; ++i) {
    for (const uint32_t word : {tuple.source.words[i], tuple.destination.words[i]}) {
      sum = add_with_carry(add_with_carry(sum, static_cast<uint16_t>(word >> 16)), static_cast<uint16_t>(word));
    }
  }
  return sum;
}

ChecksumState header_checksum(const MemoryPacket& packet) {
  if (packet.bytes.empty() || packet.bytes[0] >> 4 != 4) return ChecksumState::right;
  const size_t header = (packet.bytes[0] & 0x0fu) * 4u;
  if (header < 20 || packet.bytes.size() < header) return ChecksumState::unknown;
  return slow_sum({packet.bytes.data(), header}) == 0xffff ? ChecksumState::right : ChecksumState::wrong;
}

ChecksumState transport_checksum(const MemoryPacket& packet) {
  const std::span<const uint8_t> bytes = packet.bytes;
  if (bytes.size() < 20) return ChecksumState::unknown;
  const bool is_v6 = bytes[0] >> 4 == 6;
  const Located at = is_v6 ? locate6(bytes) : locate4(bytes);
  if (!at.is_readable) return ChecksumState::unknown;
  if (at.protocol == kProtocolSctp) return sctp_packet_checksum(packet, at);
  size_t field = 16, least = 20;
  size_t end = at.end;
  bool has_pseudo = true;
  if (at.protocol == kProtocolUdp) {
    field = 6;
    least = 8;
  } else if (at.protocol == (is_v6 ? kProtocolIcmp6 : kProtocolIcmp)) {
    field = 2;
    least = 8;
    has_pseudo = is_v6;
  } else if (at.protocol != kProtocolTcp) {
    return ChecksumState::unknown;
  }
  if (at.transport + least > at.end) return ChecksumState::unknown;
  if (at.protocol == kProtocolUdp) end = at.transport + word_at(bytes, at.transport + 4);
  if (end > at.end) return ChecksumState::unknown;
  const uint16_t stored = word_at(bytes, at.transport + field);
  uint16_t pseudo = 0;
  if (has_pseudo) {
    pseudo = add_with_carry(add_with_carry(at.addresses, at.protocol), static_cast<uint16_t>(end - at.transport));
  }
  if ((packet.vnet.flags & kVnetNeedsChecksum) != 0) {
    // 0 and 0xffff are the same sum.
    return stored % 0xffff == pseudo % 0xffff ? ChecksumState::right : ChecksumState::wrong;
  }
  if (at.protocol == kProtocolUdp && stored == 0) return ChecksumState::absent;
  const uint16_t sum = slow_sum(bytes.subspan(at.transport, end - at.transport), pseudo);
  return sum == 0xffff ? ChecksumState::right : ChecksumState::wrong;
}

}  // namespace uipvs::test
