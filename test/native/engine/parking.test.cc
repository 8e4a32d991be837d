#include "engine/parking.h"

#include <doctest/doctest.h>

#include <deque>
#include <map>

#include "support/random.h"
#include "support/rig.h"

namespace uipvs::test {
namespace {

struct Parked {
  ParkingLot::Result result;
  uint32_t ticket = 0;
};

constexpr ParkingLot::Errand kErrand{7, 1234};

Parked park(ParkingLot& lot, const MemoryPacket& packet, uint64_t hash = 0) {
  const HeldPacket held(packet);
  PacketView view;
  REQUIRE(parse_packet(held.packet, view) == ParseError::none);
  Parked parked;
  const Pipeline::Waiting waiting{view.tuple};
  if (hash == 0) hash = hash_tuple({1, 2}, view.tuple);
  parked.result = lot.park(held.packet, view, waiting, hash, kErrand, parked.ticket);
  return parked;
}

MemoryPacket datagram(uint32_t flow, uint32_t payload_bytes = 4) {
  FiveTuple tuple = client_tuple(kProtocolUdp, static_cast<uint16_t>(flow));
  tuple.source.words[0] += flow >> 16;
  return udp_datagram(tuple, payload_bytes);
}

ParkingLot::Node* claim_first(ParkingLot& lot, uint32_t ticket) {
  ParkingLot::Errand errand;
  return lot.claim(ticket, errand);
}

// The packets of a flow, in order.
std::vector<std::vector<uint8_t>> claim(ParkingLot& lot, uint32_t ticket) {
  std::vector<std::vector<uint8_t>> packets;
  ParkingLot::Errand errand;
  for (const ParkingLot::Node* node = lot.claim(ticket, errand); node != nullptr; node = lot.next(*node)) {
    packets.emplace_back(node->packet.data, node->packet.data + node->packet.length);
  }
  return packets;
}

}  // namespace

TEST_CASE("parking: keeps a packet with its metadata, byte for byte, until it is released") {
  ParkingLot lot;
  MemoryPacket packet = datagram(1, 1000);
  packet.vnet = {kVnetDataValid, kVnetGsoUdpL4, 28, 500, 1, 2};
  const Parked parked = park(lot, packet);
  REQUIRE(parked.result == ParkingLot::Result::parked_first);
  CHECK(lot.parked_flows() == 1);
  ParkingLot::Node* const node = claim_first(lot, parked.ticket);
  REQUIRE(node != nullptr);
  CHECK(
      std::equal(packet.bytes.begin(), packet.bytes.end(), node->packet.data, node->packet.data + node->packet.length));
  CHECK(node->packet.vnet().gso_size == 500);
  CHECK(node->packet.vnet().gso_type == kVnetGsoUdpL4);
  CHECK(lot.next(*node) == nullptr);
  lot.release(parked.ticket);
  CHECK(lot.parked_flows() == 0);
}

TEST_CASE("parking: a repeated SYN is told, sixteen datagrams queue in order and the next does not fit") {
  ParkingLot lot;
  CHECK(park(lot, tcp_segment(client_tuple(kProtocolTcp), kTcpSyn)).result == ParkingLot::Result::parked_first);
  CHECK(park(lot, tcp_segment(client_tuple(kProtocolTcp), kTcpSyn)).result == ParkingLot::Result::repeated);

  const Parked first = park(lot, datagram(7, 0));
  for (uint32_t i = 1; i < ParkingLot::kMaxPacketsPerFlow; ++i) {
    const Parked next = park(lot, datagram(7, i));
    CHECK(next.result == ParkingLot::Result::parked_behind);
    CHECK(next.ticket == first.ticket);
  }
  CHECK(park(lot, datagram(7, 99)).result == ParkingLot::Result::full);
  const auto packets = claim(lot, first.ticket);
  REQUIRE(packets.size() == ParkingLot::kMaxPacketsPerFlow);
  for (uint32_t i = 0; i < packets.size(); ++i) CHECK(packets[i] == datagram(7, i).bytes);
}

TEST_CASE("parking: a ticket is good for one claim, and stale once released") {
  ParkingLot lot;
  const Parked first = park(lot, datagram(1));
  REQUIRE(claim_first(lot, first.ticket) != nullptr);
  CHECK(claim_first(lot, first.ticket) == nullptr);
  lot.release(first.ticket);
  CHECK(claim_first(lot, first.ticket) == nullptr);
  lot.release(first.ticket);
  const Parked second = park(lot, datagram(2));
  CHECK(second.ticket != first.ticket);
  CHECK(second.ticket % ParkingLot::kFlows == first.ticket % ParkingLot::kFlows);
  CHECK(claim_first(lot, first.ticket) == nullptr);
  lot.release(first.ticket);
  CHECK(lot.parked_flows() == 1);
  CHECK(claim(lot, second.ticket).front() == datagram(2).bytes);
}

TEST_CASE("parking: tickets that nobody was given are stale") {
  ParkingLot lot;
  for (const uint32_t ticket : {0u, 1u, 2047u, 2048u, 0x7fffffffu, 0xffffffffu}) {
    CHECK(claim_first(lot, ticket) == nullptr);
    lot.release(ticket);
  }
  CHECK(lot.parked_flows() == 0);
}

TEST_CASE("parking: the lot takes so many flows and no more, and all again once released") {
  ParkingLot lot;
  for (int turn = 0; turn < 3; ++turn) {
    std::vector<uint32_t> tickets;
    for (uint32_t flow = 0; flow < ParkingLot::kFlows; ++flow) {
      const Parked parked = park(lot, datagram(flow));
      REQUIRE(parked.result == ParkingLot::Result::parked_first);
      tickets.push_back(parked.ticket);
    }
    CHECK(park(lot, datagram(60000)).result == ParkingLot::Result::full);
    CHECK(park(lot, datagram(5)).result == ParkingLot::Result::parked_behind);
    for (const uint32_t ticket : tickets) lot.release(ticket);
    CHECK(lot.parked_flows() == 0);
  }
}

TEST_CASE("parking: large packets have their own places, small ones take them when theirs are gone") {
  ParkingLot lot;
  for (uint32_t flow = 0; flow < ParkingLot::kLargePackets; ++flow) {
    REQUIRE(park(lot, datagram(flow, 60000)).result == ParkingLot::Result::parked_first);
  }
  CHECK(park(lot, datagram(1000, 2021)).result == ParkingLot::Result::full);
  CHECK(park(lot, datagram(1000, 2020)).result == ParkingLot::Result::parked_first);

  ParkingLot other;
  for (uint32_t i = 0; i < ParkingLot::kSmallPackets; ++i) {
    REQUIRE(park(other, datagram(i / 16)).result != ParkingLot::Result::full);
  }
  for (uint32_t i = 0; i < ParkingLot::kLargePackets; ++i) {
    REQUIRE(park(other, datagram(1000 + i)).result == ParkingLot::Result::parked_first);
  }
  CHECK(park(other, datagram(3000)).result == ParkingLot::Result::full);
}

TEST_CASE("parking: flows of one hash are kept apart") {
  ParkingLot lot;
  const Parked one = park(lot, datagram(1), 77), two = park(lot, datagram(2), 77), three = park(lot, datagram(3), 77);
  CHECK(park(lot, datagram(2, 9), 77).ticket == two.ticket);
  lot.release(two.ticket);
  CHECK(park(lot, datagram(3, 9), 77).ticket == three.ticket);
  CHECK(claim(lot, one.ticket).size() == 1);
  CHECK(claim(lot, three.ticket).size() == 2);
}

TEST_CASE("parking: agrees with a map under random parking and releasing") {
  Random random(test_seed());
  ParkingLot lot;
  std::map<uint32_t, std::pair<uint32_t, std::deque<std::vector<uint8_t>>>> model;  // flow -> ticket, packets
  for (int round = 0; round < 30000; ++round) {
    const uint32_t flow = random.below(400);
    if (random.one_in(6) && model.count(flow) != 0) {
      const auto packets = claim(lot, model[flow].first);
      REQUIRE(std::equal(packets.begin(), packets.end(), model[flow].second.begin(), model[flow].second.end()));
      lot.release(model[flow].first);
      model.erase(flow);
    } else {
      const MemoryPacket packet = datagram(flow, random.below(30));
      const Parked parked = park(lot, packet, 1 + flow % 50);
      const bool is_full = model.count(flow) != 0 && model[flow].second.size() == ParkingLot::kMaxPacketsPerFlow;
      REQUIRE((parked.result == ParkingLot::Result::full) == is_full);
      if (!is_full) {
        model[flow].first = parked.ticket;
        model[flow].second.push_back(packet.bytes);
      }
    }
    REQUIRE(lot.parked_flows() == model.size());
  }
}

TEST_CASE("parking: connections of one template wait behind the first, and a repeated SYN among them is known") {
  ParkingLot lot;
  const FiveTuple key{Family::ipv4, kProtocolTcp, 0, 80, kClient, kVip};
  std::vector<Parked> parked;
  for (const uint16_t port : {4001, 4002, 4001, 4003}) {
    const HeldPacket held(tcp_segment(client_tuple(kProtocolTcp, port), kTcpSyn));
    PacketView view;
    REQUIRE(parse_packet(held.packet, view) == ParseError::none);
    Parked one;
    one.result = lot.park(held.packet, view, {key, true, false}, hash_tuple({1, 2}, key), {9, 55}, one.ticket);
    parked.push_back(one);
  }
  CHECK(parked[0].result == ParkingLot::Result::parked_first);
  CHECK(parked[1].result == ParkingLot::Result::parked_behind);
  CHECK(parked[2].result == ParkingLot::Result::repeated);
  CHECK(parked[3].result == ParkingLot::Result::parked_behind);
  ParkingLot::Errand errand;
  ParkingLot::Node* const first = lot.claim(parked[0].ticket, errand);
  REQUIRE(first != nullptr);
  CHECK(errand.service_id == 9);
  CHECK(errand.posted_ns == 55);
  CHECK(first->tuple.source_port == 4001);
  CHECK(lot.next(*first)->tuple.source_port == 4002);
  CHECK(lot.next(*lot.next(*first))->tuple.source_port == 4003);
}

TEST_CASE("parking: a one-packet datagram waits alone, and so does the next of the same flow") {
  ParkingLot lot;
  const HeldPacket held(datagram(5));
  PacketView view;
  REQUIRE(parse_packet(held.packet, view) == ParseError::none);
  uint32_t tickets[2] = {};
  for (uint32_t& ticket : tickets) {
    const auto result = lot.park(held.packet, view, {view.tuple, false, true}, 99, kErrand, ticket);
    CHECK(result == ParkingLot::Result::parked_first);
  }
  CHECK(tickets[0] != tickets[1]);
  lot.release(tickets[0]);
  CHECK(lot.parked_flows() == 1);
  CHECK(claim(lot, tickets[1]).size() == 1);
}

}  // namespace uipvs::test
