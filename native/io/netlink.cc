#include "io/netlink.h"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "io/route_messages.h"

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
    for_each_message({buffer_.data(), static_cast<size_t>(got)}, visit);
  }
}

}  // namespace uipvs
