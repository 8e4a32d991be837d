// ICMP errors that come to addresses of the host, as a receiver of copies.
//
// Theory of operation: routing tells ICMP errors not from pings, nor in IPv6 from neighbour discovery, and these must stay with
// the kernel, so that all ICMP to addresses of the host does (rule 40, src/host/README.md). A raw socket gets a copy of each
// such packet whose type its filter lets pass; what the kernel does with it, path MTU of its own connections above all, goes
// on as if nobody listened. IPv4's comes with its header; of IPv6 see icmp6_errors.h.
// Source: net/ipv4/raw.c, raw_local_deliver(); raw(7).
#pragma once

#include "io/descriptor.h"
#include "io/packet_io.h"

namespace uipvs {

class IcmpErrors final : public Receiver {
 public:
  // 0 or -errno: -EPERM without CAP_NET_RAW; `failed_call` then names the system call.
  int open(const char*& failed_call);

  // Gives whole packets only: destination unreachable, source quench and time exceeded, none longer than 1280 bytes. Nobody has
  // verified their checksums.
  int receive(std::span<Packet> burst) override;
  int descriptor() const override { return socket_.get(); }

 private:
  Descriptor socket_;
};

}  // namespace uipvs
