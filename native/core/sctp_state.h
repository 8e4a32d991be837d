// The states of an SCTP association as IPVS sees it, and how packets move them.
// Source: net/netfilter/ipvs/ip_vs_proto_sctp.c (sctp_states, sctp_events), include/net/ip_vs.h; RFC 9260 3.2.
#pragma once

#include <array>
#include <cstdint>

#include "core/tcp_state.h"

namespace uipvs {

// Numbers as in the kernel: they are shown, compared and synchronised.
enum class SctpState : uint8_t {
  none,
  init1,
  init,
  cookie_sent,
  cookie_replied,
  cookie_wait,
  cookie,
  cookie_echoed,
  established,
  shutdown_sent,
  shutdown_received,
  shutdown_ack_sent,
  rejected,
  closed,
};
inline constexpr int kSctpStates = 14;

enum class SctpEvent : uint8_t {
  data,
  init,
  init_ack,
  cookie_echo,
  cookie_ack,
  shutdown,
  shutdown_ack,
  shutdown_complete,
  error,
  abort,
  none,  // a packet without a chunk
};

// What a chunk means, by its type; types that IPVS does not know count as data.
SctpEvent sctp_event(uint8_t chunk_type);

// A packet without a chunk moves nothing.
SctpState sctp_next_state(SctpState state, Direction direction, SctpEvent event);

// Whether a packet whose first chunk is this may begin an association; with sloppy_sctp any chunk but ABORT does.
constexpr bool sctp_may_begin(SctpEvent first_chunk, bool is_sloppy) {
  if (first_chunk == SctpEvent::none || first_chunk == SctpEvent::abort) return false;
  return is_sloppy || first_chunk == SctpEvent::init;
}

// Counted as ActiveConn; everything else is InActConn.
constexpr bool sctp_is_active(SctpState state) { return state == SctpState::established; }

// Seconds, indexed by SctpState.
inline constexpr std::array<uint32_t, kSctpStates> kSctpTimeoutSeconds = {2,  4,   61, 61, 61, 61, 61,
                                                                          61, 900, 61, 61, 61, 4,  61};

}  // namespace uipvs
