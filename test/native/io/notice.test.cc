#include "io/notice.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "io/descriptor.h"
#include "support/random.h"

namespace uipvs::test {
namespace {

// A service manager's socket, of the abstract namespace.
class Manager {
 public:
  Manager() : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    path_ = "@uipvs-notice-" + std::to_string(test_seed()) + "-" + std::to_string(::getpid());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, path_.data() + 1, path_.size() - 1);
    const auto bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path_.size());
    REQUIRE(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), bytes) == 0);
  }

  const std::string& path() const { return path_; }

  std::string receive(std::vector<Descriptor>& descriptors) {
    std::array<char, 256> text;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(16 * sizeof(int))> control;
    iovec part = {text.data(), text.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t got = ::recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC);
    REQUIRE(got >= 0);
    for (cmsghdr* each = CMSG_FIRSTHDR(&message); each != nullptr; each = CMSG_NXTHDR(&message, each)) {
      std::array<int, 16> numbers;
      const size_t bytes = each->cmsg_len - CMSG_LEN(0);
      std::memcpy(numbers.data(), CMSG_DATA(each), bytes);
      for (size_t i = 0; i < bytes / sizeof(int); ++i) descriptors.emplace_back(numbers[i]);
    }
    return {text.data(), static_cast<size_t>(got)};
  }

 private:
  Descriptor socket_;
  std::string path_;
};

}  // namespace

TEST_CASE("notice: text and descriptors come as they are, and what the descriptors name is shared") {
  Manager manager;
  std::array<int, 2> ends;
  REQUIRE(::pipe(ends.data()) == 0);
  const Descriptor reading(ends[0]), writing(ends[1]);
  REQUIRE(send_notice(manager.path(), "FDSTORE=1\nFDNAME=uipvs0", ends) == 0);
  std::vector<Descriptor> got;
  CHECK(manager.receive(got) == "FDSTORE=1\nFDNAME=uipvs0");
  REQUIRE(got.size() == 2);
  REQUIRE(::write(got[1].get(), "x", 1) == 1);
  char byte = 0;
  REQUIRE(::read(reading.get(), &byte, 1) == 1);
  CHECK(byte == 'x');
}

TEST_CASE("notice: one without descriptors has none") {
  Manager manager;
  REQUIRE(send_notice(manager.path(), "FDSTOREREMOVE=1\nFDNAME=uipvs0", {}) == 0);
  std::vector<Descriptor> got;
  CHECK(manager.receive(got) == "FDSTOREREMOVE=1\nFDNAME=uipvs0");
  CHECK(got.empty());
}

TEST_CASE("notice: one that cannot be sent is an error, never a wait") {
  CHECK(send_notice("", "x", {}) == -EINVAL);
  CHECK(send_notice(std::string(200, 'a'), "x", {}) == -EINVAL);
  CHECK(send_notice("@nobody-listens-here", "x", {}) == -ECONNREFUSED);
  CHECK(send_notice("/nonexistent/notify", "x", {}) == -ENOENT);
  CHECK(send_notice("@uipvs", "x", std::vector<int>(kMostNoticeDescriptors + 1, 0)) == -E2BIG);
  Manager manager;
  int error = 0;
  for (int i = 0; i < 100000 && error == 0; ++i) error = send_notice(manager.path(), "x", {});
  CHECK(error == -EAGAIN);
}

}  // namespace uipvs::test
