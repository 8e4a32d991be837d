// The state tables of IPVS as text, and what they make of a packet: for a twin that shares nothing with the core.
#pragma once

#include <array>
#include <cstdint>

namespace uipvs::test {

// `is_from_client` is the kernel's INPUT, else OUTPUT. States are by the kernel's numbers.
uint8_t twin_tcp_state(uint8_t state, bool is_from_client, uint8_t flags, bool is_secure);
uint8_t twin_sctp_state(uint8_t state, bool is_from_client, const std::array<uint8_t, 2>& chunks);

// Whether a connection in this state is counted as ActiveConn, and whether as established.
bool twin_is_active(uint8_t protocol, uint8_t state);
bool twin_is_established(uint8_t protocol, uint8_t state);

uint32_t twin_timeout_seconds(uint8_t protocol, uint8_t state);

}  // namespace uipvs::test
