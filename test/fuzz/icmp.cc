// ICMP and ICMPv6 messages with right checksums, so that every input reaches what lies behind them.
//
// Input: choices, type, code, the header's second word, then the body: either raw, or edits upon the quote of a packet
// of a known connection. What leaves must have right checksums. Each is treated twice: as it comes by a device, and as a copy of
// what the kernel keeps.
#include "fuzz_input.h"
#include "support/rig.h"
#include "support/sctp_builder.h"
#include "support/slow_checksum.h"

namespace uipvs::test {
namespace {

constexpr uint8_t kIpv6 = 1, kQuote = 2, kReply = 4, kUdp = 8, kToVip = 16, kSctp = 32;
constexpr uint32_t kConnections = 6;

std::unique_ptr<Rig> rig_with_connections() {
  auto rig = make_rig(8);
  rig->add_service(10, {Family::ipv4, kProtocolSctp, 80, kVip});
  rig->add_service(11, {Family::ipv6, kProtocolSctp, 80, kVip6});
  rig->feed(tcp_segment(client_tuple(kProtocolTcp), kTcpSyn));
  rig->feed(udp_datagram(client_tuple(kProtocolUdp)));
  rig->feed(sctp_packet(client_tuple(kProtocolSctp)));
  rig->next_destination = 1;
  rig->feed(tcp_segment(client_tuple6(kProtocolTcp), kTcpSyn));
  rig->feed(udp_datagram(client_tuple6(kProtocolUdp)));
  rig->feed(sctp_packet(client_tuple6(kProtocolSctp)));
  must(rig->table.live() == kConnections, "the connections to begin with");
  return rig;
}

// A packet that an error may be about: a reply on its way to the client, or a request on its way to the real server.
std::vector<uint8_t> quoted_packet(uint8_t choices) {
  const uint8_t protocol = (choices & kSctp) != 0 ? kProtocolSctp : (choices & kUdp) != 0 ? kProtocolUdp : kProtocolTcp;
  const bool is_v6 = (choices & kIpv6) != 0;
  FiveTuple tuple = is_v6 ? client_tuple6(protocol) : client_tuple(protocol);
  if ((choices & kReply) != 0) {
    tuple = tuple.reversed();
  } else {
    tuple.destination = is_v6 ? kReal6 : kReal;
    tuple.destination_port = 8080;
  }
  if (protocol == kProtocolSctp) return sctp_packet(tuple, sctp_chunk(kChunkData)).bytes;
  return (protocol == kProtocolUdp ? udp_datagram(tuple, 8) : tcp_segment(tuple, kTcpAck, 8)).bytes;
}

}  // namespace

void fuzz_one(FuzzInput input) {
  static const std::unique_ptr<Rig> rig = rig_with_connections();
  const uint8_t choices = input.byte();
  const bool is_v6 = (choices & kIpv6) != 0;
  const uint8_t type = input.byte(), code = input.byte();
  const uint32_t rest = static_cast<uint32_t>(input.word()) << 16 | input.word();
  std::vector<uint8_t> body;
  if ((choices & kQuote) != 0) {
    body = quoted_packet(choices);
    body.resize(std::min<size_t>(body.size(), input.byte()));
    for (uint8_t edits = input.byte() % 4; edits != 0 && !body.empty(); --edits)
      body[input.byte() % body.size()] = input.byte();
  }
  const std::vector<uint8_t> more = input.bytes(2000);
  body.insert(body.end(), more.begin(), more.end());
  const Address& source = is_v6 ? kReal6 : kStranger;
  const Address& target = (choices & kToVip) != 0 ? (is_v6 ? kVip6 : kVip) : (is_v6 ? kClient6 : kClient);
  const MemoryPacket packet = build_icmp(is_v6 ? Family::ipv6 : Family::ipv4, source, target, type, code, body, rest);

  HeldPacket held(packet);
  PacketView view;
  const Decision decision = rig->pipeline.process(held.packet, view);
  must(decision.action != Action::upcall, "an upcall for ICMP");
  must(held.packet.length == packet.bytes.size(), "an ICMP message changed its length");
  if (decision.action == Action::transmit) {
    const MemoryPacket sent = held.copy();
    must(header_checksum(sent) == ChecksumState::right, "the IPv4 header checksum");
    must(transport_checksum(sent) == ChecksumState::right, "the ICMP checksum");
  }

  HeldPacket copy(packet);
  const Decision kept = rig->pipeline.process_kept_error(copy.packet, view);
  must(kept.action == Action::ignore || kept.action == Action::transmit, "a kept error was neither treated nor left");
  if (kept.action == Action::transmit) {
    must(decision.action == Action::transmit, "a kept error was treated that would not be where it came by a device");
    must(transport_checksum(copy.copy()) == ChecksumState::right, "the ICMP checksum of a kept error");
  } else {
    must(copy.copy().bytes == packet.bytes, "a kept error was changed that is not ours");
  }
  must(rig->table.live() == kConnections && rig->counts_agree(), "ICMP made or ended a connection");
}

}  // namespace uipvs::test

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  uipvs::test::fuzz_one({data, size});
  return 0;
}
