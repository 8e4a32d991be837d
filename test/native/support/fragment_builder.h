// Builds IP fragments byte by byte, without the code under test, and packets to be cut.
#pragma once

#include <vector>

#include "support/packet_builder.h"
#include "support/random.h"

namespace uipvs::test {

struct FragmentSpec {
  Family family = Family::ipv4;
  Address source;
  Address destination;
  uint8_t protocol = 47;  // IPv6: what the fragment header names
  uint32_t identification = 1;
  uint32_t offset = 0;  // in bytes, a multiple of 8
  bool has_more = false;
  bool has_dont_fragment = false;
  uint8_t congestion = 0;           // ECN bits
  std::vector<uint8_t> ip_options;  // IPv4; a multiple of 4 bytes
  std::vector<uint8_t> extensions;  // IPv6; whole headers, each naming the next, the last naming the fragment header
  uint8_t first_extension = kProtocolFragment;
  std::vector<uint8_t> data;
};

MemoryPacket build_fragment(const FragmentSpec& spec);

// `count` bytes that tell where they belong and of which datagram.
std::vector<uint8_t> patterned(uint32_t offset, uint32_t count, uint8_t salt = 0);

// A fragment of a GRE datagram of either family; its data are patterned.
FragmentSpec fragment_of(Family family, uint32_t offset, uint32_t bytes, bool has_more);

// A whole packet of either family and any protocol, with options or extension headers, of at most `most` bytes (at
// least 400).
MemoryPacket random_packet(Random& random, uint32_t most);

}  // namespace uipvs::test
