#include "engine/twins.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/bytes.h"

namespace uipvs {
namespace {

// Specification: RFC 791, RFC 8200 section 3.
constexpr uint32_t kIpv4Bytes = 20;
constexpr uint32_t kIpv4TotalLength = 2;
constexpr uint32_t kIpv4HopLimit = 8;
constexpr uint32_t kIpv4Checksum = 10;
constexpr uint32_t kIpv6Bytes = 40;
constexpr uint32_t kIpv6PayloadLength = 4;
constexpr uint32_t kIpv6HopLimit = 7;
// Implementation: what tells packets apart lies here, headers and the first words of the payload.
constexpr size_t kPrintBytes = 128;

// Without what Ethernet pads a short packet with: the kernel takes it off.
uint32_t length_of(const Packet& packet) {
  const uint8_t* const data = packet.data;
  if (packet.length >= kIpv4Bytes && data[0] >> 4 == 4) {
    return std::min<uint32_t>(packet.length, load_be16(data + kIpv4TotalLength));
  }
  if (packet.length >= kIpv6Bytes && data[0] >> 4 == 6) {
    return std::min<uint32_t>(packet.length, kIpv6Bytes + load_be16(data + kIpv6PayloadLength));
  }
  return packet.length;
}

}  // namespace

bool Twins::watch(Tick now) {
  now_ = now;
  if (is_changing_.load(std::memory_order_relaxed)) {
    changed_at_ = now;
    if (!is_watching_) places_ = std::make_unique<Place[]>(kPlaces);
    is_watching_ = true;
  } else if (is_watching_ && age(changed_at_) > kTwinTime) {
    is_watching_ = false;
    places_.reset();
  }
  return is_watching_;
}

uint64_t Twins::print_of(const Packet& packet) const {
  const uint32_t length = length_of(packet);
  std::array<uint64_t, kPrintBytes / sizeof(uint64_t)> words{};
  auto* const bytes = reinterpret_cast<uint8_t*>(words.data());
  std::memcpy(bytes, packet.data, std::min<size_t>(length, kPrintBytes));
  // A router changes these.
  if (bytes[0] >> 4 == 4) {
    bytes[kIpv4HopLimit] = 0;
    std::memset(bytes + kIpv4Checksum, 0, sizeof(uint16_t));
  } else {
    bytes[kIpv6HopLimit] = 0;
  }
  SipHash13 hash(secret_);
  for (const uint64_t word : words) hash.word(word);
  hash.word(length);
  return hash.finish() | 1;  // 0: a free place
}

bool Twins::take_second(uint64_t print, bool is_from_wire) {
  Place* const place = find(print);
  if (place == nullptr || (is_from_wire ? place->ahead >= 0 : place->ahead <= 0)) return false;
  place->ahead += is_from_wire ? 1 : -1;
  return true;
}

void Twins::note(uint64_t print, bool is_from_wire) {
  Place* place = find(print);
  if (place == nullptr) {
    place = &room_for(print);
    *place = {print, now_, 0};
  }
  place->noted_at = now_;
  place->ahead += is_from_wire ? 1 : -1;
}

Twins::Place* Twins::find(uint64_t print) {
  for (uint32_t way = 0; way < kWays; ++way) {
    Place& place = places_[(print / kWays * kWays + way) % kPlaces];
    if (place.print == print && age(place.noted_at) <= kTwinTime) return &place;
  }
  return nullptr;
}

Twins::Place& Twins::room_for(uint64_t print) {
  Place* oldest = nullptr;
  for (uint32_t way = 0; way < kWays; ++way) {
    Place& place = places_[(print / kWays * kWays + way) % kPlaces];
    // One that is even has met its twin.
    if (place.print == 0 || place.ahead == 0) return place;
    if (oldest == nullptr || age(place.noted_at) > age(oldest->noted_at)) oldest = &place;
  }
  return *oldest;
}

}  // namespace uipvs
