#include "io/raw_transmitter.h"

#include <arpa/inet.h>
#include <net/ethernet.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/bytes.h"
#include "core/checksum.h"

namespace uipvs {
namespace {

// Specification: RFC 791, RFC 8200 section 3.
constexpr size_t kIpv4Bytes = 20;
constexpr size_t kIpv4HopLimit = 8;
constexpr size_t kIpv4Checksum = 10;
constexpr size_t kIpv4Source = 12;
constexpr size_t kIpv6Bytes = 40;
constexpr size_t kIpv6NextHeader = 6;
constexpr size_t kIpv6HopLimit = 7;
constexpr size_t kIpv6Source = 8;
// Implementation: bytes that may be on their way before the interface has sent them.
constexpr int kSendBufferBytes = 16 << 20;

struct Way {
  Family family;
  bool has_options;  // that every router treats
  uint8_t hop_limit;
  Address source;
  Address destination;
};

bool read_way(const Packet& packet, Way& way) {
  const uint8_t* const data = packet.data;
  if (packet.length < kIpv4Bytes) return false;
  if (data[0] >> 4 == 4) {
    way.family = Family::ipv4;
    way.has_options = (data[0] & 0x0f) * 4u != kIpv4Bytes;
    way.hop_limit = data[kIpv4HopLimit];
    way.source.words[0] = load_be32(data + kIpv4Source);
    way.destination.words[0] = load_be32(data + kIpv4Source + 4);
    return true;
  }
  if (data[0] >> 4 != 6 || packet.length < kIpv6Bytes) return false;
  way.family = Family::ipv6;
  way.has_options = data[kIpv6NextHeader] == kProtocolHopByHop;
  way.hop_limit = data[kIpv6HopLimit];
  for (size_t i = 0; i < 4; ++i) way.source.words[i] = load_be32(data + kIpv6Source + 4 * i);
  for (size_t i = 0; i < 4; ++i) way.destination.words[i] = load_be32(data + kIpv6Source + 16 + 4 * i);
  return true;
}

void set_hop_limit(Packet& packet, const Way& way, uint8_t hop_limit) {
  if (way.family == Family::ipv6) {
    packet.data[kIpv6HopLimit] = hop_limit;
    return;
  }
  uint8_t* const data = packet.data;
  const uint16_t before = load_be16(data + kIpv4HopLimit);
  data[kIpv4HopLimit] = hop_limit;
  const ChecksumSum delta = checksum_delta16(before, load_be16(data + kIpv4HopLimit));
  store_be16(data + kIpv4Checksum, checksum_update(load_be16(data + kIpv4Checksum), delta));
}

// Bytes of the longest packet that the wire will see.
uint32_t largest_on_wire(const Packet& packet) {
  const VnetHeader& vnet = packet.vnet();
  if (vnet.gso_type == kVnetGsoNone) return packet.length;
  return std::min<uint32_t>(packet.length, static_cast<uint32_t>(vnet.header_length) + vnet.gso_size);
}

}  // namespace

int RawTransmitter::open(uint32_t tun_interface, const char*& failed_call) {
  failed_call = "socket";
  // Protocol 0: it receives nothing.
  Descriptor socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.is_open()) return -errno;
  const int on = 1;
  failed_call = "setsockopt PACKET_VNET_HDR";
  if (::setsockopt(socket.get(), SOL_PACKET, PACKET_VNET_HDR, &on, sizeof on) != 0) return -errno;
  failed_call = "setsockopt SO_SNDBUFFORCE";
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_SNDBUFFORCE, &kSendBufferBytes, sizeof kSendBufferBytes) != 0) {
    return -errno;
  }
  failed_call = "netlink";
  const int error = next_hops_.open(tun_interface);
  if (error != 0) return error;
  for (size_t i = 0; i < kMost; ++i) {
    vectors_[i][0] = {&prefixes_[i], sizeof(Prefix)};
    addresses_[i].sll_family = AF_PACKET;
    addresses_[i].sll_halen = ETH_ALEN;
    msghdr& header = messages_[i].msg_hdr;
    header.msg_name = &addresses_[i];
    header.msg_namelen = sizeof addresses_[i];
    header.msg_iov = vectors_[i].data();
    header.msg_iovlen = vectors_[i].size();
  }
  socket_ = std::move(socket);
  return 0;
}

bool RawTransmitter::enqueue(Packet& packet) {
  Way way{};
  if (!read_way(packet, way) || way.hop_limit <= 1 || way.has_options) return false;
  const NextHop* const hop = next_hops_.find(way.family, way.source, way.destination);
  if (hop == nullptr || largest_on_wire(packet) > hop->mtu_bytes) return false;
  set_hop_limit(packet, way, static_cast<uint8_t>(way.hop_limit - 1));

  Prefix& prefix = prefixes_[queued_];
  prefix.vnet = packet.vnet();
  if ((prefix.vnet.flags & kVnetNeedsChecksum) != 0) {
    prefix.vnet.checksum_start = static_cast<uint16_t>(prefix.vnet.checksum_start + kEthernetBytes);
  }
  if (prefix.vnet.gso_type != kVnetGsoNone) {
    prefix.vnet.header_length = static_cast<uint16_t>(prefix.vnet.header_length + kEthernetBytes);
  } else {
    prefix.vnet.header_length = 0;
  }
  const uint16_t type = way.family == Family::ipv4 ? ETHERTYPE_IP : ETHERTYPE_IPV6;
  std::copy(hop->destination.begin(), hop->destination.end(), prefix.ethernet);
  std::copy(hop->source.begin(), hop->source.end(), prefix.ethernet + ETH_ALEN);
  store_be16(prefix.ethernet + 2 * ETH_ALEN, type);
  addresses_[queued_].sll_ifindex = static_cast<int>(hop->interface);
  addresses_[queued_].sll_protocol = htons(type);
  std::memcpy(addresses_[queued_].sll_addr, hop->destination.data(), ETH_ALEN);
  vectors_[queued_][1] = {packet.data, packet.length};
  packets_[queued_++] = &packet;
  return true;
}

void RawTransmitter::send(std::span<Packet* const> burst, WorkerCounters& counters) {
  next_hops_.begin_burst();
  for (Packet* const packet : burst) {
    if (queued_ == kMost) flush(counters);
    if (enqueue(*packet)) continue;
    flush(counters);
    kernel_.send({&packet, 1}, counters);
  }
  flush(counters);
}

void RawTransmitter::flush(WorkerCounters& counters) {
  size_t done = 0;
  while (done < queued_) {
    const int sent = ::sendmmsg(socket_.get(), messages_.data() + done, static_cast<unsigned>(queued_ - done), 0);
    if (sent > 0) {
      counters.add(Counter::transmitted_packets, static_cast<uint64_t>(sent));
      counters.add(Counter::transmitted_raw, static_cast<uint64_t>(sent));
      done += static_cast<size_t>(sent);
      continue;
    }
    if (errno == EINTR) continue;
    Packet* const packet = packets_[done++];
    if (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM) {
      counters.add(Counter::drop_transmit_again);
      continue;
    }
    // The interface is down, gone or other than it was a moment ago: the kernel knows what to do.
    Way way{};
    if (!read_way(*packet, way)) continue;
    set_hop_limit(*packet, way, static_cast<uint8_t>(way.hop_limit + 1));
    kernel_.send({&packet, 1}, counters);
  }
  queued_ = 0;
}

}  // namespace uipvs
