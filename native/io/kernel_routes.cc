#include "io/kernel_routes.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "core/bytes.h"

namespace uipvs {
namespace {

constexpr std::array<uint32_t, 9> kGroups = {RTNLGRP_LINK,       RTNLGRP_NEIGH,     RTNLGRP_IPV4_IFADDR,
                                             RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_IFADDR,
                                             RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV6_RULE, RTNLGRP_NEXTHOP};

uint8_t family_number(Family family) { return family == Family::ipv4 ? AF_INET : AF_INET6; }
size_t address_bytes(Family family) { return family == Family::ipv4 ? 4 : 16; }

struct WireAddress {
  std::array<uint8_t, 16> bytes;
};

WireAddress to_wire(const Address& address) {
  WireAddress wire;
  for (size_t i = 0; i < 4; ++i) store_be32(wire.bytes.data() + 4 * i, address.words[i]);
  return wire;
}

ndmsg neighbour_header(uint32_t interface, Family family) {
  ndmsg header{};
  header.ndm_family = family_number(family);
  header.ndm_ifindex = static_cast<int>(interface);
  return header;
}

}  // namespace

KernelLink read_link(Netlink& netlink, uint32_t interface) {
  ifinfomsg header{};
  header.ifi_family = AF_UNSPEC;
  header.ifi_index = static_cast<int>(interface);
  NetlinkMessage message(RTM_GETLINK, 0);
  message.put_header(header);
  const nlmsghdr* answer = nullptr;
  return netlink.ask(message, answer) == 0 ? parse_link(*answer) : KernelLink{};
}

int KernelRoutes::open(uint32_t from_interface) {
  from_interface_ = from_interface;
  // Events first, so that nothing is asked for that then changes unseen.
  const int error = events_.open(kGroups);
  return error != 0 ? error : requests_.open({});
}

KernelRoute KernelRoutes::route(Family family, const Address& source, const Address& destination) {
  rtmsg header{};
  const size_t bytes = address_bytes(family);
  header.rtm_family = family_number(family);
  header.rtm_src_len = header.rtm_dst_len = static_cast<uint8_t>(8 * bytes);
  NetlinkMessage message(RTM_GETROUTE, 0);
  message.put_header(header);
  const WireAddress from = to_wire(source);
  const WireAddress to = to_wire(destination);
  message.put_attribute(RTA_DST, to.bytes.data(), bytes);
  message.put_attribute(RTA_SRC, from.bytes.data(), bytes);
  message.put_attribute(RTA_IIF, &from_interface_, sizeof from_interface_);

  const nlmsghdr* answer = nullptr;
  return requests_.ask(message, answer) == 0 ? parse_route(*answer, family, destination) : KernelRoute{};
}

KernelNeighbour KernelRoutes::neighbour(uint32_t interface, Family family, const Address& address) {
  const ndmsg header = neighbour_header(interface, family);
  NetlinkMessage message(RTM_GETNEIGH, 0);
  message.put_header(header);
  const WireAddress wire = to_wire(address);
  message.put_attribute(NDA_DST, wire.bytes.data(), address_bytes(family));
  const nlmsghdr* answer = nullptr;
  return requests_.ask(message, answer) == 0 ? parse_neighbour(*answer) : KernelNeighbour{};
}

void KernelRoutes::use_neighbour(uint32_t interface, Family family, const Address& address) {
  ndmsg header = neighbour_header(interface, family);
  header.ndm_flags = NTF_USE;
  NetlinkMessage message(RTM_NEWNEIGH, 0);
  message.put_header(header);
  const WireAddress wire = to_wire(address);
  message.put_attribute(NDA_DST, wire.bytes.data(), address_bytes(family));
  // Refused where it has gone, of which an event has told.
  [[maybe_unused]] const int error = requests_.tell(message);
}

void KernelRoutes::follow(const KernelEvents& events) {
  NeighbourEvent event;
  const bool is_complete = events_.drain([&](const nlmsghdr& message) {
    switch (parse_event(message, event)) {
      case RouteEvent::other: return events.routes_changed();
      case RouteEvent::neighbour: return events.neighbour_changed(event);
      case RouteEvent::nothing: return;
    }
  });
  // Which were lost is not known.
  if (!is_complete) events.routes_changed();
}

}  // namespace uipvs
