// Questions about the state of a connection record. A template's states are others: of it only drop_rule_of() is asked.
#pragma once

#include "core/connection.h"
#include "core/sctp_state.h"
#include "core/tcp_state.h"

namespace uipvs {

constexpr uint8_t state_number(TcpState state) { return static_cast<uint8_t>(state); }
constexpr uint8_t state_number(SctpState state) { return static_cast<uint8_t>(state); }

inline bool is_inactive(const ConnectionHead& connection) {
  return (connection.flags.load(std::memory_order_relaxed) & kConnectionInactive) != 0;
}

// Whether a connection in this state counts as ActiveConn. Protocols without states never do.
constexpr bool is_active_state(uint8_t protocol, uint8_t state) {
  if (protocol == kProtocolTcp) return tcp_is_active(static_cast<TcpState>(state));
  return protocol == kProtocolSctp && sctp_is_active(static_cast<SctpState>(state));
}

// Whether both sides have agreed, after which the template of a connection is assured. Protocols without states have none.
constexpr bool is_established_state(uint8_t protocol, uint8_t state) {
  if (protocol == kProtocolTcp) return state == state_number(TcpState::established);
  return protocol == kProtocolSctp && state == state_number(SctpState::established);
}

// Whether a new connection is counted as active when it is decided: the control thread does not see TCP's flags.
constexpr bool begins_active(uint8_t protocol) { return protocol == kProtocolTcp; }

// Kept for the way back only: see connection_table.h.
inline bool is_one_packet(const ConnectionHead& connection) {
  return (connection.flags.load(std::memory_order_relaxed) & kConnectionOnePacket) != 0;
}

// Nothing more is to be said on it: what begins a connection begins a new one here. A half-closed connection still
// carries data. Source: net/netfilter/ipvs/ip_vs_core.c, is_new_conn_expected.
inline bool is_over(const ConnectionHead& connection) {
  const uint8_t state = connection.state.load(std::memory_order_relaxed);
  if (connection.protocol == kProtocolSctp) return state == state_number(SctpState::closed);
  return connection.protocol == kProtocolTcp &&
         (state == state_number(TcpState::time_wait) || state == state_number(TcpState::close));
}

// Whether it has only begun: the real server has not agreed yet, as far as could be seen.
inline bool is_embryonic(const ConnectionHead& connection) {
  const uint8_t state = connection.state.load(std::memory_order_relaxed);
  if (connection.protocol == kProtocolSctp) {
    return state == state_number(SctpState::init1) || state == state_number(SctpState::init);
  }
  return connection.protocol == kProtocolTcp &&
         (state == state_number(TcpState::syn_recv) || state == state_number(TcpState::synack));
}

// What the defence drop_entry does with a record that its search meets.
enum class DropRule : uint8_t {
  keep,
  drop,
  by_age,  // dropped or kept by how long it has been idle and how many packets came in (todrop_entry)
};

// Of records that hold no others. The template of a one-packet service goes by age instead, which its record does not
// tell. Source: net/netfilter/ipvs/ip_vs_conn.c, ip_vs_random_dropentry.
inline DropRule drop_rule_of(const ConnectionHead& connection) {
  const uint8_t state = connection.state.load(std::memory_order_relaxed);
  if ((connection.flags.load(std::memory_order_relaxed) & kConnectionTemplate) != 0) {
    return (state & kTemplateAssured) != 0 ? DropRule::keep : DropRule::drop;
  }
  if (is_embryonic(connection)) return DropRule::drop;
  const bool has_states = connection.protocol == kProtocolTcp || connection.protocol == kProtocolSctp;
  return has_states && !is_established_state(connection.protocol, state) ? DropRule::keep : DropRule::by_age;
}

}  // namespace uipvs
