// Questions about the state of a connection record.
#pragma once

#include "core/connection.h"
#include "core/tcp_state.h"

namespace uipvs {

constexpr uint8_t state_number(TcpState state) { return static_cast<uint8_t>(state); }

inline bool is_inactive(const ConnectionHead& connection) {
  return (connection.flags.load(std::memory_order_relaxed) & kConnectionInactive) != 0;
}

// Nothing more is to be said on it. A half-closed connection still carries data.
inline bool is_over(const ConnectionHead& connection) {
  const uint8_t state = connection.state.load(std::memory_order_relaxed);
  return connection.protocol == kProtocolTcp &&
         (state == state_number(TcpState::time_wait) || state == state_number(TcpState::close));
}

}  // namespace uipvs
