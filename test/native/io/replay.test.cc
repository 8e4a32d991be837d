// Two captures of one exchange through the daemon, replayed: device.pcap is of its TUN device, with --reinject tun, so
// that each packet that came in is followed by what the daemon sent; clients.pcap is of the director's Ethernet towards
// the client, at the same time. tcpdump wrote them in the lab (test/lab) with offloads off: a request to a TCP service,
// two datagrams to a UDP service, and one to a real server's closed port, by IPv4 and by IPv6.
#include <doctest/doctest.h>

#include <algorithm>

#include "support/capture.h"
#include "support/rig.h"
#include "support/slow_checksum.h"

namespace uipvs::test {
namespace {

// Of the lab.
const Address kLabClient = address4(10, 0, 0, 2), kLabVip = address4(10, 9, 0, 1), kLabReal = address4(10, 1, 0, 11);
const Address kLabClient6{{0xfd000000, 0, 0, 2}}, kLabVip6{{0xfd090000, 0, 0, 1}}, kLabReal6{{0xfd010000, 0, 0, 0x11}};

std::unique_ptr<Rig> make_lab_rig() {
  auto rig = std::make_unique<Rig>();
  uint32_t id = 0;
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    const Address& vip = family == Family::ipv6 ? kLabVip6 : kLabVip;
    rig->add_service(id++, {family, kProtocolTcp, 80, vip});
    rig->add_service(id++, {family, kProtocolUdp, 7, vip});
    rig->add_service(id++, {family, kProtocolUdp, 9, vip});
  }
  rig->add_destination(0, kLabReal, 0);
  rig->add_destination(1, kLabReal6, 0);
  return rig;
}

bool is_v6(const MemoryPacket& packet) { return packet.bytes[0] >> 4 == 6; }

// The slow twin of what a director does with this exchange.
FiveTuple translated(FiveTuple tuple) {
  const bool v6 = tuple.family == Family::ipv6;
  if (tuple.destination == (v6 ? kLabVip6 : kLabVip)) {
    tuple.destination = v6 ? kLabReal6 : kLabReal;
  } else {
    tuple.source = v6 ? kLabVip6 : kLabVip;
  }
  return tuple;
}

}  // namespace

TEST_CASE("replay: what a captured packet becomes is, byte for byte, what the daemon made of it") {
  const auto packets = packets_of(kept_capture("device.pcap"));
  REQUIRE(packets.size() == 64);
  const auto rig = make_lab_rig();
  for (size_t at = 0; at < packets.size(); at += 2) {
    CAPTURE(at);
    rig->next_destination = is_v6(packets[at]) ? 1 : 0;
    const Fed fed = rig->feed(packets[at]);
    REQUIRE(fed.action == Action::transmit);
    CHECK(fed.packet.bytes == packets[at + 1].bytes);
  }
  CHECK(rig->dropped() == 0);
  CHECK(rig->counted(Counter::connections_created) == 6);
}

TEST_CASE("replay: what a captured packet becomes has the addresses and the checksums that a slow twin gives it") {
  const auto packets = packets_of(kept_capture("device.pcap"));
  const auto rig = make_lab_rig();
  for (size_t at = 0; at < packets.size(); at += 2) {
    CAPTURE(at);
    rig->next_destination = is_v6(packets[at]) ? 1 : 0;
    const MemoryPacket sent = rig->feed(packets[at]).packet;
    CHECK(tuple_of(sent) == translated(tuple_of(packets[at])));
    REQUIRE(transport_checksum(packets[at]) == ChecksumState::right);
    CHECK(transport_checksum(sent) == ChecksumState::right);
    CHECK(header_checksum(sent) == ChecksumState::right);
  }
}

TEST_CASE("replay: the same requests are in the capture of an Ethernet, a hop earlier") {
  std::vector<MemoryPacket> behind;
  const auto packets = packets_of(kept_capture("device.pcap"));
  for (size_t at = 0; at < packets.size(); at += 2) {
    const FiveTuple tuple = tuple_of(packets[at]);
    if (tuple.destination == kLabVip || tuple.destination == kLabVip6) behind.push_back(packets[at]);
  }
  size_t found = 0;
  for (MemoryPacket& packet : packets_of(kept_capture("clients.pcap"))) {
    const FiveTuple tuple = tuple_of(packet);
    if (tuple.source != kLabClient && tuple.source != kLabClient6) continue;
    if (tuple.destination != kLabVip && tuple.destination != kLabVip6) continue;
    REQUIRE(found < behind.size());
    --packet.bytes[is_v6(packet) ? 7 : 8];
    if (!is_v6(packet)) repair_header_checksum(packet.bytes);
    CHECK(packet.bytes == behind[found].bytes);
    ++found;
  }
  CHECK(found == behind.size());
  CHECK(found == 18);
}

TEST_CASE("replay: what the director sent to a client does not go through it a second time") {
  const auto rig = make_lab_rig();
  size_t replies = 0;
  for (const MemoryPacket& packet : packets_of(kept_capture("clients.pcap"))) {
    const FiveTuple tuple = tuple_of(packet);
    if ((tuple.source != kLabVip && tuple.source != kLabVip6) || !tuple.source_port) continue;
    CHECK(rig->feed(packet).decision.action == Action::drop);
    ++replies;
  }
  CHECK(replies == 12);
  CHECK(rig->counted(Counter::drop_from_vip) == replies);
}

}  // namespace uipvs::test
