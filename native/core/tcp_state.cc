#include "core/tcp_state.h"

#include "core/packet_view.h"

namespace uipvs {
namespace {

using enum TcpState;

constexpr TcpState NO = none, ES = established, SS = syn_sent, SR = syn_recv, FW = fin_wait, TW = time_wait, CL = close,
                   CW = close_wait, LA = last_ack, LI = listen, SA = synack;

using Row = std::array<TcpState, kTcpStates>;

// [direction][event][state]
using Table = std::array<std::array<Row, 4>, 2>;

constexpr Table kTransitions = {{
    {{
        // NO  ES  SS  SR  FW  TW  CL  CW  LA  LI  SA
        {SR, ES, ES, SR, SR, SR, SR, SR, SR, SR, SR},  // syn
        {CL, CW, SS, TW, TW, TW, CL, CW, LA, LI, TW},  // fin
        {ES, ES, SS, ES, FW, TW, CL, CW, CL, LI, ES},  // ack
        {CL, CL, CL, SR, CL, CL, CL, CL, LA, LI, SR},  // rst
    }},
    {{
        {SS, ES, SS, SR, SS, SS, SS, SS, SS, LI, SR},  // syn
        {TW, FW, SS, TW, FW, TW, CL, TW, LA, LI, TW},  // fin
        {ES, ES, SS, ES, FW, TW, CL, CW, LA, ES, ES},  // ack
        {CL, CL, SS, CL, CL, TW, CL, CL, CL, CL, CL},  // rst
    }},
}};
static_assert(kTransitions[0][0][static_cast<int>(NO)] == SR);

constexpr Table kSecureTransitions = {{
    {{
        // NO  ES  SS  SR  FW  TW  CL  CW  LA  LI  SA
        {SR, ES, ES, SR, SR, SR, SR, SR, SR, SR, SA},  // syn
        {CL, CW, SS, TW, TW, TW, CL, CW, LA, LI, SA},  // fin
        {ES, ES, SS, SR, FW, TW, CL, CW, CL, LI, SA},  // ack
        {CL, CL, CL, SR, CL, CL, CL, CL, LA, LI, CL},  // rst
    }},
    {{
        {SS, ES, SS, SA, SS, SS, SS, SS, SS, LI, SA},  // syn
        {TW, FW, SS, TW, FW, TW, CL, TW, LA, LI, TW},  // fin
        {ES, ES, SS, ES, FW, TW, CL, CW, LA, ES, ES},  // ack
        {CL, CL, SS, CL, CL, TW, CL, CL, CL, CL, CL},  // rst
    }},
}};
static_assert(kSecureTransitions[1][0][static_cast<int>(SR)] == SA);

}  // namespace

TcpEvent tcp_event(uint8_t flags) {
  if (flags & kTcpRst) return TcpEvent::rst;
  if (flags & kTcpSyn) return TcpEvent::syn;
  if (flags & kTcpFin) return TcpEvent::fin;
  if (flags & kTcpAck) return TcpEvent::ack;
  return TcpEvent::none;
}

TcpState tcp_next_state(TcpState state, Direction direction, TcpEvent event, bool is_secure) {
  if (event == TcpEvent::none) return close;
  const Table& table = is_secure ? kSecureTransitions : kTransitions;
  return table[static_cast<size_t>(direction)][static_cast<size_t>(event)][static_cast<size_t>(state)];
}

}  // namespace uipvs
