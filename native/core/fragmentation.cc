#include "core/fragmentation.h"

#include <algorithm>
#include <cstring>

#include "core/bytes.h"
#include "core/checksum.h"
#include "core/fragment_view.h"
#include "core/translate.h"

namespace uipvs {
namespace {

constexpr uint32_t kIpv4MinHeader = 20;
constexpr uint32_t kIpv6Header = 40;
constexpr uint16_t kMoreFragments4 = 0x2000;
constexpr uint16_t kFlags4 = 0xc000;  // the evil bit and DF
constexpr uint8_t kOptionEnd = 0, kOptionNone = 1, kOptionCopied = 0x80;
constexpr uint32_t kTcpChecksum = 16;
constexpr uint32_t kUdpChecksum = 6;
// What a first fragment must have of a transport header that the parser does not look at: that of ICMP.
constexpr uint32_t kLeastTransport = 8;

// Options that only the first fragment has become no-operations. Behind an option of absurd length nothing is known to
// be one, and all stays.
void drop_uncopied_options(uint8_t* options, uint32_t bytes) {
  for (uint32_t at = 0; at < bytes && options[at] != kOptionEnd;) {
    if (options[at] == kOptionNone) {
      ++at;
      continue;
    }
    if (at + 1 == bytes || options[at + 1] < 2 || options[at + 1] > bytes - at) return;
    const uint32_t length = options[at + 1];
    if ((options[at] & kOptionCopied) == 0) std::memset(options + at, kOptionNone, length);
    at += length;
  }
}

bool has_fragment_header(const Packet& whole, const PacketView& view) {
  if (view.tuple.family == Family::ipv4) return false;
  uint8_t next = whole.data[6];
  for (uint32_t at = kIpv6Header; at < view.transport_offset; at += (whole.data[at + 1] + 1u) * 8) {
    if (next == kProtocolFragment) return true;
    next = whole.data[at];
  }
  return false;
}

}  // namespace

Fragmenter::Fragmenter(const Packet& whole, const PacketView& view, uint32_t most_bytes, uint32_t identification)
    : whole_(whole), view_(view), identification_(identification) {
  error_ = measure(most_bytes);
}

SplitError Fragmenter::measure(uint32_t most_bytes) {
  if (view_.is_fragment || has_fragment_header(whole_, view_)) return SplitError::is_fragment;
  const VnetHeader& vnet = whole_.vnet();
  if ((vnet.flags & kVnetNeedsChecksum) != 0 || vnet.gso_type != kVnetGsoNone) return SplitError::offload_metadata;
  if (view_.length <= most_bytes) return SplitError::not_needed;
  const bool is_v6 = view_.tuple.family == Family::ipv6;
  kept_bytes_ = is_v6 ? find_unfragmentable() : view_.transport_offset;
  header_bytes_ = kept_bytes_ + (is_v6 ? kFragmentHeader : 0);
  if (most_bytes < header_bytes_ + kFragmentUnit) return SplitError::limit_too_small;
  part_bytes_ = (most_bytes - header_bytes_) / kFragmentUnit * kFragmentUnit;
  uint32_t headers_end = view_.payload_offset;
  if (headers_end == view_.transport_offset) headers_end = std::min(headers_end + kLeastTransport, view_.length);
  if (kept_bytes_ + part_bytes_ < headers_end) return SplitError::limit_too_small;
  count_ = (view_.length - kept_bytes_ + part_bytes_ - 1) / part_bytes_;
  return SplitError::none;
}

// How many bytes every fragment begins with; notes where the last of these headers names what follows.
uint32_t Fragmenter::find_unfragmentable() {
  const uint8_t* const data = whole_.data;
  uint32_t kept = kIpv6Header;
  next_header_field_ = 6;
  uint8_t next = data[6];
  for (uint32_t at = kIpv6Header; at < view_.transport_offset;) {
    const bool is_for_routers = next == kProtocolRouting || (next == kProtocolHopByHop && at == kIpv6Header);
    const uint32_t field = at;
    next = data[at];
    at += (data[at + 1] + 1u) * 8;
    if (!is_for_routers) continue;
    kept = at;
    next_header_field_ = field;
  }
  return kept;
}

bool Fragmenter::next(Packet& fragment) {
  const uint32_t data_bytes = view_.length - kept_bytes_;
  if (error_ != SplitError::none || offset_ >= data_bytes) return false;
  if (fragment.capacity < header_bytes_ + part_bytes_) {
    error_ = SplitError::buffer_too_small;
    return false;
  }
  const uint32_t bytes = std::min(part_bytes_, data_bytes - offset_);
  const bool has_more = offset_ + bytes < data_bytes;
  fragment.length = header_bytes_ + bytes;
  fragment.mark = whole_.mark;
  fragment.vnet() = VnetHeader{};
  std::memcpy(fragment.data, whole_.data, kept_bytes_);
  if (view_.tuple.family == Family::ipv6) {
    write_ipv6(fragment.data, fragment.length, has_more);
  } else {
    write_ipv4(fragment.data, fragment.length, has_more);
  }
  std::memcpy(fragment.data + header_bytes_, whole_.data + kept_bytes_ + offset_, bytes);
  offset_ += bytes;
  return true;
}

void Fragmenter::write_ipv4(uint8_t* to, uint32_t length, bool has_more) {
  if (offset_ != 0) drop_uncopied_options(to + kIpv4MinHeader, kept_bytes_ - kIpv4MinHeader);
  store_be16(to + 2, static_cast<uint16_t>(length));
  store_be16(to + 6, static_cast<uint16_t>((load_be16(to + 6) & kFlags4) | (has_more ? kMoreFragments4 : 0) |
                                           offset_ / kFragmentUnit));
  store_be16(to + 10, 0);
  store_be16(to + 10, static_cast<uint16_t>(~checksum_fold(checksum_sum(to, kept_bytes_))));
}

void Fragmenter::write_ipv6(uint8_t* to, uint32_t length, bool has_more) {
  store_be16(to + 4, static_cast<uint16_t>(length - kIpv6Header));
  uint8_t* const header = to + kept_bytes_;
  header[0] = to[next_header_field_];
  header[1] = 0;
  store_be16(header + 2, static_cast<uint16_t>(offset_ | (has_more ? 1 : 0)));
  store_be32(header + 4, identification_);
  to[next_header_field_] = kProtocolFragment;
}

bool complete_checksum(Packet& packet, PacketView& view) {
  if (!view.has_partial_checksum) return true;
  VnetHeader& vnet = packet.vnet();
  if (vnet.gso_type != kVnetGsoNone) return false;
  if (view.tuple.protocol == kProtocolSctp) {
    write_sctp_checksum(packet, view);
    return true;
  }
  const bool is_udp = view.tuple.protocol == kProtocolUdp;
  uint8_t* const transport = packet.data + view.transport_offset;
  const uint32_t bytes = is_udp ? load_be16(transport + 4) : view.length - view.transport_offset;
  // The field holds the pseudo-header's sum and is summed with the rest. Never 0, which for UDP is no checksum.
  const uint16_t check = static_cast<uint16_t>(~checksum_fold(checksum_sum(transport, bytes)));
  store_be16(transport + (is_udp ? kUdpChecksum : kTcpChecksum), check == 0 ? 0xffff : check);
  vnet.flags = static_cast<uint8_t>(vnet.flags & ~kVnetNeedsChecksum);
  vnet.checksum_start = 0;
  vnet.checksum_offset = 0;
  view.has_partial_checksum = false;
  return true;
}

}  // namespace uipvs
