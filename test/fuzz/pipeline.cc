// A packet of any bytes through a pipeline that knows some connections.
//
// Input: one byte of choices, nine bytes of offload metadata, then the IP packet. What leaves must parse again and keep
// the checksums right that were right. Every drop has its reason, and the state counts agree with the table.
#include "core/ipsec.h"
#include "fuzz_input.h"
#include "support/rig.h"
#include "support/sctp_builder.h"
#include "support/slow_checksum.h"

namespace uipvs::test {
namespace {

// Choices: repair the IPv4 header checksum; refuse; a full table; time that goes by.
constexpr uint8_t kRepair = 1, kRefuse = 2, kFull = 4, kAge = 8, kCut = 16;

Rig& preloaded_rig() {
  static Rig* rig = nullptr;
  static uint32_t uses = 0;
  // Made anew now and then, so that a finding depends on one input as far as possible and making it costs little.
  if (rig != nullptr && ++uses % 256 != 0) return *rig;
  delete rig;
  rig = make_rig(12).release();
  rig->add_service(10, {Family::ipv4, kProtocolTcp, 0, kStranger});
  rig->add_service(11, {Family::ipv4, kProtocolSctp, 80, kVip});
  rig->add_service(13, {Family::ipv4, kProtocolUdp, kKeyExchangePort, kVip});
  rig->add_service(14, {Family::ipv6, kProtocolUdp, kKeyExchangePort, kVip6});
  rig->add_service(15, {Family::ipv4, kProtocolUdp, 5060, kVip});
  rig->make_persistent(15, 300);
  rig->directory.set_service_flags(15, kServicePersistent | kServiceSip);
  rig->directory.real_ports.add(0, {Family::ipv4, kProtocolUdp, 8080, kReal});
  rig->directory.real_port_owners[0].service_id = 15;
  rig->directory.policy.schedule_icmp = true;
  rig->add_service(12, {Family::ipv6, kProtocolSctp, 80, kVip6});
  rig->feed(tcp_segment(client_tuple(kProtocolTcp), kTcpSyn));
  rig->feed(tcp_segment(client_tuple(kProtocolTcp), kTcpAck));
  rig->feed(udp_datagram(client_tuple(kProtocolUdp)));
  rig->feed(udp_datagram(client_tuple(kProtocolUdp, kKeyExchangePort, kKeyExchangePort)));
  rig->feed(sctp_packet(client_tuple(kProtocolSctp)));
  rig->next_destination = 1;
  rig->feed(tcp_segment(client_tuple6(kProtocolTcp), kTcpSyn));
  rig->feed(udp_datagram(client_tuple6(kProtocolUdp)));
  rig->feed(udp_datagram(client_tuple6(kProtocolUdp, kKeyExchangePort, kKeyExchangePort)));
  rig->feed(sctp_packet(client_tuple6(kProtocolSctp)));
  return *rig;
}

bool is_sound(const MemoryPacket& packet) {
  return header_checksum(packet) == ChecksumState::right && transport_checksum(packet) != ChecksumState::wrong;
}

}  // namespace

void fuzz_one(FuzzInput input) {
  Rig& rig = preloaded_rig();
  const uint8_t choices = input.byte();
  MemoryPacket packet;
  packet.vnet.flags = input.byte();
  packet.vnet.gso_type = input.byte();
  packet.vnet.header_length = input.word();
  packet.vnet.gso_size = input.word();
  packet.vnet.checksum_start = input.word();
  packet.vnet.checksum_offset = input.word();
  packet.bytes = input.bytes(kMaxPacketBytes);
  if ((choices & kRepair) != 0 && packet.bytes.size() >= 20 && packet.bytes[0] >> 4 == 4) {
    repair_header_checksum(packet.bytes);
  }
  rig.next_destination = (choices & kRefuse) != 0 ? -1 : packet.bytes.empty() || packet.bytes[0] >> 4 != 6 ? 0 : 1;
  if ((choices & kAge) != 0) rig.advance(kTicksPerSecond * 20);
  if ((choices & kFull) != 0) {
    for (uint16_t port = 1; port < 10; ++port) rig.feed(udp_datagram(client_tuple(kProtocolUdp, port)));
  }

  const uint64_t dropped = rig.dropped();
  HeldPacket held(packet, (choices & kCut) != 0 ? 0 : 2048);
  PacketView view;
  FiveTuple peeked;
  const bool is_peeked = peek_tuple(held.packet, peeked) && parse_packet(held.packet, view) == ParseError::none;
  must(!is_peeked || peeked == view.tuple, "a guess at the tuple that is wrong");
  const Packet burst[] = {held.packet, held.packet};
  rig.pipeline.look_ahead(burst);
  view = {};
  Decision decision = rig.pipeline.process(held.packet, view);
  must(held.packet.length <= held.packet.capacity, "the packet outgrew its buffer");
  Action action = decision.action;
  if (action == Action::upcall) {
    must(decision.service_id != ServiceTable::kNoService, "an upcall without a service");
    must(view.is_quoted || (view.payload_offset <= view.length && view.length <= held.packet.length),
         "a view beyond the packet");
    if (rig.next_destination < 0) {
      action = rig.pipeline.refuse(held.packet, view);
    } else {
      const uint32_t id = static_cast<uint32_t>(rig.next_destination);
      add_relaxed(view.tuple.protocol == kProtocolTcp ? rig.lanes[id].active : rig.lanes[id].inactive, 1);
      action = rig.pipeline.admit(held.packet, view, decision.service_id, id);
    }
  }
  must(rig.dropped() - dropped == (action == Action::drop ? 1 : 0), "a drop without a reason, or the reverse");
  if (action == Action::transmit) {
    const MemoryPacket sent = held.copy();
    MemoryPacket received = packet;
    PacketView again;
    must(parse_packet(held.packet, again) == ParseError::none, "what leaves does not parse");
    must(again.length == held.packet.length, "what leaves has bytes behind it");
    must(header_checksum(sent) == ChecksumState::right, "the IPv4 header checksum of what leaves");
    if (is_sound(received)) must(is_sound(sent), "a checksum that was right and no longer is");
  }
  must(rig.counts_agree(), "active and inactive counts against the table");
}

}  // namespace uipvs::test

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  uipvs::test::fuzz_one({data, size});
  return 0;
}
