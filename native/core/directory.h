// What the control thread tells the workers: services, VIPs, destinations, timeouts. Every read is lock-free.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "core/connection.h"
#include "core/service_table.h"
#include "core/tcp_state.h"

namespace uipvs {

// Written whole before its id is first used in a verdict, never changed until the id is given up; only `is_available`
// moves in between.
struct DestinationEntry {
  std::atomic<bool> is_available;
  uint16_t port;
  Address address;
};

struct Directory {
  Directory(uint32_t max_services, uint32_t max_destinations, const HashSecret& secret)
      : services(max_services, secret),
        vips(max_services, secret),
        destinations(std::make_unique<DestinationEntry[]>(max_destinations)),
        destination_count(max_destinations) {
    for (int state = 0; state < kTcpStates; ++state) {
      tcp_timeouts[static_cast<size_t>(state)] = kTcpTimeoutSeconds[static_cast<size_t>(state)] * kTicksPerSecond;
    }
    udp_timeout = kUdpTimeoutSeconds * kTicksPerSecond;
  }

  ServiceTable services;
  ServiceTable vips;  // keys of protocol 0 and port 0: the addresses that are answered for
  std::unique_ptr<DestinationEntry[]> destinations;
  uint32_t destination_count;
  std::array<std::atomic<Tick>, kTcpStates> tcp_timeouts;
  std::atomic<Tick> udp_timeout;
  // Give back the hop that entering and leaving a TUN device costs. Off where a destination is itself a VIP: a packet
  // would circle for ever.
  std::atomic<bool> restores_hop_limit{true};

  bool is_vip(Family family, const Address& address) const {
    return vips.find({family, 0, 0, address}) != ServiceTable::kNoService;
  }
};

}  // namespace uipvs
