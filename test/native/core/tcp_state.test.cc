#include "core/tcp_state.h"

#include <doctest/doctest.h>

#include <cstring>

#include "core/packet_view.h"

namespace uipvs::test {
namespace {

// The kernel's tcp_states, as text. Source: net/netfilter/ipvs/ip_vs_proto_tcp.c.
constexpr const char* kStates = "NO ES SS SR FW TW CL CW LA LI SA";
constexpr const char* kInput[] = {
    "SR ES ES SR SR SR SR SR SR SR SR",  // syn
    "CL CW SS TW TW TW CL CW LA LI TW",  // fin
    "ES ES SS ES FW TW CL CW CL LI ES",  // ack
    "CL CL CL SR CL CL CL CL LA LI SR",  // rst
};
constexpr const char* kOutput[] = {
    "SS ES SS SR SS SS SS SS SS LI SR",  // syn
    "TW FW SS TW FW TW CL TW LA LI TW",  // fin
    "ES ES SS ES FW TW CL CW LA ES ES",  // ack
    "CL CL SS CL CL TW CL CL CL CL CL",  // rst
};
constexpr TcpEvent kEvents[] = {TcpEvent::syn, TcpEvent::fin, TcpEvent::ack, TcpEvent::rst};

// The state whose two letters stand at `column` of a row.
TcpState state_at(const char* row, int column) {
  for (int state = 0; state < kTcpStates; ++state) {
    if (std::memcmp(kStates + 3 * state, row + 3 * column, 2) == 0) return static_cast<TcpState>(state);
  }
  return TcpState::none;
}

}  // namespace

TEST_CASE("tcp state: moves as the kernel's table says, for every state, event and direction") {
  for (int event = 0; event < 4; ++event) {
    for (int state = 0; state < kTcpStates; ++state) {
      CAPTURE(event);
      CAPTURE(state);
      const TcpState from = static_cast<TcpState>(state);
      CHECK(tcp_next_state(from, Direction::to_server, kEvents[event]) == state_at(kInput[event], state));
      CHECK(tcp_next_state(from, Direction::to_client, kEvents[event]) == state_at(kOutput[event], state));
    }
  }
}

TEST_CASE("tcp state: a segment with none of the four flags closes from anywhere") {
  for (int state = 0; state < kTcpStates; ++state) {
    for (const Direction direction : {Direction::to_server, Direction::to_client}) {
      CHECK(tcp_next_state(static_cast<TcpState>(state), direction, TcpEvent::none) == TcpState::close);
    }
  }
}

TEST_CASE("tcp state: RST wins over SYN, SYN over FIN, FIN over ACK, whatever the other flags") {
  for (int flags = 0; flags < 256; ++flags) {
    TcpEvent expected = TcpEvent::none;
    if (flags & kTcpAck) expected = TcpEvent::ack;
    if (flags & kTcpFin) expected = TcpEvent::fin;
    if (flags & kTcpSyn) expected = TcpEvent::syn;
    if (flags & kTcpRst) expected = TcpEvent::rst;
    CAPTURE(flags);
    CHECK(tcp_event(static_cast<uint8_t>(flags)) == expected);
  }
}

TEST_CASE("tcp state: numbers, timeouts and active states are the kernel's") {
  struct Row {
    TcpState state;
    int number;
    uint32_t seconds;
    bool is_active;
  };
  for (const Row& row : {Row{TcpState::none, 0, 2, false}, Row{TcpState::established, 1, 900, true},
                         Row{TcpState::syn_sent, 2, 120, true}, Row{TcpState::syn_recv, 3, 60, true},
                         Row{TcpState::fin_wait, 4, 120, false}, Row{TcpState::time_wait, 5, 120, false},
                         Row{TcpState::close, 6, 10, false}, Row{TcpState::close_wait, 7, 60, false},
                         Row{TcpState::last_ack, 8, 30, false}, Row{TcpState::listen, 9, 120, false},
                         Row{TcpState::synack, 10, 120, true}}) {
    CAPTURE(row.number);
    CHECK(static_cast<int>(row.state) == row.number);
    CHECK(kTcpTimeoutSeconds[static_cast<size_t>(row.number)] == row.seconds);
    CHECK(tcp_is_active(row.state) == row.is_active);
  }
  CHECK(kUdpTimeoutSeconds == 300);
}

}  // namespace uipvs::test
