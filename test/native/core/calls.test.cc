// Stories of SIP calls: persistence engine sip.
#include <doctest/doctest.h>

#include <string>

#include "core/pipeline.h"
#include "support/rig.h"
#include "support/slow_checksum.h"

namespace uipvs::test {
namespace {

constexpr uint32_t kSipService = 9;
constexpr uint16_t kSipPort = 5060;
constexpr Tick kPersistence = 100 * kTicksPerSecond;
const Address kOtherReal = address4(10, 0, 0, 4);
const Address kOtherClient = address4(198, 51, 100, 8);

// UDP port 5060 of kVip with engine sip; destination 2 is kReal:5060, 3 is kOtherReal:5060.
std::unique_ptr<Rig> make_sip_rig(uint8_t flags = 0, uint32_t netmask = UINT32_MAX) {
  auto rig = make_rig();
  rig->add_service(kSipService, {Family::ipv4, kProtocolUdp, kSipPort, kVip});
  rig->make_persistent(kSipService, 100, netmask);
  rig->directory.set_service_flags(kSipService, static_cast<uint8_t>(kServicePersistent | kServiceSip | flags));
  for (const uint32_t id : {2u, 3u}) {
    const Address address = id == 2 ? kReal : kOtherReal;
    rig->add_destination(id, address, kSipPort);
    rig->directory.real_ports.add(id, {Family::ipv4, kProtocolUdp, kSipPort, address});
    rig->directory.real_port_owners[id].service_id = kSipService;
    rig->directory.real_port_owners[id].destination_id = id;
  }
  rig->next_destination = 2;
  return rig;
}

MemoryPacket sip(const FiveTuple& tuple, const std::string& call_id) {
  PacketSpec spec;
  spec.tuple = tuple;
  const std::string text = "OPTIONS sip:a SIP/2.0\r\nCall-ID: " + call_id + "\r\n\r\n";
  spec.payload.assign(text.begin(), text.end());
  return build_packet(spec);
}

FiveTuple request(uint16_t port, const Address& client = kClient) {
  return {Family::ipv4, kProtocolUdp, port, kSipPort, client, kVip};
}

FiveTuple from(const Address& real, uint16_t port, const Address& client = kClient) {
  return {Family::ipv4, kProtocolUdp, kSipPort, port, real, client};
}

Address real_of(const Fed& fed) { return tuple_of(fed.packet).destination; }

std::string call_id_of(const ConnectionTable::Snapshot& listed) {
  return {reinterpret_cast<const char*>(listed.call_id.text), listed.call_id.bytes};
}

std::vector<ConnectionTable::Snapshot> templates(const Rig& rig) {
  auto all = rig.connections();
  std::erase_if(all, [](const auto& listed) { return (listed.flags & kConnectionTemplate) == 0; });
  return all;
}

}  // namespace

TEST_CASE("calls: a call stays with its real server whatever port it comes from, and each call has its own") {
  const auto rig = make_sip_rig();
  CHECK(rig->feed(sip(request(1), "one@a")).decision.action == Action::upcall);
  rig->next_destination = 3;
  const Fed second = rig->feed(sip(request(2), "one@a"));
  CHECK(second.decision.action == Action::transmit);
  CHECK(real_of(second) == kReal);
  const Fed other = rig->feed(sip(request(3), "two@a"));
  CHECK(other.decision.action == Action::upcall);
  CHECK(real_of(other) == kOtherReal);
  CHECK(rig->feed(sip(request(4), "two@a")).decision.action == Action::transmit);
  CHECK(templates(*rig).size() == 2);
  CHECK(call_id_of(templates(*rig)[0]) == "one@a");
  CHECK(rig->counts_agree());
}

TEST_CASE("calls: the same Call-ID of another client is another call, unless the netmask joins them") {
  const auto rig = make_sip_rig();
  rig->feed(sip(request(1), "one@a"));
  CHECK(rig->feed(sip(request(1, kOtherClient), "one@a")).decision.action == Action::upcall);
  const auto joined = make_sip_rig(0, 0xffffff00);
  joined->feed(sip(request(1), "one@a"));
  CHECK(joined->feed(sip(request(1, kOtherClient), "one@a")).decision.action == Action::transmit);
}

TEST_CASE("calls: with one-packet scheduling one port carries calls of several real servers, and answers come back") {
  const auto rig = make_sip_rig(kServiceOnePacket);
  CHECK(real_of(rig->feed(sip(request(5060), "one@a"))) == kReal);
  rig->next_destination = 3;
  CHECK(real_of(rig->feed(sip(request(5060), "two@a"))) == kOtherReal);
  for (int round = 0; round < 2; ++round) {
    CHECK(real_of(rig->feed(sip(request(5060), "one@a"))) == kReal);
    CHECK(real_of(rig->feed(sip(request(5060), "two@a"))) == kOtherReal);
  }
  for (const Address& real : {kReal, kOtherReal}) {
    const Fed answer = rig->feed(sip(from(real, 5060), real == kReal ? "one@a" : "two@a"));
    CHECK(answer.action == Action::transmit);
    CHECK(tuple_of(answer.packet) == request(5060).reversed());
    CHECK(transport_checksum(answer.packet) == ChecksumState::right);
  }
  // Without a Call-ID it is an answer still.
  CHECK(tuple_of(rig->feed(udp_datagram(from(kReal, 5060))).packet) == request(5060).reversed());
  CHECK(templates(*rig)[0].state == kTemplateAssured);
  CHECK(rig->worker_lane(2).connections == 4);
  CHECK(rig->counts_agree());
}

TEST_CASE("calls: an answer to a one-packet datagram keeps the call alive") {
  const auto rig = make_sip_rig(kServiceOnePacket);
  rig->feed(sip(request(5060), "one@a"));
  rig->advance(kPersistence - 1);
  rig->feed(sip(from(kReal, 5060), "one@a"));
  rig->advance(kPersistence - 1);
  rig->next_destination = 3;
  CHECK(real_of(rig->feed(sip(request(5060), "one@a"))) == kReal);
}

TEST_CASE("calls: what names no call is dropped and counted, as is TCP") {
  const auto rig = make_sip_rig();
  CHECK(rig->feed(udp_datagram(request(1))).action == Action::drop);
  CHECK(rig->feed(udp_datagram(request(1), 0)).action == Action::drop);
  CHECK(rig->feed(sip(request(1), std::string(256, 'a'))).action == Action::drop);
  CHECK(rig->counted(Counter::drop_no_call_id) == 3);
  rig->directory.set_service_flags(0, kServicePersistent | kServiceSip);
  CHECK(rig->feed(tcp_segment(client_tuple(kProtocolTcp), kTcpSyn)).action == Action::drop);
  CHECK(rig->counted(Counter::drop_no_call_id) == 4);
  CHECK(rig->connections().empty());
  // A connection that is there takes it.
  rig->feed(sip(request(1), "one@a"));
  CHECK(real_of(rig->feed(udp_datagram(request(1)))) == kReal);
}

TEST_CASE("calls: a real server begins one, from the VIP, and the client's part of it reaches that server") {
  const auto rig = make_sip_rig();
  const Fed invite = rig->feed(sip(from(kOtherReal, 7000), "new@rs"));
  REQUIRE(invite.decision.action == Action::transmit);
  CHECK(tuple_of(invite.packet) == request(7000).reversed());
  CHECK(transport_checksum(invite.packet) == ChecksumState::right);
  CHECK(real_of(rig->feed(sip(request(7000), "new@rs"))) == kOtherReal);
  CHECK(real_of(rig->feed(sip(request(7001), "new@rs"))) == kOtherReal);
  REQUIRE(templates(*rig).size() == 1);
  CHECK(templates(*rig)[0].state == kTemplateAssured);
  CHECK(rig->worker_lane(3).out_packets == 1);
  CHECK(rig->counts_agree());
}

TEST_CASE("calls: a call moves to the real server that speaks of it") {
  const auto rig = make_sip_rig();
  rig->feed(sip(request(1), "one@a"));
  rig->feed(sip(from(kOtherReal, 1), "one@a"));
  CHECK(real_of(rig->feed(sip(request(2), "one@a"))) == kOtherReal);
  CHECK(real_of(rig->feed(sip(request(1), "one@a"))) == kOtherReal);
  REQUIRE(templates(*rig).size() == 2);
  CHECK(templates(*rig)[0].ends.virtual_port == kInvalidTemplatePort);
  CHECK(call_id_of(templates(*rig)[0]) == "one@a");
  CHECK(rig->counts_agree());
}

TEST_CASE("calls: without persistence whatever a real server says makes a connection") {
  const auto rig = make_sip_rig();
  rig->directory.set_service_flags(kSipService, kServiceSip);
  CHECK(tuple_of(rig->feed(udp_datagram(from(kReal, 7000))).packet) == request(7000).reversed());
  CHECK(templates(*rig).empty());
  CHECK(rig->connections().size() == 1);
}

TEST_CASE("calls: a real server is left alone where it speaks of no call, is removed, or its service has no engine") {
  const auto is_left_alone = [](Rig& rig, const MemoryPacket& packet) {
    const Fed fed = rig.feed(packet);
    return fed.action == Action::transmit && tuple_of(fed.packet) == tuple_of(packet) && rig.connections().empty();
  };
  const auto rig = make_sip_rig();
  CHECK(is_left_alone(*rig, udp_datagram(from(kReal, 7000))));
  FiveTuple other_port = from(kReal, 7000);
  other_port.source_port = 5061;
  CHECK(is_left_alone(*rig, sip(other_port, "one@a")));
  rig->set_available(2, false);
  CHECK(is_left_alone(*rig, sip(from(kReal, 7000), "one@a")));
  rig->directory.set_service_flags(kSipService, kServicePersistent);
  CHECK(is_left_alone(*rig, sip(from(kOtherReal, 7000), "one@a")));
  CHECK(rig->directory.sip_services == 0);
  rig->directory.set_service_flags(kSipService, kServicePersistent | kServiceSip);
  rig->directory.remove_service(kSipService);
  CHECK(is_left_alone(*rig, sip(from(kOtherReal, 7000), "one@a")));
}

TEST_CASE("calls: packets of two calls that wait are two errands, those of one call are one") {
  const auto rig = make_sip_rig();
  const auto hash = [&](uint16_t port, const std::string& call_id) {
    const MemoryPacket packet = sip(request(port), call_id);
    HeldPacket held(packet);
    PacketView view;
    REQUIRE(parse_packet(held.packet, view) == ParseError::none);
    return rig->pipeline.waiting(held.packet, view, kSipService).hash;
  };
  CHECK(hash(1, "one@a") == hash(2, "one@a"));
  CHECK(hash(1, "one@a") != hash(1, "two@a"));
}

TEST_CASE("calls: Call-IDs go with their templates, and a full table gives up no call") {
  auto rig = make_sip_rig();
  for (int round = 0; round < 5; ++round) {
    for (uint16_t call = 0; call < 400; ++call) rig->feed(sip(request(5060, kClient), "c" + std::to_string(call)));
    rig->feed(sip(request(5061), "x"));
    rig->advance(300 * kTicksPerSecond + 1);
    rig->pipeline.expire(1024);
    rig->advance(300 * kTicksPerSecond + 1);
    rig->pipeline.expire(1024);
    CHECK(rig->connections().empty());
  }
  CHECK(rig->table.index_use().entries == 0);
  CHECK(rig->counts_agree());
}

}  // namespace uipvs::test
