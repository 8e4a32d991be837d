#include "core/proxy_header.h"

#include <array>
#include <atomic>
#include <cstring>

#include "core/bytes.h"
#include "core/tcp_options.h"

namespace uipvs {
namespace {

// Specification: section 2.2.
constexpr std::array<uint8_t, 12> kSignature{0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
constexpr uint8_t kVersion2Proxied = 0x21;
constexpr uint8_t kFamilyIpv4 = 0x10;
constexpr uint8_t kFamilyIpv6 = 0x20;
constexpr uint8_t kTransportStream = 0x01;
constexpr uint8_t kTransportDatagram = 0x02;
constexpr uint32_t kPreambleBytes = 16;

uint8_t* put_address(uint8_t* to, Family family, const Address& address) {
  const int words = family == Family::ipv6 ? 4 : 1;
  for (int i = 0; i < words; ++i, to += 4) store_be32(to, address.words[i]);
  return to;
}

// Not yet acknowledged; another edit, which comes later, may be so too.
bool is_pending(const SequenceRecord& record) {
  return record.proxy_bytes != 0 && record.states[0] == static_cast<uint8_t>(EditState::pending) &&
         record.shifts[0].init_seq == record.client_sequence + 1;
}

// A SYN that comes again says the same; one with another number is another attempt, as long as none has succeeded.
void begin(SequenceRecord& record, uint32_t initial_sequence, uint32_t header_bytes) {
  const bool is_known = record.proxy_bytes != 0 && record.client_sequence == initial_sequence;
  if (is_known || (record.proxy_bytes != 0 && !is_pending(record))) return;
  const uint32_t flags = record.flags;
  // The length is the first to go and the last to come: a process that ends in between leaves a record without a header,
  // and the SYN comes again.
  std::atomic_ref<uint8_t> length(record.proxy_bytes);
  length.store(0, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  record = SequenceRecord{};
  record.flags = flags;
  record.client_sequence = initial_sequence;
  note_segment(record, Direction::to_server, initial_sequence + 1, 0, static_cast<int32_t>(header_bytes));
  length.store(static_cast<uint8_t>(header_bytes), std::memory_order_release);
}

}  // namespace

uint32_t write_proxy_header(const ConnectionEnds& ends, std::span<uint8_t, kProxyHeaderBytes6> to) {
  const bool is_v6 = ends.family == Family::ipv6;
  const bool is_datagram = ends.protocol == kProtocolUdp;
  const uint32_t bytes = proxy_header_bytes(ends.family);
  std::memcpy(to.data(), kSignature.data(), kSignature.size());
  to[12] = kVersion2Proxied;
  to[13] =
      static_cast<uint8_t>((is_v6 ? kFamilyIpv6 : kFamilyIpv4) | (is_datagram ? kTransportDatagram : kTransportStream));
  store_be16(&to[14], static_cast<uint16_t>(bytes - kPreambleBytes));
  uint8_t* at = put_address(to.data() + kPreambleBytes, ends.family, ends.client);
  at = put_address(at, ends.family, ends.virtual_);
  store_be16(at, ends.client_port);
  store_be16(at + 2, ends.virtual_port);
  return bytes;
}

EditError prepend_proxy_header(Packet& packet, PacketView& view, const ConnectionEnds& ends) {
  std::array<uint8_t, kProxyHeaderBytes6> header;
  const uint32_t bytes = write_proxy_header(ends, header);
  return replace_payload(packet, view, 0, 0, std::span<const uint8_t>(header).first(bytes));
}

EditError add_proxy_header(Packet& packet, PacketView& view, SequenceRecord& record, const ConnectionEnds& ends) {
  const uint32_t sequence = tcp_sequence(packet, view);
  if ((view.tcp_flags & kTcpSyn) != 0) {
    begin(record, sequence, proxy_header_bytes(ends.family));
    const uint32_t payload = static_cast<uint32_t>(payload_of(packet, view).size());
    return payload == 0 ? EditError::none : replace_payload(packet, view, 0, payload, {});
  }
  const bool carries = (view.tcp_flags & kTcpRst) == 0 && is_pending(record) && sequence == record.client_sequence + 1;
  return carries ? prepend_proxy_header(packet, view, ends) : EditError::none;
}

void make_room_for_proxy_header(Packet& packet, const PacketView& view) {
  constexpr uint8_t kSynAck = kTcpSyn | kTcpAck;
  if ((view.tcp_flags & kSynAck) != kSynAck) return;
  lower_mss(packet, view, static_cast<uint16_t>(proxy_header_bytes(view.tuple.family)));
}

}  // namespace uipvs
