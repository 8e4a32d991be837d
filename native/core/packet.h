// A packet in a buffer that the receiver owns: offload metadata, then the IP packet.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/vnet_header.h"

namespace uipvs {

// Largest IP packet: the 16-bit total length (RFC 791); super-packets of TSO and USO stay within it.
inline constexpr size_t kMaxPacketBytes = 65535;
// Room before the IP header, which is 16-byte aligned: the metadata and, of a frame from the wire, an Ethernet header.
inline constexpr size_t kPacketHeadroom = 32;
inline constexpr size_t kPacketBufferBytes = kPacketHeadroom + kMaxPacketBytes + 1;

struct Packet {
  uint8_t* data = nullptr;  // the IP header; the VnetHeader lies right before it
  uint32_t length = 0;      // bytes from `data`
  uint32_t capacity = 0;    // bytes that may be written from `data`
  uint32_t mark = 0;        // firewall mark that it was received with; 0 is none
  // Of a datagram that came in fragments: the largest of them. It leaves in none that are larger. 0: it came whole.
  uint32_t fragment_bytes = 0;
  bool is_from_wire = false;  // taken before the kernel's IP stack, which would have taken a hop from it

  VnetHeader& vnet() const { return *reinterpret_cast<VnetHeader*>(data - sizeof(VnetHeader)); }
};

}  // namespace uipvs
