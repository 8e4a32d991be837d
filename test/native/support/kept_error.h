// A rig with a connection, and copies of ICMP errors about its packets.
#pragma once

#include <doctest/doctest.h>

#include <array>
#include <memory>
#include <vector>

#include "core/icmp.h"
#include "support/rig.h"

namespace uipvs::test {

inline const Address kDirector6 = address6(0x201);
inline const Address kDirector = address4(10, 0, 2, 1);
inline const Address kRouter = address4(10, 0, 9, 9);
inline const Address kRouter6 = address6(0x999);
inline const FiveTuple kTcpIn = client_tuple6(kProtocolTcp);
inline const std::array<FiveTuple, 4> kAllIn = {client_tuple(kProtocolTcp), client_tuple(kProtocolUdp),
                                                client_tuple6(kProtocolTcp), client_tuple6(kProtocolUdp)};
inline constexpr size_t kHopLimit = 7, kHopLimit4 = 8;

struct Kept {
  Action action = Action::drop;
  MemoryPacket packet;
};

inline Kept take(Rig& rig, const MemoryPacket& packet) {
  HeldPacket held(packet);
  PacketView view;
  const Decision decision = rig.pipeline.process_kept_error(held.packet, view);
  return {decision.action, held.copy()};
}

inline std::vector<uint64_t> all_counted(const Rig& rig) {
  std::vector<uint64_t> all;
  for (const auto& cell : rig.counters.cells) all.push_back(cell.load());
  return all;
}

// Neither treated nor counted, and not a byte of it changed.
inline bool leaves_no_trace(Rig& rig, const MemoryPacket& packet) {
  const auto before = all_counted(rig);
  const Kept kept = take(rig, packet);
  return kept.action == Action::ignore && kept.packet.bytes == packet.bytes && all_counted(rig) == before;
}

inline std::vector<uint8_t> quote(const FiveTuple& tuple, size_t bytes = 48) {
  MemoryPacket packet = tuple.protocol == kProtocolTcp ? tcp_segment(tuple, kTcpAck, 100) : udp_datagram(tuple, 100);
  packet.bytes.resize(bytes);
  return packet.bytes;
}

// Packet too big, from a router to who sent `about`.
inline MemoryPacket error_about(const FiveTuple& about, const Address& from = kRouter6) {
  if (about.family == Family::ipv4)
    return build_icmp(Family::ipv4, kRouter, about.source, 3, 4, quote(about, 28), 1300);
  return build_icmp(Family::ipv6, from, about.source, 2, 0, quote(about), 1300);
}

inline FiveTuple quoted_tuple(const MemoryPacket& error) {
  const HeldPacket held(error);
  PacketView view, quoted;
  REQUIRE(parse_packet(held.packet, view) == ParseError::none);
  REQUIRE(parse_icmp_error(held.packet, view, quoted));
  return quoted.tuple;
}

// A rig with a connection of the client; the tuple of its packets to the real server.
struct Connected {
  std::unique_ptr<Rig> rig;
  FiveTuple to_server;
};

inline Connected connect(bool is_masqueraded, const FiveTuple& tuple = kTcpIn) {
  Connected made{make_rig(), {}};
  Rig& rig = *made.rig;
  rig.directory.masquerade_first_port = 61000;
  rig.directory.masquerade_last_port = 61999;
  const bool is_v4 = tuple.family == Family::ipv4;
  const uint32_t destination = is_v4 ? 0 : 1;
  rig.directory.destinations[destination].source.store(is_v4 ? kDirector : kDirector6);
  for (const uint32_t service : {0u, 1u, 2u, 3u}) {
    if (is_masqueraded) rig.directory.service_entries[service].flags = kServiceMasquerade;
    rig.directory.vip_is_local[service] = true;
  }
  rig.next_destination = destination;
  const Fed fed = rig.feed(tuple.protocol == kProtocolTcp ? tcp_segment(tuple, kTcpSyn) : udp_datagram(tuple));
  REQUIRE(fed.action == Action::transmit);
  made.to_server = tuple_of(fed.packet);
  return made;
}

}  // namespace uipvs::test
