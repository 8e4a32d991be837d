#include "core/tcp_state.h"

#include <doctest/doctest.h>

#include <cstring>
#include <initializer_list>
#include <utility>

#include "core/packet_view.h"

namespace uipvs::test {
namespace {

// The kernel's tables as text: a line an event (SYN, FIN, ACK, RST), a column a state.
// Source: net/netfilter/ipvs/ip_vs_proto_tcp.c, tcp_states and tcp_states_dos, INPUT and OUTPUT.
constexpr const char* kStates = "NO ES SS SR FW TW CL CW LA LI SA";
struct TextTable {
  const char* name;
  Direction direction;
  bool is_secure;
  const char* rows[4];
};
constexpr TextTable kTables[] = {
    {"input",
     Direction::to_server,
     false,
     {"SR ES ES SR SR SR SR SR SR SR SR", "CL CW SS TW TW TW CL CW LA LI TW", "ES ES SS ES FW TW CL CW CL LI ES",
      "CL CL CL SR CL CL CL CL LA LI SR"}},
    {"output",
     Direction::to_client,
     false,
     {"SS ES SS SR SS SS SS SS SS LI SR", "TW FW SS TW FW TW CL TW LA LI TW", "ES ES SS ES FW TW CL CW LA ES ES",
      "CL CL SS CL CL TW CL CL CL CL CL"}},
    {"input, secure",
     Direction::to_server,
     true,
     {"SR ES ES SR SR SR SR SR SR SR SA", "CL CW SS TW TW TW CL CW LA LI SA", "ES ES SS SR FW TW CL CW CL LI SA",
      "CL CL CL SR CL CL CL CL LA LI CL"}},
    {"output, secure",
     Direction::to_client,
     true,
     {"SS ES SS SA SS SS SS SS SS LI SA", "TW FW SS TW FW TW CL TW LA LI TW", "ES ES SS ES FW TW CL CW LA ES ES",
      "CL CL SS CL CL TW CL CL CL CL CL"}},
};
constexpr TcpEvent kEvents[] = {TcpEvent::syn, TcpEvent::fin, TcpEvent::ack, TcpEvent::rst};

// The state whose two letters stand at `column` of a row.
TcpState state_at(const char* row, int column) {
  for (int state = 0; state < kTcpStates; ++state) {
    if (std::memcmp(kStates + 3 * state, row + 3 * column, 2) == 0) return static_cast<TcpState>(state);
  }
  FAIL("no such state in a row");
  return TcpState::none;
}

}  // namespace

TEST_CASE("tcp state: moves as the kernel's tables say, for every state, event, direction and table") {
  for (const TextTable& table : kTables) {
    for (int event = 0; event < 4; ++event) {
      for (int state = 0; state < kTcpStates; ++state) {
        CAPTURE(table.name);
        CAPTURE(event);
        CAPTURE(state);
        const TcpState next =
            tcp_next_state(static_cast<TcpState>(state), table.direction, kEvents[event], table.is_secure);
        CHECK(next == state_at(table.rows[event], state));
      }
    }
  }
}

TEST_CASE("tcp state: with secure_tcp the client's ACK alone does not establish, the real server's does") {
  const auto after = [](bool is_secure, std::initializer_list<std::pair<Direction, uint8_t>> segments) {
    TcpState state = TcpState::none;
    for (const auto& [direction, flags] : segments) {
      state = tcp_next_state(state, direction, tcp_event(flags), is_secure);
    }
    return state;
  };
  constexpr Direction in = Direction::to_server, out = Direction::to_client;
  CHECK(after(false, {{in, kTcpSyn}, {in, kTcpAck}}) == TcpState::established);
  CHECK(after(true, {{in, kTcpSyn}, {in, kTcpAck}}) == TcpState::syn_recv);
  CHECK(after(true, {{in, kTcpSyn}, {out, kTcpSyn | kTcpAck}}) == TcpState::synack);
  CHECK(after(true, {{in, kTcpSyn}, {out, kTcpSyn | kTcpAck}, {in, kTcpAck}}) == TcpState::synack);
  CHECK(after(true, {{in, kTcpSyn}, {out, kTcpSyn | kTcpAck}, {in, kTcpAck}, {out, kTcpAck}}) == TcpState::established);
}

TEST_CASE("tcp state: secure_tcp is off unless asked for") {
  CHECK(tcp_next_state(TcpState::syn_recv, Direction::to_server, TcpEvent::ack) == TcpState::established);
}

TEST_CASE("tcp state: a segment with none of the four flags closes from anywhere") {
  for (int state = 0; state < kTcpStates; ++state) {
    for (const Direction direction : {Direction::to_server, Direction::to_client}) {
      CHECK(tcp_next_state(static_cast<TcpState>(state), direction, TcpEvent::none, false) == TcpState::close);
      CHECK(tcp_next_state(static_cast<TcpState>(state), direction, TcpEvent::none, true) == TcpState::close);
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
