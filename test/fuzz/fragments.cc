// Fragments of any kind and order: a roomy reassembler must agree with its slow twin in everything, a tight one must
// keep its accounts and deliver nothing that was not sent; what becomes whole is split and put together again.
//
// Input: how what becomes whole is split, then operations. Each begins with a choice; a fragment has flags, offset and length, and may be edited or raw.
#include <memory>

#include "core/fragmentation.h"
#include "core/reassembly.h"
#include "fuzz_input.h"
#include "support/fragment_builder.h"
#include "support/guarded_packet.h"
#include "support/reassembly_twin.h"
#include "support/slow_checksum.h"

namespace uipvs::test {
namespace {

constexpr HashSecret kSecret{8, 9};
// Of the first byte: a large datagram is split as finely as a small one, into many hundred fragments.
constexpr uint8_t kFinely = 0xe0;
constexpr uint32_t kLeastBytes = 68, kUsualFragments = 16;
constexpr uint8_t kProtocols[] = {47, kProtocolUdp, kProtocolTcp, kProtocolDestinationOptions};

ReassemblyLimits roomy_limits() {
  ReassemblyLimits limits;
  // An input has no more fragments.
  limits.datagrams = 256;
  limits.memory_bytes = 16u << 20;
  limits.source_memory_bytes = 16u << 20;
  limits.source_datagrams = limits.datagrams;
  return limits;
}

ReassemblyLimits tight_limits() {
  ReassemblyLimits limits;
  limits.datagrams = 5;
  limits.source_datagrams = 3;
  limits.memory_bytes = static_cast<uint32_t>(DatagramTable::memory_bytes(5)) + 24 * kFragmentBlockBytes;
  limits.source_memory_bytes = 16 * kFragmentBlockBytes;
  return limits;
}

// Kept, since making their memory costs more than a run; every run leaves them empty.
struct Pair {
  Reassembler roomy{kSecret, roomy_limits()};
  Reassembler tight{kSecret, tight_limits()};
};

std::vector<uint8_t> bytes_of(const Packet& packet) { return {packet.data, packet.data + packet.length}; }

bool is_packet(const Packet& packet, const std::vector<uint8_t>& bytes) {
  return std::equal(bytes.begin(), bytes.end(), packet.data, packet.data + packet.length);
}

FragmentSpec take_spec(FuzzInput& input) {
  const uint8_t flags = input.byte(), more = input.byte();
  const uint32_t scale = (flags & 0x40) != 0 ? 256 : 8;
  const uint32_t offset = (input.byte() & 0x3f) * scale;
  const uint8_t length = input.byte();
  const uint32_t bytes = (more & 0x80) != 0 ? length : (length & 0x1f) * scale;
  FragmentSpec spec = fragment_of((flags & 1) != 0 ? Family::ipv6 : Family::ipv4, offset, bytes, (flags & 2) != 0);
  spec.has_dont_fragment = (flags & 4) != 0;
  spec.identification = flags >> 3 & 3;
  if ((flags & 0x20) != 0) spec.source.words[1] = spec.source.words[0] ^= 1;
  if ((flags & 0x80) != 0) spec.congestion = more & 3;
  spec.protocol = kProtocols[more >> 2 & 3];
  if ((more & 0x10) != 0) {
    // Other bytes at the same places.
    for (uint8_t& byte : spec.data) byte ^= 1;
  }
  if ((more & 0x20) != 0) {
    spec.ip_options = {7, 4, 4, 0, 131, 3, 4, 0};
    spec.first_extension = kProtocolHopByHop;
    spec.extensions = {kProtocolRouting, 0, 1, 4, 0, 0, 0, 0, kProtocolFragment, 0, 0, 0, 0, 0, 0, 0};
  }
  if (spec.family == Family::ipv4) spec.source.words[1] = 0;
  // Sound transport headers, so that first fragments come through.
  if (offset != 0 || bytes < 24) return spec;
  if (spec.protocol == kProtocolTcp) spec.data[12] = 0x50;
  if (spec.protocol == kProtocolUdp) spec.data[4] = 1;
  if (spec.protocol == kProtocolDestinationOptions) spec.data[0] = kProtocolUdp, spec.data[1] = 0, spec.data[12] = 1;
  return spec;
}

MemoryPacket take_fragment(FuzzInput& input, uint8_t choice) {
  MemoryPacket packet = build_fragment(take_spec(input));
  if (choice < 0xc0) return packet;
  for (uint8_t edits = choice & 7; edits != 0; --edits) {
    packet.bytes[input.byte() % packet.bytes.size()] = input.byte();
  }
  if ((choice & 8) != 0) packet.bytes.resize(input.byte() % packet.bytes.size());
  if ((choice & 0x10) != 0) packet.vnet.gso_type = input.byte();
  if (packet.bytes.size() >= 20 && packet.bytes[0] >> 4 == 4) repair_header_checksum(packet.bytes);
  return packet;
}

void expire(Pair& pair, ReassemblyTwin& twin, Tick now) {
  ReassemblyTwin::Expired expired;
  Packet first;
  for (;;) {
    const Expiry expiry = pair.roomy.expire_one(now, first);
    if (expiry == Expiry::none) break;
    if (expiry == Expiry::refused) ++expired.refused;
    if (expiry == Expiry::incomplete) ++expired.incomplete;
    if (expiry == Expiry::answerable) expired.answerable.insert(bytes_of(first));
  }
  must(expired == twin.expire(now), "what is over");
  while (pair.tight.expire_one(now, first) != Expiry::none) continue;
}

// Splits what became whole, and lets the twin put it together, backwards.
void split_again(const std::vector<uint8_t>& whole, uint32_t most) {
  const HeldPacket held(MemoryPacket{{}, whole});
  PacketView view;
  if (parse_packet(held.packet, view) != ParseError::none) return;
  must(!view.is_fragment && view.length == whole.size(), "a whole datagram is no fragment");
  Fragmenter fragmenter(held.packet, view, most, 7);
  if (fragmenter.error() != SplitError::none) return;
  std::vector<MemoryPacket> fragments;
  for (HeldPacket buffer({}, most); fragmenter.next(buffer.packet);) fragments.push_back(buffer.copy());
  must(fragments.size() == fragmenter.count() && fragments.size() >= 2, "as many fragments as it said");
  ReassemblyTwin twin;
  for (size_t i = fragments.size(); i-- > 0;) {
    must(fragments[i].bytes.size() <= most, "a fragment beyond the limit");
    must(header_checksum(fragments[i]) == ChecksumState::right, "the checksum of a fragment");
    const TwinOutcome outcome = twin.add(fragments[i], 0);
    must(outcome.outcome == (i == 0 ? FragmentOutcome::complete : FragmentOutcome::stored), "a fragment of ours");
    must(i != 0 || outcome.whole == whole, "splitting and reassembly");
  }
}

}  // namespace

void fuzz_one(FuzzInput input) {
  static const std::unique_ptr<Pair> pair = std::make_unique<Pair>();
  static GuardedPacket held;
  ReassemblyTwin twin;
  std::vector<MemoryPacket> sent;
  Tick now = 0xffffff00;
  const uint8_t split = input.byte();
  while (!input.is_empty()) {
    const uint8_t choice = input.byte();
    if (choice >= 0xf0) {
      now += (choice & 0x0fu) * 128;
      expire(*pair, twin, now);
      continue;
    }
    MemoryPacket packet;
    if (choice == 0xef) {
      packet.bytes = input.bytes(input.byte());
    } else {
      packet = take_fragment(input, choice);
    }
    held.load(packet);
    WholeDatagram whole;
    const TwinOutcome expected = twin.add(packet, now);
    must(pair->roomy.add(held.packet, now, whole) == expected.outcome, "the outcome");
    if (expected.outcome == FragmentOutcome::complete) {
      must(is_packet(whole.packet, expected.whole), "the datagram");
      must(whole.largest_fragment_bytes == expected.largest, "the largest fragment");
      const uint32_t size = static_cast<uint32_t>(expected.whole.size());
      const uint32_t least = split >= kFinely ? kLeastBytes : std::max(kLeastBytes, size / kUsualFragments);
      split_again(expected.whole, least + split % kFinely * 8);
    }
    must(pair->roomy.live() == twin.live() && pair->roomy.used_blocks() == twin.blocks(), "the twin's accounts");

    const FragmentOutcome outcome = pair->tight.add(held.packet, now, whole);
    sent.push_back(std::move(packet));
    if (outcome == FragmentOutcome::complete && !is_packet(whole.packet, expected.whole)) {
      must(ReassemblyTwin::may_be_of(bytes_of(whole.packet), sent), "a byte that was not sent");
    }
    must(pair->tight.used_bytes() <= tight_limits().memory_bytes && pair->tight.live() <= 5, "the bounds");
    must(pair->tight.is_accounted(), "the tight one's accounts");
  }
  must(pair->roomy.is_accounted(), "the roomy one's accounts");
  expire(*pair, twin, now + kFragmentTime6);
  must(pair->roomy.live() == 0 && pair->roomy.used_blocks() == 0, "all is over");
  must(pair->tight.live() == 0 && pair->tight.used_blocks() == 0, "all is over in the tight one");
}

}  // namespace uipvs::test

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  uipvs::test::fuzz_one({data, size});
  return 0;
}
