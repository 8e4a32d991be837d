// For the tests of reassembly.
#pragma once

#include <doctest/doctest.h>

#include <vector>

#include "core/packet_view.h"
#include "core/reassembly.h"
#include "support/fragment_builder.h"

namespace uipvs::test {

inline constexpr Family kBoth[] = {Family::ipv4, Family::ipv6};

// A reassembler, the datagram that it has put together last, and its clock.
struct ReassemblyBench {
  explicit ReassemblyBench(const ReassemblyLimits& limits = {}) : reassembler({1, 2}, limits) {}

  FragmentOutcome add(const MemoryPacket& fragment, uint32_t mark = 0) {
    HeldPacket held(fragment);
    held.packet.mark = mark;
    const FragmentOutcome outcome = reassembler.add(held.packet, now, whole);
    CHECK(reassembler.is_accounted());
    return outcome;
  }
  FragmentOutcome add(const FragmentSpec& spec) { return add(build_fragment(spec)); }
  MemoryPacket delivered() const {
    return {whole.packet.vnet(), {whole.packet.data, whole.packet.data + whole.packet.length}};
  }
  // The data of the whole datagram, which must be an ordinary packet.
  std::vector<uint8_t> data() const {
    const MemoryPacket made = delivered();
    PacketView view;
    REQUIRE(parse_packet(HeldPacket(made).packet, view) == ParseError::none);
    CHECK_FALSE(view.is_fragment);
    CHECK(view.length == made.bytes.size());
    return {made.bytes.begin() + view.transport_offset, made.bytes.end()};
  }

  Reassembler reassembler;
  WholeDatagram whole;
  Tick now = 0xfffffff0;  // so that deadlines wrap
};

}  // namespace uipvs::test
