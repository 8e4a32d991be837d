#include "io/wire_filter.h"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <array>

#include "io/descriptor.h"
#include "support/packet_builder.h"
#include "support/random.h"

namespace uipvs::test {
namespace {

constexpr size_t kEthernetBytes = 14;

std::vector<uint8_t> frame_of(const MemoryPacket& packet) {
  const bool is_v6 = packet.bytes[0] >> 4 == 6;
  std::vector<uint8_t> frame(kEthernetBytes);
  frame[12] = is_v6 ? 0x86 : 0x08;
  frame[13] = is_v6 ? 0xdd : 0x00;
  frame.insert(frame.end(), packet.bytes.begin(), packet.bytes.end());
  return frame;
}

// The kernel itself runs the program: on the receiving one of two sockets.
class Filtered {
 public:
  explicit Filtered(const WireFilter& filter) {
    std::array<int, 2> sockets{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, sockets.data()) == 0);
    sender_ = Descriptor(sockets[0]);
    receiver_ = Descriptor(sockets[1]);
    set(filter);
  }
  void set(const WireFilter& filter) { filter.attach(receiver_.get()); }
  bool passes(const std::vector<uint8_t>& frame) {
    REQUIRE(::send(sender_.get(), frame.data(), frame.size(), 0) == static_cast<ssize_t>(frame.size()));
    std::array<uint8_t, 2048> got{};
    const ssize_t length = ::recv(receiver_.get(), got.data(), got.size(), 0);
    if (length >= 0) CHECK(length == static_cast<ssize_t>(frame.size()));
    return length >= 0;
  }
  bool passes(const FiveTuple& tuple) {
    PacketSpec spec;
    spec.tuple = tuple;
    return passes(frame_of(build_packet(spec)));
  }

 private:
  Descriptor sender_, receiver_;
};

bool holds(const Network& network, const FiveTuple& tuple, const Address& address) {
  if (network.family != tuple.family) return false;
  for (uint32_t bit = 0; bit < network.prefix_length; ++bit) {
    const uint32_t one = 0x80000000u >> bit % 32;
    if (((network.address.words[bit / 32] ^ address.words[bit / 32]) & one) != 0) return false;
  }
  return true;
}

constexpr OnWire kBoth = OnWire::tcp_and_udp;

FiveTuple tcp(const Address& source, const Address& destination) {
  return {Family::ipv4, kProtocolTcp, 1, 2, source, destination};
}

const Network kVips{Family::ipv4, address4(10, 9, 0, 0), 24};
const Network kServer{Family::ipv4, address4(10, 1, 0, 11), 32};

}  // namespace

TEST_CASE("wire filter: without networks all packets of the protocols that are taken pass, and no others") {
  for (const OnWire protocols : {OnWire::tcp, kBoth}) {
    CAPTURE(protocols == kBoth);
    Filtered wire{WireFilter(protocols)};
    for (const Family family : {Family::ipv4, Family::ipv6}) {
      for (const uint8_t protocol : {kProtocolTcp, kProtocolUdp, kProtocolSctp, kProtocolIcmp, kProtocolEsp}) {
        CAPTURE(protocol);
        const bool is_taken = protocol == kProtocolTcp || (protocol == kProtocolUdp && protocols == kBoth);
        CHECK(wire.passes({family, protocol, 1, 2, address4(1, 1, 1, 1), address4(2, 2, 2, 2)}) == is_taken);
      }
    }
  }
}

TEST_CASE("wire filter: of IPv6 the protocol counts that is behind the extension headers") {
  Filtered wire{WireFilter(OnWire::tcp)};
  const auto chained = [](std::span<const uint8_t> headers, uint8_t protocol, uint8_t units) {
    MemoryPacket packet;
    packet.bytes.resize(40);
    packet.bytes[0] = 0x60;
    size_t next_at = 6;
    for (const uint8_t header : headers) {
      packet.bytes[next_at] = header;
      next_at = packet.bytes.size();
      packet.bytes.resize(packet.bytes.size() + (units + 1u) * 8);
      packet.bytes[next_at + 1] = units;
    }
    packet.bytes[next_at] = protocol;
    packet.bytes.resize(packet.bytes.size() + 20);
    return frame_of(packet);
  };
  for (const uint8_t header : {kProtocolHopByHop, kProtocolRouting, kProtocolDestinationOptions}) {
    for (const int count : {1, 2, kMaxExtensionHeaders}) {
      for (const uint8_t units : {0, 3}) {
        const std::vector<uint8_t> headers(static_cast<size_t>(count), header);
        CHECK(wire.passes(chained(headers, kProtocolTcp, units)));
        CHECK_FALSE(wire.passes(chained(headers, kProtocolUdp, units)));
        CHECK_FALSE(wire.passes(chained(headers, kProtocolSctp, units)));
      }
    }
    // The kernel walks on, and drops what is TCP: the data plane must see that to count it.
    const std::vector<uint8_t> too_many(kMaxExtensionHeaders + 1, header);
    CHECK(wire.passes(chained(too_many, kProtocolTcp, 0)));
  }
  const std::vector<uint8_t> fragment = {kProtocolDestinationOptions, kProtocolFragment};
  CHECK(wire.passes(chained(fragment, kProtocolUdp, 0)));
}

TEST_CASE("wire filter: what is for a VIP or from a real server passes, nothing else") {
  Filtered wire(WireFilter(kBoth, {&kVips, 1}, {&kServer, 1}));
  const Address client = address4(10, 0, 0, 2), stranger = address4(10, 9, 1, 0);
  for (const uint8_t protocol : {kProtocolTcp, kProtocolUdp, kProtocolSctp, kProtocolIcmp, uint8_t{47}}) {
    CAPTURE(protocol);
    const bool is_balanced = protocol == kProtocolTcp || protocol == kProtocolUdp;
    for (const uint8_t last : {0, 1, 255}) {
      CHECK(wire.passes({Family::ipv4, protocol, 1, 2, client, address4(10, 9, 0, last)}) == is_balanced);
    }
    CHECK(wire.passes({Family::ipv4, protocol, 1, 2, kServer.address, client}) == is_balanced);
    CHECK_FALSE(wire.passes({Family::ipv4, protocol, 1, 2, client, stranger}));
    CHECK_FALSE(wire.passes({Family::ipv4, protocol, 1, 2, address4(10, 1, 0, 12), client}));
    CHECK_FALSE(wire.passes({Family::ipv4, protocol, 1, 2, client, kServer.address}));
    CHECK_FALSE(wire.passes({Family::ipv4, protocol, 1, 2, address4(10, 9, 0, 1), client}));
  }
  auto arp = frame_of(build_packet({}));
  arp[13] = 6;
  CHECK_FALSE(wire.passes(arp));
  CHECK_FALSE(wire.passes({1, 2, 3}));
}

TEST_CASE("wire filter: nothing passes where there is nothing of ours, and all again where no networks are told") {
  Filtered wire(WireFilter(kBoth, {}, {}));
  const FiveTuple tuple = tcp(address4(10, 0, 0, 2), address4(10, 9, 0, 1));
  CHECK_FALSE(wire.passes(tuple));
  wire.set(WireFilter(kBoth, {&kVips, 1}, {}));
  CHECK(wire.passes(tuple));
  wire.set(WireFilter(kBoth));
  CHECK(wire.passes(tcp(address4(1, 1, 1, 1), address4(2, 2, 2, 2))));
}

TEST_CASE("wire filter: of more networks than a program can hold only the protocol counts") {
  std::vector<Network> many;
  for (uint32_t i = 0; i < 2000; ++i) many.push_back({Family::ipv4, {{i << 8}}, 32});
  Filtered wire(WireFilter(OnWire::tcp, many, {}));
  const Address one = address4(1, 1, 1, 1), other = address4(2, 2, 2, 2);
  CHECK(wire.passes(tcp(one, other)));
  CHECK_FALSE(wire.passes({Family::ipv4, kProtocolUdp, 1, 2, one, other}));
}

TEST_CASE("wire filter: random networks and packets agree with a comparison bit by bit") {
  Random random(test_seed());
  int passed = 0;
  for (int round = 0; round < 200; ++round) {
    // Addresses of few different bits, so that many share a prefix.
    const auto address = [&](Family family) {
      Address made{};
      for (int word = 0; word < (family == Family::ipv6 ? 4 : 1); ++word) {
        made.words[word] = 0x0a000000 | random.below(4) << random.below(30);
      }
      return made;
    };
    std::vector<Network> sides[2];
    for (auto& networks : sides) {
      for (uint32_t left = random.below(40); left != 0; --left) {
        const Family family = random.one_in(2) ? Family::ipv6 : Family::ipv4;
        const uint32_t length = random.below(family == Family::ipv6 ? 129 : 33);
        networks.push_back({family, address(family), random.one_in(3) ? 32u : std::max(length, 6u)});
      }
    }
    Filtered wire(WireFilter(kBoth, sides[0], sides[1]));
    for (int i = 0; i < 50; ++i) {
      const Family family = random.one_in(2) ? Family::ipv6 : Family::ipv4;
      const FiveTuple tuple = {family, kProtocolUdp, 1, 2, address(family), address(family)};
      bool is_wanted = false;
      for (const Network& network : sides[0]) is_wanted |= holds(network, tuple, tuple.destination);
      for (const Network& network : sides[1]) is_wanted |= holds(network, tuple, tuple.source);
      REQUIRE(wire.passes(tuple) == is_wanted);
      passed += is_wanted;
    }
  }
  CHECK(passed > 100);
  CHECK(passed < 9900);
}

}  // namespace uipvs::test
