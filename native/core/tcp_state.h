// The connection states of IPVS and how packets move them.
// Source: net/netfilter/ipvs/ip_vs_proto_tcp.c (tcp_states, tcp_states_dos), ip_vs_proto_udp.c, include/uapi/linux/ip_vs.h.
#pragma once

#include <array>
#include <cstdint>

namespace uipvs {

// Numbers as in the kernel: they are shown, compared and synchronised.
enum class TcpState : uint8_t {
  none,
  established,
  syn_sent,
  syn_recv,
  fin_wait,
  time_wait,
  close,
  close_wait,
  last_ack,
  listen,
  synack,
};
inline constexpr int kTcpStates = 11;

enum class Direction : uint8_t { to_server, to_client };

enum class TcpEvent : uint8_t { syn, fin, ack, rst, none };

// RST wins over SYN, SYN over FIN, FIN over ACK.
TcpEvent tcp_event(uint8_t flags);

// A segment with none of the four flags closes, as in the kernel. `is_secure`: the defence secure_tcp is on, by which the
// client's ACK alone does not establish a connection that has begun.
TcpState tcp_next_state(TcpState state, Direction direction, TcpEvent event, bool is_secure = false);

// Counted as ActiveConn; everything else is InActConn.
constexpr bool tcp_is_active(TcpState state) {
  return state == TcpState::established || state == TcpState::syn_sent || state == TcpState::syn_recv ||
         state == TcpState::synack;
}

// Seconds, indexed by TcpState.
inline constexpr std::array<uint32_t, kTcpStates> kTcpTimeoutSeconds = {2,  900, 120, 60,  120, 120,
                                                                        10, 60,  30,  120, 120};
inline constexpr uint32_t kUdpTimeoutSeconds = 300;

}  // namespace uipvs
