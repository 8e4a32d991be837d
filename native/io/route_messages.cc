#include "io/route_messages.h"

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

constexpr uint16_t kValidStates = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT;

using Visit = std::function<void(uint16_t type, std::span<const uint8_t> data)>;

void for_each_in(std::span<const uint8_t> data, const Visit& visit) {
  while (data.size() >= sizeof(rtattr)) {
    rtattr attribute;
    std::memcpy(&attribute, data.data(), sizeof attribute);
    if (attribute.rta_len < sizeof attribute || attribute.rta_len > data.size()) return;
    visit(static_cast<uint16_t>(attribute.rta_type & NLA_TYPE_MASK),
          data.subspan(RTA_LENGTH(0), attribute.rta_len - RTA_LENGTH(0)));
    data = data.subspan(std::min<size_t>(RTA_ALIGN(attribute.rta_len), data.size()));
  }
}

bool read_address(std::span<const uint8_t> wire, Family family, Address& address) {
  if (wire.size() != (family == Family::ipv4 ? 4 : 16)) return false;
  address = {};
  for (size_t i = 0; i < wire.size() / 4; ++i) address.words[i] = load_be32(wire.data() + 4 * i);
  return true;
}

bool read_number(std::span<const uint8_t> data, uint32_t& number) {
  if (data.size() != sizeof number) return false;
  std::memcpy(&number, data.data(), sizeof number);
  return true;
}

bool read_mac(std::span<const uint8_t> data, MacAddress& mac) {
  if (data.size() != mac.size()) return false;
  std::copy(data.begin(), data.end(), mac.begin());
  return true;
}

template <typename Header>
const Header* header_of(const nlmsghdr& message, uint16_t type) {
  if (message.nlmsg_type != type || message.nlmsg_len < NLMSG_LENGTH(sizeof(Header))) return nullptr;
  return reinterpret_cast<const Header*>(NLMSG_DATA(&message));
}

KernelNeighbour read_neighbour(const nlmsghdr& message, const ndmsg& header) {
  KernelNeighbour neighbour;
  bool has_mac = false;
  for_each_attribute(message, sizeof header, [&](uint16_t type, std::span<const uint8_t> data) {
    if (type == NDA_LLADDR) has_mac = read_mac(data, neighbour.mac);
  });
  neighbour.is_valid = has_mac && (header.ndm_state & kValidStates) != 0;
  neighbour.needs_probes = (header.ndm_state & NUD_PERMANENT) == 0;
  return neighbour;
}

}  // namespace

void for_each_message(std::span<const uint8_t> bytes, const std::function<void(const nlmsghdr&)>& visit) {
  while (bytes.size() >= sizeof(nlmsghdr)) {
    const auto& header = *reinterpret_cast<const nlmsghdr*>(bytes.data());
    if (header.nlmsg_len < sizeof(nlmsghdr) || header.nlmsg_len > bytes.size()) return;
    visit(header);
    bytes = bytes.subspan(std::min<size_t>(NLMSG_ALIGN(header.nlmsg_len), bytes.size()));
  }
}

void for_each_attribute(const nlmsghdr& message, size_t header_bytes, const Visit& visit) {
  const size_t start = NLMSG_HDRLEN + NLMSG_ALIGN(header_bytes);
  if (message.nlmsg_len < start) return;
  for_each_in({reinterpret_cast<const uint8_t*>(&message) + start, message.nlmsg_len - start}, visit);
}

KernelLink parse_link(const nlmsghdr& message) {
  KernelLink found;
  const auto* const link = header_of<ifinfomsg>(message, RTM_NEWLINK);
  if (link == nullptr) return found;
  bool has_mac = false;
  for_each_attribute(message, sizeof *link, [&](uint16_t type, std::span<const uint8_t> data) {
    if (type == IFLA_MTU) read_number(data, found.mtu_bytes);
    if (type == IFLA_MASTER) found.is_port = true;
    if (type == IFLA_ADDRESS) has_mac = read_mac(data, found.mac);
  });
  const bool has_neighbours = (link->ifi_flags & (IFF_NOARP | IFF_LOOPBACK)) == 0;
  const bool is_up = (link->ifi_flags & IFF_UP) != 0;
  found.is_ethernet = link->ifi_type == ARPHRD_ETHER && has_neighbours && is_up && has_mac && found.mtu_bytes != 0;
  return found;
}

KernelRoute parse_route(const nlmsghdr& message, Family family, const Address& destination) {
  KernelRoute found;
  const auto* const route = header_of<rtmsg>(message, RTM_NEWROUTE);
  if (route == nullptr || route->rtm_type != RTN_UNICAST) return found;
  found.neighbour_family = family;
  found.neighbour = destination;
  bool is_of_device = true;
  for_each_attribute(message, sizeof *route, [&](uint16_t type, std::span<const uint8_t> data) {
    switch (type) {
      case RTA_OIF: read_number(data, found.interface); break;
      case RTA_GATEWAY: read_address(data, family, found.neighbour); break;
      case RTA_VIA:
        // The address's family, in two bytes, and the address.
        if (data.size() > 2 && read_address(data.subspan(2), Family::ipv6, found.neighbour)) {
          found.neighbour_family = Family::ipv6;
        }
        break;
      case RTA_METRICS:
        for_each_in(data, [&](uint16_t metric, std::span<const uint8_t> value) {
          if (metric == RTAX_MTU) read_number(value, found.mtu_bytes);
        });
        break;
      // Tunnels without a device of their own: the kernel's to make.
      case RTA_ENCAP: is_of_device = false; break;
      default: break;
    }
  });
  found.is_unicast = is_of_device && found.interface != 0;
  return found;
}

KernelNeighbour parse_neighbour(const nlmsghdr& message) {
  const auto* const header = header_of<ndmsg>(message, RTM_NEWNEIGH);
  return header == nullptr ? KernelNeighbour{} : read_neighbour(message, *header);
}

RouteEvent parse_event(const nlmsghdr& message, NeighbourEvent& event) {
  const bool is_gone = message.nlmsg_type == RTM_DELNEIGH;
  if (message.nlmsg_type != RTM_NEWNEIGH && !is_gone) return RouteEvent::other;
  const auto* const header = header_of<ndmsg>(message, message.nlmsg_type);
  if (header == nullptr || (header->ndm_family != AF_INET && header->ndm_family != AF_INET6))
    return RouteEvent::nothing;
  event.interface = static_cast<uint32_t>(header->ndm_ifindex);
  event.family = header->ndm_family == AF_INET ? Family::ipv4 : Family::ipv6;
  bool has_address = false;
  for_each_attribute(message, sizeof *header, [&](uint16_t type, std::span<const uint8_t> data) {
    if (type == NDA_DST) has_address = read_address(data, event.family, event.address);
  });
  if (!has_address) return RouteEvent::nothing;
  event.now = read_neighbour(message, *header);
  if (is_gone) event.now.is_valid = false;
  return RouteEvent::neighbour;
}

}  // namespace uipvs
