#include "core/connection_state.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

namespace uipvs::test {
namespace {

void put(ConnectionHead& head, uint8_t protocol, int state, uint16_t flags = 0) {
  head.protocol = protocol;
  head.state = static_cast<uint8_t>(state);
  head.flags = flags;
}

// Calls check(state number, record) for every state of a protocol.
template <typename Check>
void for_each_state(uint8_t protocol, int states, Check&& check) {
  for (int state = 0; state < states; ++state) {
    ConnectionHead head{};
    put(head, protocol, state);
    CAPTURE(state);
    check(state, head);
  }
}

bool is_one_of(int state, const std::vector<int>& states) {
  return std::find(states.begin(), states.end(), state) != states.end();
}

}  // namespace

TEST_CASE("connection state: TCP in TIME_WAIT and CLOSE, and SCTP in CLOSED, is over") {
  for_each_state(kProtocolTcp, kTcpStates, [](int state, const ConnectionHead& head) {
    CHECK(is_over(head) == is_one_of(state, {5, 6}));
  });
  for_each_state(kProtocolSctp, kSctpStates,
                 [](int state, const ConnectionHead& head) { CHECK(is_over(head) == (state == 13)); });
}

TEST_CASE("connection state: TCP in SYN_RECV and SYNACK, and SCTP in INIT1 and INIT, is embryonic") {
  for_each_state(kProtocolTcp, kTcpStates, [](int state, const ConnectionHead& head) {
    CHECK(is_embryonic(head) == is_one_of(state, {3, 10}));
  });
  for_each_state(kProtocolSctp, kSctpStates, [](int state, const ConnectionHead& head) {
    CHECK(is_embryonic(head) == is_one_of(state, {1, 2}));
  });
}

TEST_CASE("connection state: UDP is never over, embryonic, active or established") {
  ConnectionHead head{};
  for (int state = 0; state < 16; ++state) {
    put(head, kProtocolUdp, state);
    CHECK_FALSE(is_over(head));
    CHECK_FALSE(is_embryonic(head));
    CHECK_FALSE(is_active_state(kProtocolUdp, static_cast<uint8_t>(state)));
    CHECK_FALSE(is_established_state(kProtocolUdp, static_cast<uint8_t>(state)));
  }
}

TEST_CASE("connection state: active and established are asked of the protocol's own states") {
  for_each_state(kProtocolTcp, kTcpStates, [](int state, const ConnectionHead&) {
    CHECK(is_active_state(kProtocolTcp, static_cast<uint8_t>(state)) == is_one_of(state, {1, 2, 3, 10}));
    CHECK(is_established_state(kProtocolTcp, static_cast<uint8_t>(state)) == (state == 1));
  });
  for_each_state(kProtocolSctp, kSctpStates, [](int state, const ConnectionHead&) {
    CHECK(is_active_state(kProtocolSctp, static_cast<uint8_t>(state)) == (state == 8));
    CHECK(is_established_state(kProtocolSctp, static_cast<uint8_t>(state)) == (state == 8));
  });
}

TEST_CASE("connection state: drop_entry drops what is embryonic, goes by age where it is established, keeps the rest") {
  for_each_state(kProtocolTcp, kTcpStates, [](int state, const ConnectionHead& head) {
    const bool is_dropped = state == 3 || state == 10;
    CHECK(drop_rule_of(head) == (is_dropped ? DropRule::drop : state == 1 ? DropRule::by_age : DropRule::keep));
  });
  for_each_state(kProtocolSctp, kSctpStates, [](int state, const ConnectionHead& head) {
    const bool is_dropped = state == 1 || state == 2;
    CHECK(drop_rule_of(head) == (is_dropped ? DropRule::drop : state == 8 ? DropRule::by_age : DropRule::keep));
  });
}

TEST_CASE("connection state: drop_entry goes by age for UDP, whatever else its record says") {
  ConnectionHead head{};
  for (int state = 0; state < 16; ++state) {
    put(head, kProtocolUdp, state, kConnectionInactive);
    CHECK(drop_rule_of(head) == DropRule::by_age);
  }
}

TEST_CASE("connection state: drop_entry keeps a template once it is assured, and drops it before, of any protocol") {
  ConnectionHead head{};
  for (const uint8_t protocol : {uint8_t{0}, kProtocolTcp, kProtocolUdp, kProtocolSctp}) {
    put(head, protocol, kTemplateUnassured, kConnectionTemplate);
    CHECK(drop_rule_of(head) == DropRule::drop);
    put(head, protocol, kTemplateAssured, kConnectionTemplate);
    CHECK(drop_rule_of(head) == DropRule::keep);
  }
}

}  // namespace uipvs::test
