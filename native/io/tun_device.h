// A TUN device as receiver and transmitter.
//
// Theory of operation: the kernel routes packets for VIPs and from real servers to the device; read() gives one, write()
// puts one back on the kernel's receive path. With IFF_VNET_HDR and offloads each read may be a super-packet of up to
// 64 KB with a partial checksum, which passes unsplit. One packet a system call is all that TUN offers, so the only
// batching is the super-packet. Source: drivers/net/tun.c.
#pragma once

#include <cstdint>
#include <string>

#include "io/descriptor.h"
#include "io/packet_io.h"

namespace uipvs {

class TunDevice final : public Receiver, public Transmitter {
 public:
  // Makes the device `name` (at most 15 characters) with the best offloads the kernel grants, or, with `has_queues`, a
  // further queue of it: then all objects that open it have it. 0 or -errno; `failed_call` then names the system call.
  int open(const std::string& name, bool has_queues, const char*& failed_call);
  // The same by a descriptor of the device that an earlier process opened so, and that somebody has kept open: packets
  // have waited in it. False, and the descriptor is closed, where it is none of that.
  bool take(int descriptor, const std::string& name, bool has_queues);

  // Whether the device stays when nobody has it open: then packets for it are dropped without a word, and routes stay.
  bool is_kept() const;
  // 0 or -errno.
  int keep(bool is_kept) const;

  // Of the interface; 0 where it has gone.
  uint32_t interface_index() const;

  // TUN_F_* bits in force.
  uint32_t offloads() const { return offloads_; }

  int receive(std::span<Packet> burst) override;
  int descriptor() const override { return descriptor_.get(); }
  void send(std::span<Packet* const> burst, WorkerCounters& counters) override;

 private:
  int prepare(Descriptor device, const char*& failed_call);

  Descriptor descriptor_;
  uint32_t offloads_ = 0;
};

}  // namespace uipvs
