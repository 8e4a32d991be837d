// ICMPv6 errors that come to addresses of the host, as a receiver of copies.
//
// Theory of operation: as in icmp_errors.h. The kernel hands out the message without its IPv6 header, reassembled and without
// extension headers; here it gets a plain header again, from the two addresses and the hop limit that come beside it.
// Source: net/ipv6/raw.c, ipv6_raw_deliver() and rawv6_recvmsg(); RFC 3542.
#pragma once

#include "io/descriptor.h"
#include "io/packet_io.h"

namespace uipvs {

class Icmp6Errors final : public Receiver {
 public:
  // 0 or -errno: -EPERM without CAP_NET_RAW, -EAFNOSUPPORT where the host has no IPv6; `failed_call` then names the system
  // call.
  int open(const char*& failed_call);

  // Gives only errors of the four types that there are, none longer than an error may be. The kernel has verified their
  // checksums; whoever takes a packet is free to do so again, since it is whole.
  int receive(std::span<Packet> burst) override;
  int descriptor() const override { return socket_.get(); }

 private:
  Descriptor socket_;
};

}  // namespace uipvs
