// Which packets the kernel drops because the engine takes a copy of them from the wire.
//
// Theory of operation: the host's plumbing makes the kernel drop TCP, and UDP, that comes in by certain interfaces to a VIP (of one that is an address of the host: to its services' ports) or from a real server. Where that would be too many
// rules it merges several into one that selects more; those are told here. A copy that the kernel does not drop is
// the kernel's to treat, and one that it drops is ours alone: both sides must see it the same way.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/packet_view.h"
#include "core/prefix.h"

namespace uipvs {

// Which protocols' packets are taken from the wire: SCTP's never, UDP's where the kernel can describe all of them, see
// io/wire_filter.h.
enum class OnWire : uint8_t { tcp, tcp_and_udp };

// Selectors beyond the addresses and ports that services and destinations name. Control thread writes, workers read.
struct CaptureSelectors {
  // Implementation: the host's plumbing merges to fewer.
  static constexpr uint32_t kMost = 256;

  struct Sources {
    std::atomic<uint8_t> family;
    AddressPrefix prefix;
  };
  // Of packets to these addresses.
  struct Ports {
    std::atomic<uint8_t> family;
    std::atomic<uint8_t> protocol;
    std::atomic<uint16_t> first;  // 0: the whole protocol
    std::atomic<uint16_t> last;
    AddressPrefix prefix;
  };

  std::atomic<OnWire> protocols{OnWire::tcp};

  // Read under the counts, which are 0 while the others change.
  std::atomic<uint32_t> source_count{0};
  std::atomic<uint32_t> port_count{0};
  std::array<Sources, kMost> sources;
  std::array<Ports, kMost> ports;

  // Control thread. A source is 6 words: family, address, prefix length; a selector of ports 9: these, protocol, first,
  // last. False, and nothing is changed, where there are more than kMost or the words are no whole selectors.
  static constexpr size_t kSourceWords = 6;
  static constexpr size_t kPortWords = 9;
  bool set(std::span<const uint32_t> source_words, std::span<const uint32_t> port_words);

  bool has_protocol(uint8_t protocol) const {
    const bool is_udp_taken = protocols.load(std::memory_order_relaxed) == OnWire::tcp_and_udp;
    return protocol == kProtocolTcp || (protocol == kProtocolUdp && is_udp_taken);
  }
  bool has_source(Family family, const Address& address) const;
  // A selector of ports holds only what shows them: no fragment.
  bool has_port(const PacketView& view) const;
};

}  // namespace uipvs
