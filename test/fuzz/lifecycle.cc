// Any sequence of packets, verdicts, edits and time on a small table.
//
// Input: four bytes a step: what, who, which port, with what. After every step the counts agree with the table, every
// template knows how many connections it has made that are there still, and the index holds what the records ask for.
#include <string>

#include "fuzz_input.h"
#include "support/rig.h"
#include "support/sctp_builder.h"
#include "support/table_check.h"

namespace uipvs::test {
namespace {

constexpr uint32_t kDestinations = 4;
constexpr uint8_t kFlags[] = {kTcpSyn, kTcpAck, kTcpFin | kTcpAck, kTcpRst, kTcpSyn | kTcpAck, 0, kTcpSyn | kTcpRst};

std::unique_ptr<Rig> small_rig() {
  auto rig = make_rig(12);
  rig->add_service(4, {Family::ipv4, kProtocolSctp, 80, kVip});
  rig->add_service(5, {Family::ipv4, kProtocolTcp, 0, kStranger});
  rig->make_persistent(5, 60);
  rig->directory.add_service(6, {Family::ipv4, 0, 0, {}}, 9);
  for (uint32_t id = 0; id < kDestinations; ++id) {
    const Address address = address4(10, 0, 0, static_cast<uint8_t>(3 + id));
    rig->add_destination(id, address, id == 3 ? 0 : 8080);
    rig->directory.real_ports.add(id, {Family::ipv4, kProtocolUdp, 8080, address});
    rig->directory.real_port_owners[id].service_id = 1;
    rig->directory.real_port_owners[id].destination_id = id;
  }
  return rig;
}

FiveTuple tuple_from(uint8_t protocol, uint8_t who, uint8_t port) {
  FiveTuple tuple = client_tuple(protocol, static_cast<uint16_t>(port % 5 == 4 ? 0 : 4000 + port % 5));
  tuple.source.words[0] += who % 3;
  if (who & 0x10) tuple.destination = kStranger;
  if (port & 0x10) tuple.destination_port = 21;
  if (!(who & 0x20)) return tuple;
  tuple = tuple.reversed();
  tuple.source = address4(10, 0, 0, static_cast<uint8_t>(3 + (port >> 5) % kDestinations));
  tuple.source_port = 8080;
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

void edit(Rig& rig, uint8_t which, uint8_t with) {
  PacketPolicy& policy = rig.directory.policy;
  ServiceEntry& service = rig.directory.service_entries[which % 7];
  DestinationEntry& destination = rig.directory.destinations[which % kDestinations];
  if ((which & 0x80) != 0) return rig.directory.set_service_flags(which % 7, service.flags ^ kServiceSip);
  switch (with % 12) {
    case 0: service.flags = service.flags ^ kServicePersistent; break;
    case 1: service.flags = service.flags ^ kServiceOnePacket; break;
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
  }
}

}  // namespace

void fuzz_one(FuzzInput input) {
  const auto rig = small_rig();
  for (int step = 0; step < 64 && !input.is_empty(); ++step) {
    const uint8_t what = input.byte(), who = input.byte(), port = input.byte(), with = input.byte();
    rig->next_destination = with % 8 == 7 ? -1 : (with >> 4) % static_cast<int32_t>(kDestinations);
    rig->mark = (what & 0x80) != 0 ? 9 : 0;
    switch (what % 8) {
      case 0:
      case 1: rig->feed(tcp_segment(tuple_from(kProtocolTcp, who, port), kFlags[with % std::size(kFlags)])); break;
      case 2: {
        const FiveTuple tuple = tuple_from(kProtocolUdp, who, port);
        rig->feed((who & 0x40) != 0 ? sip_message(tuple, with) : udp_datagram(tuple));
        break;
      }
      case 3: rig->feed(sctp_packet(tuple_from(kProtocolSctp, who, port))); break;
      case 4: edit(*rig, who, with); break;
      case 5: rig->advance(with * kTicksPerSecond); break;
      case 6: rig->pipeline.expire(with % 32); break;
      case 7: rig->pipeline.drop_entries(); break;
    }
    const char* const disagreement = find_disagreement(*rig);
    must(disagreement == nullptr, disagreement);
  }
}

}  // namespace uipvs::test

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  uipvs::test::fuzz_one({data, size});
  return 0;
}
