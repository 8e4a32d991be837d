// Which copies of packets the kernel puts into a ring: a program of the classic packet filter.
//
// Theory of operation: a host may carry much that is not ours, and each copy that the worker only throws away costs 5 us.
// A packet may be ours if it is for this host, IPv4 or IPv6, and to one of some networks or from one of some others; of
// IPv4 also TCP, UDP or SCTP. (Of IPv6 the protocol may be behind a chain of headers that the program does not walk.)
// The networks are few, as the host's plumbing merges addresses; what passes is looked at in full by the pipeline.
// Source: Documentation/networking/filter.rst; packet_rcv() and tpacket_rcv(): offset 0 is the Ethernet header.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <span>
#include <vector>

#include "core/tuple.h"

namespace uipvs {

struct Network {
  Family family = Family::ipv4;
  Address address;  // bits behind the prefix are 0
  uint32_t prefix_length = 0;
};

class WireFilter {
 public:
  // Everything passes.
  WireFilter() = default;
  // Everything passes too where the program would be longer than the kernel allows.
  WireFilter(std::span<const Network> destinations, std::span<const Network> sources);

  // Puts it in the place of the filter before. One that the kernel has no memory for is replaced by none.
  void attach(int socket) const;

 private:
  std::vector<sock_filter> program_;
};

}  // namespace uipvs
