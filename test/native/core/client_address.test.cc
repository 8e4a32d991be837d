// Stories of real servers that are told who their client is.
#include <doctest/doctest.h>

#include "core/bytes.h"
#include "core/payload.h"
#include "core/pipeline.h"
#include "core/toa.h"
#include "support/rig.h"
#include "support/slow_checksum.h"

namespace uipvs::test {
namespace {

std::unique_ptr<Rig> make_telling_rig(uint8_t flag) {
  auto rig = make_rig();
  for (const uint32_t service : {0u, 1u, 2u}) rig->directory.service_entries[service].flags = flag;
  return rig;
}

MemoryPacket segment(const FiveTuple& tuple, uint8_t flags, uint32_t sequence, uint32_t acknowledgment,
                     uint32_t payload_bytes = 0, std::vector<uint8_t> options = {}) {
  PacketSpec spec;
  spec.tuple = tuple;
  spec.tcp_flags = flags;
  spec.sequence = sequence;
  spec.acknowledgment = acknowledgment;
  spec.payload.assign(payload_bytes, 0x64);
  spec.tcp_options = std::move(options);
  return build_packet(spec);
}

const uint8_t* tcp_of(const Fed& fed) { return fed.packet.bytes.data() + 20; }

std::vector<uint8_t> payload_of_packet(const Fed& fed) {
  const HeldPacket held(fed.packet);
  PacketView view;
  REQUIRE(parse_packet(held.packet, view) == ParseError::none);
  const auto payload = payload_of(held.packet, view);
  return {payload.begin(), payload.end()};
}

}  // namespace

TEST_CASE("client address: PROXY rides on the handshake's ACK, and both ends count on consistently") {
  const auto rig = make_telling_rig(kServiceProxy);
  const FiveTuple in = client_tuple(kProtocolTcp), out = server_tuple(kProtocolTcp);
  CHECK(payload_of_packet(rig->feed(segment(in, kTcpSyn, 1000, 0))).empty());
  // MSS 1460 becomes 1432.
  const Fed syn_ack = rig->feed(segment(out, kTcpSyn | kTcpAck, 5000, 1001, 0, {2, 4, 0x05, 0xb4}));
  CHECK(load_be32(tcp_of(syn_ack) + 8) == 1001);
  CHECK(load_be16(tcp_of(syn_ack) + 22) == 1432);

  const Fed ack = rig->feed(segment(in, kTcpAck, 1001, 5001));
  const auto header = payload_of_packet(ack);
  REQUIRE(header.size() == 28);
  CHECK(load_be32(header.data() + 16) == kClient.words[0]);
  CHECK(load_be32(header.data() + 20) == kVip.words[0]);
  CHECK(load_be16(header.data() + 24) == 40000);
  CHECK(load_be16(header.data() + 26) == 80);
  CHECK(transport_checksum(ack.packet) == ChecksumState::right);
  CHECK(load_be32(tcp_of(ack) + 4) == 1001);

  CHECK(payload_of_packet(rig->feed(segment(in, kTcpAck, 1001, 5001, 100))).size() == 128);
  // The server acknowledges the header, then the data; the client knows of the data only.
  CHECK(load_be32(tcp_of(rig->feed(segment(out, kTcpAck, 5001, 1029))) + 8) == 1001);
  const Fed acknowledged = rig->feed(segment(out, kTcpAck, 5001, 1129));
  CHECK(load_be32(tcp_of(acknowledged) + 8) == 1101);
  CHECK(transport_checksum(acknowledged.packet) == ChecksumState::right);
  const Fed more = rig->feed(segment(in, kTcpAck, 1101, 5001, 50));
  CHECK(load_be32(tcp_of(more) + 4) == 1129);
  CHECK(payload_of_packet(more).size() == 50);
}

TEST_CASE("client address: IPv6 has the longer PROXY header") {
  const auto rig = make_telling_rig(kServiceProxy);
  rig->next_destination = 1;
  const FiveTuple in = client_tuple6(kProtocolTcp);
  rig->feed(segment(in, kTcpSyn, 1, 0));
  CHECK(payload_of_packet(rig->feed(segment(in, kTcpAck, 2, 9))).size() == 52);
}

TEST_CASE("client address: a template's connection that is begun anew has a header of its own") {
  const auto rig = make_telling_rig(kServiceProxy);
  rig->make_persistent(0, 300);
  const FiveTuple in = client_tuple(kProtocolTcp), out = server_tuple(kProtocolTcp);
  rig->feed(segment(in, kTcpSyn, 1000, 0));
  rig->feed(segment(in, kTcpAck, 1001, 5001, 10));
  rig->feed(segment(out, kTcpAck, 5001, 1039));
  rig->feed(segment(out, kTcpRst | kTcpAck, 5001, 1039));
  CHECK(load_be32(tcp_of(rig->feed(segment(in, kTcpSyn, 70000, 0))) + 4) == 70000);
  const Fed ack = rig->feed(segment(in, kTcpAck, 70001, 6001));
  CHECK(load_be32(tcp_of(ack) + 4) == 70001);
  CHECK(payload_of_packet(ack).size() == 28);
}

TEST_CASE("client address: TOA is in the SYN and the first ACK, and no longer in what follows") {
  const auto rig = make_telling_rig(kServiceToa);
  const FiveTuple in = client_tuple(kProtocolTcp);
  for (const uint8_t flags : {kTcpSyn, kTcpAck}) {
    const Fed fed = rig->feed(segment(in, flags, 1000, 5000));
    CHECK(tcp_of(fed)[20] == kTcpOptionToa);
    CHECK(tcp_of(fed)[21] == 8);
    CHECK(load_be16(tcp_of(fed) + 22) == 40000);
    CHECK(load_be32(tcp_of(fed) + 24) == kClient.words[0]);
    CHECK(transport_checksum(fed.packet) == ChecksumState::right);
    CHECK(header_checksum(fed.packet) == ChecksumState::right);
  }
  for (int count = 0; count < 3; ++count) rig->feed(segment(in, kTcpAck, 1001, 5000, 5));
  CHECK(tcp_of(rig->feed(segment(in, kTcpAck, 1001, 5000, 5)))[12] == 5 << 4);
}

TEST_CASE("client address: with full NAT the real server is told the client, and sees the director") {
  const auto rig = make_telling_rig(kServiceToa | kServiceMasquerade);
  rig->directory.masquerade_first_port = 61000;
  rig->directory.masquerade_last_port = 61999;
  rig->directory.destinations[0].source.store(address4(10, 0, 0, 1));
  const Fed fed = rig->feed(segment(client_tuple(kProtocolTcp), kTcpSyn, 1, 0));
  CHECK(tuple_of(fed.packet).source == address4(10, 0, 0, 1));
  CHECK(load_be32(tcp_of(fed) + 24) == kClient.words[0]);
}

TEST_CASE("client address: UDP of such a service is left alone") {
  const auto rig = make_telling_rig(kServiceProxy);
  CHECK(payload_of_packet(rig->feed(udp_datagram(client_tuple(kProtocolUdp), 9))).size() == 9);
}

}  // namespace uipvs::test
