// What the kernel says of the way to an address: route, neighbour, interface; and that something of it has changed.
//
// A route is asked for as the kernel would look it up for a packet that the TUN device gives it, rules, sources and all:
// what is then sent past the kernel goes where the kernel would have sent it.
// Source: net/ipv4/route.c, inet_rtm_getroute(); net/ipv6/route.c, inet6_rtm_getroute(); net/core/neighbour.c.
#pragma once

#include <cstdint>
#include <functional>

#include "core/tuple.h"
#include "io/mac_address.h"
#include "io/netlink.h"

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

// What has changed.
struct KernelEvents {
  std::function<void()> routes_changed;  // or rules, addresses, interfaces; or nobody knows what
  std::function<void(uint32_t interface, Family family, const Address& address, const KernelNeighbour& now)>
      neighbour_changed;
};

KernelLink read_link(Netlink& netlink, uint32_t interface);

class KernelRoutes {
 public:
  // `from_interface`: index of the TUN device. 0 or -errno.
  int open(uint32_t from_interface);

  KernelRoute route(Family family, const Address& source, const Address& destination);
  KernelLink link(uint32_t interface) { return read_link(requests_, interface); }
  KernelNeighbour neighbour(uint32_t interface, Family family, const Address& address);
  // Has the kernel find out whether the neighbour is still there, if that is in doubt.
  void use_neighbour(uint32_t interface, Family family, const Address& address);

  // Reports what has happened since the last call, without waiting.
  void follow(const KernelEvents& events);
  int descriptor() const { return events_.descriptor(); }

 private:
  Netlink requests_;
  Netlink events_;
  uint32_t from_interface_ = 0;
};

}  // namespace uipvs
