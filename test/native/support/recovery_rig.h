// A rig with services of every kind, for the tests of recovery.
#pragma once

#include <memory>
#include <string>

#include "support/restart.h"

namespace uipvs::test {

// Services: TCP and UDP 80 of both families, SCTP 80, a persistent TCP 81, FTP, engine sip on UDP 5060, one packet on
// UDP 53, PROXY on TCP 82, full NAT on TCP 83.
std::unique_ptr<Rig> make_varied_rig(uint32_t capacity);

// Of the real server's one port a client's port leads to one service.
FiveTuple tcp_tuple(uint16_t service_port);

MemoryPacket sip_request(uint16_t port, const std::string& call_id);

// One connection of each kind.
void begin_all(Rig& rig);

}  // namespace uipvs::test
