// The offload metadata in front of every packet of a TUN device with IFF_VNET_HDR.
// Source: virtio v1.2, 5.1.6 (struct virtio_net_hdr, legacy 10-byte form); fields are native-endian on TUN.
#pragma once

#include <cstdint>

namespace uipvs {

struct VnetHeader {
  uint8_t flags;
  uint8_t gso_type;
  uint16_t header_length;
  uint16_t gso_size;
  uint16_t checksum_start;
  uint16_t checksum_offset;
};
static_assert(sizeof(VnetHeader) == 10);

// Specification: virtio v1.2, 5.1.6.
inline constexpr uint8_t kVnetNeedsChecksum = 1;
inline constexpr uint8_t kVnetDataValid = 2;
inline constexpr uint8_t kVnetGsoNone = 0;
inline constexpr uint8_t kVnetGsoTcp4 = 1;
inline constexpr uint8_t kVnetGsoUdp = 3;
inline constexpr uint8_t kVnetGsoTcp6 = 4;
inline constexpr uint8_t kVnetGsoUdpL4 = 5;

}  // namespace uipvs
