#include "io/packet_ring.h"

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace uipvs {
namespace {

constexpr size_t kEthernetBytes = 14;
// Before the IP header: Ethernet's and the offload metadata. The kernel puts the IP header behind a multiple of 16 bytes,
// this reserve and the metadata: with both together 16 bytes long it is aligned.
constexpr uint32_t kReserveBytes = TPACKET_ALIGNMENT - sizeof(VnetHeader);
// Implementation: super-packets that wait in the queue beside the ring.
constexpr int kReceiveBufferBytes = 8 << 20;
// Implementation: a super-packet is sent while the second-level cache still holds it.
constexpr size_t kBurstBytes = 64 * 1024;

std::atomic_ref<uint32_t> status_of(uint8_t* frame) {
  return std::atomic_ref<uint32_t>(reinterpret_cast<tpacket2_hdr*>(frame)->tp_status);
}

// A tag of VLAN 0 has a priority only: the packet is the device's own. Source: IEEE 802.1Q; net/core/dev.c.
bool is_of_vlan(const tpacket2_hdr& header) {
  constexpr uint16_t kVlanIdMask = 0xfff;
  return (header.tp_status & TP_STATUS_VLAN_VALID) != 0 && (header.tp_vlan_tci & kVlanIdMask) != 0;
}

bool is_ip(const sockaddr_ll& from) {
  const bool is_for_host = from.sll_pkttype == PACKET_HOST;
  return is_for_host && (from.sll_protocol == htons(ETHERTYPE_IP) || from.sll_protocol == htons(ETHERTYPE_IPV6));
}

// The metadata counts from the Ethernet header, the pipeline from the IP header.
void shift_metadata(VnetHeader& vnet) {
  if ((vnet.flags & kVnetNeedsChecksum) != 0) {
    vnet.checksum_start = static_cast<uint16_t>(vnet.checksum_start - kEthernetBytes);
  }
  vnet.header_length =
      static_cast<uint16_t>(vnet.header_length < kEthernetBytes ? 0 : vnet.header_length - kEthernetBytes);
}

int set_option(const Descriptor& socket, int level, int option, int value) {
  return ::setsockopt(socket.get(), level, option, &value, sizeof value) == 0 ? 0 : -errno;
}

}  // namespace

PacketRing::~PacketRing() {
  if (ring_ != nullptr) ::munmap(ring_, static_cast<size_t>(kFrames) * kFrameBytes);
}

int PacketRing::open(uint32_t interface, const Options& options, const WireFilter& filter, const char*& failed_call) {
  failed_call = "socket";
  // Protocol 0: nothing comes before it is bound. With ETH_P_ALL it then sees packets before any filter at the ingress.
  Descriptor socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.is_open()) return -errno;
  struct {
    const char* name;
    int level;
    int option;
    int value;
  } const settings[] = {
      {"setsockopt PACKET_VERSION", SOL_PACKET, PACKET_VERSION, TPACKET_V2},
      {"setsockopt PACKET_VNET_HDR", SOL_PACKET, PACKET_VNET_HDR, 1},
      {"setsockopt PACKET_IGNORE_OUTGOING", SOL_PACKET, PACKET_IGNORE_OUTGOING, 1},
      {"setsockopt PACKET_RESERVE", SOL_PACKET, PACKET_RESERVE, kReserveBytes},
      {"setsockopt PACKET_COPY_THRESH", SOL_PACKET, PACKET_COPY_THRESH, 1},
      {"setsockopt SO_RCVBUFFORCE", SOL_SOCKET, SO_RCVBUFFORCE, kReceiveBufferBytes},
  };
  for (const auto& [name, level, option, value] : settings) {
    failed_call = name;
    const int error = set_option(socket, level, option, value);
    if (error != 0) return error;
  }
  tpacket_req request{};
  request.tp_block_size = kBlockBytes;
  request.tp_frame_size = kFrameBytes;
  request.tp_frame_nr = kFrames;
  request.tp_block_nr = kFrames * kFrameBytes / kBlockBytes;
  failed_call = "setsockopt PACKET_RX_RING";
  if (::setsockopt(socket.get(), SOL_PACKET, PACKET_RX_RING, &request, sizeof request) != 0) return -errno;
  failed_call = "mmap";
  void* const ring =
      ::mmap(nullptr, static_cast<size_t>(kFrames) * kFrameBytes, PROT_READ | PROT_WRITE, MAP_SHARED, socket.get(), 0);
  if (ring == MAP_FAILED) return -errno;
  ring_ = static_cast<uint8_t*>(ring);
  failed_call = "setsockopt SO_ATTACH_FILTER";
  if (!filter.attach(socket.get())) return -errno;
  sockaddr_ll own{};
  own.sll_family = AF_PACKET;
  own.sll_protocol = htons(ETH_P_ALL);
  own.sll_ifindex = static_cast<int>(interface);
  failed_call = "bind";
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0) return -errno;
  socklen_t length = sizeof own;
  failed_call = "getsockname";
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&own), &length) != 0) return -errno;
  failed_call = "hardware type";
  if (own.sll_hatype != ARPHRD_ETHER) return -EOPNOTSUPP;
  failed_call = "setsockopt PACKET_FANOUT";
  const int error = options.is_shared ? share(socket, options.other) : 0;
  if (error != 0) return error;
  interface_ = interface;
  socket_ = std::move(socket);
  return 0;
}

// Source: packet(7), PACKET_FANOUT; the group has a number that the kernel finds.
int PacketRing::share(const Descriptor& socket, const PacketRing* other) {
  constexpr int kByFlow = PACKET_FANOUT_HASH << 16;
  int group = kByFlow | PACKET_FANOUT_FLAG_UNIQUEID << 16;
  if (other != nullptr) {
    socklen_t length = sizeof group;
    if (::getsockopt(other->socket_.get(), SOL_PACKET, PACKET_FANOUT, &group, &length) != 0) return -errno;
    group = kByFlow | (group & 0xffff);
  }
  return set_option(socket, SOL_PACKET, PACKET_FANOUT, group);
}

void PacketRing::give_back() {
  for (; given_ != next_; given_ = (given_ + 1) % kFrames) {
    status_of(frame(given_)).store(TP_STATUS_KERNEL, std::memory_order_release);
  }
}

int PacketRing::receive(std::span<Packet> burst) {
  give_back();
  size_t received = 0;
  size_t bytes = 0;
  // Frames that hold nothing of ours count too: the ring goes back to the kernel in pieces.
  for (uint32_t looked_at = 0; received < burst.size() && bytes < kBurstBytes && looked_at < kFrames / 4; ++looked_at) {
    uint8_t* const at = frame(next_);
    if ((status_of(at).load(std::memory_order_acquire) & TP_STATUS_USER) == 0) break;
    next_ = (next_ + 1) % kFrames;
    if (take(at, burst[received]) != Taken::packet) continue;
    bytes += burst[received].length;
    ++received;
  }
  return static_cast<int>(received);
}

PacketRing::Taken PacketRing::take(uint8_t* frame, Packet& packet) {
  const auto& header = *reinterpret_cast<const tpacket2_hdr*>(frame);
  const auto& from = *reinterpret_cast<const sockaddr_ll*>(frame + TPACKET_ALIGN(sizeof header));
  const bool is_wanted = is_ip(from) && !is_of_vlan(header);
  if ((header.tp_status & TP_STATUS_LOSING) != 0) is_losing_ = true;
  if ((header.tp_status & TP_STATUS_COPY) != 0) {
    // It is taken from the queue whether it is wanted or not, to stay in step.
    const Taken taken = take_long(packet);
    return is_wanted ? taken : Taken::nothing;
  }
  if (!is_wanted || header.tp_len <= kEthernetBytes) return Taken::nothing;
  if (header.tp_snaplen != header.tp_len) {
    // The queue beside the ring is full, which the kernel does not count.
    ++lost_;
    return Taken::nothing;
  }
  packet.data = frame + header.tp_mac + kEthernetBytes;
  packet.length = header.tp_len - kEthernetBytes;
  packet.capacity = static_cast<uint32_t>(frame + kFrameBytes - packet.data);
  VnetHeader vnet;
  std::memcpy(&vnet, frame + header.tp_mac - sizeof vnet, sizeof vnet);
  shift_metadata(vnet);
  packet.vnet() = vnet;
  return Taken::packet;
}

PacketRing::Taken PacketRing::take_long(Packet& packet) {
  uint8_t* const start = packet.data - kEthernetBytes - sizeof(VnetHeader);
  ssize_t got;
  do {
    got = ::recv(socket_.get(), start, packet.capacity + kEthernetBytes + sizeof(VnetHeader), 0);
  } while (got < 0 && errno == EINTR);
  if (got <= static_cast<ssize_t>(kEthernetBytes + sizeof(VnetHeader))) return Taken::nothing;
  packet.length = static_cast<uint32_t>(static_cast<size_t>(got) - kEthernetBytes - sizeof(VnetHeader));
  VnetHeader vnet;
  std::memcpy(&vnet, start, sizeof vnet);
  shift_metadata(vnet);
  packet.vnet() = vnet;
  return Taken::packet;
}

uint64_t PacketRing::take_lost() {
  if (is_losing_) {
    is_losing_ = false;
    tpacket_stats statistics{};
    socklen_t length = sizeof statistics;
    // The kernel starts again from 0 when it is asked.
    if (::getsockopt(socket_.get(), SOL_PACKET, PACKET_STATISTICS, &statistics, &length) == 0)
      lost_ += statistics.tp_drops;
  }
  return std::exchange(lost_, 0);
}

}  // namespace uipvs
