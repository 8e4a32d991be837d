// Theory of operation: messages at a fixed rate over connections that are open before the first, and how long each took
// to come back. Neither end is in a hurry: unlike a sender that polls the clock, this one sleeps between messages, so that
// on a small machine the processors are the director's.
//
//   echo_load --serve PORT [--tcp]
//   echo_load --to ADDRESS --port PORT --flows N --rate N --phases MS,MS,... [--tcp]
//
// One thread sends when it is time, whether or not earlier messages are back: what a director holds up shows in every
// message of that time, not only in one. Another receives. A message belongs to the phase in which it was sent. At the
// beginning of phase N "phase N" is printed, and after all of them one line for each:
//   {"sent": n, "received": n, "p50Us": us, "p99Us": us, "p999Us": us, "maxUs": us}
// A message that is not back a second after the end is lost.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cinttypes>
#include <csignal>
#include <thread>
#include <vector>

#include "arguments.h"
#include "clock.h"

namespace bench {
namespace {

constexpr uint64_t kGraceNs = kNsPerSecond;
constexpr int kEvents = 64;
constexpr int kSocketBytes = 1 << 20;

struct Message {
  uint64_t sent_at_ns;
  uint32_t phase;
  uint32_t number;
  uint8_t filling[16];
};
static_assert(sizeof(Message) == 32);

struct Flow {
  int fd;
  // TCP may bring a message in pieces.
  size_t have = 0;
  Message partial;
};

struct Phase {
  uint64_t length_ns;
  uint64_t sent = 0;
  std::vector<uint64_t> durations_ns;
};

void watch(int epoll, int fd, uint64_t key) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = key;
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl");
}

int open_socket(bool is_tcp) {
  const int fd = ::socket(AF_INET, (is_tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("socket");
  const int yes = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kSocketBytes, sizeof kSocketBytes);
  return fd;
}

void no_delay(int fd) {
  const int yes = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

// Gives back what arrives at `port` until it is killed.
[[noreturn]] void serve(uint16_t port, bool is_tcp) {
  const int fd = open_socket(is_tcp);
  sockaddr_in local{};
  local.sin_family = AF_INET;
  local.sin_port = htons(port);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&local), sizeof local) != 0) fail("bind");
  if (is_tcp && ::listen(fd, 1024) != 0) fail("listen");
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  watch(epoll, fd, static_cast<uint64_t>(fd));
  char data[65536];
  for (;;) {
    epoll_event events[kEvents];
    const int count = ::epoll_wait(epoll, events, kEvents, -1);
    for (int i = 0; i < count; ++i) {
      const int from = static_cast<int>(events[i].data.u64);
      if (is_tcp && from == fd) {
        const int accepted = ::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC);
        if (accepted < 0) continue;
        no_delay(accepted);
        watch(epoll, accepted, static_cast<uint64_t>(accepted));
        continue;
      }
      sockaddr_in peer{};
      socklen_t length = sizeof peer;
      const ssize_t got = ::recvfrom(from, data, sizeof data, 0, reinterpret_cast<sockaddr*>(&peer), &length);
      if (got > 0) {
        // To a socket that is connected no address is given; what cannot be sent is lost, as the client sees.
        const bool has_peer = !is_tcp;
        (void)::sendto(from, data, static_cast<size_t>(got), MSG_NOSIGNAL | MSG_DONTWAIT,
                       has_peer ? reinterpret_cast<sockaddr*>(&peer) : nullptr, has_peer ? length : 0);
      } else if (is_tcp) {
        ::close(from);
      }
    }
  }
}

// Opens every flow and waits for one echo on each, so that the director knows all of them before the first phase.
std::vector<Flow> connect_all(const Arguments& arguments, bool is_tcp) {
  sockaddr_in remote{};
  remote.sin_family = AF_INET;
  remote.sin_port = htons(static_cast<uint16_t>(arguments.number("--port")));
  if (::inet_pton(AF_INET, arguments.text("--to"), &remote.sin_addr) != 1)
    Arguments::refuse("--to", arguments.text("--to"));
  std::vector<Flow> flows(arguments.number("--flows"));
  for (Flow& flow : flows) {
    flow = {open_socket(is_tcp), 0, {}};
    if (::connect(flow.fd, reinterpret_cast<sockaddr*>(&remote), sizeof remote) != 0) fail("connect");
    if (is_tcp) no_delay(flow.fd);
    const timeval patience{1, 0};
    ::setsockopt(flow.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    Message message{};
    if (::send(flow.fd, &message, sizeof message, MSG_NOSIGNAL) < 0) fail("send");
    if (::recv(flow.fd, &message, sizeof message, MSG_WAITALL) != sizeof message) fail("no echo on a new flow");
  }
  return flows;
}

void receive(std::vector<Flow>& flows, std::vector<Phase>& phases, const std::atomic<bool>& is_over) {
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  for (size_t i = 0; i < flows.size(); ++i) watch(epoll, flows[i].fd, i);
  while (!is_over.load(std::memory_order_relaxed)) {
    epoll_event events[kEvents];
    const int count = ::epoll_wait(epoll, events, kEvents, 100);
    for (int i = 0; i < count; ++i) {
      Flow& flow = flows[events[i].data.u64];
      const ssize_t got = ::recv(flow.fd, reinterpret_cast<char*>(&flow.partial) + flow.have,
                                 sizeof(Message) - flow.have, MSG_DONTWAIT);
      if (got == 0) ::epoll_ctl(epoll, EPOLL_CTL_DEL, flow.fd, nullptr);  // closed by the other end
      if (got <= 0) continue;
      flow.have += static_cast<size_t>(got);
      if (flow.have < sizeof(Message)) continue;
      flow.have = 0;
      const uint64_t took = now_ns() - flow.partial.sent_at_ns;
      if (flow.partial.phase < phases.size()) {
        phases[flow.partial.phase].durations_ns.push_back(took);
      }
    }
  }
}

void report(Phase& phase) {
  std::vector<uint64_t>& all = phase.durations_ns;
  std::sort(all.begin(), all.end());
  const auto at = [&](double share) {
    if (all.empty()) return 0.0;
    return static_cast<double>(all[static_cast<size_t>(share * static_cast<double>(all.size() - 1))]) / 1000;
  };
  std::printf("{\"sent\": %" PRIu64
              ", \"received\": %zu, \"p50Us\": %.1f, \"p99Us\": %.1f, \"p999Us\": %.1f, \"maxUs\": %.1f}\n",
              phase.sent, all.size(), at(0.5), at(0.99), at(0.999), at(1));
}

std::vector<Phase> read_phases(const char* text, uint64_t rate) {
  std::vector<Phase> phases;
  for (const char* at = text; *at != '\0';) {
    char* end = nullptr;
    const uint64_t length_ms = std::strtoull(at, &end, 10);
    if (end == at || length_ms == 0) Arguments::refuse("--phases", text);
    phases.push_back({length_ms * (kNsPerSecond / 1000), 0, {}});
    phases.back().durations_ns.reserve(rate * length_ms / 1000 + 1);
    at = *end == ',' ? end + 1 : end;
  }
  return phases;
}

int load(const Arguments& arguments, bool is_tcp) {
  const uint64_t rate = std::max<uint64_t>(1, arguments.number("--rate"));
  std::vector<Phase> phases = read_phases(arguments.text("--phases"), rate);
  std::vector<Flow> flows = connect_all(arguments, is_tcp);
  std::atomic<bool> is_over{false};
  std::thread receiver([&] { receive(flows, phases, is_over); });
  ::prctl(PR_SET_TIMERSLACK, 1);

  uint64_t at = now_ns();
  uint32_t number = 0;
  for (uint32_t index = 0; index < phases.size(); ++index) {
    std::printf("phase %u\n", index + 1);
    std::fflush(stdout);
    for (const uint64_t end = at + phases[index].length_ns; at < end; at += kNsPerSecond / rate) {
      sleep_until_ns(at);
      const Message message{now_ns(), index, number, {}};
      const Flow& flow = flows[number++ % flows.size()];
      ++phases[index].sent;
      (void)::send(flow.fd, &message, sizeof message, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
  }
  sleep_until_ns(now_ns() + kGraceNs);
  is_over = true;
  receiver.join();
  for (Phase& phase : phases) report(phase);
  return 0;
}

}  // namespace
}  // namespace bench

int main(int count, char** words) {
  const bench::Arguments arguments(count, words);
  const bool is_tcp = arguments.has("--tcp");
  if (arguments.has("--serve")) bench::serve(static_cast<uint16_t>(arguments.number("--serve")), is_tcp);
  return bench::load(arguments, is_tcp);
}
