// Theory of operation: sends UDP packets of very many flows, more than sockets could be opened for, straight to a device.
//
// Flow i comes from address `from + i / kPortsPerAddress` and source port `1024 + i % kPortsPerAddress`, and goes to one
// of `--vips` addresses from `--to` on and one of `--ports` ports from `--port` on, in turn. The `--flows` flows from
// `--first` on are visited by a stride: each once a pass, and never neighbours one after another, so that a table of
// connections is hit all over, as by real clients.
//
// Sends `--packets` packets, or for `--seconds`; `--rate` packets a second in bursts of a tenth of a millisecond's worth, or
// as fast as the device takes them. Prints {"sent": packets, "seconds": time}.
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstddef>
#include <numeric>
#include <vector>

#include "arguments.h"
#include "clock.h"

namespace bench {
namespace {

constexpr uint64_t kPortsPerAddress = 60'000;
constexpr uint64_t kFirstPort = 1024;
constexpr uint64_t kMaxFlows = 100'000'000;
constexpr size_t kBurst = 64;
constexpr uint64_t kBurstsPerSecond = 10'000;
constexpr size_t kMaxPayload = 1472;

struct __attribute__((packed)) Frame {
  ether_header ethernet;
  iphdr ip;
  udphdr udp;
  std::array<uint8_t, kMaxPayload> payload;
};
static_assert(offsetof(Frame, payload) == 42);

struct Plan {
  uint32_t from, to;  // host byte order
  uint64_t vips, ports, first_port, first, flows;
};

uint16_t fold(uint64_t sum) {
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

uint64_t words(const void* data, size_t bytes) {
  const auto* const at = static_cast<const uint8_t*>(data);
  uint64_t sum = 0;
  for (size_t i = 0; i + 1 < bytes; i += 2) sum += static_cast<uint64_t>(at[i]) << 8 | at[i + 1];
  return bytes % 2 == 0 ? sum : sum + (static_cast<uint64_t>(at[bytes - 1]) << 8);
}

void address(Frame& frame, const Plan& plan, uint64_t flow, size_t payload) {
  const uint64_t destination = flow % (plan.vips * plan.ports);
  frame.ip.saddr = htonl(plan.from + static_cast<uint32_t>(flow / kPortsPerAddress));
  frame.ip.daddr = htonl(plan.to + static_cast<uint32_t>(destination / plan.ports));
  frame.udp.source = htons(static_cast<uint16_t>(kFirstPort + flow % kPortsPerAddress));
  frame.udp.dest = htons(static_cast<uint16_t>(plan.first_port + destination % plan.ports));
  frame.ip.check = 0;
  frame.ip.check = htons(fold(words(&frame.ip, sizeof frame.ip)));
  frame.udp.check = 0;
  const uint64_t pseudo = words(&frame.ip.saddr, 8) + IPPROTO_UDP + ntohs(frame.udp.len);
  const uint16_t sum = fold(pseudo + words(&frame.udp, sizeof frame.udp + payload));
  frame.udp.check = htons(sum == 0 ? 0xffff : sum);
}

// About the golden section of all flows, which spreads best, and without a common divisor: so that every flow has a turn.
uint64_t stride_of(uint64_t flows) {
  uint64_t stride = flows * 618 / 1000 + 1;
  while (std::gcd(stride, flows) != 1) ++stride;
  return stride;
}

uint32_t ipv4(const Arguments& arguments, const char* name) {
  in_addr address;
  const char* const text = arguments.text(name);
  if (inet_pton(AF_INET, text, &address) != 1) Arguments::refuse(name, text);
  return ntohl(address.s_addr);
}

Frame pattern(const Arguments& arguments, size_t payload) {
  Frame frame{};
  const char* const mac = arguments.text("--mac");
  uint8_t* const to = frame.ethernet.ether_dhost;
  if (std::sscanf(mac, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", to, to + 1, to + 2, to + 3, to + 4, to + 5) != 6) {
    Arguments::refuse("--mac", mac);
  }
  frame.ethernet.ether_shost[0] = 2;  // an address of no maker
  frame.ethernet.ether_type = htons(ETHERTYPE_IP);
  frame.ip.version = 4;
  frame.ip.ihl = 5;
  frame.ip.ttl = 64;
  frame.ip.protocol = IPPROTO_UDP;
  frame.ip.frag_off = htons(IP_DF);
  frame.ip.tot_len = htons(static_cast<uint16_t>(sizeof(iphdr) + sizeof(udphdr) + payload));
  frame.udp.len = htons(static_cast<uint16_t>(sizeof(udphdr) + payload));
  return frame;
}

int open_device(const char* name) {
  const int fd = ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("socket");
  sockaddr_ll device{};
  device.sll_family = AF_PACKET;
  device.sll_ifindex = static_cast<int>(::if_nametoindex(name));
  if (device.sll_ifindex == 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&device), sizeof device) != 0) fail(name);
  return fd;
}

void send_all(int fd, mmsghdr* messages, size_t count) {
  for (size_t done = 0; done < count;) {
    const int sent = ::sendmmsg(fd, messages + done, static_cast<unsigned>(count - done), 0);
    if (sent > 0) done += static_cast<size_t>(sent);
    // The queue of the device is full: what a real sender's socket would wait for.
    else if (errno != ENOBUFS && errno != EAGAIN)
      fail("sendmmsg");
  }
}

int run(const Arguments& arguments) {
  const size_t payload = arguments.number("--payload", "22");
  if (payload > kMaxPayload) Arguments::refuse("--payload", "more than fits");
  const Plan plan{ipv4(arguments, "--from"),        ipv4(arguments, "--to"),    arguments.number("--vips", "1"),
                  arguments.number("--ports", "1"), arguments.number("--port"), arguments.number("--first", "0"),
                  arguments.number("--flows", "1")};
  if (plan.vips * plan.ports == 0) Arguments::refuse("--vips and --ports", "0");
  if (plan.flows == 0 || plan.flows > kMaxFlows) Arguments::refuse("--flows", arguments.text("--flows"));
  const uint64_t stride = stride_of(plan.flows);
  const uint64_t limit = arguments.number("--packets", "18446744073709551615");
  const uint64_t rate = arguments.number("--rate", "0");
  const int fd = open_device(arguments.text("--device"));

  std::vector<Frame> frames(kBurst, pattern(arguments, payload));
  std::array<iovec, kBurst> parts;
  std::array<mmsghdr, kBurst> messages{};
  for (size_t i = 0; i < kBurst; ++i) {
    parts[i] = {&frames[i], offsetof(Frame, payload) + payload};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }

  const size_t burst = rate == 0 ? kBurst : std::clamp<size_t>(rate / kBurstsPerSecond, 1, kBurst);
  ::prctl(PR_SET_TIMERSLACK, 1);
  const uint64_t start = now_ns();
  const uint64_t deadline = start + arguments.number("--seconds", "3600") * kNsPerSecond;
  uint64_t sent = 0, visited = 0, now = start;
  while (sent < limit && now < deadline) {
    const size_t count = std::min<uint64_t>(burst, limit - sent);
    for (size_t i = 0; i < count; ++i) {
      address(frames[i], plan, plan.first + visited, payload);
      visited = (visited + stride) % plan.flows;
    }
    send_all(fd, messages.data(), count);
    sent += count;
    if (rate != 0) sleep_until_ns(start + sent * kNsPerSecond / rate);
    now = now_ns();
  }
  std::printf("{\"sent\": %" PRIu64 ", \"seconds\": %.6f}\n", sent, static_cast<double>(now - start) / kNsPerSecond);
  ::close(fd);
  return 0;
}

}  // namespace
}  // namespace bench

int main(int count, char** words) { return bench::run(bench::Arguments(count, words)); }
