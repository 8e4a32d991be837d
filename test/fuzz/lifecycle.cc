// Any sequence of packets, verdicts, edits and time on a small table.
//
// Input: four bytes a step: what, who, which port, with what. After every step the counts agree with the table, every
// template knows how many connections it has made that are there still, the index holds what the records ask for, and every
// record has the state and the time that a slow twin says.
#include <string>

#include "fuzz_input.h"
#include "support/kept_rig.h"
#include "support/packet_cache.h"
#include "support/sctp_builder.h"
#include "support/state_twin.h"
#include "support/table_check.h"

namespace uipvs::test {
namespace {

constexpr uint32_t kCapacity = 12;
constexpr uint32_t kServices = 10;
constexpr uint32_t kDestinations = 4;  // of each family
constexpr uint16_t kFirstSourcePort = 61000, kSourcePorts = 4;
constexpr uint32_t kMark = 9;
constexpr uint8_t kFlags[] = {kTcpSyn, kTcpAck, kTcpFin | kTcpAck, kTcpRst, kTcpSyn | kTcpAck, 0, kTcpSyn | kTcpRst};
// Types of the first two chunks, 0 behind the last: RFC 9260 3.2.
constexpr uint8_t kChunks[][2] = {{1, 0}, {2, 0}, {10, 0}, {11, 0}, {0, 3},  {7, 0}, {8, 0},  {14, 0},
                                  {9, 0}, {6, 0}, {10, 6}, {11, 6}, {10, 3}, {4, 6}, {99, 0}, {6, 10}};

const Address kDirector = address4(10, 0, 0, 1);
const Address kDirector6 = address6(0x201);

Address real_address(Family family, uint32_t number) {
  return family == Family::ipv6 ? address6(0x203 + number) : address4(10, 0, 0, static_cast<uint8_t>(3 + number));
}

std::unique_ptr<Rig> small_rig() {
  auto rig = make_rig(kCapacity);
  rig->add_service(4, {Family::ipv4, kProtocolSctp, 80, kVip});
  rig->add_service(5, {Family::ipv4, kProtocolTcp, 0, kStranger});
  rig->make_persistent(5, 60);
  rig->directory.add_service(6, {Family::ipv4, 0, 0, {}}, kMark);
  rig->add_service(7, {Family::ipv6, kProtocolSctp, 80, kVip6});
  rig->add_service(8, {Family::ipv4, kProtocolTcp, kFtpPort, kVip});
  rig->directory.add_service(9, {Family::ipv6, 0, 0, {}}, kMark);
  rig->directory.masquerade_first_port = kFirstSourcePort;
  rig->directory.masquerade_last_port = kFirstSourcePort + kSourcePorts - 1;
  for (uint32_t id = 0; id < 2 * kDestinations; ++id) {
    const Family family = id < kDestinations ? Family::ipv4 : Family::ipv6;
    const Address address = real_address(family, id % kDestinations);
    rig->add_destination(id, address, id % kDestinations == 3 ? 0 : 8080);
    rig->directory.destinations[id].source.store(family == Family::ipv6 ? kDirector6 : kDirector);
    rig->directory.real_ports.add(id, {family, kProtocolUdp, 8080, address});
    rig->directory.real_port_owners[id].service_id = family == Family::ipv6 ? 3 : 1;
    rig->directory.real_port_owners[id].destination_id = id;
  }
  return rig;
}

FiveTuple tuple_from(uint8_t protocol, Family family, uint8_t who, uint8_t port) {
  const uint16_t client_port = static_cast<uint16_t>(port % 5 == 4 ? 0 : 4000 + port % 5);
  const bool is_v6 = family == Family::ipv6;
  FiveTuple tuple = is_v6 ? client_tuple6(protocol, client_port) : client_tuple(protocol, client_port);
  tuple.source.words[is_v6 ? 3 : 0] += who % 3;
  if ((who & 0x10) != 0 && !is_v6) tuple.destination = kStranger;
  if ((port & 0x10) != 0) tuple.destination_port = kFtpPort;
  if ((who & 0x20) == 0) return tuple;
  // What a real server says: to the client or, where full NAT is on, to the director.
  tuple = tuple.reversed();
  tuple.source = real_address(family, (port >> 5) % kDestinations);
  tuple.source_port = (port & 0x10) != 0 ? kFtpPort : 8080;
  if ((who & 0x80) == 0) return tuple;
  tuple.destination = is_v6 ? kDirector6 : kDirector;
  tuple.destination_port = static_cast<uint16_t>(kFirstSourcePort + port % kSourcePorts);
  return tuple;
}

// Of one of three calls.
MemoryPacket sip_message(const FiveTuple& tuple, uint8_t call) {
  PacketSpec spec;
  spec.tuple = tuple;
  const std::string text = "BYE sip:a SIP/2.0\r\ni: " + std::string(1 + call % 3 * 127, 'c') + "\r\n\r\n";
  spec.payload.assign(text.begin(), text.end());
  return build_packet(spec);
}

// What FTP's ends say of data connections, from either side.
std::string ftp_text(const FiveTuple& tuple, uint8_t which) {
  const bool is_v6 = tuple.family == Family::ipv6;
  const auto& source = tuple.source.words;
  const std::string host = std::to_string(source[0] >> 24) + "," + std::to_string(source[0] >> 16 & 255) + "," +
                           std::to_string(source[0] >> 8 & 255) + "," + std::to_string(source[0] & 255);
  switch (which % 4) {
    case 0: return is_v6 ? "EPSV\r\n" : "PASV\r\n";
    case 1: return is_v6 ? "EPRT |2|2001:db8::7|4001|\r\n" : "PORT " + host + ",15,161\r\n";
    case 2: return "229 Entering Extended Passive Mode (|||4002|)\r\n";
    default: return "227 Entering Passive Mode (" + host + ",15,162)\r\n";
  }
}

// Which of the above, and with which number: at the start of the stream, behind it, or far from it.
MemoryPacket segment(const FiveTuple& tuple, uint8_t flags, uint8_t with) {
  static constexpr uint32_t kNumbers[] = {1000, 1001, 1005, 0x90000000};
  PacketSpec spec;
  spec.tuple = tuple;
  spec.tcp_flags = flags;
  spec.sequence = kNumbers[with % 4];
  spec.acknowledgment = kNumbers[with / 4 % 4] + 28;
  const bool is_ftp = tuple.destination_port == kFtpPort || tuple.source_port == kFtpPort;
  const std::string text = with / 16 % 2 == 0 ? "" : is_ftp ? ftp_text(tuple, with) : "data";
  spec.payload.assign(text.begin(), text.end());
  return build_packet(spec);
}

void edit(Rig& rig, uint8_t which, uint8_t with) {
  PacketPolicy& policy = rig.directory.policy;
  ServiceEntry& service = rig.directory.service_entries[which % kServices];
  DestinationEntry& destination = rig.directory.destinations[which % (2 * kDestinations)];
  const uint8_t flags = service.flags;
  if ((which & 0x80) != 0) return rig.directory.set_service_flags(which % kServices, flags ^ kServiceSip);
  switch (with % 16) {
    case 0: service.flags = flags ^ kServicePersistent; break;
    case 1: service.flags = flags ^ kServiceOnePacket; break;
    case 2: destination.is_available = !destination.is_available; break;
    case 3: destination.is_quiesced = !destination.is_quiesced; break;
    case 4: destination.upper_threshold = with >> 4; break;
    case 5: policy.expire_nodest_conn = !policy.expire_nodest_conn; break;
    case 6: policy.expire_quiescent_template = !policy.expire_quiescent_template; break;
    case 7: policy.sloppy_tcp = !policy.sloppy_tcp; break;
    case 8: policy.is_secure_tcp = !policy.is_secure_tcp; break;
    case 9: policy.drop_rate = with >> 5; break;
    case 10: policy.conn_reuse_mode = with >> 7; break;
    case 11: service.persistence = (with >> 4) * 4 * kTicksPerSecond; break;
    case 12: service.flags = flags ^ kServiceMasquerade; break;
    case 13: service.flags = flags ^ kServiceProxy; break;
    case 14: service.flags = flags ^ kServiceToa; break;
    case 15: policy.sloppy_sctp = !policy.sloppy_sctp; break;
  }
}

// Everything that makes the packet what it is, so that it is built once.
uint64_t number_of(uint8_t kind, Family family, uint8_t who, uint8_t port, uint32_t detail) {
  const uint32_t from = (who % 3u) | (who & 0xf0u);
  return static_cast<uint64_t>(detail) << 32 | 1ull << 31 | static_cast<uint64_t>(kind) << 25 |
         static_cast<uint64_t>(family == Family::ipv6) << 24 | from << 16 | port;
}

void send(Rig& rig, uint8_t kind, Family family, uint8_t who, uint8_t port, uint8_t with, SentPacket& sent) {
  static PacketCache cache;
  static GuardedPacket held;
  std::span<const uint8_t> packet;
  if (kind <= 1) {
    const uint32_t which = with % std::size(kFlags), rest = with / static_cast<uint32_t>(std::size(kFlags)) % 32;
    sent = {tuple_from(kProtocolTcp, family, who, port), kFlags[which]};
    packet = cache.get(number_of(0, family, who, port, which * 32 + rest),
                       [&] { return segment(sent.tuple, sent.tcp_flags, static_cast<uint8_t>(rest)); });
  } else if (kind == 2) {
    const bool is_call = (who & 0x40) != 0;
    sent = {tuple_from(kProtocolUdp, family, who, port)};
    packet = cache.get(number_of(2, family, who, port, is_call ? with % 3 : 0),
                       [&] { return is_call ? sip_message(sent.tuple, with) : udp_datagram(sent.tuple); });
  } else {
    const auto& chunks = kChunks[with % std::size(kChunks)];
    sent = {tuple_from(kProtocolSctp, family, who, port), 0, {chunks[0], chunks[1]}};
    packet = cache.get(number_of(3, family, who, port, with % std::size(kChunks)), [&] {
      std::vector<uint8_t> made = sctp_chunk(chunks[0]);
      const std::vector<uint8_t> second = sctp_chunk(chunks[1]);
      if (chunks[1] != 0) made.insert(made.end(), second.begin(), second.end());
      return sctp_packet(sent.tuple, made);
    });
  }
  feed_in_place(rig, held, packet);
}

}  // namespace

void fuzz_one(FuzzInput input) {
  static KeptRig kept(small_rig());
  Rig& rig = kept.restore();
  static StateTwin twin(rig);
  twin.forget();
  while (!input.is_empty()) {
    const uint8_t what = input.byte(), who = input.byte(), port = input.byte(), with = input.byte();
    const Family family = (what & 0x40) != 0 ? Family::ipv6 : Family::ipv4;
    const int32_t chosen = (with >> 4) % static_cast<int32_t>(kDestinations);
    rig.next_destination = with % 8 == 7 ? -1 : chosen + (family == Family::ipv6 ? kDestinations : 0);
    rig.mark = (what & 0x80) != 0 ? kMark : 0;
    StepKind kind = StepKind::other;
    SentPacket sent;
    switch (what % 8) {
      case 0:
      case 1:
      case 2:
      case 3:
        kind = StepKind::packet;
        send(rig, what % 8, family, who, port, with, sent);
        break;
      case 4: edit(rig, who, with); break;
      case 5: rig.advance(with * kTicksPerSecond); break;
      case 6: rig.pipeline.expire(with % 32); break;
      case 7:
        kind = StepKind::defence;
        rig.pipeline.drop_entries();
        break;
    }
    const char* const disagreement = find_disagreement(rig);
    must(disagreement == nullptr, disagreement);
    const char* const wrong = twin.follow(kind, sent);
    must(wrong == nullptr, wrong);
  }
}

}  // namespace uipvs::test

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  uipvs::test::fuzz_one({data, size});
  return 0;
}
