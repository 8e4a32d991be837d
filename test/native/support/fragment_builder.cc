#include "support/fragment_builder.h"

namespace uipvs::test {
namespace {

using Bytes = std::vector<uint8_t>;

void append16(Bytes& to, uint32_t value) {
  to.push_back(static_cast<uint8_t>(value >> 8));
  to.push_back(static_cast<uint8_t>(value));
}

void append32(Bytes& to, uint32_t value) {
  append16(to, value >> 16);
  append16(to, value & 0xffff);
}

void append(Bytes& to, const Bytes& from) { to.insert(to.end(), from.begin(), from.end()); }

Bytes header4(const FragmentSpec& spec) {
  Bytes made;
  const size_t header = 20 + spec.ip_options.size();
  made.reserve(header + spec.data.size());
  made.push_back(static_cast<uint8_t>(0x40 | header / 4));
  made.push_back(spec.congestion);
  append16(made, static_cast<uint32_t>(header + spec.data.size()));
  append16(made, spec.identification);
  append16(made, (spec.has_dont_fragment ? 0x4000u : 0u) | (spec.has_more ? 0x2000u : 0u) | spec.offset / 8);
  made.push_back(64);
  made.push_back(spec.protocol);
  append16(made, 0);
  append32(made, spec.source.words[0]);
  append32(made, spec.destination.words[0]);
  append(made, spec.ip_options);
  return made;
}

Bytes header6(const FragmentSpec& spec) {
  Bytes made;
  made.reserve(48 + spec.extensions.size() + spec.data.size());
  append32(made, 0x60000000u | static_cast<uint32_t>(spec.congestion) << 20);
  append16(made, static_cast<uint32_t>(spec.extensions.size() + 8 + spec.data.size()));
  made.push_back(spec.first_extension);
  made.push_back(64);
  for (const uint32_t word : spec.source.words) append32(made, word);
  for (const uint32_t word : spec.destination.words) append32(made, word);
  append(made, spec.extensions);
  made.push_back(spec.protocol);
  made.push_back(0);
  append16(made, spec.offset | (spec.has_more ? 1u : 0u));
  append32(made, spec.identification);
  return made;
}

// An extension header of `units` times 8 bytes, that names `next`.
Bytes extension(uint8_t next, uint32_t units) {
  Bytes made(units * 8, 0);
  made[0] = next;
  made[1] = static_cast<uint8_t>(units - 1);
  return made;
}

// Hop-by-hop options, destination options, routing, destination options: each there or not.
void add_extensions(Random& random, PacketSpec& spec) {
  static constexpr uint8_t kOrder[] = {kProtocolHopByHop, kProtocolDestinationOptions, kProtocolRouting,
                                       kProtocolDestinationOptions};
  uint8_t next = spec.tuple.protocol;
  for (size_t i = 4; i-- > 0;) {
    if (!random.one_in(4)) continue;
    Bytes longer = extension(next, 1 + random.below(3));
    append(longer, spec.extensions);
    spec.extensions = longer;
    next = kOrder[i];
  }
  spec.first_extension = next;
}

}  // namespace

MemoryPacket build_fragment(const FragmentSpec& spec) {
  MemoryPacket made;
  made.bytes = spec.family == Family::ipv6 ? header6(spec) : header4(spec);
  append(made.bytes, spec.data);
  if (spec.family == Family::ipv4) repair_header_checksum(made.bytes);
  return made;
}

std::vector<uint8_t> patterned(uint32_t offset, uint32_t count, uint8_t salt) {
  Bytes made(count);
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t at = offset + i;
    made[i] = static_cast<uint8_t>(at ^ (at >> 8) * 31 ^ salt);
  }
  return made;
}

FragmentSpec fragment_of(Family family, uint32_t offset, uint32_t bytes, bool has_more) {
  FragmentSpec spec;
  spec.family = family;
  const bool is_v6 = family == Family::ipv6;
  spec.source = is_v6 ? address6(7) : address4(198, 51, 100, 7);
  spec.destination = is_v6 ? address6(0x100) : address4(203, 0, 113, 10);
  spec.offset = offset;
  spec.has_more = has_more;
  spec.data = patterned(offset, bytes);
  return spec;
}

MemoryPacket random_packet(Random& random, uint32_t most) {
  static constexpr uint8_t kProtocols[] = {kProtocolTcp, kProtocolUdp, kProtocolSctp, kProtocolIcmp, 47};
  PacketSpec spec;
  const bool is_v6 = random.one_in(2);
  spec.tuple.family = is_v6 ? Family::ipv6 : Family::ipv4;
  spec.tuple.protocol = kProtocols[random.below(5)];
  spec.tuple.source = is_v6 ? address6(random.below(100)) : Address{{static_cast<uint32_t>(random.word())}};
  spec.tuple.destination = is_v6 ? address6(200) : Address{{static_cast<uint32_t>(random.word())}};
  spec.tuple.source_port = static_cast<uint16_t>(random.word());
  spec.tuple.destination_port = static_cast<uint16_t>(random.word());
  spec.hop_limit = static_cast<uint8_t>(1 + random.below(255));
  spec.fragment = random.one_in(2) ? 0x4000 : 0;
  if (is_v6) {
    add_extensions(random, spec);
  } else {
    spec.ip_options = random.bytes(random.below(11) * 4);
  }
  if (spec.tuple.protocol == kProtocolTcp) spec.tcp_options.assign(random.below(11) * 4, 1);
  // The headers take at most 40 + 4 * 24 + 60 bytes.
  const uint32_t payload = random.one_in(4) ? most - 200 : random.below(most - 200);
  if (spec.tuple.protocol != kProtocolSctp) {
    spec.payload = random.bytes(payload);
    return build_packet(spec);
  }
  // Ports, tag, checksum: nobody here reads the chunks.
  spec.payload = random.bytes(12 + payload);
  return build_packet(spec);
}

}  // namespace uipvs::test
