#include "io/netlink.h"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace uipvs {
namespace {

// Implementation: so many answers of earlier requests are passed over before a request counts as lost.
constexpr int kAnswersPassedOver = 64;

}  // namespace

NetlinkMessage::NetlinkMessage(uint16_t type, uint16_t flags) {
  nlmsghdr header{};
  header.nlmsg_type = type;
  header.nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
  put(&header, sizeof header);
}

void NetlinkMessage::put(const void* data, size_t length) {
  if (length_ + NLMSG_ALIGN(length) > bytes_.size()) return;
  std::memcpy(bytes_.data() + length_, data, length);
  length_ += NLMSG_ALIGN(length);
}

void NetlinkMessage::put_attribute(uint16_t type, const void* data, size_t length) {
  if (length_ + RTA_SPACE(length) > bytes_.size()) return;
  rtattr attribute{};
  attribute.rta_len = static_cast<uint16_t>(RTA_LENGTH(length));
  attribute.rta_type = type;
  put(&attribute, sizeof attribute);
  put(data, length);
}

std::span<const uint8_t> NetlinkMessage::finish(uint32_t sequence) {
  auto& header = *reinterpret_cast<nlmsghdr*>(bytes_.data());
  header.nlmsg_len = static_cast<uint32_t>(length_);
  header.nlmsg_seq = sequence;
  return {bytes_.data(), length_};
}

void for_each_attribute(const nlmsghdr& message, size_t header_bytes,
                        const std::function<void(uint16_t type, std::span<const uint8_t> data)>& visit) {
  const auto* const start = reinterpret_cast<const uint8_t*>(&message);
  size_t at = NLMSG_HDRLEN + NLMSG_ALIGN(header_bytes);
  while (at + sizeof(rtattr) <= message.nlmsg_len) {
    rtattr attribute;
    std::memcpy(&attribute, start + at, sizeof attribute);
    if (attribute.rta_len < sizeof attribute || at + attribute.rta_len > message.nlmsg_len) return;
    visit(static_cast<uint16_t>(attribute.rta_type & NLA_TYPE_MASK),
          {start + at + RTA_LENGTH(0), attribute.rta_len - RTA_LENGTH(0)});
    at += RTA_ALIGN(attribute.rta_len);
  }
}

int Netlink::open(std::span<const uint32_t> groups) {
  Descriptor socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!socket.is_open()) return -errno;
  // Without a number of its own a socket is passed over when the kernel reports: that has number 0 too.
  sockaddr_nl own{};
  own.nl_family = AF_NETLINK;
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0) return -errno;
  for (const uint32_t group : groups) {
    // A kernel that does not know the group has none of what it is for.
    if (::setsockopt(socket.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0 && errno != EINVAL) {
      return -errno;
    }
  }
  socket_ = std::move(socket);
  return 0;
}

int Netlink::send(std::span<const uint8_t> message) {
  ssize_t sent;
  do {
    sent = ::send(socket_.get(), message.data(), message.size(), 0);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? -errno : 0;
}

int Netlink::tell(NetlinkMessage& message) { return send(message.finish(++sequence_)); }

int Netlink::ask(NetlinkMessage& message, const nlmsghdr*& answer) {
  const int error = send(message.finish(++sequence_));
  if (error != 0) return error;
  for (int passed = 0; passed < kAnswersPassedOver;) {
    const ssize_t got = ::recv(socket_.get(), buffer_.data(), buffer_.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < static_cast<ssize_t>(sizeof(nlmsghdr))) return got < 0 ? -errno : -EPROTO;
    const auto& header = *reinterpret_cast<const nlmsghdr*>(buffer_.data());
    if (header.nlmsg_len > static_cast<size_t>(got)) return -EPROTO;
    if (header.nlmsg_seq != sequence_) {
      ++passed;
      continue;
    }
    if (header.nlmsg_type != NLMSG_ERROR) {
      answer = &header;
      return 0;
    }
    if (header.nlmsg_len < NLMSG_LENGTH(sizeof(nlmsgerr))) return -EPROTO;
    const int refusal = reinterpret_cast<const nlmsgerr*>(NLMSG_DATA(&header))->error;
    return refusal == 0 ? -EPROTO : refusal;
  }
  return -EPROTO;
}

bool Netlink::drain(const std::function<void(const nlmsghdr&)>& visit) {
  bool is_complete = true;
  for (;;) {
    const ssize_t got = ::recv(socket_.get(), buffer_.data(), buffer_.size(), 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      if (errno != ENOBUFS) return is_complete;
      is_complete = false;
      continue;
    }
    auto left = static_cast<size_t>(got);
    const uint8_t* at = buffer_.data();
    while (left >= sizeof(nlmsghdr)) {
      const auto& header = *reinterpret_cast<const nlmsghdr*>(at);
      if (header.nlmsg_len < sizeof(nlmsghdr) || header.nlmsg_len > left) break;
      visit(header);
      const size_t step = NLMSG_ALIGN(header.nlmsg_len);
      if (step >= left) break;
      at += step;
      left -= step;
    }
  }
}

}  // namespace uipvs
