// The raw socket of IPv4, in a network namespace of its own; as root.
#include "io/icmp_errors.h"

#include <doctest/doctest.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <exception>
#include <functional>
#include <set>
#include <thread>

#include "io/descriptor.h"
#include "support/packet_builder.h"
#include "support/slow_checksum.h"

namespace uipvs::test {
namespace {

// The loopback device has all of 127.0.0.0/8.
const Address kHost = address4(127, 0, 0, 1);
const Address kOther = address4(127, 0, 0, 2);
constexpr int kWaitMs = 5000;

class Host {
 public:
  Host() {
    // On one processor packets of the loopback device stay in order.
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<size_t>(::sched_getcpu()), &one);
    REQUIRE(::sched_setaffinity(0, sizeof one, &one) == 0);
    REQUIRE_MESSAGE(::unshare(CLONE_NEWNET) == 0, "a network namespace can be made by root alone");
    const Descriptor control(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq up{};
    up.ifr_name[0] = 'l';
    up.ifr_name[1] = 'o';
    up.ifr_flags = IFF_UP | IFF_RUNNING;
    REQUIRE(::ioctl(control.get(), SIOCSIFFLAGS, &up) == 0);
    const char* call = "";
    REQUIRE_MESSAGE(errors.open(call) == 0, call);
    // This kind of raw socket takes packets with their header, whatever they are.
    sender_ = Descriptor(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW));
    REQUIRE(sender_.is_open());
  }

  void send(const MemoryPacket& packet) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(kHost.words[0]);
    const ssize_t sent = ::sendto(sender_.get(), packet.bytes.data(), packet.bytes.size(), 0,
                                  reinterpret_cast<const sockaddr*>(&to), sizeof to);
    REQUIRE(sent == static_cast<ssize_t>(packet.bytes.size()));
  }

  // What has come of all that was sent, up to one more that is sent now.
  std::vector<MemoryPacket> receive() {
    const MemoryPacket last = marker();
    send(last);
    std::vector<MemoryPacket> all;
    while (all.empty() || all.back().bytes != last.bytes) {
      pollfd wait{errors.descriptor(), POLLIN, 0};
      REQUIRE(::poll(&wait, 1, kWaitMs) == 1);
      const int got = errors.receive(packets_);
      REQUIRE(got >= 0);
      for (int i = 0; i < got; ++i) {
        const Packet& packet = packets_[static_cast<size_t>(i)];
        all.push_back({packet.vnet(), {packet.data, packet.data + packet.length}});
      }
    }
    all.pop_back();
    CHECK(errors.receive(packets_) == 0);
    return all;
  }

  IcmpErrors errors;

 private:
  static constexpr size_t kPlaces = 4;

  // None is like another. The kernel fills in an identification of 0.
  MemoryPacket marker() { return build_icmp(Family::ipv4, kOther, kHost, 3, 1, {}, ++markers_); }
  std::array<Packet, kPlaces> make_packets() {
    std::array<Packet, kPlaces> made;
    for (size_t i = 0; i < kPlaces; ++i)
      made[i] = {memory_.data() + i * kPacketBufferBytes + kPacketHeadroom, 0, kMaxPacketBytes};
    return made;
  }

  uint32_t markers_ = 0;
  std::vector<uint8_t> memory_ = std::vector<uint8_t>(kPlaces * kPacketBufferBytes, 0xee);
  std::array<Packet, kPlaces> packets_ = make_packets();
  Descriptor sender_;
};

// In a thread, which alone leaves the namespace of the rest.
void on_host(const std::function<void(Host&)>& story) {
  std::exception_ptr failure;
  std::thread([&] {
    try {
      Host host;
      story(host);
    } catch (...) {
      failure = std::current_exception();
    }
  }).join();
  if (failure) std::rethrow_exception(failure);
}

std::vector<uint8_t> quote(size_t bytes = 28) {
  PacketSpec spec;
  spec.tuple = {Family::ipv4, kProtocolTcp, 61000, 80, kHost, kOther};
  spec.payload.assign(2000, 7);
  std::vector<uint8_t> made = build_packet(spec).bytes;
  made.resize(bytes);
  return made;
}

MemoryPacket error_of(uint8_t type, const std::vector<uint8_t>& body = quote()) {
  return build_icmp(Family::ipv4, kOther, kHost, type, 3, body, 0x500);
}

}  // namespace

TEST_CASE("icmp errors: each comes as the packet that it was, with its header and checksums") {
  on_host([](Host& host) {
    for (const size_t bytes : {size_t{0}, size_t{1}, size_t{28}, size_t{548}, size_t{1252}}) {
      CAPTURE(bytes);
      const MemoryPacket error = error_of(3, quote(bytes));
      host.send(error);
      const auto got = host.receive();
      REQUIRE(got.size() == 1);
      CHECK(got[0].bytes == error.bytes);
      CHECK(header_checksum(got[0]) == ChecksumState::right);
      CHECK(transport_checksum(got[0]) == ChecksumState::right);
      CHECK(got[0].vnet.flags == 0);
      CHECK(got[0].vnet.gso_type == kVnetGsoNone);
    }
  });
}

TEST_CASE("icmp errors: of all types the three that concern connections come, pings do not") {
  on_host([](Host& host) {
    std::set<int> came;
    for (int type = 0; type < 256; ++type) {
      host.send(error_of(static_cast<uint8_t>(type)));
      for (const MemoryPacket& packet : host.receive()) came.insert(packet.bytes[20]);
    }
    CHECK(came == std::set<int>{3, 4, 11});
  });
}

TEST_CASE("icmp errors: one that is cut short or too long does not come, those around it do") {
  on_host([](Host& host) {
    const MemoryPacket good = error_of(11);
    MemoryPacket brief = good;
    brief.bytes.resize(27);
    for (const MemoryPacket& bad : {brief, error_of(11, quote(1253)), error_of(11, quote(2000))}) {
      host.send(good);
      host.send(bad);
      host.send(good);
      const auto got = host.receive();
      REQUIRE(got.size() == 2);
      for (const MemoryPacket& packet : got) CHECK(packet.bytes == good.bytes);
    }
  });
}

TEST_CASE("icmp errors: more than a burst come in order, and then there is nothing") {
  on_host([](Host& host) {
    for (uint8_t i = 0; i < 20; ++i) host.send(error_of(4, {i}));
    const auto got = host.receive();
    REQUIRE(got.size() == 20);
    for (uint8_t i = 0; i < 20; ++i) CHECK(got[i].bytes.back() == i);
    CHECK(host.receive().empty());
  });
}

}  // namespace uipvs::test
