// Datagrams that come in fragments: put together before the pipeline, taken apart behind it.
#include <array>

#include "core/fragmentation.h"
#include "engine/worker.h"

namespace uipvs {
namespace {

// Implementation: fragments that are written before they are sent.
constexpr size_t kSplitBurst = 16;

Counter counter_of(FragmentOutcome outcome) {
  switch (outcome) {
    case FragmentOutcome::complete:
    case FragmentOutcome::stored: return Counter::fragments_kept;
    case FragmentOutcome::duplicate: return Counter::drop_fragment_repeated;
    case FragmentOutcome::overlap:
    case FragmentOutcome::length_contradiction:
    case FragmentOutcome::congestion_mark:
    case FragmentOutcome::refused_before: return Counter::drop_fragment_inconsistent;
    case FragmentOutcome::too_many_fragments:
    case FragmentOutcome::no_room: return Counter::drop_fragment_limit;
    default: return Counter::drop_fragment_malformed;
  }
}

}  // namespace

void Worker::reassemble(Packet& fragment) {
  WholeDatagram whole;
  const FragmentOutcome outcome = reassembler_.add(fragment, now_, whole);
  counters_.add(counter_of(outcome));
  if (outcome != FragmentOutcome::complete) return;
  counters_.add(Counter::datagrams_reassembled);
  whole.packet.fragment_bytes = whole.largest_fragment_bytes;
  whole.packet.is_from_wire = fragment.is_from_wire;
  PacketView view;
  treat(whole.packet, view, commons_.pipeline.process(whole.packet, view));
}

// Under the lock, as all here: a fragment is rare, and its parts lie in memory that the next ones take.
void Worker::give_up_fragments() {
  Packet first;
  for (size_t given_up = 0; given_up < kBurst; ++given_up) {
    const Expiry expiry = reassembler_.expire_one(now_, first);
    if (expiry == Expiry::none) return;
    if (expiry == Expiry::refused) continue;
    counters_.add(Counter::drop_fragments_expired);
    if (expiry != Expiry::answerable || commons_.pipeline.refuse_incomplete(first) != Action::transmit) continue;
    outgoing_.push_back(&first);
    send_outgoing();
  }
}

// Sends at once what lies in memory that the next fragment takes.
void Worker::send_split(Packet& packet) {
  send_outgoing();
  PacketView view;
  const bool is_whole = parse_packet(packet, view) == ParseError::none && complete_checksum(packet, view);
  // Unpredictable, so that nobody can slip in a fragment, and not used again soon: RFC 7739.
  const FiveTuple count = {Family::ipv4, kProtocolFragment, 0, 0, {{++splits_, 0, 0, 0}}, {}};
  Fragmenter fragmenter(packet, view, packet.fragment_bytes, static_cast<uint32_t>(commons_.table.hash(count)));
  if (!is_whole || fragmenter.error() != SplitError::none) {
    outgoing_.push_back(&packet);
    return send_outgoing();
  }
  if (!split_buffers_) split_buffers_.reset(new uint8_t[kSplitBurst * kPacketBufferBytes]);
  std::array<Packet, kSplitBurst> parts;
  for (bool has_more = true; has_more;) {
    size_t written = 0;
    for (; written < parts.size(); ++written) {
      Packet& part = parts[written];
      part = {split_buffers_.get() + written * kPacketBufferBytes + kPacketHeadroom, 0, kMaxPacketBytes};
      has_more = fragmenter.next(part);
      if (!has_more) break;
      outgoing_.push_back(&part);
    }
    send_outgoing();
  }
}

}  // namespace uipvs
