// Stories of templates: which real server a client comes back to, and until when.
#include <doctest/doctest.h>

#include "core/pipeline.h"
#include "support/rig.h"

namespace uipvs::test {
namespace {

constexpr uint32_t kMinute = 60 * kTicksPerSecond;
const Address kOtherReal = address4(10, 0, 0, 4);

// TCP and UDP port 80 of kVip persistent for 300 s; destination 0 is kReal:8080, 2 is kOtherReal:8080.
std::unique_ptr<Rig> make_persistent_rig(uint32_t netmask = UINT32_MAX, uint32_t capacity = 1024) {
  auto rig = make_rig(capacity);
  rig->make_persistent(0, 300, netmask);
  rig->make_persistent(1, 300, netmask);
  rig->add_destination(2, kOtherReal, 8080);
  return rig;
}

Address real_of(const Fed& fed) { return tuple_of(fed.packet).destination; }

Fed open(Rig& rig, uint16_t port, const Address& client = kClient) {
  FiveTuple tuple = client_tuple(kProtocolTcp, port);
  tuple.source = client;
  return rig.feed(tcp_segment(tuple, kTcpSyn));
}

std::vector<ConnectionTable::Snapshot> templates(const Rig& rig) {
  auto all = rig.connections();
  std::erase_if(all, [](const auto& listed) { return (listed.flags & kConnectionTemplate) == 0; });
  return all;
}

}  // namespace

TEST_CASE("persistence: the first connection makes a template, the next ones follow it without the scheduler") {
  const auto rig = make_persistent_rig();
  CHECK(open(*rig, 4001).decision.action == Action::upcall);
  rig->next_destination = 2;
  const Fed second = open(*rig, 4002);
  CHECK(second.decision.action == Action::transmit);
  CHECK(real_of(second) == kReal);
  const auto kept = templates(*rig);
  REQUIRE(kept.size() == 1);
  CHECK(kept[0].ends.client == kClient);
  CHECK(kept[0].ends.client_port == 0);
  CHECK(kept[0].ends.virtual_port == 80);
  CHECK(kept[0].ends.real_port == 8080);
  CHECK(kept[0].state == kTemplateUnassured);
  CHECK(rig->persistent(0) == 1);
  CHECK(rig->active(0) == 2);
  CHECK(rig->worker_lane(0).connections == 2);
  CHECK(rig->counts_agree());
  CHECK(real_of(open(*rig, 4001, kStranger)) == kOtherReal);
}

TEST_CASE("persistence: a netmask makes one client of a network, in IPv4 of whatever bits, in IPv6 by its length") {
  const auto rig = make_persistent_rig(0xff00ff00);
  CHECK(open(*rig, 1, address4(10, 1, 2, 3)).decision.action == Action::upcall);
  CHECK(open(*rig, 1, address4(10, 9, 2, 9)).decision.action == Action::transmit);
  CHECK(open(*rig, 1, address4(10, 1, 3, 3)).decision.action == Action::upcall);
  CHECK(templates(*rig)[0].ends.client == address4(10, 0, 2, 0));

  const auto rig6 = make_rig();
  rig6->make_persistent(2, 300, 36);
  rig6->next_destination = 1;
  FiveTuple tuple = client_tuple6(kProtocolTcp);
  CHECK(rig6->feed(tcp_segment(tuple, kTcpSyn)).decision.action == Action::upcall);
  tuple.source.words[1] ^= 0x0fffffff;
  tuple.source.words[3] = 99;
  CHECK(rig6->feed(tcp_segment(tuple, kTcpSyn)).decision.action == Action::transmit);
  tuple.source.words[1] ^= 0x10000000;
  CHECK(rig6->feed(tcp_segment(tuple, kTcpSyn)).decision.action == Action::upcall);
}

TEST_CASE(
    "persistence: a service for all ports has one template for them, and its clients keep the port they asked for") {
  const auto rig = make_rig();
  rig->add_service(9, {Family::ipv4, kProtocolTcp, 0, kVip});
  rig->make_persistent(9, 60);
  rig->add_destination(2, kOtherReal, 8080);
  rig->next_destination = 2;
  const Fed first = rig->feed(tcp_segment(client_tuple(kProtocolTcp, 4001, 443), kTcpSyn));
  CHECK(first.decision.action == Action::upcall);
  CHECK(tuple_of(first.packet).destination_port == 443);
  const Fed second = rig->feed(tcp_segment(client_tuple(kProtocolTcp, 4001, 8443), kTcpSyn));
  CHECK(second.decision.action == Action::transmit);
  CHECK(tuple_of(second.packet).destination_port == 8443);
  CHECK(real_of(second) == kOtherReal);
  const auto kept = templates(*rig);
  REQUIRE(kept.size() == 1);
  CHECK(kept[0].ends.virtual_port == 0);
  CHECK(kept[0].ends.real_port == 0);
  // Port 80 has a service of its own, which comes first.
  CHECK(rig->process(tcp_segment(client_tuple(kProtocolTcp, 4009, 80), kTcpSyn)).decision.service_id == 0);
}

TEST_CASE("persistence: a template lives on while it has connections, a minute at a time, and dies once it has none") {
  const auto rig = make_persistent_rig();
  open(*rig, 4001);
  rig->feed(tcp_segment(client_tuple(kProtocolTcp, 4001), kTcpAck));
  rig->advance(300 * kTicksPerSecond + 1);
  rig->pipeline.expire(64);
  REQUIRE(templates(*rig).size() == 1);
  CHECK(templates(*rig)[0].expires - rig->now == kMinute);
  // What comes now restarts the minute, not the 300 s: the kernel's template keeps its last timeout.
  rig->advance(30 * kTicksPerSecond);
  CHECK(open(*rig, 4002).decision.action == Action::transmit);
  CHECK(templates(*rig)[0].expires - rig->now == kMinute);
  rig->advance(900 * kTicksPerSecond);
  rig->pipeline.expire(64);
  rig->pipeline.expire(64);
  rig->advance(kMinute);
  rig->pipeline.expire(64);
  CHECK(rig->connections().empty());
  CHECK(rig->persistent(0) == 0);
  CHECK(rig->counts_agree());
}

TEST_CASE("persistence: an established connection, or a reply to a datagram, assures the template") {
  const auto rig = make_persistent_rig();
  open(*rig, 4001);
  CHECK(templates(*rig)[0].state == kTemplateUnassured);
  rig->feed(tcp_segment(client_tuple(kProtocolTcp, 4001), kTcpAck));
  CHECK(templates(*rig)[0].state == kTemplateAssured);

  rig->feed(udp_datagram(client_tuple(kProtocolUdp, 4001)));
  const auto is_assured_udp = [&] {
    for (const auto& listed : templates(*rig)) {
      if (listed.ends.protocol == kProtocolUdp) return listed.state == kTemplateAssured;
    }
    return false;
  };
  CHECK_FALSE(is_assured_udp());
  rig->feed(udp_datagram(server_tuple(kProtocolUdp, 4001)));
  CHECK(is_assured_udp());
}

TEST_CASE("persistence: clients of a quiesced destination stay with it unless expire_quiescent_template is set") {
  const auto rig = make_persistent_rig();
  open(*rig, 4001);
  rig->directory.destinations[0].is_quiesced = true;
  rig->next_destination = 2;
  CHECK(real_of(open(*rig, 4002)) == kReal);
  rig->directory.policy.expire_quiescent_template = true;
  const Fed third = open(*rig, 4003);
  CHECK(third.decision.action == Action::upcall);
  CHECK(real_of(third) == kOtherReal);
  const auto kept = templates(*rig);
  REQUIRE(kept.size() == 2);
  CHECK(kept[0].ends.virtual_port == kInvalidTemplatePort);
  CHECK(kept[0].ends.real_port == kInvalidTemplatePort);
  CHECK(kept[1].ends.virtual_port == 80);
  CHECK(rig->counts_agree());
}

TEST_CASE(
    "persistence: a removed destination's template is left for a new choice, and its own connections are silent") {
  const auto rig = make_persistent_rig();
  open(*rig, 4001);
  rig->set_available(0, false);
  CHECK(rig->feed(tcp_segment(client_tuple(kProtocolTcp, 4001), kTcpAck)).action == Action::drop);
  rig->next_destination = 2;
  CHECK(real_of(open(*rig, 4002)) == kOtherReal);
  CHECK(rig->persistent(0) == 1);
  CHECK(rig->persistent(2) == 1);
  rig->next_destination = -1;
  CHECK(rig->feed(tcp_segment(client_tuple(kProtocolTcp, 4003), kTcpSyn)).action == Action::transmit);
}

TEST_CASE("persistence: a template for port 65535 is invalidated like any other") {
  const auto rig = make_rig();
  rig->add_service(9, {Family::ipv4, kProtocolTcp, 65535, kVip});
  rig->make_persistent(9, 60);
  rig->feed(tcp_segment(client_tuple(kProtocolTcp, 1, 65535), kTcpSyn));
  rig->set_available(0, false);
  rig->next_destination = -1;
  CHECK(rig->feed(tcp_segment(client_tuple(kProtocolTcp, 2, 65535), kTcpSyn)).decision.action == Action::upcall);
  rig->set_available(0, true);
  CHECK(rig->feed(tcp_segment(client_tuple(kProtocolTcp, 3, 65535), kTcpSyn)).decision.action == Action::upcall);
  for (int minute = 0; minute < 5; ++minute) {
    rig->advance(kMinute);
    rig->pipeline.expire(64);
  }
  CHECK(rig->connections().empty());
  CHECK(rig->table.index_use().entries == 0);
}

TEST_CASE("persistence: a closed connection of a template is not begun anew: its SYN goes to the same record") {
  const auto rig = make_persistent_rig();
  open(*rig, 4001);
  rig->feed(tcp_segment(client_tuple(kProtocolTcp, 4001), kTcpAck));
  rig->feed(tcp_segment(server_tuple(kProtocolTcp, 4001), kTcpRst));
  CHECK(open(*rig, 4001).decision.action == Action::transmit);
  CHECK(rig->counted(Counter::connections_reused) == 0);
  CHECK(rig->worker_lane(0).connections == 1);
}

TEST_CASE(
    "persistence: a firewall mark's template is for every protocol and port, and the mark comes before addresses") {
  const auto rig = make_rig();
  rig->directory.add_service(9, {Family::ipv4, 0, 0, {}}, 5);
  rig->make_persistent(9, 60);
  rig->add_destination(2, kOtherReal, 0);
  rig->next_destination = 2;
  rig->mark = 5;
  CHECK(rig->feed(tcp_segment(client_tuple(kProtocolTcp, 1, 80), kTcpSyn)).decision.service_id == 9);
  FiveTuple elsewhere = client_tuple(kProtocolUdp, 2, 99);
  elsewhere.destination = kStranger;
  const Fed second = rig->feed(udp_datagram(elsewhere));
  CHECK(second.decision.action == Action::transmit);
  CHECK(real_of(second) == kOtherReal);
  const auto kept = templates(*rig);
  REQUIRE(kept.size() == 1);
  CHECK(kept[0].ends.protocol == 0);
  CHECK(kept[0].ends.virtual_.words[0] == 5);
  // Without the mark, or with another one, the address decides.
  rig->mark = 6;
  CHECK(rig->process(tcp_segment(client_tuple(kProtocolTcp, 3, 80), kTcpSyn)).decision.service_id == 0);
}

TEST_CASE("persistence: a full table gives up no template, and a datagram from port 0 is not taken for one") {
  const auto rig = make_persistent_rig(UINT32_MAX, 4);
  open(*rig, 4001);
  CHECK(open(*rig, 4002).action == Action::transmit);
  CHECK(open(*rig, 4003).action == Action::transmit);
  CHECK(open(*rig, 4004).action == Action::transmit);
  CHECK(rig->counted(Counter::connections_reclaimed) == 1);
  CHECK(templates(*rig).size() == 1);
  CHECK(rig->counts_agree());

  const auto other = make_persistent_rig();
  CHECK(other->feed(udp_datagram(client_tuple(kProtocolUdp, 0))).decision.action == Action::upcall);
  CHECK(other->feed(udp_datagram(client_tuple(kProtocolUdp, 0))).action == Action::transmit);
  CHECK(other->connections().size() == 2);
}

}  // namespace uipvs::test
