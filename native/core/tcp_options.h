// Walks and edits what is in a TCP header: options, and the checksum of a header that changes.
//
// Options come from the wire: a length that contradicts the header ends the walk, nothing is repaired.
// Source: RFC 9293 3.1 and 3.2.
#pragma once

#include <cstdint>
#include <span>
#include <utility>

#include "core/bytes.h"
#include "core/checksum.h"
#include "core/packet.h"
#include "core/packet_view.h"

namespace uipvs {

// Specification: RFC 9293 3.1, 3.2; RFC 2018 3.
inline constexpr uint32_t kTcpHeaderBytes = 20;
inline constexpr uint32_t kMaxTcpHeaderBytes = 60;
inline constexpr uint32_t kTcpChecksumOffset = 16;
inline constexpr uint8_t kTcpOptionEnd = 0;
inline constexpr uint8_t kTcpOptionNop = 1;
inline constexpr uint8_t kTcpOptionMss = 2;
inline constexpr uint8_t kTcpOptionSack = 5;

// The whole TCP header of `packet`, whose `view` says TCP and has ports.
inline std::span<uint8_t> tcp_header(const Packet& packet, const PacketView& view) {
  return {packet.data + view.transport_offset, static_cast<size_t>(view.payload_offset - view.transport_offset)};
}

// The options of a header one after the other, NOPs left out; ends at the end, at an End of Option List, and at an
// option whose length cannot be.
class TcpOptions {
 public:
  explicit TcpOptions(std::span<uint8_t> header) : rest_(header.subspan(kTcpHeaderBytes)) {}

  // Goes on to the next; false where there is none.
  bool next();

  // The present one: kind, length, data.
  std::span<uint8_t> bytes() const { return present_; }
  uint8_t kind() const { return present_[0]; }

 private:
  std::span<uint8_t> rest_;
  std::span<uint8_t> present_;
};

// Calls edit(header) and repairs the checksum for what it changed, incrementally (RFC 1624): right stays right and wrong
// stays wrong. A partial checksum does not cover the header and stays. `edit` keeps the length and the checksum field.
template <typename Edit>
void edit_tcp_header(Packet& packet, const PacketView& view, Edit&& edit) {
  const std::span<uint8_t> header = tcp_header(packet, view);
  const uint16_t before = checksum_fold(checksum_sum(header.data(), header.size()));
  std::forward<Edit>(edit)(header);
  if (view.has_partial_checksum) return;
  const uint16_t after = checksum_fold(checksum_sum(header.data(), header.size()));
  uint8_t* const field = header.data() + kTcpChecksumOffset;
  store_be16(field, checksum_update(load_be16(field), checksum_delta16(before, after)));
}

// Lowers the MSS option, where there is one, by `bytes`; an MSS that would fall below `bytes` by that stays.
void lower_mss(Packet& packet, const PacketView& view, uint16_t bytes);

}  // namespace uipvs
