// What the kernel says of the way to an address: route, neighbour, interface; and that something of it has changed.
//
// A route is asked for as the kernel would look it up for a packet that the TUN device gives it, rules, sources and all:
// what is then sent past the kernel goes where the kernel would have sent it.
// Source: net/ipv4/route.c, inet_rtm_getroute(); net/ipv6/route.c, inet6_rtm_getroute(); net/core/neighbour.c.
#pragma once

#include <cstdint>
#include <functional>

#include "core/tuple.h"
#include "io/netlink.h"
#include "io/route_messages.h"

namespace uipvs {

// What has changed.
struct KernelEvents {
  std::function<void()> routes_changed;  // or rules, addresses, interfaces; or nobody knows what
  std::function<void(const NeighbourEvent& event)> neighbour_changed;
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
