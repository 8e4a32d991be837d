// Which copies of packets the kernel puts into a ring: a program of the classic packet filter.
//
// Theory of operation: a host may carry much that is not ours, and each copy that the worker only throws away costs 5 us.
// A packet may be ours if it is for this host, without the tag of a VLAN, of a protocol that is taken, and to one of some
// networks or from one of some others. The networks are few, as the host's plumbing merges addresses; what passes is
// looked at in full by the pipeline.
//
// The protocols are more than a saving. A super-packet that the offload metadata cannot describe, of SCTP or, before Linux
// 6.2, of UDP, is not only lost to the ring: the kernel keeps the frame that it was to be put into, and fills none from
// then on. Programs on the same host send such (UDP_SEGMENT; SCTP by itself). So no filter is without them.
// Source: Documentation/networking/filter.rst; packet_rcv() and tpacket_rcv(): offset 0 is the Ethernet header;
// include/linux/virtio_net.h, virtio_net_hdr_from_skb().
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <span>
#include <vector>

#include "core/capture.h"
#include "core/tuple.h"

namespace uipvs {

struct Network {
  Family family = Family::ipv4;
  Address address;  // bits behind the prefix are 0
  uint32_t prefix_length = 0;
};

class WireFilter {
 public:
  // Of these protocols everything passes.
  explicit WireFilter(OnWire protocols);
  // Everything passes too where the program would be longer than the kernel allows, or is more than it has memory for.
  WireFilter(OnWire protocols, std::span<const Network> destinations, std::span<const Network> sources);

  // Puts it in the place of the filter before; false where the kernel takes none.
  bool attach(int socket) const;

 private:
  std::vector<sock_filter> of_networks_;  // empty: there is none
  std::vector<sock_filter> any_address_;
};

}  // namespace uipvs
