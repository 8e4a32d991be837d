// The raw socket of IPv4, in a network namespace of its own; as root.
#include "io/icmp_errors.h"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <set>

#include "support/raw_socket_host.h"
#include "support/slow_checksum.h"

namespace uipvs::test {
namespace {

// The loopback device has all of 127.0.0.0/8.
const Address kHost = address4(127, 0, 0, 1);
const Address kOther = address4(127, 0, 0, 2);

class Host {
 public:
  Host() {
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

  // What has come of all that was sent, up to one more that is sent now, none of which is like another.
  std::vector<MemoryPacket> receive() {
    const MemoryPacket last = build_icmp(Family::ipv4, kOther, kHost, 3, 1, {}, ++markers_);
    send(last);
    return reader_.read_until(errors, last);
  }

  OwnNamespace own;
  IcmpErrors errors;

 private:
  uint32_t markers_ = 0;
  BurstReader reader_;
  Descriptor sender_;
};

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
  on_host<Host>([](Host& host) {
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
  on_host<Host>([](Host& host) {
    std::set<int> came;
    for (int type = 0; type < 256; ++type) {
      host.send(error_of(static_cast<uint8_t>(type)));
      for (const MemoryPacket& packet : host.receive()) came.insert(packet.bytes[20]);
    }
    CHECK(came == std::set<int>{3, 4, 11});
  });
}

TEST_CASE("icmp errors: one that is cut short or too long does not come, those around it do") {
  on_host<Host>([](Host& host) {
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
  on_host<Host>([](Host& host) {
    for (uint8_t i = 0; i < 20; ++i) host.send(error_of(4, {i}));
    const auto got = host.receive();
    REQUIRE(got.size() == 20);
    for (uint8_t i = 0; i < 20; ++i) CHECK(got[i].bytes.back() == i);
    CHECK(host.receive().empty());
  });
}

}  // namespace uipvs::test
