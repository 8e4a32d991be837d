// A bounds-checked view of one IP packet.
//
// Theory of operation: everything from the wire is hostile, so a packet is parsed once, here, and every later reader
// uses offsets that this parser has proved to lie inside the packet. A packet that contradicts itself is refused with a
// reason; nothing is repaired. IPv4 options and IPv6 extension headers are walked, not interpreted. Fragments are
// recognised; only a first fragment has ports.
// Source: RFC 791, RFC 8200 section 4, RFC 9293 section 3.1, RFC 768, RFC 9260 section 3.
#pragma once

#include <cstdint>

#include "core/packet.h"
#include "core/sctp_state.h"
#include "core/tuple.h"

namespace uipvs {

enum class ParseError : uint8_t {
  none,
  empty,                // no version nibble
  version,              // neither 4 nor 6
  ip_header_truncated,  // the IP header or an extension header reaches beyond the packet
  ip_header_length,     // IHL below 5
  ip_total_length,      // total length beyond what was received, or shorter than the headers
  ip_header_checksum,   // IPv4 header checksum wrong
  extension_chain,      // more extension headers than kMaxExtensionHeaders
  transport_truncated,  // the transport header reaches beyond the packet
  tcp_data_offset,      // TCP data offset below 5 or beyond the packet
  udp_length,           // UDP length below 8 or beyond the packet
  offload_metadata,     // checksum start or offset outside the transport header
};

inline constexpr uint8_t kTcpFin = 0x01;
inline constexpr uint8_t kTcpSyn = 0x02;
inline constexpr uint8_t kTcpRst = 0x04;
inline constexpr uint8_t kTcpAck = 0x10;

// Implementation: a longer chain is an attack; hosts send at most three.
inline constexpr int kMaxExtensionHeaders = 16;

struct PacketView {
  FiveTuple tuple;                // ports are 0 unless has_ports
  uint16_t transport_offset = 0;  // where the transport header starts
  uint16_t payload_offset = 0;    // behind it; equals transport_offset where the protocol is not parsed
  uint32_t length = 0;            // of the IP packet; bytes behind it are padding
  uint8_t tcp_flags = 0;
  SctpEvent sctp_event = SctpEvent::none;        // what moves the state
  SctpEvent sctp_first_chunk = SctpEvent::none;  // what may begin a connection
  uint8_t hop_limit = 0;
  bool has_ports = false;
  bool is_fragment = false;
  bool has_fragment_header = false;  // IPv6, of a whole packet too (RFC 6946)
  bool is_quoted =
      false;  // of what an ICMP error concerns: offsets are not the packet's own, and none of its payload counts
  bool has_partial_checksum = false;  // the transport checksum is to be completed by whoever sends (NEEDS_CSUM)
};

// Whether rules of the kernel see the ports: fib_rules and nftables look behind no fragment header.
inline bool shows_ports(const PacketView& view) {
  return view.has_ports && !view.is_fragment && !view.has_fragment_header;
}

// Fills `view` from the packet. On an error `view` is not to be used.
ParseError parse_packet(const Packet& packet, PacketView& view);

// A guess at the tuple, at next to no cost: false where it takes more than fixed offsets to find, and right where
// parse_packet() has no error.
bool peek_tuple(const Packet& packet, FiveTuple& tuple);

// As parse_packet() for the packet quoted inside an ICMP error: `length` bytes of it are there, which may be fewer than its
// headers say, down to 8 bytes of transport header (RFC 792). Its checksum is not verified. Protocols with ports are
// TCP, UDP and SCTP. ParseError::none only if the tuple is whole.
ParseError parse_quoted(const uint8_t* data, uint32_t length, PacketView& view);

}  // namespace uipvs
