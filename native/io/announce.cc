#include "io/announce.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>

#include "core/bytes.h"
#include "core/checksum.h"
#include "io/descriptor.h"

namespace uipvs {
namespace {

// Specification. Ethernet: RFC 894, RFC 2464 section 7; ARP: RFC 826; neighbour advertisement: RFC 4861 section 4.4.
constexpr size_t kEthernetBytes = 14;
constexpr size_t kIpv6Bytes = 40;
constexpr size_t kAdvertisementBytes = 32;
constexpr size_t kArpAddressesOffset = kEthernetBytes + 8;
constexpr uint16_t kArpEthernet = 1;
constexpr uint8_t kAdvertisementType = 136;
constexpr uint8_t kOverrideFlag = 0x20;
constexpr uint8_t kTargetLinkLayerOption = 2;
constexpr uint8_t kDiscoveryHopLimit = 255;
constexpr MacAddress kBroadcast = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
constexpr MacAddress kAllNodes = {0x33, 0x33, 0, 0, 0, 1};

uint8_t* put(uint8_t* to, const MacAddress& mac) { return std::copy(mac.begin(), mac.end(), to); }

void put_ethernet(uint8_t* frame, const MacAddress& to, const MacAddress& from, uint16_t type) {
  store_be16(put(put(frame, to), from), type);
}

void put_ipv6(uint8_t* to, const Address& address) {
  for (size_t i = 0; i < 4; ++i) store_be32(to + 4 * i, address.words[i]);
}

int send_frame(const Descriptor& socket, int interface_index, std::span<const uint8_t> frame) {
  sockaddr_ll to{};
  to.sll_family = AF_PACKET;
  to.sll_ifindex = interface_index;
  to.sll_protocol = htons(load_be16(frame.data() + 12));
  ssize_t sent;
  do {
    sent = ::sendto(socket.get(), frame.data(), frame.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? -errno : 0;
}

}  // namespace

std::array<uint8_t, kGratuitousArpBytes> gratuitous_arp(ArpForm form, const Address& address, const MacAddress& mac) {
  std::array<uint8_t, kGratuitousArpBytes> frame{};
  put_ethernet(frame.data(), kBroadcast, mac, ETHERTYPE_ARP);
  uint8_t* const arp = frame.data() + kEthernetBytes;
  store_be16(arp, kArpEthernet);
  store_be16(arp + 2, ETHERTYPE_IP);
  arp[4] = sizeof(MacAddress);
  arp[5] = sizeof(uint32_t);
  store_be16(arp + 6, static_cast<uint16_t>(form));
  uint8_t* const sender = frame.data() + kArpAddressesOffset;
  store_be32(put(sender, mac), address.words[0]);
  uint8_t* const target = sender + sizeof(MacAddress) + sizeof(uint32_t);
  // A reply names the sender there too, or Linux does not take it for gratuitous. Source: net/ipv4/arp.c arp_is_garp().
  if (form == ArpForm::reply) put(target, mac);
  store_be32(target + sizeof(MacAddress), address.words[0]);
  return frame;
}

std::array<uint8_t, kNeighbourAdvertisementBytes> neighbour_advertisement(const Address& address,
                                                                          const MacAddress& mac) {
  std::array<uint8_t, kNeighbourAdvertisementBytes> frame{};
  put_ethernet(frame.data(), kAllNodes, mac, ETHERTYPE_IPV6);
  uint8_t* const ipv6 = frame.data() + kEthernetBytes;
  ipv6[0] = 6 << 4;
  store_be16(ipv6 + 4, kAdvertisementBytes);
  ipv6[6] = kProtocolIcmp6;
  ipv6[7] = kDiscoveryHopLimit;
  put_ipv6(ipv6 + 8, address);
  put_ipv6(ipv6 + 24, Address{{0xff020000, 0, 0, 1}});
  uint8_t* const advertisement = ipv6 + kIpv6Bytes;
  advertisement[0] = kAdvertisementType;
  advertisement[4] = kOverrideFlag;
  put_ipv6(advertisement + 8, address);
  advertisement[24] = kTargetLinkLayerOption;
  advertisement[25] = 1;
  put(advertisement + 26, mac);
  const ChecksumSum pseudo_header = checksum_sum(ipv6 + 8, 32) + kAdvertisementBytes + kProtocolIcmp6;
  const ChecksumSum sum = pseudo_header + checksum_sum(advertisement, kAdvertisementBytes);
  store_be16(advertisement + 2, static_cast<uint16_t>(~checksum_fold(sum)));
  return frame;
}

int announce(int interface_index, Family family, const Address& address, const MacAddress& mac) {
  // Protocol 0: the socket receives nothing.
  const Descriptor socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return -errno;
  if (family == Family::ipv6) return send_frame(socket, interface_index, neighbour_advertisement(address, mac));
  const int refused = send_frame(socket, interface_index, gratuitous_arp(ArpForm::request, address, mac));
  if (refused != 0) return refused;
  return send_frame(socket, interface_index, gratuitous_arp(ArpForm::reply, address, mac));
}

int announce_on(const char* interface_name, Family family, const Address& address) {
  const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return -errno;
  ifreq request{};
  const size_t length = std::strlen(interface_name);
  if (length == 0 || length >= sizeof request.ifr_name) return -ENODEV;
  std::memcpy(request.ifr_name, interface_name, length);
  if (::ioctl(socket.get(), SIOCGIFHWADDR, &request) != 0) return -errno;
  if (request.ifr_hwaddr.sa_family != ARPHRD_ETHER) return -EAFNOSUPPORT;
  MacAddress mac;
  std::memcpy(mac.data(), request.ifr_hwaddr.sa_data, mac.size());
  if (::ioctl(socket.get(), SIOCGIFINDEX, &request) != 0) return -errno;
  return announce(request.ifr_ifindex, family, address, mac);
}

}  // namespace uipvs
