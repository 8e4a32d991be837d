#include "io/kernel_routes.h"

#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "core/bytes.h"

namespace uipvs {
namespace {

constexpr std::array<uint32_t, 9> kGroups = {RTNLGRP_LINK,       RTNLGRP_NEIGH,     RTNLGRP_IPV4_IFADDR,
                                             RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_IFADDR,
                                             RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV6_RULE, RTNLGRP_NEXTHOP};
constexpr uint16_t kValidStates = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT;

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

bool from_wire(std::span<const uint8_t> wire, Family family, Address& address) {
  if (wire.size() != address_bytes(family)) return false;
  address = {};
  for (size_t i = 0; i < wire.size() / 4; ++i) address.words[i] = load_be32(wire.data() + 4 * i);
  return true;
}

bool read_number(std::span<const uint8_t> data, uint32_t& number) {
  if (data.size() != sizeof number) return false;
  std::memcpy(&number, data.data(), sizeof number);
  return true;
}

template <typename Header>
const Header* header_of(const nlmsghdr& message) {
  if (message.nlmsg_len < NLMSG_LENGTH(sizeof(Header))) return nullptr;
  return reinterpret_cast<const Header*>(NLMSG_DATA(&message));
}

// An attribute that holds attributes.
void for_each_nested(std::span<const uint8_t> data,
                     const std::function<void(uint16_t type, std::span<const uint8_t> data)>& visit) {
  while (data.size() >= sizeof(rtattr)) {
    rtattr attribute;
    std::memcpy(&attribute, data.data(), sizeof attribute);
    if (attribute.rta_len < sizeof attribute || attribute.rta_len > data.size()) return;
    visit(static_cast<uint16_t>(attribute.rta_type & NLA_TYPE_MASK),
          data.subspan(RTA_LENGTH(0), attribute.rta_len - RTA_LENGTH(0)));
    data = data.subspan(std::min<size_t>(RTA_ALIGN(attribute.rta_len), data.size()));
  }
}

KernelNeighbour read_neighbour(const nlmsghdr& message, const ndmsg& header) {
  KernelNeighbour neighbour;
  bool has_mac = false;
  for_each_attribute(message, sizeof header, [&](uint16_t type, std::span<const uint8_t> data) {
    if (type != NDA_LLADDR || data.size() != neighbour.mac.size()) return;
    std::copy(data.begin(), data.end(), neighbour.mac.begin());
    has_mac = true;
  });
  neighbour.is_valid = has_mac && (header.ndm_state & kValidStates) != 0;
  neighbour.needs_probes = (header.ndm_state & NUD_PERMANENT) == 0;
  return neighbour;
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
  KernelLink found;
  const nlmsghdr* answer = nullptr;
  if (netlink.ask(message, answer) != 0 || answer->nlmsg_type != RTM_NEWLINK) return found;
  const auto* const link = header_of<ifinfomsg>(*answer);
  if (link == nullptr) return found;
  bool has_mac = false;
  for_each_attribute(*answer, sizeof *link, [&](uint16_t type, std::span<const uint8_t> data) {
    if (type == IFLA_MTU) read_number(data, found.mtu_bytes);
    if (type == IFLA_MASTER) found.is_port = true;
    if (type == IFLA_ADDRESS && data.size() == found.mac.size()) {
      std::copy(data.begin(), data.end(), found.mac.begin());
      has_mac = true;
    }
  });
  const bool has_neighbours = (link->ifi_flags & (IFF_NOARP | IFF_LOOPBACK)) == 0;
  const bool is_up = (link->ifi_flags & IFF_UP) != 0;
  found.is_ethernet = link->ifi_type == ARPHRD_ETHER && has_neighbours && is_up && has_mac && found.mtu_bytes != 0;
  return found;
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

  KernelRoute found;
  const nlmsghdr* answer = nullptr;
  if (requests_.ask(message, answer) != 0 || answer->nlmsg_type != RTM_NEWROUTE) return found;
  const auto* const route = header_of<rtmsg>(*answer);
  if (route == nullptr || route->rtm_type != RTN_UNICAST) return found;
  found.neighbour_family = family;
  found.neighbour = destination;
  for_each_attribute(*answer, sizeof *route, [&](uint16_t type, std::span<const uint8_t> data) {
    switch (type) {
      case RTA_OIF: read_number(data, found.interface); break;
      case RTA_GATEWAY: from_wire(data, family, found.neighbour); break;
      case RTA_VIA:
        if (data.size() == 2 + address_bytes(Family::ipv6) &&
            from_wire(data.subspan(2), Family::ipv6, found.neighbour)) {
          found.neighbour_family = Family::ipv6;
        }
        break;
      case RTA_METRICS:
        for_each_nested(data, [&](uint16_t metric, std::span<const uint8_t> value) {
          if (metric == RTAX_MTU) read_number(value, found.mtu_bytes);
        });
        break;
      // Tunnels without a device of their own: the kernel's to make.
      case RTA_ENCAP: found.interface = 0; break;
      default: break;
    }
  });
  found.is_unicast = found.interface != 0;
  return found;
}

KernelNeighbour KernelRoutes::neighbour(uint32_t interface, Family family, const Address& address) {
  const ndmsg header = neighbour_header(interface, family);
  NetlinkMessage message(RTM_GETNEIGH, 0);
  message.put_header(header);
  const WireAddress wire = to_wire(address);
  message.put_attribute(NDA_DST, wire.bytes.data(), address_bytes(family));
  const nlmsghdr* answer = nullptr;
  if (requests_.ask(message, answer) != 0 || answer->nlmsg_type != RTM_NEWNEIGH) return {};
  const auto* const found = header_of<ndmsg>(*answer);
  return found == nullptr ? KernelNeighbour{} : read_neighbour(*answer, *found);
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
  const bool is_complete = events_.drain([&](const nlmsghdr& message) {
    if (message.nlmsg_type != RTM_NEWNEIGH && message.nlmsg_type != RTM_DELNEIGH) return events.routes_changed();
    const auto* const header = header_of<ndmsg>(message);
    if (header == nullptr || (header->ndm_family != AF_INET && header->ndm_family != AF_INET6)) return;
    const Family family = header->ndm_family == AF_INET ? Family::ipv4 : Family::ipv6;
    Address address;
    bool has_address = false;
    for_each_attribute(message, sizeof *header, [&](uint16_t type, std::span<const uint8_t> data) {
      if (type == NDA_DST) has_address = from_wire(data, family, address);
    });
    if (!has_address) return;
    KernelNeighbour now = read_neighbour(message, *header);
    if (message.nlmsg_type == RTM_DELNEIGH) now.is_valid = false;
    events.neighbour_changed(static_cast<uint32_t>(header->ndm_ifindex), family, address, now);
  });
  // Which were lost is not known.
  if (!is_complete) events.routes_changed();
}

}  // namespace uipvs
