// The clock of connections and upcalls.
#pragma once

#include <time.h>

#include <cstdint>

namespace uipvs {

inline constexpr uint64_t kNanosecondsPerSecond = 1'000'000'000;

// BOOTTIME, so that a connection's age survives a suspended host and a restarted daemon.
inline uint64_t boot_time_ns() {
  timespec now;
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<uint64_t>(now.tv_sec) * kNanosecondsPerSecond + static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace uipvs
