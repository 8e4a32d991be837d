// An index entry of the connection table: a connection's id, and which of its two tuples leads here.
#pragma once

#include <cstdint>

namespace uipvs {

inline constexpr uint32_t kServerSide = 1u << 30;
inline constexpr uint32_t kIpv6Bit = 1u << 31;
inline constexpr uint32_t kSlotMask = kServerSide - 1;

inline uint32_t pool_of(uint32_t entry) { return entry >> 31; }
inline uint32_t slot_of(uint32_t entry) { return entry & kSlotMask; }

}  // namespace uipvs
