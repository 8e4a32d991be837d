// Datagrams in fragments, from the device back to the device.
#include <doctest/doctest.h>

#include <algorithm>

#include "core/bytes.h"
#include "core/fragmentation.h"
#include "support/random.h"
#include "support/slow_checksum.h"
#include "support/worker_rig.h"

namespace uipvs::test {
namespace {

std::vector<MemoryPacket> split(const MemoryPacket& whole, uint32_t most_bytes) {
  const HeldPacket held(whole);
  PacketView view;
  REQUIRE(parse_packet(held.packet, view) == ParseError::none);
  Fragmenter fragmenter(held.packet, view, most_bytes, 77);
  REQUIRE(fragmenter.error() == SplitError::none);
  std::vector<MemoryPacket> parts;
  for (;;) {
    HeldPacket part(MemoryPacket{{}, std::vector<uint8_t>(most_bytes)});
    if (!fragmenter.next(part.packet)) return parts;
    parts.push_back(part.copy());
  }
}

// What a receiver makes of fragments.
MemoryPacket join(const std::vector<MemoryPacket>& parts) {
  Reassembler reassembler({3, 4});
  for (const MemoryPacket& part : parts) {
    const HeldPacket held(part);
    WholeDatagram whole;
    if (reassembler.add(held.packet, 1, whole) != FragmentOutcome::complete) continue;
    return {{}, {whole.packet.data, whole.packet.data + whole.packet.length}};
  }
  return {};
}

MemoryPacket datagram(Family family, uint32_t payload_bytes) {
  PacketSpec spec;
  spec.tuple = family == Family::ipv6 ? client_tuple6(kProtocolUdp) : client_tuple(kProtocolUdp);
  spec.payload = Random(9).bytes(payload_bytes);
  return build_packet(spec);
}

}  // namespace

TEST_CASE(
    "worker: a datagram of 60,000 bytes in fragments of any order is scheduled, translated and sent in fragments") {
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    WorkerRig bench;
    Random random(test_seed());
    auto parts = split(datagram(family, 60000), 1500);
    for (size_t i = parts.size(); i > 1; --i) std::swap(parts[i - 1], parts[random.below(static_cast<uint32_t>(i))]);
    for (const MemoryPacket& part : parts) bench.receive(part);
    for (int turn = 0; turn < 2; ++turn) bench.worker.turn();
    const auto requests = bench.requests();
    REQUIRE(requests.size() == 1);
    bench.answer(requests[0], family == Family::ipv6 ? 1 : 0);
    bench.worker.turn();

    const auto there = bench.sent();
    CHECK(there.size() == parts.size());
    for (const MemoryPacket& part : there) CHECK(part.bytes.size() <= 1500);
    const MemoryPacket whole = join(there);
    REQUIRE(whole.bytes.size() > 60000);
    CHECK(tuple_of(whole).destination == (family == Family::ipv6 ? kReal6 : kReal));
    CHECK(transport_checksum(whole) == ChecksumState::right);
    CHECK(bench.counted(Counter::datagrams_reassembled) == 1);

    // The way back, by the connection that is there now.
    PacketSpec spec;
    spec.tuple = tuple_of(whole).reversed();
    spec.payload = Random(10).bytes(30000);
    for (const MemoryPacket& part : split(build_packet(spec), 1280)) bench.receive(part);
    for (int turn = 0; turn < 2; ++turn) bench.worker.turn();
    const MemoryPacket back = join(bench.sent());
    CHECK(tuple_of(back) == tuple_of(datagram(family, 1)).reversed());
    CHECK(transport_checksum(back) == ChecksumState::right);
  }
}

TEST_CASE("worker: fragments that overlap are refused, and counted with those that come after them") {
  WorkerRig bench;
  auto parts = split(datagram(Family::ipv4, 4000), 1500);
  MemoryPacket overlapping = parts[1];
  store_be16(overlapping.bytes.data() + 6, 0x2000 | 100);
  repair_header_checksum(overlapping.bytes);
  for (const MemoryPacket& part : {parts[0], overlapping, parts[1], parts[2]}) bench.receive(part);
  bench.worker.turn();
  CHECK(bench.requests().empty());
  CHECK(bench.counted(Counter::drop_fragment_inconsistent) == 3);
}

TEST_CASE("worker: fragments of nobody we know pass, in fragments") {
  WorkerRig bench;
  PacketSpec spec;
  spec.tuple = {Family::ipv4, kProtocolUdp, 53, 4000, kReal, kStranger};
  spec.payload.assign(4000, 0x33);
  const auto parts = split(build_packet(spec), 1400);
  for (const MemoryPacket& part : parts) bench.receive(part);
  bench.worker.turn();
  const auto sent = bench.sent();
  CHECK(sent.size() == parts.size());
  CHECK(tuple_of(join(sent)) == spec.tuple);
  CHECK(bench.counted(Counter::passed_packets) == 1);
}

TEST_CASE("worker: fragments to a port without a service of a VIP that is the host's go back to it, in fragments") {
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    WorkerRig bench;
    Directory& directory = bench.rig->directory;
    const Address vip = family == Family::ipv6 ? kVip6 : kVip;
    directory.vip_is_local[directory.find_vip(family, vip)] = true;
    PacketSpec spec;
    spec.tuple =
        family == Family::ipv6 ? client_tuple6(kProtocolUdp, 40000, 53) : client_tuple(kProtocolUdp, 40000, 53);
    spec.payload.assign(4000, 0x33);
    const auto parts = split(build_packet(spec), 1400);
    for (const MemoryPacket& part : parts) bench.receive(part);
    bench.worker.turn();
    const auto sent = bench.sent();
    CHECK(sent.size() == parts.size());
    const MemoryPacket whole = join(sent);
    CHECK(tuple_of(whole) == spec.tuple);
    CHECK(transport_checksum(whole) == ChecksumState::right);
    CHECK(bench.requests().empty());
  }
}

}  // namespace uipvs::test
