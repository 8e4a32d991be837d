#include "io/icmp_errors.h"

#include <linux/icmp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

namespace uipvs {
namespace {

// Specification: RFC 791; RFC 1812 section 4.3.2.3 has errors end at 576 bytes, not all who send them do.
constexpr size_t kIpv4Bytes = 20;
constexpr size_t kIcmpBytes = 8;
constexpr size_t kMostErrorBytes = 1280;

constexpr uint32_t kErrorTypes = 1u << ICMP_DEST_UNREACH | 1u << ICMP_SOURCE_QUENCH | 1u << ICMP_TIME_EXCEEDED;

// What came before there was a filter may be anything.
bool is_error(const uint8_t* data, size_t length) {
  const size_t header = static_cast<size_t>(data[0] & 0x0fu) * 4;
  if (header < kIpv4Bytes || length < header + kIcmpBytes) return false;
  const uint8_t type = data[header];
  return type < 32 && (kErrorTypes >> type & 1u) != 0;
}

}  // namespace

int IcmpErrors::open(const char*& failed_call) {
  failed_call = "socket";
  Descriptor socket(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMP));
  if (!socket.is_open()) return -errno;
  const icmp_filter filter = {~kErrorTypes};
  failed_call = "setsockopt ICMP_FILTER";
  if (::setsockopt(socket.get(), SOL_RAW, ICMP_FILTER, &filter, sizeof filter) != 0) return -errno;
  socket_ = std::move(socket);
  return 0;
}

int IcmpErrors::receive(std::span<Packet> burst) {
  size_t received = 0;
  // As many looks as there are places, whatever is found.
  for (size_t look = 0; look < burst.size(); ++look) {
    Packet& packet = burst[received];
    const ssize_t got = ::recv(socket_.get(), packet.data, kMostErrorBytes, MSG_TRUNC);
    if (got < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || received != 0) break;
      return -errno;
    }
    const auto length = static_cast<size_t>(got);
    if (length < kIpv4Bytes || length > kMostErrorBytes || !is_error(packet.data, length)) continue;
    packet.length = static_cast<uint32_t>(length);
    packet.vnet() = {};
    ++received;
  }
  return static_cast<int>(received);
}

}  // namespace uipvs
