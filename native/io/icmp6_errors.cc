#include "io/icmp6_errors.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "core/bytes.h"

namespace uipvs {
namespace {

// Specification: RFC 8200 section 3; RFC 4443 section 2.4: no error is longer than the least MTU that a link may have.
constexpr size_t kIpv6Bytes = 40;
constexpr size_t kIcmp6Bytes = 8;
constexpr size_t kMostErrorBytes = 1280;

// What came before there was a filter may be anything.
bool is_error(uint8_t type) { return type >= ICMP6_DST_UNREACH && type <= ICMP6_PARAM_PROB; }

// What comes beside a message.
struct Beside {
  alignas(cmsghdr) uint8_t bytes[CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(int))];
};

// False where the destination or the hop limit is not told.
bool read_beside(msghdr& header, in6_addr& destination, int& hop_limit) {
  bool has_destination = false, has_hop_limit = false;
  for (cmsghdr* each = CMSG_FIRSTHDR(&header); each != nullptr; each = CMSG_NXTHDR(&header, each)) {
    if (each->cmsg_level != IPPROTO_IPV6) continue;
    if (each->cmsg_type == IPV6_PKTINFO && each->cmsg_len >= CMSG_LEN(sizeof(in6_pktinfo))) {
      std::memcpy(&destination, CMSG_DATA(each) + offsetof(in6_pktinfo, ipi6_addr), sizeof destination);
      has_destination = true;
    }
    if (each->cmsg_type == IPV6_HOPLIMIT && each->cmsg_len >= CMSG_LEN(sizeof(int))) {
      std::memcpy(&hop_limit, CMSG_DATA(each), sizeof hop_limit);
      has_hop_limit = hop_limit >= 0 && hop_limit <= UINT8_MAX;
    }
  }
  return has_destination && has_hop_limit;
}

void write_header(Packet& packet, const in6_addr& source, const in6_addr& destination, int hop_limit) {
  uint8_t* const data = packet.data;
  store_be32(data, 0x60000000);
  store_be16(data + 4, static_cast<uint16_t>(packet.length - kIpv6Bytes));
  data[6] = IPPROTO_ICMPV6;
  data[7] = static_cast<uint8_t>(hop_limit);
  std::memcpy(data + 8, &source, sizeof source);
  std::memcpy(data + 24, &destination, sizeof destination);
}

}  // namespace

int Icmp6Errors::open(const char*& failed_call) {
  failed_call = "socket";
  Descriptor socket(::socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMPV6));
  if (!socket.is_open()) return -errno;
  icmp6_filter filter;
  ICMP6_FILTER_SETBLOCKALL(&filter);
  for (int type = ICMP6_DST_UNREACH; type <= ICMP6_PARAM_PROB; ++type) ICMP6_FILTER_SETPASS(type, &filter);
  failed_call = "setsockopt ICMP6_FILTER";
  if (::setsockopt(socket.get(), IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter) != 0) return -errno;
  const int on = 1;
  failed_call = "setsockopt IPV6_RECVPKTINFO";
  if (::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on) != 0) return -errno;
  failed_call = "setsockopt IPV6_RECVHOPLIMIT";
  if (::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof on) != 0) return -errno;
  socket_ = std::move(socket);
  return 0;
}

int Icmp6Errors::receive(std::span<Packet> burst) {
  size_t received = 0;
  // As many looks as there are places, whatever is found.
  for (size_t look = 0; look < burst.size(); ++look) {
    Packet& packet = burst[received];
    sockaddr_in6 source{};
    Beside beside{};
    iovec part = {packet.data + kIpv6Bytes, kMostErrorBytes - kIpv6Bytes};
    msghdr header{};
    header.msg_name = &source;
    header.msg_namelen = sizeof source;
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = &beside;
    header.msg_controllen = sizeof beside;
    const ssize_t got = ::recvmsg(socket_.get(), &header, 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      // Also where the next message's checksum is wrong, which is gone then; those behind it are for the next call.
      if (errno == EAGAIN || received != 0) break;
      return -errno;
    }
    in6_addr destination{};
    int hop_limit = 0;
    const bool is_cut = (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 || got < static_cast<ssize_t>(kIcmp6Bytes);
    if (is_cut || !is_error(packet.data[kIpv6Bytes]) || !read_beside(header, destination, hop_limit)) continue;
    packet.length = static_cast<uint32_t>(kIpv6Bytes + static_cast<size_t>(got));
    packet.vnet() = {};
    write_header(packet, source.sin6_addr, destination, hop_limit);
    ++received;
  }
  return static_cast<int>(received);
}

}  // namespace uipvs
