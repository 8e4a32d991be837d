#include "core/sctp_state.h"

#include <doctest/doctest.h>

#include <string_view>

namespace uipvs::test {
namespace {

// The kernel's table as text: a line an event, a column a state.
// Source: net/netfilter/ipvs/ip_vs_proto_sctp.c, sctp_states, INPUT and OUTPUT.
constexpr std::string_view kStates = "NO I1 IN CS CR CW CO CE ES SS SR SA RJ CL";
struct Line {
  SctpEvent event;
  std::string_view input;
  std::string_view output;
};
constexpr Line kLines[] = {
    {SctpEvent::data, "ES I1 IN CS CR CW CO CE ES SS SR SA RJ CL", "ES I1 IN CS CR CW CO CE ES SS SR SA RJ CL"},
    {SctpEvent::init, "I1 IN IN CS CR CW CO CE ES SS SR SA IN IN", "CW CW CW CW CW CW CW CW ES CW CW CW CW CW"},
    {SctpEvent::init_ack, "CW CW CW CS CR CO CO CE ES SS SR SA RJ CL", "CS CS CS CS CR CW CO CE ES SS SR SA RJ CL"},
    {SctpEvent::cookie_echo, "CR IN IN CR CR CW CO CE ES SS SR SA RJ CL", "CE CE CE CE CE CE CE CE ES SS SR SA RJ CL"},
    {SctpEvent::cookie_ack, "ES I1 IN CS CR CW CO ES ES SS SR SA RJ CL", "ES ES ES ES ES ES ES ES ES SS SR SA RJ CL"},
    {SctpEvent::shutdown, "SR I1 IN CS CR CW CO CE SR SS SR SA RJ CL", "SS SS SS SS SS SS SS SS SS SS SR SA RJ CL"},
    {SctpEvent::shutdown_ack, "CL IN IN CS CR CW CO CE ES CL SR CL RJ CL", "SA SA SA SA SA CW CO CE ES SA SA SA RJ CL"},
    {SctpEvent::shutdown_complete, "CL CL CL CS CR CW CO CE ES SS SR CL RJ CL",
     "CL I1 IN CS CR CW CO CE ES SS SR SA RJ CL"},
    {SctpEvent::error, "CL I1 IN CS CR CW CO CL ES SS SR SA RJ CL", "CL CL CL CL CL CW CO CE ES SS SR SA RJ CL"},
    {SctpEvent::abort, "CL CL CL CL CL RJ CL CL CL CL CL CL CL CL", "CL RJ CL CL CL CL CL CL CL CL CL CL CL CL"},
};

// The state whose two letters stand at `column` of a line.
SctpState state_at(std::string_view line, size_t column) {
  const size_t at = kStates.find(line.substr(3 * column, 2));
  REQUIRE(at != kStates.npos);
  return static_cast<SctpState>(at / 3);
}

SctpState after(std::initializer_list<std::pair<Direction, SctpEvent>> events) {
  SctpState state = SctpState::none;
  for (const auto& [direction, event] : events) state = sctp_next_state(state, direction, event);
  return state;
}

constexpr Direction kIn = Direction::to_server, kOut = Direction::to_client;

}  // namespace

TEST_CASE("sctp state: moves as the kernel's table says, for every state, event and direction") {
  CHECK(std::size(kLines) == static_cast<size_t>(SctpEvent::none));
  for (const Line& line : kLines) {
    for (size_t state = 0; state < kSctpStates; ++state) {
      CAPTURE(static_cast<int>(line.event));
      CAPTURE(state);
      const SctpState from = static_cast<SctpState>(state);
      CHECK(sctp_next_state(from, Direction::to_server, line.event) == state_at(line.input, state));
      CHECK(sctp_next_state(from, Direction::to_client, line.event) == state_at(line.output, state));
    }
  }
}

TEST_CASE("sctp state: a packet without a chunk moves nothing") {
  for (int state = 0; state < kSctpStates; ++state) {
    for (const Direction direction : {Direction::to_server, Direction::to_client}) {
      const SctpState from = static_cast<SctpState>(state);
      CHECK(sctp_next_state(from, direction, SctpEvent::none) == from);
    }
  }
}

TEST_CASE("sctp state: an association opens and closes through the states that a listing shows") {
  using enum SctpEvent;
  CHECK(after({{kIn, init}}) == SctpState::init1);
  CHECK(after({{kIn, init}, {kOut, init_ack}}) == SctpState::cookie_sent);
  CHECK(after({{kIn, init}, {kOut, init_ack}, {kIn, cookie_echo}}) == SctpState::cookie_replied);
  CHECK(after({{kIn, init}, {kOut, init_ack}, {kIn, cookie_echo}, {kOut, cookie_ack}}) == SctpState::established);
  CHECK(after({{kIn, init}, {kOut, cookie_ack}, {kIn, shutdown}}) == SctpState::shutdown_received);
  CHECK(after({{kIn, init}, {kOut, cookie_ack}, {kOut, shutdown}, {kIn, shutdown_ack}}) == SctpState::closed);
}

TEST_CASE("sctp state: each chunk type is the event that the kernel takes it for, and any other is data") {
  for (int type = 0; type < 256; ++type) {
    SctpEvent expected = SctpEvent::data;
    if (type == 1) expected = SctpEvent::init;
    if (type == 2) expected = SctpEvent::init_ack;
    if (type == 6) expected = SctpEvent::abort;
    if (type == 7) expected = SctpEvent::shutdown;
    if (type == 8) expected = SctpEvent::shutdown_ack;
    if (type == 9) expected = SctpEvent::error;
    if (type == 10) expected = SctpEvent::cookie_echo;
    if (type == 11) expected = SctpEvent::cookie_ack;
    if (type == 14) expected = SctpEvent::shutdown_complete;
    CAPTURE(type);
    CHECK(sctp_event(static_cast<uint8_t>(type)) == expected);
  }
}

TEST_CASE("sctp state: INIT begins an association; with sloppy_sctp so does any chunk but ABORT") {
  for (int number = 0; number <= static_cast<int>(SctpEvent::none); ++number) {
    const SctpEvent event = static_cast<SctpEvent>(number);
    CAPTURE(number);
    CHECK(sctp_may_begin(event, false) == (event == SctpEvent::init));
    CHECK(sctp_may_begin(event, true) == (event != SctpEvent::abort && event != SctpEvent::none));
  }
}

TEST_CASE("sctp state: numbers, timeouts and active states are the kernel's") {
  struct Row {
    SctpState state;
    size_t number;
    uint32_t seconds;
    bool is_active;
  };
  for (const Row& row :
       {Row{SctpState::none, 0, 2, false}, Row{SctpState::init1, 1, 4, false}, Row{SctpState::init, 2, 61, false},
        Row{SctpState::cookie_sent, 3, 61, false}, Row{SctpState::cookie_replied, 4, 61, false},
        Row{SctpState::cookie_wait, 5, 61, false}, Row{SctpState::cookie, 6, 61, false},
        Row{SctpState::cookie_echoed, 7, 61, false}, Row{SctpState::established, 8, 900, true},
        Row{SctpState::shutdown_sent, 9, 61, false}, Row{SctpState::shutdown_received, 10, 61, false},
        Row{SctpState::shutdown_ack_sent, 11, 61, false}, Row{SctpState::rejected, 12, 4, false},
        Row{SctpState::closed, 13, 61, false}}) {
    CAPTURE(row.number);
    CHECK(static_cast<size_t>(row.state) == row.number);
    CHECK(kSctpTimeoutSeconds[row.number] == row.seconds);
    CHECK(sctp_is_active(row.state) == row.is_active);
  }
}

}  // namespace uipvs::test
