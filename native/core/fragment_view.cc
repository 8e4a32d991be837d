#include "core/fragment_view.h"

#include "core/bytes.h"
#include "core/packet_view.h"

namespace uipvs {
namespace {

constexpr uint32_t kIpv6Header = 40;
constexpr uint32_t kIcmpHeader = 8;

bool is_extension(uint8_t header) {
  return header == kProtocolHopByHop || header == kProtocolRouting || header == kProtocolDestinationOptions;
}

void read_ipv4(const uint8_t* data, FragmentView& view) {
  const uint16_t field = load_be16(data + 6);
  view.key.identification = load_be16(data + 4);
  view.key.protocol = data[9];
  view.header_bytes = (data[0] & 0x0fu) * 4;
  view.offset = (field & 0x1fffu) * kFragmentUnit;
  view.has_more = (field & 0x2000) != 0;
  view.has_dont_fragment = (field & 0x4000) != 0;
  view.congestion = data[1] & 3;
}

// The parser has found the chain whole, up to a fragment header with an offset or to the transport header. False where
// a fragment header follows the first one.
bool read_ipv6(const uint8_t* data, FragmentView& view) {
  uint32_t at = kIpv6Header;
  uint8_t next = data[6];
  view.next_header_field = 6;
  while (next != kProtocolFragment) {
    view.next_header_field = at;
    next = data[at];
    at += (data[at + 1] + 1u) * 8;
  }
  const uint16_t field = load_be16(data + at + 2);
  view.key.identification = load_be32(data + at + 4);
  view.offset = field & 0xfff8;
  view.has_more = (field & 1) != 0;
  view.congestion = data[1] >> 4 & 3;
  next = data[at];
  at += kFragmentHeader;
  view.header_bytes = at;
  if (view.offset != 0) return true;
  while (is_extension(next)) {
    next = data[at];
    at += (data[at + 1] + 1u) * 8;
  }
  return next != kProtocolFragment;
}

// What a first fragment must have of a protocol whose header the parser does not look at. Source: Linux
// net/ipv6/netfilter.c and reassembly.c, ipv6frag_thdr_truncated().
uint32_t least_transport(uint8_t protocol) {
  return protocol == kProtocolIcmp || protocol == kProtocolIcmp6 ? kIcmpHeader : 1;
}

FragmentOutcome outcome_of(ParseError error) {
  const bool is_cut = error == ParseError::transport_truncated || error == ParseError::tcp_data_offset;
  return is_cut ? FragmentOutcome::header_incomplete : FragmentOutcome::malformed;
}

}  // namespace

FragmentOutcome parse_fragment(const Packet& packet, FragmentView& view) {
  PacketView parsed;
  const ParseError error = parse_packet(packet, parsed);
  if (error != ParseError::none) return outcome_of(error);
  if (!parsed.is_fragment) return FragmentOutcome::not_fragment;
  const VnetHeader& vnet = packet.vnet();
  if ((vnet.flags & kVnetNeedsChecksum) != 0 || vnet.gso_type != kVnetGsoNone) return FragmentOutcome::offload_metadata;

  view = FragmentView{};
  view.key.family = parsed.tuple.family;
  view.key.source = parsed.tuple.source;
  view.key.destination = parsed.tuple.destination;
  const bool is_v6 = parsed.tuple.family == Family::ipv6;
  if (!is_v6) {
    read_ipv4(packet.data, view);
  } else if (!read_ipv6(packet.data, view)) {
    return FragmentOutcome::nested;
  }
  view.bytes = parsed.length - view.header_bytes;
  if (view.bytes == 0) return FragmentOutcome::zero_length;
  if (view.has_more && view.bytes % kFragmentUnit != 0) return FragmentOutcome::unaligned_length;
  const uint32_t kept_header = view.header_bytes - (is_v6 ? kFragmentHeader : 0);
  if (kept_header + view.end() > kMaxPacketBytes) return FragmentOutcome::too_long;
  if (view.offset == 0 && !parsed.has_ports &&
      parsed.length - parsed.transport_offset < least_transport(parsed.tuple.protocol)) {
    return FragmentOutcome::header_incomplete;
  }
  return FragmentOutcome::stored;
}

}  // namespace uipvs
