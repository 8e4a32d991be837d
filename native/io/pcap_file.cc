#include "io/pcap_file.h"

#include <algorithm>
#include <cerrno>

namespace uipvs {
namespace {

// Specification: draft-ietf-opsawg-pcap 4 and 5; offsets in the file's header and in a record's.
constexpr uint32_t kMagicMicroseconds = 0xa1b2c3d4;
constexpr uint32_t kMagicNanoseconds = 0xa1b23c4d;
constexpr size_t kFileHeaderBytes = 24, kMajorVersionAt = 4, kLinkTypeAt = 20;
constexpr size_t kRecordHeaderBytes = 16, kFractionAt = 4, kKeptAt = 8, kOriginalAt = 12;
constexpr uint16_t kMajorVersion = 2;
// The upper bits say how long the frame check sequence is that a frame ends with; to an IP packet that is padding.
constexpr uint32_t kLinkTypeMask = 0xffff;
constexpr uint32_t kLinkEthernet = 1, kLinkRaw = 101, kLinkIpv4 = 228, kLinkIpv6 = 229;
// What BSD and Linux call raw IP among themselves; some writers let it slip into files.
constexpr uint32_t kDataLinkRaw = 12;
constexpr size_t kEthernetBytes = 14, kTypeAt = 12, kTagBytes = 4;
constexpr uint16_t kTypeIpv4 = 0x0800, kTypeIpv6 = 0x86dd, kTypeVlan = 0x8100, kTypeServiceVlan = 0x88a8;
// Implementation: tags of a service provider and a customer.
constexpr int kMostTags = 2;
// Implementation: what libpcap takes for the longest packet (MAXIMUM_SNAPLEN).
constexpr uint32_t kMostKeptBytes = 262144;

uint16_t word_be(std::span<const uint8_t> bytes, size_t offset) {
  return static_cast<uint16_t>(bytes[offset] << 8 | bytes[offset + 1]);
}

}  // namespace

uint16_t PcapFile::word_at(size_t offset) const {
  const uint16_t first = bytes_[offset], second = bytes_[offset + 1];
  return static_cast<uint16_t>(is_big_endian_ ? first << 8 | second : second << 8 | first);
}

uint32_t PcapFile::long_at(size_t offset) const {
  const uint32_t first = word_at(offset), second = word_at(offset + 2);
  return is_big_endian_ ? first << 16 | second : second << 16 | first;
}

PcapError PcapFile::open(std::span<const uint8_t> bytes) {
  bytes_ = bytes;
  next_ = bytes.size();
  if (bytes.size() < kFileHeaderBytes) return error_ = PcapError::truncated;
  const auto is_magic = [this] {
    const uint32_t magic = long_at(0);
    has_nanoseconds_ = magic == kMagicNanoseconds;
    return has_nanoseconds_ || magic == kMagicMicroseconds;
  };
  is_big_endian_ = false;
  if (!is_magic()) {
    is_big_endian_ = true;
    if (!is_magic()) return error_ = PcapError::magic;
  }
  if (word_at(kMajorVersionAt) != kMajorVersion) return error_ = PcapError::version;
  const uint32_t link_type = long_at(kLinkTypeAt) & kLinkTypeMask;
  has_ethernet_ = link_type == kLinkEthernet;
  const bool is_raw =
      link_type == kLinkRaw || link_type == kLinkIpv4 || link_type == kLinkIpv6 || link_type == kDataLinkRaw;
  if (!has_ethernet_ && !is_raw) return error_ = PcapError::link_type;
  next_ = kFileHeaderBytes;
  return error_ = PcapError::none;
}

bool PcapFile::next(PcapRecord& record) {
  const size_t left = bytes_.size() - next_;
  if (error_ != PcapError::none || left == 0) return false;
  const uint32_t kept = left < kRecordHeaderBytes ? UINT32_MAX : long_at(next_ + kKeptAt);
  if (kept > kMostKeptBytes || kept > left - kRecordHeaderBytes) {
    error_ = PcapError::record;
    return false;
  }
  const uint64_t fraction = long_at(next_ + kFractionAt);
  record.time_ns = long_at(next_) * uint64_t{1'000'000'000} + fraction * (has_nanoseconds_ ? 1 : 1000);
  record.original_bytes = long_at(next_ + kOriginalAt);
  record.frame = bytes_.subspan(next_ + kRecordHeaderBytes, kept);
  next_ += kRecordHeaderBytes + kept;
  return true;
}

std::span<const uint8_t> PcapFile::ip_packet(const PcapRecord& record) const {
  if (!has_ethernet_) return record.frame;
  std::span<const uint8_t> rest = record.frame;
  for (int tags = 0; rest.size() >= kEthernetBytes; ++tags) {
    const uint16_t type = word_be(rest, kTypeAt);
    if (type == kTypeIpv4 || type == kTypeIpv6) return rest.subspan(kEthernetBytes);
    if ((type != kTypeVlan && type != kTypeServiceVlan) || tags == kMostTags) break;
    // Of the bytes in front only the type is read again.
    rest = rest.subspan(kTagBytes);
  }
  return {};
}

int PcapReceiver::receive(std::span<Packet> burst) {
  size_t received = 0;
  PcapRecord record;
  while (received < burst.size() && file_.next(record)) {
    const std::span<const uint8_t> bytes = file_.ip_packet(record);
    Packet& to = burst[received];
    if (bytes.empty()) {
      ++others_;
    } else if (record.frame.size() < record.original_bytes || bytes.size() > to.capacity) {
      ++lost_;
    } else {
      std::copy(bytes.begin(), bytes.end(), to.data);
      to.length = static_cast<uint32_t>(bytes.size());
      to.vnet() = {};
      last_time_ns_ = record.time_ns;
      ++received;
    }
  }
  const bool is_broken = file_.error() != PcapError::none;
  if (received != 0 || !is_broken || has_told_error_) return static_cast<int>(received);
  has_told_error_ = true;
  return -EBADMSG;
}

uint64_t PcapReceiver::take_lost() {
  const uint64_t lost = lost_;
  lost_ = 0;
  return lost;
}

}  // namespace uipvs
