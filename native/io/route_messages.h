// What the kernel's routing messages say. They come from the kernel, and are read as if they came from anybody: lengths
// are checked, what is missing or of another size counts as not said.
// Source: linux/netlink.h, linux/rtnetlink.h, linux/neighbour.h, linux/if_link.h.
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <functional>
#include <span>

#include "core/tuple.h"
#include "io/mac_address.h"

namespace uipvs {

struct KernelRoute {
  bool is_unicast = false;  // not to the host itself, and not refused
  uint32_t interface = 0;
  uint32_t mtu_bytes = 0;  // of the route alone; 0: the interface's
  // The next hop, on the interface: a gateway, which of an IPv4 route may be an IPv6 one, or the destination.
  Family neighbour_family = Family::ipv4;
  Address neighbour;
};

struct KernelLink {
  bool is_ethernet = false;  // up, with addresses of six bytes and neighbours that have them
  bool is_port = false;      // of a bridge or a bond, which has the packets
  uint32_t mtu_bytes = 0;
  MacAddress mac{};
};

struct KernelNeighbour {
  bool is_valid = false;      // its address may be used
  bool needs_probes = false;  // the kernel forgets it unless it is told that it is used
  MacAddress mac{};
};

// A neighbour that came, changed or went.
struct NeighbourEvent {
  uint32_t interface = 0;
  Family family = Family::ipv4;
  Address address;
  KernelNeighbour now;
};

// Visits the messages in `bytes`, aligned to NLMSG_ALIGNTO, up to the first that claims more bytes than are left.
void for_each_message(std::span<const uint8_t> bytes, const std::function<void(const nlmsghdr&)>& visit);

// Walks the attributes behind a family's header of `header_bytes`; nlmsg_len bytes of the message are there.
void for_each_attribute(const nlmsghdr& message, size_t header_bytes,
                        const std::function<void(uint16_t type, std::span<const uint8_t> data)>& visit);

// Of a message of another type nothing is said.
KernelLink parse_link(const nlmsghdr& message);
// The answer to a question about the way to `destination`.
KernelRoute parse_route(const nlmsghdr& message, Family family, const Address& destination);
KernelNeighbour parse_neighbour(const nlmsghdr& message);

enum class RouteEvent : uint8_t { other, neighbour, nothing };
// `neighbour` where it is one of ours to follow, and `event` is filled; `nothing` for one that is not; else `other`.
RouteEvent parse_event(const nlmsghdr& message, NeighbourEvent& event);

}  // namespace uipvs
