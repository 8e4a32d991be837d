// Addresses and five-tuples, in host byte order.
#pragma once

#include <cstdint>

namespace uipvs {

enum class Family : uint8_t { ipv4 = 4, ipv6 = 6 };

// IPv4 uses the first word only, the others are 0. IPv6: most significant word first.
struct Address {
  uint32_t words[4] = {0, 0, 0, 0};

  bool operator==(const Address&) const = default;
};

// What a packet says of itself: source and destination as in its headers.
struct FiveTuple {
  Family family = Family::ipv4;
  uint8_t protocol = 0;
  uint16_t source_port = 0;
  uint16_t destination_port = 0;
  Address source;
  Address destination;

  bool operator==(const FiveTuple&) const = default;

  FiveTuple reversed() const { return {family, protocol, destination_port, source_port, destination, source}; }
};

// Specification: IANA protocol numbers.
inline constexpr uint8_t kProtocolHopByHop = 0;
inline constexpr uint8_t kProtocolIcmp = 1;
inline constexpr uint8_t kProtocolTcp = 6;
inline constexpr uint8_t kProtocolUdp = 17;
inline constexpr uint8_t kProtocolRouting = 43;
inline constexpr uint8_t kProtocolFragment = 44;
inline constexpr uint8_t kProtocolEsp = 50;
inline constexpr uint8_t kProtocolAh = 51;
inline constexpr uint8_t kProtocolIcmp6 = 58;
inline constexpr uint8_t kProtocolNoNext = 59;
inline constexpr uint8_t kProtocolDestinationOptions = 60;
inline constexpr uint8_t kProtocolSctp = 132;

}  // namespace uipvs
