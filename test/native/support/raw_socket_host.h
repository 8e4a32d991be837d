// A host that is nobody else's, in a network namespace, whose loopback device brings a raw socket what is sent to it. As root.
#pragma once

#include <doctest/doctest.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <exception>
#include <functional>
#include <thread>
#include <vector>

#include "io/descriptor.h"
#include "io/packet_io.h"
#include "support/packet_builder.h"

namespace uipvs::test {

inline bool is_readable(int descriptor, int within_ms) {
  pollfd wait{descriptor, POLLIN, 0};
  return ::poll(&wait, 1, within_ms) == 1;
}

// To be made in a thread of its own, which alone leaves the namespace of the rest.
class OwnNamespace {
 public:
  OwnNamespace() {
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
  }
};

// What a receiver has, in bursts of a few.
class BurstReader {
 public:
  // Each packet in memory of its own, up to and without `last`, which has been sent.
  std::vector<MemoryPacket> read_until(Receiver& receiver, const MemoryPacket& last) {
    std::vector<MemoryPacket> all;
    while (all.empty() || all.back().bytes != last.bytes) {
      REQUIRE(is_readable(receiver.descriptor(), kWaitMs));
      const int got = receiver.receive(packets_);
      REQUIRE(got >= 0);
      for (int i = 0; i < got; ++i) {
        const Packet& packet = packets_[static_cast<size_t>(i)];
        all.push_back({packet.vnet(), {packet.data, packet.data + packet.length}});
      }
    }
    all.pop_back();
    CHECK(receiver.receive(packets_) == 0);
    return all;
  }

 private:
  static constexpr size_t kPlaces = 4;
  static constexpr int kWaitMs = 5000;

  std::array<Packet, kPlaces> make_packets() {
    std::array<Packet, kPlaces> made;
    for (size_t i = 0; i < kPlaces; ++i)
      made[i] = {memory_.data() + i * kPacketBufferBytes + kPacketHeadroom, 0, kMaxPacketBytes};
    return made;
  }

  std::vector<uint8_t> memory_ = std::vector<uint8_t>(kPlaces * kPacketBufferBytes, 0xee);
  std::array<Packet, kPlaces> packets_ = make_packets();
};

template <typename Host>
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

}  // namespace uipvs::test
