// Tells the hosts on an Ethernet that an address is here now.
//
// Theory of operation: a host that has taken over an address says so before anybody asks, or its neighbours go on sending
// to whoever had it until their caches expire. IPv4: gratuitous ARP in both forms, since some stacks heed only requests
// and others only replies. IPv6: an unsolicited neighbour advertisement to all nodes, with the override flag, whose source
// is the address itself as keepalived has it. The frames go out by a packet socket, past routing and packet filters, so
// no rule of ours or of the host's sees them. Frames get lost: the caller sends them two or three times, seconds apart.
// Source: RFC 5227 section 2.3, RFC 5944 section 4.6, RFC 4861 sections 4.4 and 7.2.6.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/tuple.h"
#include "io/mac_address.h"

namespace uipvs {

// Ethernet, ARP.
inline constexpr size_t kGratuitousArpBytes = 14 + 28;
// Ethernet, IPv6, neighbour advertisement with the target link-layer address option.
inline constexpr size_t kNeighbourAdvertisementBytes = 14 + 40 + 24 + 8;

enum class ArpForm : uint16_t { request = 1, reply = 2 };

std::array<uint8_t, kGratuitousArpBytes> gratuitous_arp(ArpForm form, const Address& address, const MacAddress& mac);
std::array<uint8_t, kNeighbourAdvertisementBytes> neighbour_advertisement(const Address& address,
                                                                          const MacAddress& mac);

// Announces once on the interface with this index. 0 or -errno (EPERM without CAP_NET_RAW, ENETDOWN, ENXIO).
int announce(int interface_index, Family family, const Address& address, const MacAddress& mac);

// As announce(), with the interface's own MAC address. -ENODEV where there is no such interface, -EAFNOSUPPORT where it
// is no Ethernet.
int announce_on(const char* interface_name, Family family, const Address& address);

}  // namespace uipvs
