// Sends packets straight to their next hop, past the kernel's IP stack, and by the TUN device what cannot go so.
//
// Theory of operation: a packet that is written to a TUN device goes through the kernel's receive path and its routing
// again, a system call each. Here a burst leaves in one sendmmsg() on a packet socket, with the Ethernet header that
// NextHops knows and the same offload metadata, shifted by that header. What a router does to a packet is done here: the
// hop limit is less by one, and what is too long for the way, or has no hop left, is given to the kernel, which answers;
// and what has options for routers, which the kernel treats. So is what has no known next hop (see NextHops). Packets of a connection stay in order: what waits for sendmmsg() is
// sent before anything is given to the kernel.
//
// Past the kernel also means past netfilter's forward and postrouting chains and past IPsec policies.
// Source: packet(7); net/packet/af_packet.c, packet_snd(); RFC 1812 section 5.3.1; RFC 8200 section 3.
#pragma once

#include <linux/if_packet.h>
#include <sys/socket.h>

#include <array>

#include "io/descriptor.h"
#include "io/next_hops.h"
#include "io/packet_io.h"

namespace uipvs {

class RawTransmitter final : public Transmitter {
 public:
  // `kernel` takes what cannot be sent past it, and outlives this.
  explicit RawTransmitter(Transmitter& kernel) : kernel_(kernel) {}

  // `tun_interface`: index of the device behind `kernel`. 0 or -errno; `failed_call` then names the system call.
  int open(uint32_t tun_interface, const char*& failed_call);

  void send(std::span<Packet* const> burst, WorkerCounters& counters) override;
  void follow(Tick now) override { next_hops_.follow(now); }
  int descriptor() const override { return next_hops_.descriptor(); }

 private:
  static constexpr size_t kMost = 64;  // frames in one system call
  static constexpr size_t kEthernetBytes = 14;

  // What goes before the IP packet.
  struct Prefix {
    VnetHeader vnet;
    uint8_t ethernet[kEthernetBytes];
  };
  static_assert(sizeof(Prefix) == sizeof(VnetHeader) + kEthernetBytes);

  bool enqueue(Packet& packet);
  void flush(WorkerCounters& counters);

  Transmitter& kernel_;
  NextHops next_hops_;
  Descriptor socket_;
  size_t queued_ = 0;
  std::array<Packet*, kMost> packets_{};
  std::array<Prefix, kMost> prefixes_{};
  std::array<sockaddr_ll, kMost> addresses_{};
  std::array<std::array<iovec, 2>, kMost> vectors_{};
  std::array<mmsghdr, kMost> messages_{};
};

}  // namespace uipvs
