// The kernel's routing messages, read from arbitrary bytes: nothing beyond them is read, whatever lengths they claim.
//
// Input: whether it is made a well-formed message of a chosen type, the header's bytes, then attributes; or all of it raw,
// as a socket might give it, cut off in the middle.
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cstring>
#include <memory>

#include "fuzz_input.h"
#include "io/route_messages.h"

namespace uipvs::test {
namespace {

constexpr uint16_t kTypes[] = {RTM_NEWLINK, RTM_NEWROUTE, RTM_NEWNEIGH, RTM_DELNEIGH, RTM_DELROUTE, NLMSG_ERROR};
constexpr size_t kHeaderBytes[] = {sizeof(ifinfomsg), sizeof(rtmsg), sizeof(ndmsg), sizeof(ndmsg), sizeof(rtmsg), 4};

void read_all(const nlmsghdr& message) {
  const KernelLink link = parse_link(message);
  must(message.nlmsg_type == RTM_NEWLINK || !link.is_ethernet, "a link in a message of another type");
  must(!link.is_ethernet || link.mtu_bytes != 0, "an Ethernet without an MTU");
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    const KernelRoute route = parse_route(message, family, Address{{1, 2, 3, 4}});
    must(!route.is_unicast || (route.interface != 0 && message.nlmsg_type == RTM_NEWROUTE), "a route to nowhere");
  }
  const KernelNeighbour neighbour = parse_neighbour(message);
  must(message.nlmsg_type == RTM_NEWNEIGH || !neighbour.is_valid, "a neighbour in a message of another type");
  NeighbourEvent event;
  const RouteEvent kind = parse_event(message, event);
  must(kind != RouteEvent::neighbour || message.nlmsg_type != RTM_DELNEIGH || !event.now.is_valid, "one that is gone");
  must(kind != RouteEvent::neighbour || event.family == Family::ipv6 || event.address.words[1] == 0, "an IPv4 address");
}

// Attributes with right lengths around what the fuzzer gives.
std::vector<uint8_t> attributes(FuzzInput& input, int depth) {
  std::vector<uint8_t> made;
  for (uint8_t count = input.byte() % 6; count != 0; --count) {
    const uint16_t type = input.byte() % 32;
    const bool is_nested = depth == 0 && input.byte() % 4 == 0;
    const std::vector<uint8_t> data = is_nested ? attributes(input, 1) : input.bytes(input.byte() % 24);
    const rtattr attribute = {static_cast<uint16_t>(sizeof(rtattr) + data.size()), type};
    const auto* const bytes = reinterpret_cast<const uint8_t*>(&attribute);
    made.insert(made.end(), bytes, bytes + sizeof attribute);
    made.insert(made.end(), data.begin(), data.end());
    made.resize(RTA_ALIGN(made.size()));
  }
  return made;
}

std::vector<uint8_t> message_of(FuzzInput& input) {
  const size_t kind = input.byte() % std::size(kTypes);
  std::vector<uint8_t> header = input.bytes(kHeaderBytes[kind]);
  header.resize(kHeaderBytes[kind]);
  if (kTypes[kind] == RTM_NEWROUTE) header[offsetof(rtmsg, rtm_type)] = RTN_UNICAST;
  const std::vector<uint8_t> rest = attributes(input, 0);
  std::vector<uint8_t> made(NLMSG_HDRLEN);
  made.insert(made.end(), header.begin(), header.end());
  made.resize(NLMSG_ALIGN(made.size()));
  made.insert(made.end(), rest.begin(), rest.end());
  nlmsghdr own{};
  // A length that is not its own must not lead out of the bytes either.
  own.nlmsg_len = static_cast<uint32_t>(made.size() + input.byte() % 3 - 1);
  own.nlmsg_type = kTypes[kind];
  std::memcpy(made.data(), &own, sizeof own);
  return made;
}

}  // namespace

void fuzz_one(FuzzInput input) {
  std::vector<uint8_t> bytes;
  if (input.byte() % 2 == 0) {
    bytes = input.bytes(4096);
  } else {
    for (uint8_t count = input.byte() % 4; count != 0; --count) {
      const std::vector<uint8_t> message = message_of(input);
      bytes.insert(bytes.end(), message.begin(), message.end());
      bytes.resize(NLMSG_ALIGN(bytes.size()));
    }
    bytes.resize(bytes.size() - std::min<size_t>(bytes.size(), input.byte() % 8));
  }
  // In memory of exactly its size, and aligned, as the socket's buffer is.
  const std::unique_ptr<uint8_t[]> held(new uint8_t[bytes.size()]);
  std::copy(bytes.begin(), bytes.end(), held.get());
  size_t visited = 0;
  for_each_message({held.get(), bytes.size()}, [&](const nlmsghdr& message) {
    read_all(message);
    ++visited;
  });
  must(visited <= bytes.size() / sizeof(nlmsghdr), "more messages than there is room for");
}

}  // namespace uipvs::test

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  uipvs::test::fuzz_one({data, size});
  return 0;
}
