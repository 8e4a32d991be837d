// What the control thread tells the workers: services, VIPs, destinations, timeouts, policy. Every read is lock-free.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "core/connection.h"
#include "core/sctp_state.h"
#include "core/service_table.h"
#include "core/tcp_state.h"

namespace uipvs {

// Bits of ServiceEntry::flags.
inline constexpr uint8_t kServiceByMark = 1;
inline constexpr uint8_t kServicePersistent = 2;
inline constexpr uint8_t kServiceOnePacket = 4;

// What a worker does by itself with a service's packets. Edited while workers read: each field is whole, and a packet
// that meets half an edit is treated by either half, which both were true within a microsecond.
struct ServiceEntry {
  std::atomic<uint16_t> port;  // 0: every port
  std::atomic<uint8_t> flags;
  std::atomic<uint32_t> mark;
  std::atomic<uint32_t> netmask;  // IPv4: a mask; IPv6: a prefix length
  std::atomic<Tick> persistence;  // timeout of new templates
};

// Place: written whole before its id is first used in a verdict, never changed until the id is given up. The rest moves.
struct DestinationEntry {
  std::atomic<bool> is_available;
  std::atomic<bool> is_quiesced;
  uint16_t port;  // 0: the packet's
  std::atomic<uint32_t> upper_threshold;
  std::atomic<uint32_t> lower_threshold;
  Address address;
};

// Sysctls of net.ipv4.vs that workers follow, and what the defence against overload says now.
struct PacketPolicy {
  std::atomic<uint32_t> conn_reuse_mode{1};
  std::atomic<bool> expire_nodest_conn{false};
  std::atomic<bool> expire_quiescent_template{false};
  std::atomic<bool> sloppy_tcp{false};
  std::atomic<bool> sloppy_sctp{false};
  std::atomic<bool> is_secure_tcp{false};
  std::atomic<bool> drops_entries{false};
  std::atomic<uint32_t> drop_rate{0};
};

struct Directory {
  Directory(uint32_t max_services, uint32_t max_destinations, const HashSecret& secret);

  ServiceTable services;  // of a mark: protocol 0, port 0, the mark as the address's first word
  ServiceTable vips;      // keys of protocol 0 and port 0: the addresses that are answered for
  std::unique_ptr<std::atomic<bool>[]> vip_is_local;  // by id: an address of the host, which answers for it
  std::unique_ptr<ServiceEntry[]> service_entries;
  std::unique_ptr<DestinationEntry[]> destinations;
  uint32_t destination_count;
  std::array<std::atomic<Tick>, kTcpStates> tcp_timeouts;
  std::array<std::atomic<Tick>, kSctpStates> sctp_timeouts;
  std::atomic<Tick> udp_timeout;
  PacketPolicy policy;
  // How many services have these ports, so that nobody looks for what is not there.
  std::atomic<uint32_t> ftp_services{0};
  std::atomic<uint32_t> all_port_services{0};
  std::atomic<uint32_t> mark_services{0};
  // Give back the hop that entering and leaving a TUN device costs. Off where a destination is itself a VIP: a packet
  // would circle for ever.
  std::atomic<bool> restores_hop_limit{true};

  // Control thread: a service's place. False where the key is there already.
  bool add_service(uint32_t id, const ServiceKey& key, uint32_t mark);
  void remove_service(uint32_t id);

  // The service for a packet: by mark, by port, FTP's for what its data connections use, by port 0.
  // Source: net/netfilter/ipvs/ip_vs_ctl.c, ip_vs_service_find().
  uint32_t find_service(const FiveTuple& tuple, uint32_t mark) const;

  bool is_vip(Family family, const Address& address) const { return find_vip(family, address) != kNoVip; }
  // Whether the pipeline answers for the address: a VIP that is not an address of the host.
  bool is_answered(Family family, const Address& address) const {
    const uint32_t id = find_vip(family, address);
    return id != kNoVip && !vip_is_local[id].load(std::memory_order_relaxed);
  }

  static constexpr uint32_t kNoVip = ServiceTable::kNoService;
  uint32_t find_vip(Family family, const Address& address) const { return vips.find({family, 0, 0, address}); }
};

// Specification: RFC 959 section 3.2, and the first unprivileged port (net.ipv4.ip_unprivileged_port_start).
inline constexpr uint16_t kFtpPort = 21;
inline constexpr uint16_t kFtpDataPort = 20;
inline constexpr uint16_t kFirstUnprivilegedPort = 1024;

}  // namespace uipvs
