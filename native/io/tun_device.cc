#include "io/tun_device.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include <array>
#include <cerrno>
#include <cstring>

#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

namespace uipvs {
namespace {

// Implementation: a super-packet is written while the second-level cache still holds it; small packets never reach this.
constexpr size_t kBurstBytes = 32 * 1024;

// What a device is opened as, by which a packet is preceded by a VnetHeader and nothing else.
constexpr int kFlags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;

int flags_of(bool has_queues) { return kFlags | (has_queues ? IFF_MULTI_QUEUE : 0); }

// Best first. USO needs Linux 6.2; TSO and checksum offload any kernel since 2.6.27.
constexpr std::array<uint32_t, 4> kOffloadChoices = {
    TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN | TUN_F_USO4 | TUN_F_USO6,
    TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN,
    TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6,
    TUN_F_CSUM,
};

}  // namespace

int TunDevice::open(const std::string& name, bool has_queues, const char*& failed_call) {
  if (name.empty() || name.size() >= IFNAMSIZ) {
    failed_call = "name";
    return -EINVAL;
  }
  failed_call = "open /dev/net/tun";
  Descriptor device(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!device.is_open()) return -errno;

  ifreq request{};
  std::memcpy(request.ifr_name, name.c_str(), name.size());
  request.ifr_flags = static_cast<short>(flags_of(has_queues));
  failed_call = "TUNSETIFF";
  if (::ioctl(device.get(), TUNSETIFF, &request) != 0) return -errno;
  return prepare(std::move(device), failed_call);
}

bool TunDevice::take(int descriptor, const std::string& name, bool has_queues) {
  Descriptor device(descriptor);
  ifreq request{};
  // EBADFD where the interface has gone.
  if (::ioctl(descriptor, TUNGETIFF, &request) != 0 || name != request.ifr_name) return false;
  if ((request.ifr_flags & (kFlags | IFF_MULTI_QUEUE)) != flags_of(has_queues)) return false;
  const int status = ::fcntl(descriptor, F_GETFL);
  if (status < 0 || ::fcntl(descriptor, F_SETFL, status | O_NONBLOCK) != 0) return false;
  if (::fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0) return false;
  const char* failed_call = "";
  return prepare(std::move(device), failed_call) == 0;
}

int TunDevice::prepare(Descriptor device, const char*& failed_call) {
  int header_bytes = sizeof(VnetHeader);
  failed_call = "TUNSETVNETHDRSZ";
  if (::ioctl(device.get(), TUNSETVNETHDRSZ, &header_bytes) != 0) return -errno;

  offloads_ = 0;
  for (const uint32_t choice : kOffloadChoices) {
    if (::ioctl(device.get(), TUNSETOFFLOAD, static_cast<unsigned long>(choice)) == 0) {
      offloads_ = choice;
      break;
    }
  }
  descriptor_ = std::move(device);
  return 0;
}

bool TunDevice::is_kept() const {
  ifreq request{};
  return ::ioctl(descriptor_.get(), TUNGETIFF, &request) == 0 && (request.ifr_flags & IFF_PERSIST) != 0;
}

int TunDevice::keep(bool is_kept) const {
  return ::ioctl(descriptor_.get(), TUNSETPERSIST, is_kept ? 1 : 0) == 0 ? 0 : -errno;
}

uint32_t TunDevice::interface_index() const {
  ifreq request{};
  if (::ioctl(descriptor_.get(), TUNGETIFF, &request) != 0) return 0;
  return ::if_nametoindex(request.ifr_name);
}

int TunDevice::receive(std::span<Packet> burst) {
  size_t received = 0;
  size_t bytes = 0;
  while (received < burst.size() && bytes < kBurstBytes) {
    Packet& packet = burst[received];
    uint8_t* const start = packet.data - sizeof(VnetHeader);
    const ssize_t got = ::read(descriptor_.get(), start, sizeof(VnetHeader) + packet.capacity);
    if (got < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || received != 0) break;
      return -errno;
    }
    if (static_cast<size_t>(got) < sizeof(VnetHeader)) return received != 0 ? static_cast<int>(received) : -EIO;
    packet.length = static_cast<uint32_t>(static_cast<size_t>(got) - sizeof(VnetHeader));
    bytes += packet.length;
    ++received;
  }
  return static_cast<int>(received);
}

void TunDevice::send(std::span<Packet* const> burst, WorkerCounters& counters) {
  for (Packet* const packet : burst) {
    const uint8_t* const start = packet->data - sizeof(VnetHeader);
    ssize_t sent;
    do {
      sent = ::write(descriptor_.get(), start, sizeof(VnetHeader) + packet->length);
    } while (sent < 0 && errno == EINTR);
    if (sent >= 0) {
      counters.add(Counter::transmitted_packets);
    } else if (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM) {
      counters.add(Counter::drop_transmit_again);
    } else {
      counters.add(Counter::drop_transmit_refused);
    }
  }
}

}  // namespace uipvs
