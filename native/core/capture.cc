#include "core/capture.h"

namespace uipvs {

bool CaptureSelectors::set(std::span<const uint32_t> source_words, std::span<const uint32_t> port_words) {
  const size_t sources_wanted = source_words.size() / kSourceWords;
  const size_t ports_wanted = port_words.size() / kPortWords;
  if (source_words.size() % kSourceWords != 0 || port_words.size() % kPortWords != 0) return false;
  if (sources_wanted > kMost || ports_wanted > kMost) return false;
  source_count.store(0, std::memory_order_release);
  port_count.store(0, std::memory_order_release);
  for (size_t i = 0; i < sources_wanted; ++i) {
    const uint32_t* const words = source_words.data() + i * kSourceWords;
    sources[i].family.store(static_cast<uint8_t>(words[0]), std::memory_order_relaxed);
    sources[i].prefix.address.store({{words[1], words[2], words[3], words[4]}});
    sources[i].prefix.length.store(words[5], std::memory_order_relaxed);
  }
  for (size_t i = 0; i < ports_wanted; ++i) {
    const uint32_t* const words = port_words.data() + i * kPortWords;
    ports[i].family.store(static_cast<uint8_t>(words[0]), std::memory_order_relaxed);
    ports[i].prefix.address.store({{words[1], words[2], words[3], words[4]}});
    ports[i].prefix.length.store(words[5], std::memory_order_relaxed);
    ports[i].protocol.store(static_cast<uint8_t>(words[6]), std::memory_order_relaxed);
    ports[i].first.store(static_cast<uint16_t>(words[7]), std::memory_order_relaxed);
    ports[i].last.store(static_cast<uint16_t>(words[8]), std::memory_order_relaxed);
  }
  source_count.store(static_cast<uint32_t>(sources_wanted), std::memory_order_release);
  port_count.store(static_cast<uint32_t>(ports_wanted), std::memory_order_release);
  return true;
}

bool CaptureSelectors::has_source(Family family, const Address& address) const {
  const uint32_t count = source_count.load(std::memory_order_acquire);
  for (uint32_t i = 0; i < count; ++i) {
    const Sources& selector = sources[i];
    if (selector.family.load(std::memory_order_relaxed) != static_cast<uint8_t>(family)) continue;
    if (selector.prefix.holds(family, address)) return true;
  }
  return false;
}

bool CaptureSelectors::has_port(const PacketView& view) const {
  const FiveTuple& tuple = view.tuple;
  const bool has_ports = shows_ports(view);
  const uint32_t count = port_count.load(std::memory_order_acquire);
  for (uint32_t i = 0; i < count; ++i) {
    const Ports& selector = ports[i];
    if (selector.family.load(std::memory_order_relaxed) != static_cast<uint8_t>(tuple.family)) continue;
    if (selector.protocol.load(std::memory_order_relaxed) != tuple.protocol) continue;
    const uint16_t first = selector.first.load(std::memory_order_relaxed);
    const bool is_within = first == 0 || (has_ports && tuple.destination_port >= first &&
                                          tuple.destination_port <= selector.last.load(std::memory_order_relaxed));
    if (is_within && selector.prefix.holds(tuple.family, tuple.destination)) return true;
  }
  return false;
}

}  // namespace uipvs
