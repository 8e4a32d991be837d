#include "core/sctp_state.h"

#include <cstddef>

namespace uipvs {
namespace {

using enum SctpState;

constexpr SctpState NO = none, I1 = init1, IN = init, CS = cookie_sent, CR = cookie_replied, CW = cookie_wait,
                    CO = cookie, CE = cookie_echoed, ES = established, SS = shutdown_sent, SR = shutdown_received,
                    SA = shutdown_ack_sent, RJ = rejected, CL = closed;

using Row = std::array<SctpState, kSctpStates>;
constexpr size_t kEvents = static_cast<size_t>(SctpEvent::none);

// [direction][event][state]
constexpr std::array<std::array<Row, kEvents>, 2> kTransitions = {{
    {{
        // NO  I1  IN  CS  CR  CW  CO  CE  ES  SS  SR  SA  RJ  CL
        {ES, I1, IN, CS, CR, CW, CO, CE, ES, SS, SR, SA, RJ, CL},  // data
        {I1, IN, IN, CS, CR, CW, CO, CE, ES, SS, SR, SA, IN, IN},  // init
        {CW, CW, CW, CS, CR, CO, CO, CE, ES, SS, SR, SA, RJ, CL},  // init_ack
        {CR, IN, IN, CR, CR, CW, CO, CE, ES, SS, SR, SA, RJ, CL},  // cookie_echo
        {ES, I1, IN, CS, CR, CW, CO, ES, ES, SS, SR, SA, RJ, CL},  // cookie_ack
        {SR, I1, IN, CS, CR, CW, CO, CE, SR, SS, SR, SA, RJ, CL},  // shutdown
        {CL, IN, IN, CS, CR, CW, CO, CE, ES, CL, SR, CL, RJ, CL},  // shutdown_ack
        {CL, CL, CL, CS, CR, CW, CO, CE, ES, SS, SR, CL, RJ, CL},  // shutdown_complete
        {CL, I1, IN, CS, CR, CW, CO, CL, ES, SS, SR, SA, RJ, CL},  // error
        {CL, CL, CL, CL, CL, RJ, CL, CL, CL, CL, CL, CL, CL, CL},  // abort
    }},
    {{
        {ES, I1, IN, CS, CR, CW, CO, CE, ES, SS, SR, SA, RJ, CL},  // data
        {CW, CW, CW, CW, CW, CW, CW, CW, ES, CW, CW, CW, CW, CW},  // init
        {CS, CS, CS, CS, CR, CW, CO, CE, ES, SS, SR, SA, RJ, CL},  // init_ack
        {CE, CE, CE, CE, CE, CE, CE, CE, ES, SS, SR, SA, RJ, CL},  // cookie_echo
        {ES, ES, ES, ES, ES, ES, ES, ES, ES, SS, SR, SA, RJ, CL},  // cookie_ack
        {SS, SS, SS, SS, SS, SS, SS, SS, SS, SS, SR, SA, RJ, CL},  // shutdown
        {SA, SA, SA, SA, SA, CW, CO, CE, ES, SA, SA, SA, RJ, CL},  // shutdown_ack
        {CL, I1, IN, CS, CR, CW, CO, CE, ES, SS, SR, SA, RJ, CL},  // shutdown_complete
        {CL, CL, CL, CL, CL, CW, CO, CE, ES, SS, SR, SA, RJ, CL},  // error
        {CL, RJ, CL, CL, CL, CL, CL, CL, CL, CL, CL, CL, CL, CL},  // abort
    }},
}};
static_assert(kTransitions[0][static_cast<size_t>(SctpEvent::init)][static_cast<size_t>(NO)] == I1);

}  // namespace

SctpEvent sctp_event(uint8_t chunk_type) {
  // Specification: chunk types, RFC 9260 3.2. Data, SACK, HEARTBEAT and all others are data.
  switch (chunk_type) {
    case 1: return SctpEvent::init;
    case 2: return SctpEvent::init_ack;
    case 6: return SctpEvent::abort;
    case 7: return SctpEvent::shutdown;
    case 8: return SctpEvent::shutdown_ack;
    case 9: return SctpEvent::error;
    case 10: return SctpEvent::cookie_echo;
    case 11: return SctpEvent::cookie_ack;
    case 14: return SctpEvent::shutdown_complete;
    default: return SctpEvent::data;
  }
}

SctpState sctp_next_state(SctpState state, Direction direction, SctpEvent event) {
  if (event == SctpEvent::none) return state;
  return kTransitions[static_cast<size_t>(direction)][static_cast<size_t>(event)][static_cast<size_t>(state)];
}

}  // namespace uipvs
