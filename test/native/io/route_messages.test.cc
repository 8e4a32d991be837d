#include "io/route_messages.h"

#include <doctest/doctest.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cstring>
#include <vector>

#include "support/packet_builder.h"

namespace uipvs::test {
namespace {

using Bytes = std::vector<uint8_t>;

const Bytes kMac = {2, 0, 0, 0, 0, 7};
const Address kDestination = address4(10, 9, 1, 1);

template <typename Value>
Bytes bytes_of(const Value& value) {
  const auto* const bytes = reinterpret_cast<const uint8_t*>(&value);
  return {bytes, bytes + sizeof value};
}

Bytes attribute(uint16_t type, const Bytes& data) {
  const rtattr header = {static_cast<uint16_t>(RTA_LENGTH(data.size())), type};
  Bytes made = bytes_of(header);
  made.insert(made.end(), data.begin(), data.end());
  made.resize(RTA_ALIGN(made.size()));
  return made;
}

// A message in memory of exactly its size, so that AddressSanitizer sees the first byte beyond.
class Message {
 public:
  template <typename Header>
  Message(uint16_t type, const Header& header, const std::vector<Bytes>& attributes) : bytes_(sizeof(nlmsghdr)) {
    append(bytes_of(header));
    for (const Bytes& one : attributes) append(one);
    nlmsghdr own{};
    own.nlmsg_len = static_cast<uint32_t>(bytes_.size());
    own.nlmsg_type = type;
    std::memcpy(bytes_.data(), &own, sizeof own);
    bytes_.shrink_to_fit();
  }

  const nlmsghdr& header() const { return *reinterpret_cast<const nlmsghdr*>(bytes_.data()); }
  Bytes& bytes() { return bytes_; }

 private:
  void append(const Bytes& more) {
    bytes_.insert(bytes_.end(), more.begin(), more.end());
    bytes_.resize(NLMSG_ALIGN(bytes_.size()));
  }
  Bytes bytes_;
};

Message route(const std::vector<Bytes>& attributes, uint8_t type = RTN_UNICAST) {
  rtmsg header{};
  header.rtm_family = AF_INET;
  header.rtm_type = type;
  return {RTM_NEWROUTE, header, attributes};
}

KernelRoute parsed(const Message& message) { return parse_route(message.header(), Family::ipv4, kDestination); }

Message neighbour(uint16_t type, uint16_t state, const std::vector<Bytes>& attributes) {
  ndmsg header{};
  header.ndm_family = AF_INET;
  header.ndm_ifindex = 5;
  header.ndm_state = state;
  return {type, header, attributes};
}

Message link(uint32_t flags, const std::vector<Bytes>& attributes, uint16_t type = ARPHRD_ETHER) {
  ifinfomsg header{};
  header.ifi_type = type;
  header.ifi_flags = flags;
  return {RTM_NEWLINK, header, attributes};
}

const Bytes kOut = attribute(RTA_OIF, {7, 0, 0, 0});
const Bytes kMtu = attribute(IFLA_MTU, {0xdc, 5, 0, 0});

}  // namespace

TEST_CASE("route messages: the next hop is the gateway, of either family, or the destination itself") {
  KernelRoute found = parsed(route({kOut}));
  CHECK(found.is_unicast);
  CHECK(found.interface == 7);
  CHECK(found.neighbour == kDestination);
  CHECK(found.mtu_bytes == 0);
  found = parsed(route(
      {kOut, attribute(RTA_GATEWAY, {10, 0, 0, 2}), attribute(RTA_METRICS, attribute(RTAX_MTU, {0x14, 5, 0, 0}))}));
  CHECK(found.neighbour == address4(10, 0, 0, 2));
  CHECK(found.mtu_bytes == 1300);
  Bytes via = {AF_INET6, 0};
  for (int i = 0; i < 16; ++i) via.push_back(static_cast<uint8_t>(i));
  found = parsed(route({kOut, attribute(RTA_VIA, via)}));
  CHECK(found.neighbour_family == Family::ipv6);
  CHECK(found.neighbour == Address{{0x00010203, 0x04050607, 0x08090a0b, 0x0c0d0e0f}});
}

TEST_CASE("route messages: what no frame can be sent by is no unicast route") {
  CHECK_FALSE(parsed(route({})).is_unicast);
  CHECK_FALSE(parsed(route({kOut}, RTN_LOCAL)).is_unicast);
  CHECK_FALSE(parsed(route({kOut}, RTN_UNREACHABLE)).is_unicast);
  CHECK_FALSE(parsed(route({attribute(RTA_ENCAP, {1, 2, 3, 4}), kOut})).is_unicast);
  CHECK_FALSE(parsed(neighbour(RTM_NEWNEIGH, NUD_REACHABLE, {kOut})).is_unicast);
}

TEST_CASE("route messages: a neighbour may be used by its state, if it has an address of six bytes") {
  const Bytes mac = attribute(NDA_LLADDR, kMac);
  for (const uint16_t state : {NUD_REACHABLE, NUD_STALE, NUD_DELAY, NUD_PROBE, NUD_PERMANENT}) {
    const KernelNeighbour found = parse_neighbour(neighbour(RTM_NEWNEIGH, state, {mac}).header());
    CHECK(found.is_valid);
    CHECK(std::equal(kMac.begin(), kMac.end(), found.mac.begin()));
    CHECK(found.needs_probes == (state != NUD_PERMANENT));
  }
  for (const uint16_t state : {NUD_INCOMPLETE, NUD_FAILED, NUD_NOARP, NUD_NONE}) {
    CHECK_FALSE(parse_neighbour(neighbour(RTM_NEWNEIGH, state, {mac}).header()).is_valid);
  }
  CHECK_FALSE(parse_neighbour(neighbour(RTM_NEWNEIGH, NUD_REACHABLE, {}).header()).is_valid);
  CHECK_FALSE(
      parse_neighbour(neighbour(RTM_NEWNEIGH, NUD_REACHABLE, {attribute(NDA_LLADDR, {1, 2})}).header()).is_valid);
}

TEST_CASE("route messages: an event names the neighbour, and says when it has gone") {
  const std::vector<Bytes> attributes = {attribute(NDA_DST, {10, 0, 0, 2}), attribute(NDA_LLADDR, kMac)};
  NeighbourEvent event;
  REQUIRE(parse_event(neighbour(RTM_NEWNEIGH, NUD_REACHABLE, attributes).header(), event) == RouteEvent::neighbour);
  CHECK(event.interface == 5);
  CHECK(event.address == address4(10, 0, 0, 2));
  CHECK(event.now.is_valid);
  REQUIRE(parse_event(neighbour(RTM_DELNEIGH, NUD_REACHABLE, attributes).header(), event) == RouteEvent::neighbour);
  CHECK_FALSE(event.now.is_valid);
  CHECK(parse_event(neighbour(RTM_NEWNEIGH, NUD_REACHABLE, {}).header(), event) == RouteEvent::nothing);
  CHECK(parse_event(neighbour(RTM_NEWNEIGH, NUD_REACHABLE, {attribute(NDA_DST, {1, 2, 3})}).header(), event) ==
        RouteEvent::nothing);
  CHECK(parse_event(route({kOut}).header(), event) == RouteEvent::other);
}

TEST_CASE("route messages: a link is an Ethernet when it is up, has neighbours, an address and an MTU") {
  const Bytes mac = attribute(IFLA_ADDRESS, kMac);
  const KernelLink found = parse_link(link(IFF_UP, {kMtu, mac}).header());
  CHECK(found.is_ethernet);
  CHECK_FALSE(found.is_port);
  CHECK(found.mtu_bytes == 1500);
  CHECK(parse_link(link(IFF_UP, {kMtu, mac, attribute(IFLA_MASTER, {1, 0, 0, 0})}).header()).is_port);
  CHECK_FALSE(parse_link(link(0, {kMtu, mac}).header()).is_ethernet);
  CHECK_FALSE(parse_link(link(IFF_UP | IFF_NOARP, {kMtu, mac}).header()).is_ethernet);
  CHECK_FALSE(parse_link(link(IFF_UP, {mac}).header()).is_ethernet);
  CHECK_FALSE(parse_link(link(IFF_UP, {kMtu}).header()).is_ethernet);
  CHECK_FALSE(parse_link(link(IFF_UP, {kMtu, mac}, ARPHRD_NONE).header()).is_ethernet);
}

TEST_CASE("route messages: lengths that lie end the walk, and nothing beyond is read") {
  Message message = route({kOut, attribute(RTA_GATEWAY, {10, 0, 0, 2})});
  const size_t first = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(rtmsg));
  for (const uint16_t length : {0, 3, 17, 0xffff}) {
    Message wrong = message;
    std::memcpy(wrong.bytes().data() + first, &length, sizeof length);
    CHECK_FALSE(parsed(wrong).is_unicast);
  }
  // Every cut, told of and not told of.
  for (size_t length = 0; length <= message.bytes().size(); ++length) {
    Bytes cut(message.bytes().begin(), message.bytes().begin() + static_cast<ptrdiff_t>(length));
    cut.shrink_to_fit();
    size_t visited = 0;
    for_each_message(cut, [&](const nlmsghdr&) { ++visited; });
    CHECK(visited == (length == message.bytes().size() ? 1 : 0));
    if (length < sizeof(nlmsghdr)) continue;
    const auto told = static_cast<uint32_t>(length);
    std::memcpy(cut.data(), &told, sizeof told);
    for_each_message(cut, [&](const nlmsghdr& header) {
      CHECK(parse_route(header, Family::ipv4, kDestination).is_unicast == (length >= first + 8));
    });
  }
  // Several in one piece, and an empty one never goes on for ever.
  Bytes several = message.bytes();
  several.insert(several.end(), message.bytes().begin(), message.bytes().end());
  size_t visited = 0;
  for_each_message(several, [&](const nlmsghdr&) { ++visited; });
  CHECK(visited == 2);
  for_each_message(Bytes(64), [&](const nlmsghdr&) { ++visited; });
  CHECK(visited == 2);
}

}  // namespace uipvs::test
