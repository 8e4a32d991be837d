// Stories of full NAT with given addresses: how many connections there are for a port of a real server, and whose they are.
#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/pipeline.h"
#include "support/random.h"
#include "support/rig.h"

namespace uipvs::test {
namespace {

const Address kOtherReal = address4(10, 0, 0, 4);
// 61000 to 61002.
constexpr uint16_t kFirst = 61000;

using Source = std::pair<uint32_t, uint16_t>;  // the last word of an address, a port

Source source_of(const FiveTuple& tuple) {
  return {tuple.source.words[tuple.family == Family::ipv6 ? 3 : 0], tuple.source_port};
}

Address given(Family family, uint8_t number) {
  return family == Family::ipv6 ? address6(0x500u + number) : address4(10, 0, 0, static_cast<uint8_t>(100 + number));
}

std::unique_ptr<Rig> make_pool_rig(uint8_t addresses, uint16_t ports, uint32_t capacity = 1024) {
  auto rig = make_rig(capacity);
  rig->directory.masquerade_first_port = kFirst;
  rig->directory.masquerade_last_port = kFirst + ports - 1u;
  rig->add_service(4, {Family::ipv4, kProtocolTcp, 81, kVip});
  rig->add_service(5, {Family::ipv6, kProtocolTcp, 81, kVip6});
  for (uint32_t service = 0; service < 6; ++service) {
    rig->directory.service_entries[service].flags = kServiceMasquerade;
  }
  rig->add_destination(2, kOtherReal, 8080);
  rig->add_destination(3, kReal, 8081);
  rig->add_destination(4, address6(0x204), 8080);
  rig->add_destination(5, kReal6, 8081);
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    for (uint8_t number = 0; number < addresses; ++number) {
      rig->directory.masquerade_addresses_of(family).add(given(family, number));
    }
  }
  return rig;
}

struct Target {
  Family family;
  uint8_t protocol;
  int32_t destination;
  uint16_t service_port = 80;
};

MemoryPacket first_packet(const Target& target, uint16_t client_port) {
  FiveTuple tuple = target.family == Family::ipv6 ? client_tuple6(target.protocol, client_port, target.service_port)
                                                  : client_tuple(target.protocol, client_port, target.service_port);
  return target.protocol == kProtocolTcp ? tcp_segment(tuple, kTcpSyn) : udp_datagram(tuple);
}

Fed open(Rig& rig, const Target& target, uint16_t client_port) {
  rig.next_destination = target.destination;
  return rig.feed(first_packet(target, client_port));
}

// As many connections as the target takes before it refuses one; their sources.
std::vector<Source> fill(Rig& rig, const Target& target) {
  std::vector<Source> sources;
  for (uint16_t port = 1001; port < 3000; ++port) {
    const uint64_t refused = rig.counted(Counter::refused_masquerade_ports);
    const Fed fed = open(rig, target, port);
    if (rig.counted(Counter::refused_masquerade_ports) != refused) return sources;
    REQUIRE(fed.action == Action::transmit);
    sources.push_back(source_of(tuple_of(fed.packet)));
  }
  return sources;
}

size_t different(const std::vector<Source>& sources) { return std::set<Source>(sources.begin(), sources.end()).size(); }

}  // namespace

TEST_CASE("masquerade addresses: each with each port is used once, then the client is refused and counted") {
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    CAPTURE(static_cast<int>(family));
    const auto rig = make_pool_rig(2, 3);
    const Target target{family, kProtocolTcp, family == Family::ipv6 ? 1 : 0};
    const std::vector<Source> sources = fill(*rig, target);
    CHECK(sources.size() == 6);
    CHECK(different(sources) == 6);
    rig->advance(kTicksPerSecond);
    const Fed refused = open(*rig, target, 1999);
    CHECK(refused.action == Action::transmit);
    CHECK(tuple_of(refused.packet).protocol == (family == Family::ipv6 ? kProtocolIcmp6 : kProtocolIcmp));
    CHECK(rig->counted(Counter::refused_masquerade_ports) == 2);
    CHECK(rig->counts_agree());
  }
}

TEST_CASE("masquerade addresses: another server, another of its ports and another protocol have the whole range each") {
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    CAPTURE(static_cast<int>(family));
    const auto rig = make_pool_rig(2, 3);
    const bool is_ipv6 = family == Family::ipv6;
    const std::vector<Target> targets{
        {family, kProtocolTcp, is_ipv6 ? 1 : 0},
        {family, kProtocolUdp, is_ipv6 ? 1 : 0},
        {family, kProtocolTcp, is_ipv6 ? 5 : 3, 81},
    };
    for (const Target& target : targets) {
      const std::vector<Source> sources = fill(*rig, target);
      CHECK(sources.size() == 6);
      CHECK(different(sources) == 6);
    }
    // A client port of the VIP's port 80 that has a connection with the first server would stay with that.
    const Target other{family, kProtocolTcp, is_ipv6 ? 4 : 2};
    for (uint16_t port = 5001; port <= 5006; ++port) CHECK(open(*rig, other, port).action == Action::transmit);
    CHECK(rig->counted(Counter::refused_masquerade_ports) == 3);
    open(*rig, other, 5007);
    CHECK(rig->counted(Counter::refused_masquerade_ports) == 4);
  }
}

TEST_CASE("masquerade addresses: all of them are used about evenly") {
  const auto rig = make_pool_rig(4, 1000, 4096);
  std::map<uint32_t, int> connections;
  for (uint16_t port = 1001; port <= 2000; ++port) {
    ++connections[source_of(tuple_of(open(*rig, {Family::ipv4, kProtocolTcp, 0}, port).packet)).first];
  }
  REQUIRE(connections.size() == 4);
  for (const auto& [address, count] : connections) {
    CAPTURE(address);
    CHECK(count > 150);
    CHECK(count < 350);
  }
}

TEST_CASE("masquerade addresses: a source that is given back and taken again leads to its new client alone") {
  const auto rig = make_pool_rig(1, 1);
  const Target target{Family::ipv4, kProtocolUdp, 0};
  const FiveTuple seen = tuple_of(open(*rig, target, 1).packet);
  rig->advance(301 * kTicksPerSecond);
  const Fed second = open(*rig, target, 2);
  CHECK(tuple_of(second.packet) == seen);
  CHECK(tuple_of(rig->feed(udp_datagram(seen.reversed())).packet) == client_tuple(kProtocolUdp, 2).reversed());
  // The first client comes again: it has no source, and must not be given the other's.
  const Fed first = open(*rig, target, 1);
  CHECK(tuple_of(first.packet).protocol == kProtocolIcmp);
  CHECK(rig->counted(Counter::refused_masquerade_ports) == 1);
}

TEST_CASE("masquerade addresses: clients come and go at random in a small range, and each has a source of its own") {
  const uint64_t seed = test_seed();
  CAPTURE(seed);
  Random random(seed);
  const auto rig = make_pool_rig(3, 100);
  const Target target{Family::ipv4, kProtocolTcp, 0};
  std::map<uint16_t, Source> open_ports;
  std::set<Source> taken;
  uint64_t refused = 0;
  for (int step = 0; step < 6000; ++step) {
    const uint16_t port = static_cast<uint16_t>(1001 + random.below(400));
    const auto present = open_ports.find(port);
    if (present == open_ports.end()) {
      const Fed fed = open(*rig, target, port);
      if (taken.size() == 300) {
        CHECK(rig->counted(Counter::refused_masquerade_ports) == ++refused);
        continue;
      }
      REQUIRE(fed.action == Action::transmit);
      const Source source = source_of(tuple_of(fed.packet));
      REQUIRE(taken.insert(source).second);
      open_ports.emplace(port, source);
    } else if (random.one_in(3)) {
      // It is reset, and over some seconds later; the others go on.
      FiveTuple reply = server_tuple(kProtocolTcp, present->second.second);
      reply.destination = {{present->second.first, 0, 0, 0}};
      rig->feed(tcp_segment(reply, kTcpRst | kTcpAck));
      rig->advance(11 * kTicksPerSecond);
      rig->pipeline.expire(2048);
      for (const auto& [other, source] : open_ports) {
        if (other != port) rig->feed(tcp_segment(client_tuple(kProtocolTcp, other), kTcpAck));
      }
      taken.erase(present->second);
      open_ports.erase(present);
    }
    REQUIRE(rig->table.live() == open_ports.size());
  }
  CHECK(refused > 0);
  CHECK(rig->counted(Counter::refused_masquerade_ports) == refused);
}

TEST_CASE("masquerade addresses: one that is not usable gets no new connection, and keeps those that it has") {
  const auto rig = make_pool_rig(2, 10);
  MasqueradeAddresses& addresses = rig->directory.masquerade_addresses_of(Family::ipv4);
  addresses.entries[1].is_usable = false;
  const Target target{Family::ipv4, kProtocolTcp, 0};
  const FiveTuple seen = tuple_of(open(*rig, target, 1).packet);
  CHECK(seen.source == given(Family::ipv4, 0));
  addresses.entries[0].is_usable = false;
  addresses.entries[1].is_usable = true;
  for (uint16_t port = 2; port <= 11; ++port) {
    CHECK(tuple_of(open(*rig, target, port).packet).source == given(Family::ipv4, 1));
  }
  CHECK(tuple_of(rig->feed(tcp_segment(client_tuple(kProtocolTcp, 1), kTcpAck)).packet) == seen);
  addresses.entries[1].is_usable = false;
  CHECK(open(*rig, target, 12).action == Action::drop);
  CHECK(rig->counted(Counter::drop_masquerade_source) == 1);
}

TEST_CASE("masquerade addresses: a family without any takes the address that the host would use") {
  const auto rig = make_pool_rig(0, 10);
  rig->directory.masquerade_addresses_of(Family::ipv6).add(given(Family::ipv6, 0));
  rig->directory.destinations[0].source.store(kStranger);
  CHECK(tuple_of(open(*rig, {Family::ipv4, kProtocolTcp, 0}, 1).packet).source == kStranger);
  CHECK(tuple_of(open(*rig, {Family::ipv6, kProtocolTcp, 1}, 1).packet).source == given(Family::ipv6, 0));
}

TEST_CASE("masquerade addresses: FTP's passive data connections come from where their control connection does") {
  const auto rig = make_pool_rig(32, 100);
  rig->add_service(9, {Family::ipv4, kProtocolTcp, kFtpPort, kVip});
  rig->directory.set_service_flags(9, kServiceMasquerade);
  rig->add_destination(6, kReal, kFtpPort);
  rig->next_destination = 6;
  const auto says = [](const FiveTuple& tuple, uint32_t sequence, uint32_t acknowledgment, const std::string& text) {
    PacketSpec spec;
    spec.tuple = tuple;
    spec.sequence = sequence;
    spec.acknowledgment = acknowledgment;
    spec.payload.assign(text.begin(), text.end());
    return build_packet(spec);
  };
  for (uint16_t client = 1; client <= 4; ++client) {
    const FiveTuple control = client_tuple(kProtocolTcp, client, kFtpPort);
    const FiveTuple seen = tuple_of(rig->feed(tcp_segment(control, kTcpSyn)).packet);
    rig->feed(tcp_segment(seen.reversed(), kTcpSyn | kTcpAck));
    rig->feed(tcp_segment(control, kTcpAck));
    rig->feed(says(control, 1001, 1001, "PASV\r\n"));
    const std::string port = std::to_string(client);
    rig->feed(says(seen.reversed(), 1001, 1007, "227 Entering Passive Mode (10,0,0,3,40," + port + ").\r\n"));
    const auto data_port = static_cast<uint16_t>(40 * 256 + client);
    const Fed data = rig->feed(tcp_segment(client_tuple(kProtocolTcp, 7000, data_port), kTcpSyn));
    REQUIRE(data.action == Action::transmit);
    CHECK(tuple_of(data.packet).destination_port == data_port);
    CHECK(tuple_of(data.packet).source == seen.source);
  }
}

}  // namespace uipvs::test
