// Time as the bench's own tools need it.
#pragma once

#include <cerrno>
#include <cstdint>
#include <ctime>

namespace bench {

inline constexpr uint64_t kNsPerSecond = 1'000'000'000;

inline uint64_t now_ns() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * kNsPerSecond + static_cast<uint64_t>(now.tv_nsec);
}

inline void sleep_until_ns(uint64_t at) {
  const timespec until{static_cast<time_t>(at / kNsPerSecond), static_cast<long>(at % kNsPerSecond)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
  }
}

}  // namespace bench
