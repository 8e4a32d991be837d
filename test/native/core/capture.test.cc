// Which copies of packets from the wire are the engine's: those that the kernel drops.
#include "core/capture.h"

#include <doctest/doctest.h>

#include "support/rig.h"

namespace uipvs::test {
namespace {

using Words = std::vector<uint32_t>;

constexpr uint32_t kUdp = kProtocolUdp, kTcp = kProtocolTcp;

Words network4(const Address& address, uint32_t length) { return {4, address.words[0], 0, 0, 0, length}; }

Words ports4(const Address& address, uint32_t length, uint32_t protocol, uint32_t first, uint32_t last) {
  Words words = network4(address, length);
  words.insert(words.end(), {protocol, first, last});
  return words;
}

PacketView view_of(const MemoryPacket& packet) {
  const HeldPacket held(packet);
  PacketView view;
  REQUIRE(parse_packet(held.packet, view) == ParseError::none);
  return view;
}

PacketView datagram(const Address& to, uint16_t port, uint16_t fragment = 0) {
  PacketSpec spec;
  spec.tuple = {Family::ipv4, kProtocolUdp, 1234, port, kClient, to};
  spec.payload.resize(16);
  spec.fragment = fragment;
  return view_of(build_packet(spec));
}

// As the kernel gives it: the directory's words on VIPs, real servers and selectors.
std::unique_ptr<Rig> captured_rig() {
  auto rig = make_rig();
  REQUIRE(rig->directory.vips.find({Family::ipv4, 0, 0, kVip}) != ServiceTable::kNoService);
  REQUIRE(rig->directory.real_servers.add(0, {Family::ipv4, 0, 0, kReal}));
  rig->directory.capture.protocols = OnWire::tcp_and_udp;
  return rig;
}

Decision copied(Rig& rig, const MemoryPacket& packet, MemoryPacket* left = nullptr) {
  HeldPacket held(packet, 2048);
  held.packet.is_from_wire = true;
  PacketView view;
  const Decision decision = rig.pipeline.process_copy(held.packet, view);
  if (left != nullptr) *left = held.copy();
  return decision;
}

MemoryPacket segment(const FiveTuple& tuple) { return tcp_segment(tuple, kTcpSyn); }

FiveTuple between(const Address& from, const Address& to, uint8_t protocol = kProtocolTcp, uint16_t port = 80) {
  return {Family::ipv4, protocol, 40000, port, from, to};
}

}  // namespace

TEST_CASE("capture: selects by family and network, and by protocol and ports where there are any") {
  CaptureSelectors selectors;
  const Words sources = network4(address4(10, 0, 0, 0), 24);
  Words ports = ports4(kVip, 32, kUdp, 100, 200);
  const Words all = ports4(address4(192, 0, 2, 0), 24, kUdp, 0, 0);
  ports.insert(ports.end(), all.begin(), all.end());
  REQUIRE(selectors.set(sources, ports));

  CHECK(selectors.has_source(Family::ipv4, address4(10, 0, 0, 255)));
  CHECK_FALSE(selectors.has_source(Family::ipv4, address4(10, 0, 1, 0)));
  CHECK_FALSE(selectors.has_source(Family::ipv6, address4(10, 0, 0, 255)));

  for (const uint16_t port : {100, 150, 200}) CHECK(selectors.has_port(datagram(kVip, port)));
  for (const uint16_t port : {99, 201, 0}) CHECK_FALSE(selectors.has_port(datagram(kVip, port)));
  CHECK(selectors.has_port(datagram(kStranger, 65535)));
  CHECK_FALSE(selectors.has_port(view_of(segment(between(kClient, kVip, kTcp, 150)))));
}

TEST_CASE("capture: a fragment has no ports, and meets only what selects a whole protocol") {
  CaptureSelectors selectors;
  Words ports = ports4(kVip, 32, kUdp, 1, 65535);
  REQUIRE(selectors.set({}, ports));
  CHECK(selectors.has_port(datagram(kVip, 53)));
  CHECK_FALSE(selectors.has_port(datagram(kVip, 53, 0x2000)));
  REQUIRE(selectors.set({}, ports4(kVip, 32, kUdp, 0, 0)));
  CHECK(selectors.has_port(datagram(kVip, 53, 0x2000)));
}

TEST_CASE("capture: what is no whole selectors, or too many, changes nothing") {
  CaptureSelectors selectors;
  const Words one = network4(kReal, 32);
  REQUIRE(selectors.set(one, {}));
  Words many;
  for (uint32_t i = 0; i <= CaptureSelectors::kMost; ++i) many.insert(many.end(), one.begin(), one.end());
  CHECK_FALSE(selectors.set(many, {}));
  CHECK_FALSE(selectors.set(Words{4, 1, 2}, {}));
  CHECK_FALSE(selectors.set({}, one));
  CHECK(selectors.has_source(Family::ipv4, kReal));
  REQUIRE(selectors.set({}, {}));
  CHECK_FALSE(selectors.has_source(Family::ipv4, kReal));
}

TEST_CASE("copies: of packets to a VIP and from a real server are treated as those of the TUN device") {
  const auto rig = captured_rig();
  CHECK(copied(*rig, segment(client_tuple(kProtocolTcp))).action == Action::upcall);
  rig->feed(segment(client_tuple(kProtocolTcp)));
  MemoryPacket left;
  REQUIRE(copied(*rig, tcp_segment(server_tuple(kProtocolTcp), kTcpSyn | kTcpAck), &left).action == Action::transmit);
  CHECK(tuple_of(left) == client_tuple(kProtocolTcp).reversed());
  // A real server's own, and what has no service.
  CHECK(copied(*rig, segment(between(kReal, kStranger))).action == Action::transmit);
  CHECK(copied(*rig, segment(between(kClient, kVip, kProtocolTcp, 81)), &left).action == Action::transmit);
  CHECK(tuple_of(left).destination == kClient);
}

TEST_CASE("copies: of SCTP are ignored, and of UDP where the kernel cannot describe all of them") {
  const auto rig = captured_rig();
  PacketSpec spec;
  spec.payload.resize(16);
  spec.tuple = between(kClient, kVip, kProtocolSctp);
  CHECK(copied(*rig, build_packet(spec)).action == Action::ignore);
  spec.tuple = between(kClient, kVip, kProtocolUdp);
  CHECK(copied(*rig, build_packet(spec)).action != Action::ignore);
  rig->directory.capture.protocols = OnWire::tcp;
  CHECK(copied(*rig, build_packet(spec)).action == Action::ignore);
  CHECK(copied(*rig, segment(between(kClient, kVip))).action != Action::ignore);
}

TEST_CASE("copies: of what the kernel keeps are ignored, and counted as nothing") {
  const auto rig = captured_rig();
  const uint64_t dropped = rig->dropped();
  CHECK(copied(*rig, segment(between(kClient, kStranger))).action == Action::ignore);
  CHECK(copied(*rig, build_icmp(Family::ipv4, kClient, kVip, 8, 0, {1, 2, 3, 4})).action == Action::ignore);
  CHECK(copied(*rig, build_icmp(Family::ipv4, kReal, kClient, 3, 4, {1, 2, 3, 4})).action == Action::ignore);
  PacketSpec other;
  other.tuple = {Family::ipv4, 47, 0, 0, kClient, kVip};
  CHECK(copied(*rig, build_packet(other)).action == Action::ignore);
  CHECK(copied(*rig, MemoryPacket{}).action == Action::ignore);
  // Of which the kernel, too, sees no protocol.
  MemoryPacket cut = segment(client_tuple(kProtocolTcp));
  cut.bytes.resize(19);
  CHECK(copied(*rig, cut).action == Action::ignore);
  MemoryPacket cut6 = segment(client_tuple6(kProtocolTcp));
  cut6.bytes.resize(39);
  CHECK(copied(*rig, cut6).action == Action::ignore);
  CHECK(rig->dropped() == dropped);
}

TEST_CASE("copies: of a VIP that is the host's only those to its services are ours") {
  const auto rig = captured_rig();
  const uint32_t vip = rig->directory.vips.find({Family::ipv4, 0, 0, kVip});
  rig->directory.vip_is_local[vip] = true;
  CHECK(copied(*rig, segment(client_tuple(kProtocolTcp))).action == Action::upcall);
  CHECK(copied(*rig, segment(between(kClient, kVip, kProtocolTcp, 81))).action == Action::ignore);
  PacketSpec fragment;
  fragment.tuple = client_tuple(kProtocolUdp);
  fragment.payload.resize(16);
  fragment.fragment = 0x2000;
  CHECK(copied(*rig, build_packet(fragment)).action == Action::ignore);
  REQUIRE(rig->directory.capture.set({}, ports4(kVip, 32, kTcp, 81, 90)));
  // Of those that a wider selector covers the host is told: it gets them by the TUN device.
  CHECK(copied(*rig, segment(between(kClient, kVip, kProtocolTcp, 81))).action == Action::transmit);
  CHECK(copied(*rig, segment(between(kClient, kVip, kProtocolTcp, 91))).action == Action::ignore);
}

TEST_CASE("copies: of a VIP that is the host's those behind an IPv6 fragment header are the kernel's, whole or not") {
  const auto rig = captured_rig();
  const uint32_t vip = rig->directory.vips.find({Family::ipv6, 0, 0, kVip6});
  REQUIRE(vip != ServiceTable::kNoService);
  PacketSpec atomic;
  atomic.tuple = client_tuple6(kProtocolUdp);
  atomic.payload.resize(16);
  atomic.first_extension = kProtocolFragment;
  atomic.extensions = {kProtocolUdp, 0, 0, 0, 1, 2, 3, 4};
  CHECK(copied(*rig, build_packet(atomic)).action == Action::upcall);
  rig->directory.vip_is_local[vip] = true;
  CHECK(copied(*rig, build_packet(atomic)).action == Action::ignore);
}

TEST_CASE("copies: of a VIP that is the host's FTP has data ports, but for the last, which no rule can name") {
  const auto rig = captured_rig();
  rig->directory.vip_is_local[rig->directory.vips.find({Family::ipv4, 0, 0, kVip})] = true;
  REQUIRE(rig->directory.add_service(21, {Family::ipv4, kProtocolTcp, kFtpPort, kVip}, 0));
  for (const uint16_t port : {20, 1024, 65534})
    CHECK(copied(*rig, segment(between(kClient, kVip, kProtocolTcp, port))).action == Action::transmit);
  for (const uint16_t port : {19, 22, 1023, 65535})
    CHECK(copied(*rig, segment(between(kClient, kVip, kProtocolTcp, port))).action == Action::ignore);
  REQUIRE(rig->directory.add_service(22, {Family::ipv4, kProtocolTcp, 0, kVip}, 0));
  CHECK(copied(*rig, segment(between(kClient, kVip, kProtocolTcp, 65535))).action != Action::ignore);
}

TEST_CASE("copies: while a mark means a service only replies are ours") {
  const auto rig = captured_rig();
  REQUIRE(rig->directory.add_service(20, {Family::ipv4, 0, 0, {}}, 5));
  CHECK(copied(*rig, segment(client_tuple(kProtocolTcp))).action == Action::ignore);
  CHECK(copied(*rig, segment(between(kReal, kStranger))).action == Action::transmit);
}

TEST_CASE("copies: malformed behind the addresses are counted by their reason, where the kernel drops the original") {
  const auto rig = captured_rig();
  MemoryPacket packet = segment(client_tuple(kProtocolTcp));
  packet.bytes[20 + 12] = 0x10;
  CHECK(copied(*rig, packet).action == Action::drop);
  CHECK(rig->counted(Counter::drop_malformed_tcp_offset) == 1);
  MemoryPacket foreign = segment(between(kClient, kStranger));
  foreign.bytes[20 + 12] = 0x10;
  CHECK(copied(*rig, foreign).action == Action::ignore);

  PacketSpec chain;
  chain.tuple = client_tuple6(kProtocolTcp);
  chain.first_extension = 60;
  for (int i = 0; i < 20; ++i) {
    const uint8_t next = i == 19 ? kProtocolTcp : 60;
    for (const uint8_t byte :
         {next, uint8_t{0}, uint8_t{1}, uint8_t{4}, uint8_t{0}, uint8_t{0}, uint8_t{0}, uint8_t{0}})
      chain.extensions.push_back(byte);
  }
  CHECK(copied(*rig, build_packet(chain)).action == Action::drop);
  CHECK(rig->counted(Counter::drop_malformed_extension_chain) == 1);
}

TEST_CASE("copies: whose IP header is wrong are counted where the filter drops the original nevertheless") {
  const auto rig = captured_rig();
  MemoryPacket wrong = segment(client_tuple(kProtocolTcp));
  wrong.bytes[10] ^= 0xff;
  CHECK(copied(*rig, wrong).action == Action::drop);
  CHECK(rig->counted(Counter::drop_malformed_ip_checksum) == 1);
  MemoryPacket foreign = segment(between(kClient, kStranger));
  foreign.bytes[10] ^= 0xff;
  CHECK(copied(*rig, foreign).action == Action::ignore);

  // An extension that says to be longer than the packet, before TCP and before one that is not there.
  PacketSpec longer;
  longer.tuple = client_tuple6(kProtocolTcp);
  longer.first_extension = 60;
  longer.extensions = {kProtocolTcp, 200, 1, 4, 0, 0, 0, 0};
  CHECK(copied(*rig, build_packet(longer)).action == Action::drop);
  CHECK(rig->counted(Counter::drop_malformed_ip_header) == 1);
  longer.extensions[0] = 43;
  CHECK(copied(*rig, build_packet(longer)).action == Action::ignore);
}

TEST_CASE("copies: whose hops are over go to the kernel, which answers, but not where it would take them for its own") {
  const auto rig = captured_rig();
  PacketSpec spec;
  spec.tuple = client_tuple(kProtocolUdp);
  spec.hop_limit = 1;
  MemoryPacket left;
  CHECK(copied(*rig, build_packet(spec), &left).action == Action::transmit);
  CHECK(left.bytes == build_packet(spec).bytes);
  rig->directory.vip_is_local[rig->directory.vips.find({Family::ipv4, 0, 0, kVip})] = true;
  REQUIRE(copied(*rig, build_packet(spec), &left).action == Action::transmit);
  CHECK(tuple_of(left).protocol == kProtocolIcmp);
  CHECK(left.bytes[20] == 11);
  CHECK(tuple_of(left).destination == kClient);
}

}  // namespace uipvs::test
