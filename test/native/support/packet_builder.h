// Builds packets byte by byte, without the code under test.
#pragma once

#include <cstdint>
#include <vector>

#include "core/packet.h"
#include "core/tuple.h"
#include "io/memory_io.h"

namespace uipvs::test {

enum class ChecksumForm : uint8_t { whole, partial, absent };

struct PacketSpec {
  FiveTuple tuple;
  uint8_t hop_limit = 64;
  uint8_t tcp_flags = 0x10;
  uint32_t sequence = 1000;
  uint32_t acknowledgment = 2000;
  std::vector<uint8_t> ip_options;   // IPv4; a multiple of 4 bytes
  std::vector<uint8_t> extensions;   // IPv6; whole headers, each naming the next, the last naming the protocol
  uint8_t first_extension = 0;       // what the IPv6 header names when there are extensions
  std::vector<uint8_t> tcp_options;  // a multiple of 4 bytes
  std::vector<uint8_t> payload;
  uint16_t fragment = 0;  // IPv4 flags and offset
  ChecksumForm checksum = ChecksumForm::whole;
};

// TCP, UDP, or for any other protocol the payload alone behind the IP header.
MemoryPacket build_packet(const PacketSpec& spec);

// An ICMP or ICMPv6 message of `type` and `code` with right checksums; `rest` is the second word of its header.
MemoryPacket build_icmp(Family family, const Address& source, const Address& destination, uint8_t type, uint8_t code,
                        const std::vector<uint8_t>& body, uint32_t rest = 0);

// Recomputes the IPv4 header checksum, after a test has edited the header.
void repair_header_checksum(std::vector<uint8_t>& packet);

Address address4(uint8_t a, uint8_t b, uint8_t c, uint8_t d);
// 2001:db8::`low`
Address address6(uint32_t low);

// A packet in heap memory of exactly its size, so that AddressSanitizer sees the first byte beyond.
class HeldPacket {
 public:
  // `capacity` 0: exactly the packet's bytes.
  explicit HeldPacket(const MemoryPacket& from, uint32_t capacity = 0);

  Packet packet;
  MemoryPacket copy() const;

 private:
  std::vector<uint8_t> memory_;
};

}  // namespace uipvs::test
