// The connection record: one of these per connection, found from both directions.
//
// The layout is the connection table's file format (see connection_table.h): any change needs a new
// kConnectionLayoutVersion. 64 bytes for IPv4, 128 for IPv6; addresses and ports in host byte order.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/tuple.h"

namespace uipvs {

inline constexpr uint32_t kConnectionLayoutVersion = 4;

// Time in the table: 1/64 s of CLOCK_BOOTTIME, compared by signed difference, so spans of up to 388 days work.
using Tick = uint32_t;
inline constexpr uint32_t kTicksPerSecond = 64;

inline bool tick_reached(Tick now, Tick deadline) { return static_cast<int32_t>(now - deadline) >= 0; }

// Bits of ConnectionHead::flags; the kernel's numbers. Source: include/uapi/linux/ip_vs.h.
inline constexpr uint16_t kConnectionInactive = 0x0100;
inline constexpr uint16_t kConnectionNoClientPort = 0x0800;  // not known before its first packet, as of FTP's data
inline constexpr uint16_t kConnectionTemplate = 0x1000;
inline constexpr uint16_t kConnectionOnePacket = 0x2000;

// States of a template. Source: include/net/ip_vs.h, IP_VS_CTPL_S_*.
inline constexpr uint8_t kTemplateUnassured = 0;
inline constexpr uint8_t kTemplateAssured = 1;

// What a worker does to a connection's TCP segments besides translating them. Ours: in the kernel's place for the
// forwarding method, which is always masquerading here.
inline constexpr uint16_t kConnectionToa = 0x0001;    // a TCP option tells the real server the client's address
inline constexpr uint16_t kConnectionProxy = 0x0002;  // a PROXY header does; the connection has a sequence record
inline constexpr uint16_t kConnectionFtp = 0x0004;    // FTP's control connection; it has a sequence record too

// A template whose destination may no longer be used: it is found no more, shows these ports, and dies by its timer.
// The kernel has no such flag: its number is ours.
inline constexpr uint16_t kConnectionInvalid = 0x8000;
inline constexpr uint16_t kInvalidTemplatePort = 0xffff;

// What a connection is for its whole life.
inline constexpr uint16_t kConnectionKind = kConnectionTemplate | kConnectionOnePacket | kConnectionNoClientPort |
                                            kConnectionToa | kConnectionProxy | kConnectionFtp;

// Who may touch what: the plain fields and the addresses are written before the record is published and never
// after; the atomics are moved by the worker that holds the packet, and read by anyone.
struct ConnectionHead {
  std::atomic<uint32_t> life;  // even: free; odd: published. Every publish and every free adds one
  std::atomic<uint32_t> expires;
  uint32_t destination_id;
  uint16_t client_port;
  uint16_t virtual_port;
  uint16_t real_port;
  uint16_t source_port;  // towards the real server: the client's, or the director's where the source is masqueraded
  uint8_t protocol;
  std::atomic<uint8_t> state;
  std::atomic<uint16_t> flags;
  uint32_t controller;               // id of the template, or FTP's control connection, that made this one, or 0
  std::atomic<uint32_t> controlled;  // how many connections it has made that are there still
  std::atomic<uint32_t> in_packets;  // from the client, saturating
  std::atomic<uint32_t> timeout;     // ticks, of a template; 0: by protocol and state
  uint32_t call_id;                  // cell of the Call-ID that a template of engine sip is found by, or 0
  uint32_t check;                    // of all that is never written again; see ConnectionTable::check_of()
};
static_assert(sizeof(ConnectionHead) == 48);
static_assert(std::atomic<uint32_t>::is_always_lock_free && std::atomic<uint8_t>::is_always_lock_free);

struct ConnectionRecord4 {
  ConnectionHead head;
  uint32_t client, virtual_, real, source;
};
static_assert(sizeof(ConnectionRecord4) == 64);

struct ConnectionRecord6 {
  ConnectionHead head;
  uint32_t client[4], virtual_[4], real[4], source[4];
  uint32_t reserved[4];
};
static_assert(sizeof(ConnectionRecord6) == 128);

// What a record says of its ends, in either family. Towards the real server the source is the client, or an address and
// port of the director's. Of a template: the client's network, client port 0, and virtual and
// real port 0 where it is for every port; of a firewall mark: protocol 0 and the mark in place of the virtual address.
struct ConnectionEnds {
  Family family = Family::ipv4;
  uint8_t protocol = 0;
  uint16_t client_port = 0;
  uint16_t virtual_port = 0;
  uint16_t real_port = 0;
  Address client;
  Address virtual_;
  Address real;
  bool is_masqueraded = false;
  uint16_t masquerade_port = 0;
  Address masquerade{};

  const Address& source() const { return is_masqueraded ? masquerade : client; }
  uint16_t source_port() const { return is_masqueraded ? masquerade_port : client_port; }

  // The tuple of a packet from the client, and of one from the real server.
  FiveTuple from_client() const { return {family, protocol, client_port, virtual_port, client, virtual_}; }
  FiveTuple from_server() const { return {family, protocol, real_port, source_port(), real, source()}; }
};

}  // namespace uipvs
