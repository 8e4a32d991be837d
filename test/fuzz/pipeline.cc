// A packet of any bytes through a pipeline that knows some connections.
//
// Input: one byte of choices, ten bytes of offload metadata, then the IP packet. What leaves must parse again and keep
// the checksums right that were right. Every drop has its reason, and the state counts agree with the table. A copy from the
// wire that is ignored is as it was.
#include <algorithm>
#include <array>

#include "core/ipsec.h"
#include "fuzz_input.h"
#include "support/kept_rig.h"
#include "support/sctp_builder.h"
#include "support/slow_checksum.h"

namespace uipvs::test {
namespace {

// Choices: repair the IPv4 header checksum; refuse; a full table; time that goes by; a buffer without room; a copy from the
// wire; VIPs that are addresses of the host.
constexpr uint8_t kRepair = 1, kRefuse = 2, kFull = 4, kAge = 8, kCut = 16, kCopy = 32, kLocal = 64;

std::unique_ptr<Rig> preloaded_rig() {
  auto rig = make_rig(12);
  rig->directory.real_servers.add(0, {Family::ipv4, 0, 0, kReal});
  rig->directory.real_servers.add(1, {Family::ipv6, 0, 0, kReal6});
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
  return rig;
}

bool is_sound(const MemoryPacket& packet) {
  return header_checksum(packet) == ChecksumState::right && transport_checksum(packet) != ChecksumState::wrong;
}

MemoryPacket take_packet(FuzzInput& input, uint8_t choices) {
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
  return packet;
}

// What happens before the packet comes.
void prepare(Rig& rig, uint8_t choices, bool is_v6) {
  rig.next_destination = (choices & kRefuse) != 0 ? -1 : is_v6 ? 1 : 0;
  if ((choices & kAge) != 0) rig.advance(kTicksPerSecond * 20);
  if ((choices & kLocal) != 0) {
    for (uint32_t id = 0; id < Rig::kServices; ++id) rig.directory.vip_is_local[id] = true;
  }
  if ((choices & kFull) == 0) return;
  static GuardedPacket held;
  for (uint16_t port = 1; port < 10; ++port) {
    static std::array<MemoryPacket, 10> datagrams;
    if (datagrams[port].bytes.empty()) datagrams[port] = udp_datagram(client_tuple(kProtocolUdp, port));
    feed_in_place(rig, held, datagrams[port].bytes);
  }
}

// The verdict's part of an upcall.
Action follow_upcall(Rig& rig, Packet& packet, PacketView& view, uint32_t service_id) {
  must(service_id != ServiceTable::kNoService, "an upcall without a service");
  must(view.is_quoted || (view.payload_offset <= view.length && view.length <= packet.length),
       "a view beyond the packet");
  if (rig.next_destination < 0) return rig.pipeline.refuse(packet, view);
  const uint32_t id = static_cast<uint32_t>(rig.next_destination);
  add_relaxed(view.tuple.protocol == kProtocolTcp ? rig.lanes[id].active : rig.lanes[id].inactive, 1);
  return rig.pipeline.admit(packet, view, service_id, id);
}

}  // namespace

void fuzz_one(FuzzInput input) {
  static KeptRig kept(preloaded_rig());
  static GuardedPacket held;
  Rig& rig = kept.restore();
  const uint8_t choices = input.byte();
  const MemoryPacket packet = take_packet(input, choices);
  prepare(rig, choices, !packet.bytes.empty() && packet.bytes[0] >> 4 == 6);

  const uint64_t dropped = rig.dropped();
  held.load(packet, (choices & kCut) != 0 ? 0 : 2048);
  held.packet.is_from_wire = (choices & kCopy) != 0;
  PacketView view;
  FiveTuple peeked;
  const bool is_peeked = peek_tuple(held.packet, peeked) && parse_packet(held.packet, view) == ParseError::none;
  must(!is_peeked || peeked == view.tuple, "a guess at the tuple that is wrong");
  const Packet burst[] = {held.packet, held.packet};
  rig.pipeline.look_ahead(burst);
  view = {};
  const Decision decision =
      held.packet.is_from_wire ? rig.pipeline.process_copy(held.packet, view) : rig.pipeline.process(held.packet, view);
  must(held.packet.length <= held.packet.capacity, "the packet outgrew its buffer");
  Action action = decision.action;
  if (action == Action::upcall) action = follow_upcall(rig, held.packet, view, decision.service_id);
  must(rig.dropped() - dropped == (action == Action::drop ? 1 : 0), "a drop without a reason, or the reverse");
  if (action == Action::ignore) {
    must(held.packet.is_from_wire, "a packet that is ours alone and ignored");
    must(std::ranges::equal(packet.bytes, std::span(held.packet.data, held.packet.length)), "an ignored copy, changed");
  }
  if (action == Action::transmit) {
    const MemoryPacket sent = held.copy();
    PacketView again;
    must(parse_packet(held.packet, again) == ParseError::none, "what leaves does not parse");
    // Where its hops are over it leaves as it is, padding and all.
    const bool is_as_it_was = held.packet.is_from_wire && sent.bytes == packet.bytes;
    must(again.length == held.packet.length || is_as_it_was, "what leaves has bytes behind it");
    must(header_checksum(sent) == ChecksumState::right, "the IPv4 header checksum of what leaves");
    if (is_sound(packet)) must(is_sound(sent), "a checksum that was right and no longer is");
  }
  must(rig.counts_agree(), "active and inactive counts against the table");
}

}  // namespace uipvs::test

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  uipvs::test::fuzz_one({data, size});
  return 0;
}
