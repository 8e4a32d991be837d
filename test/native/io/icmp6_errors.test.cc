// The raw socket, in a network namespace of its own; as root.
#include "io/icmp6_errors.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>

#include <set>

#include "core/icmp.h"
#include "support/raw_socket_host.h"
#include "support/slow_checksum.h"

namespace uipvs::test {
namespace {

const Address kHost{{0xfd000000, 0, 0, 1}};
const Address kOther{{0xfd000000, 0, 0, 2}};
constexpr int kRetryMs = 5;
constexpr int kTries = 1000;

// Linux's in6_ifreq, whose header does not go with netinet/in.h.
struct Ipv6Request {
  in6_addr address;
  uint32_t prefix_length;
  int interface;
};

in6_addr bytes_of(const Address& address) {
  in6_addr made{};
  for (size_t i = 0; i < 4; ++i) made.s6_addr32[i] = htonl(address.words[i]);
  return made;
}

// Both addresses are of the loopback device of a namespace that is nobody else's.
class Host {
 public:
  Host() {
    const Descriptor control(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    for (const Address& address : {kHost, kOther}) {
      const Ipv6Request request{bytes_of(address), 128, static_cast<int>(::if_nametoindex("lo"))};
      REQUIRE(::ioctl(control.get(), SIOCSIFADDR, &request) == 0);
    }
    const char* call = "";
    REQUIRE_MESSAGE(errors.open(call) == 0, call);
    // This kind of raw socket takes packets with their IPv6 header, whatever they are.
    sender_ = Descriptor(::socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW));
    REQUIRE(sender_.is_open());
    // The addresses are in use a moment after they were given.
    for (int tries = 0; tries < kTries && !is_readable(errors.descriptor(), kRetryMs); ++tries) send(marker());
    receive();
  }

  void send(const MemoryPacket& packet) {
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    to.sin6_addr = bytes_of(kHost);
    const ssize_t sent = ::sendto(sender_.get(), packet.bytes.data(), packet.bytes.size(), 0,
                                  reinterpret_cast<const sockaddr*>(&to), sizeof to);
    REQUIRE(sent == static_cast<ssize_t>(packet.bytes.size()));
  }

  // What has come of all that was sent, each packet in memory of its own: up to one more that is sent now.
  std::vector<MemoryPacket> receive() {
    const MemoryPacket last = marker();
    send(last);
    return reader_.read_until(errors, last);
  }

  OwnNamespace own;
  Icmp6Errors errors;

 private:
  // None is like another.
  MemoryPacket marker() { return build_icmp(Family::ipv6, kOther, kHost, 1, 0, {}, ++markers_); }

  uint32_t markers_ = 0;
  BurstReader reader_;
  Descriptor sender_;
};

MemoryPacket error_of(uint8_t type, const std::vector<uint8_t>& body, uint8_t hop_limit = 64) {
  MemoryPacket made = build_icmp(Family::ipv6, kOther, kHost, type, 3, body, 0x500);
  made.bytes[7] = hop_limit;
  return made;
}

std::vector<uint8_t> quote(size_t bytes = 60) {
  PacketSpec spec;
  spec.tuple = {Family::ipv6, kProtocolTcp, 61000, 80, kHost, kOther};
  spec.payload.assign(2000, 7);
  std::vector<uint8_t> made = build_packet(spec).bytes;
  made.resize(bytes);
  return made;
}

}  // namespace

TEST_CASE("icmp6 errors: each comes as the packet that it was, with its addresses, hop limit and checksum") {
  on_host<Host>([](Host& host) {
    for (const uint8_t hop_limit : {1, 64, 255}) {
      for (const size_t bytes : {size_t{0}, size_t{1}, size_t{60}, size_t{1232}}) {
        CAPTURE(bytes);
        const MemoryPacket error = error_of(2, quote(bytes), hop_limit);
        host.send(error);
        const auto got = host.receive();
        REQUIRE(got.size() == 1);
        CHECK(got[0].bytes == error.bytes);
        CHECK(transport_checksum(got[0]) == ChecksumState::right);
        CHECK(got[0].vnet.flags == 0);
        CHECK(got[0].vnet.gso_type == kVnetGsoNone);
      }
    }
  });
}

TEST_CASE("icmp6 errors: of all types the four of errors come, neighbour discovery and pings do not") {
  on_host<Host>([](Host& host) {
    std::set<int> came;
    for (int type = 0; type < 256; ++type) {
      host.send(error_of(static_cast<uint8_t>(type), quote()));
      for (const MemoryPacket& packet : host.receive()) came.insert(packet.bytes[40]);
    }
    CHECK(came == std::set<int>{1, 2, 3, 4});
  });
}

TEST_CASE("icmp6 errors: one with extension headers, or in fragments, comes whole and without them") {
  on_host<Host>([](Host& host) {
    const MemoryPacket plain = error_of(1, quote());
    const std::vector<uint8_t> message(plain.bytes.begin() + 40, plain.bytes.end());
    PacketSpec spec;
    spec.tuple = {Family::ipv6, kProtocolIcmp6, 0, 0, kOther, kHost};
    spec.payload = message;
    spec.first_extension = kProtocolDestinationOptions;
    spec.extensions = {kProtocolIcmp6, 0, 1, 4, 0, 0, 0, 0};
    host.send(build_packet(spec));
    for (const bool is_last : {false, true}) {
      const auto half = message.begin() + 32;
      spec.first_extension = kProtocolFragment;
      spec.extensions = {kProtocolIcmp6, 0, 0, static_cast<uint8_t>(is_last ? 32 : 1), 0, 0, 0, 9};
      spec.payload = is_last ? std::vector<uint8_t>(half, message.end()) : std::vector<uint8_t>(message.begin(), half);
      host.send(build_packet(spec));
    }
    const auto got = host.receive();
    REQUIRE(got.size() == 2);
    for (const MemoryPacket& packet : got) CHECK(packet.bytes == plain.bytes);
  });
}

TEST_CASE("icmp6 errors: one that is cut short, too long or damaged does not come, those around it do") {
  on_host<Host>([](Host& host) {
    const MemoryPacket good = error_of(3, quote());
    MemoryPacket damaged = good;
    damaged.bytes.back() ^= 1;
    MemoryPacket brief = good;
    brief.bytes.resize(47);
    brief.bytes[5] = 7;
    for (const MemoryPacket& bad : {damaged, brief, error_of(3, quote(1233)), error_of(3, quote(2000))}) {
      host.send(good);
      host.send(bad);
      host.send(good);
      const auto got = host.receive();
      REQUIRE(got.size() == 2);
      for (const MemoryPacket& packet : got) CHECK(packet.bytes == good.bytes);
    }
  });
}

TEST_CASE("icmp6 errors: more than a burst come in order, and then there is nothing") {
  on_host<Host>([](Host& host) {
    for (uint8_t i = 0; i < 20; ++i) host.send(error_of(4, {i}));
    const auto got = host.receive();
    REQUIRE(got.size() == 20);
    for (uint8_t i = 0; i < 20; ++i) CHECK(got[i].bytes.back() == i);
    CHECK(host.receive().empty());
  });
}

}  // namespace uipvs::test
