// A netlink socket for routing: one request and its answer, or the stream of what changes.
// Source: linux/netlink.h, linux/rtnetlink.h; RFC 3549.
#pragma once

#include <linux/netlink.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "io/descriptor.h"

namespace uipvs {

// A message that is being written. Attributes that do not fit are left out, and the kernel refuses what lacks them.
class NetlinkMessage {
 public:
  NetlinkMessage(uint16_t type, uint16_t flags);

  // The family's header, right behind the message's own.
  template <typename Header>
  void put_header(const Header& header) {
    put(&header, sizeof header);
  }
  void put_attribute(uint16_t type, const void* data, size_t length);

  // To be sent with the number.
  std::span<const uint8_t> finish(uint32_t sequence);

 private:
  void put(const void* data, size_t length);

  alignas(NLMSG_ALIGNTO) std::array<uint8_t, 256> bytes_{};
  size_t length_ = 0;
};

class Netlink {
 public:
  // 0 or -errno. `groups`: RTNLGRP_* to follow; none: for requests.
  int open(std::span<const uint32_t> groups);

  // Sends and takes the kernel's answer, which is there when the call returns. 0 and `answer`, valid until the next
  // call; or -errno, the kernel's among them.
  int ask(NetlinkMessage& message, const nlmsghdr*& answer);

  // Sends what is not answered.
  int tell(NetlinkMessage& message);

  // Visits what has come, without waiting. False where messages were lost.
  bool drain(const std::function<void(const nlmsghdr&)>& visit);

  int descriptor() const { return socket_.get(); }

 private:
  int send(std::span<const uint8_t> message);

  Descriptor socket_;
  uint32_t sequence_ = 0;
  // Implementation: what the kernel sends at most at once, NLMSG_GOODSIZE, is 8 KB.
  alignas(NLMSG_ALIGNTO) std::array<uint8_t, 16384> buffer_;
};

}  // namespace uipvs
