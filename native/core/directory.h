// What the control thread tells the workers: services, VIPs, destinations, timeouts, policy. Every read is lock-free.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "core/capture.h"
#include "core/connection.h"
#include "core/masquerade_addresses.h"
#include "core/packet_view.h"
#include "core/sctp_state.h"
#include "core/service_table.h"
#include "core/tcp_state.h"

namespace uipvs {

// Bits of ServiceEntry::flags.
inline constexpr uint8_t kServiceByMark = 1;
inline constexpr uint8_t kServicePersistent = 2;
inline constexpr uint8_t kServiceOnePacket = 4;
inline constexpr uint8_t kServiceMasquerade = 8;  // full NAT: the source towards the real server is the director's
inline constexpr uint8_t kServiceToa = 16;        // TCP: an option tells the real server the client's address
inline constexpr uint8_t kServiceProxy = 32;      // TCP: a PROXY header does
inline constexpr uint8_t kServiceSip = 64;        // persistence engine sip: a template for each Call-ID

// What a worker does by itself with a service's packets. Edited while workers read: each field is whole, and a packet
// that meets half an edit is treated by either half, which both were true within a microsecond.
struct ServiceEntry {
  std::atomic<uint16_t> port;  // 0: every port
  std::atomic<uint8_t> flags;
  std::atomic<uint32_t> mark;
  std::atomic<uint32_t> netmask;  // IPv4: a mask; IPv6: a prefix length
  std::atomic<Tick> persistence;  // timeout of new templates
  // Clients in these keep their address. Read under the count, which is 0 while they change.
  static constexpr uint32_t kMostPrefixes = 8;
  std::atomic<uint32_t> unmasqueraded_count;
  std::array<AddressPrefix, kMostPrefixes> unmasqueraded;

  bool has(uint8_t flag) const { return (flags.load(std::memory_order_relaxed) & flag) != 0; }
};

// Place: written whole before its id is first used in a verdict, never changed until the id is given up. The rest moves.
struct DestinationEntry {
  std::atomic<bool> is_known;  // connections may name it
  std::atomic<bool> is_available;
  std::atomic<bool> is_quiesced;
  uint16_t port;  // 0: the packet's
  std::atomic<uint32_t> upper_threshold;
  std::atomic<uint32_t> lower_threshold;
  std::atomic<uint32_t> mtu_bytes;  // of the route to it; 0 where that is not known
  Address address;
  // Where masquerading takes the source from if no addresses are given for it: what the host itself would use. Null where
  // that is not known.
  MovingAddress source;
  std::atomic<uint32_t> link;  // number of the device that leads to it; 0 where that is not known
};

// Who speaks from a real server's port: the destination that was added there last, of those that are available.
struct RealPortOwner {
  std::atomic<uint32_t> service_id;
  std::atomic<uint32_t> destination_id;
};

// Sysctls of net.ipv4.vs that workers follow, and what the defence against overload says now.
struct PacketPolicy {
  std::atomic<uint32_t> conn_reuse_mode{1};
  std::atomic<bool> expire_nodest_conn{false};
  std::atomic<uint32_t> nodest_flushes{0};  // destinations taken away while that was on
  std::atomic<bool> expire_quiescent_template{false};
  std::atomic<bool> sloppy_tcp{false};
  std::atomic<bool> sloppy_sctp{false};
  std::atomic<bool> is_secure_tcp{false};
  std::atomic<bool> drops_entries{false};
  std::atomic<uint32_t> drop_rate{0};
  std::atomic<bool> nat_icmp_send{false};
  std::atomic<bool> schedule_icmp{false};
};

struct Directory {
  Directory(uint32_t max_services, uint32_t max_destinations, const HashSecret& secret);

  const HashSecret secret;
  ServiceTable services;      // of a mark: protocol 0, port 0, the mark as the address's first word
  ServiceTable vips;          // keys of protocol 0 and port 0: the addresses of services, and those to masquerade with
  ServiceTable real_servers;  // keys likewise: the addresses of destinations
  ServiceTable real_ports;    // of destinations, with their protocol and port
  std::unique_ptr<RealPortOwner[]> real_port_owners;           // by id in that table
  std::unique_ptr<std::atomic<uint32_t>[]> real_server_links;  // by id in that table: as DestinationEntry::link
  std::unique_ptr<std::atomic<bool>[]> vip_is_local;           // by id: an address of the host, which answers for it
  std::unique_ptr<ServiceEntry[]> service_entries;
  std::unique_ptr<DestinationEntry[]> destinations;
  uint32_t destination_count;
  std::array<std::atomic<Tick>, kTcpStates> tcp_timeouts;
  std::array<std::atomic<Tick>, kSctpStates> sctp_timeouts;
  std::atomic<Tick> udp_timeout;
  PacketPolicy policy;
  CaptureSelectors capture;
  std::array<MasqueradeAddresses, 2> masquerade_addresses;  // of IPv4, of IPv6
  // Ports of masqueraded connections towards a real server's port, for each address; 0..0: none.
  std::atomic<uint32_t> masquerade_first_port{0};
  std::atomic<uint32_t> masquerade_last_port{0};
  // How many services have these ports, so that nobody looks for what is not there.
  std::atomic<uint32_t> ftp_services{0};
  std::atomic<uint32_t> all_port_services{0};
  std::atomic<uint32_t> mark_services{0};
  std::atomic<uint32_t> sip_services{0};
  // Give back the hop that entering and leaving a TUN device costs. Off where a destination is itself a VIP: a packet
  // would circle for ever.
  std::atomic<bool> restores_hop_limit{true};

  MasqueradeAddresses& masquerade_addresses_of(Family family) {
    return masquerade_addresses[family == Family::ipv6 ? 1 : 0];
  }

  // Control thread: a service's place. False where the key is there already.
  bool add_service(uint32_t id, const ServiceKey& key, uint32_t mark);
  void remove_service(uint32_t id);
  // Control thread: bits kService*, of which kServiceByMark stays as it is.
  void set_service_flags(uint32_t id, uint8_t flags);

  // Whether the kernel drops the packet, of a protocol that is taken from the wire, when it comes there: see capture.h.
  bool is_captured(const PacketView& view) const;
  bool is_captured_request(const PacketView& view) const;

  // The service for a packet: by mark, by port, FTP's for what its data connections use, by port 0.
  // Source: net/netfilter/ipvs/ip_vs_ctl.c, ip_vs_service_find().
  uint32_t find_service(const FiveTuple& tuple, uint32_t mark) const;

  bool is_vip(Family family, const Address& address) const { return find_vip(family, address) != kNoVip; }
  // Whether the pipeline answers for the address: a VIP that is not an address of the host.
  bool is_answered(Family family, const Address& address) const {
    const uint32_t id = find_vip(family, address);
    return id != kNoVip && !vip_is_local[id].load(std::memory_order_relaxed);
  }

  // Whether a client reaches the destination past the director, so that its answers would not come back here: it is the
  // destination itself, or another real server on the same link.
  bool is_beside(Family family, const Address& client, const DestinationEntry& destination) const;
  // Whether full NAT is asked for the client, by the service or because of where it is.
  bool is_masqueraded(const ServiceEntry& service, Family family, const Address& client,
                      const DestinationEntry& destination) const;

  static constexpr uint32_t kNoVip = ServiceTable::kNoService;
  uint32_t find_vip(Family family, const Address& address) const { return vips.find({family, 0, 0, address}); }
};

// Specification: RFC 959 section 3.2, and the first unprivileged port (net.ipv4.ip_unprivileged_port_start).
inline constexpr uint16_t kFtpPort = 21;
inline constexpr uint16_t kFtpDataPort = 20;
inline constexpr uint16_t kFirstUnprivilegedPort = 1024;

}  // namespace uipvs
