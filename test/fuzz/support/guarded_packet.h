// A packet in memory that is made once, with poison for AddressSanitizer right before its headroom and right behind its
// capacity: as strict as heap memory of just that size, and without the heap's price.
#pragma once

#include <sanitizer/asan_interface.h>

#include <algorithm>
#include <array>
#include <span>

#include "core/packet.h"
#include "io/memory_io.h"

namespace uipvs::test {

class GuardedPacket {
 public:
  GuardedPacket() { ASAN_POISON_MEMORY_REGION(memory_.data(), memory_.size()); }
  ~GuardedPacket() { ASAN_UNPOISON_MEMORY_REGION(memory_.data(), memory_.size()); }
  GuardedPacket(const GuardedPacket&) = delete;
  GuardedPacket& operator=(const GuardedPacket&) = delete;

  // `capacity` is raised to the packet's length; what lies behind that is zero, as in a receiver's buffer at first.
  Packet& load(std::span<const uint8_t> bytes, const VnetHeader& vnet, uint32_t capacity = 0) {
    const uint32_t length = static_cast<uint32_t>(std::min<size_t>(bytes.size(), kMaxPacketBytes));
    capacity = std::max(capacity, length);
    uint8_t* const data = memory_.data() + kGuardBytes + kPacketHeadroom;
    ASAN_UNPOISON_MEMORY_REGION(data - kPacketHeadroom, kPacketHeadroom + capacity);
    if (capacity < capacity_) ASAN_POISON_MEMORY_REGION(data + capacity, capacity_ + kGuardBytes - capacity);
    capacity_ = capacity;
    packet = {data, length, capacity};
    packet.vnet() = vnet;
    std::copy_n(bytes.begin(), length, data);
    std::fill(data + length, data + capacity, uint8_t{0});
    return packet;
  }

  Packet& load(const MemoryPacket& from, uint32_t capacity = 0) { return load(from.bytes, from.vnet, capacity); }

  MemoryPacket copy() const { return {packet.vnet(), {packet.data, packet.data + packet.length}}; }

  Packet packet;

 private:
  static constexpr size_t kGuardBytes = 32;

  uint32_t capacity_ = 0;  // of the last packet
  alignas(32) std::array<uint8_t, kGuardBytes + kPacketBufferBytes + kGuardBytes> memory_{};
};

}  // namespace uipvs::test
