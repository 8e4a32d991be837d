// Two endpoints that exchange data through an editor, with losses, reordering and retransmissions.
//
// Theory of operation: each endpoint is a TCP without windows and timers: it sends messages, each in a segment of its own,
// in any order and again until they are acknowledged or selectively acknowledged (which it believes for good), and takes
// what comes into a buffer by sequence number. Between them every packet is built, taken through the core as the pipeline
// would, and verified. Messages that start with 'E' are edited. Whatever is lost, each end must have the other's stream as
// edited in the end, and must see acknowledgments of nothing that it has not sent.
#include <doctest/doctest.h>

#include <deque>
#include <optional>

#include "core/proxy_header.h"
#include "core/sequence.h"
#include "support/rig.h"
#include "support/slow_checksum.h"
#include "support/tcp_model.h"

namespace uipvs::test {
namespace {

class World {
 public:
  World(Random& random, bool is_proxied, uint32_t from_client, uint32_t from_server)
      : random_(random),
        is_proxied_(is_proxied),
        client_(random, Direction::to_server, start(), from_client),
        server_(random, Direction::to_client, start(), from_server) {
    ends_.protocol = kProtocolTcp;
    ends_.client = kClient;
    ends_.virtual_ = kVip;
    ends_.client_port = 40000;
    ends_.virtual_port = 80;
  }

  bool run() {
    for (int step = 0; step < 200000; ++step) {
      if (is_done()) return true;
      const Direction direction = random_.one_in(2) ? Direction::to_server : Direction::to_client;
      TcpModel& sender = direction == Direction::to_server ? client_ : server_;
      std::deque<MemoryPacket>& wire = direction == Direction::to_server ? to_server_ : to_client_;
      if (wire.size() < 10 && random_.one_in(2)) {
        if (std::optional<MemoryPacket> packet = sender.send()) wire.push_back(*packet);
      }
      if (wire.empty()) continue;
      if (random_.one_in(4)) std::swap(wire.front(), wire[random_.below(static_cast<uint32_t>(wire.size()))]);
      const MemoryPacket packet = wire.front();
      if (!random_.one_in(8)) wire.pop_front();  // else it comes twice
      if (!random_.one_in(4)) deliver(packet, direction);
    }
    return false;
  }

 private:
  uint32_t start() { return random_.one_in(2) ? 0u - random_.below(400) : static_cast<uint32_t>(random_.word()); }

  Bytes header() const {
    if (!is_proxied_) return {};
    std::array<uint8_t, kProxyHeaderBytes6> bytes;
    const uint32_t length = write_proxy_header(ends_, bytes);
    return {bytes.begin(), bytes.begin() + length};
  }

  bool is_done() const {
    if (!client_.is_done() || !server_.is_done()) return false;
    Bytes expected = header();
    const Bytes stream = client_.stream_as_edited();
    expected.insert(expected.end(), stream.begin(), stream.end());
    return server_.received() == expected && client_.received() == server_.stream_as_edited();
  }

  void deliver(const MemoryPacket& packet, Direction direction) {
    HeldPacket held(packet, static_cast<uint32_t>(packet.bytes.size()) + 100);
    PacketView view;
    REQUIRE(parse_packet(held.packet, view) == ParseError::none);
    if (!translate(held.packet, view, direction)) return;
    REQUIRE(transport_checksum(held.copy()) == ChecksumState::right);
    REQUIRE(header_checksum(held.copy()) == ChecksumState::right);
    // Lost behind the editor?
    if (random_.one_in(5)) return;
    TcpModel& receiver = direction == Direction::to_server ? server_ : client_;
    std::deque<MemoryPacket>& wire = direction == Direction::to_server ? to_client_ : to_server_;
    if (std::optional<MemoryPacket> answer = receiver.take(held.packet, view)) wire.push_back(*answer);
  }

  // As the pipeline does it; false where the packet must not go on.
  bool translate(Packet& packet, PacketView& view, Direction direction) {
    const uint32_t sequence = tcp_sequence(packet, view);
    const std::span<const uint8_t> payload = payload_of(packet, view);
    const Bytes message(payload.begin(), payload.end());
    if (is_proxied_ && direction == Direction::to_server) {
      REQUIRE(add_proxy_header(packet, view, record_, ends_) == EditError::none);
    }
    shift_sequence(packet, view, record_, direction);
    const bool is_syn = (view.tcp_flags & kTcpSyn) != 0;
    const uint32_t bytes = is_syn ? 1 : static_cast<uint32_t>(message.size());
    if (!is_syn && !message.empty() && is_early(record_, direction, sequence)) return false;
    const Bytes replacement = edited(message);
    const int32_t change = static_cast<int32_t>(replacement.size()) - static_cast<int32_t>(message.size());
    if (!note_segment(record_, direction, sequence, bytes, change)) return false;
    if (message.empty() || message[0] != 'E') return true;
    REQUIRE(replace_payload(packet, view, 0, bytes, replacement) == EditError::none);
    return true;
  }

  Random& random_;
  bool is_proxied_;
  ConnectionEnds ends_;
  TcpModel client_, server_;
  std::deque<MemoryPacket> to_server_, to_client_;
  SequenceRecord record_{};
};

}  // namespace

TEST_CASE("sequence model: both ends have each other's stream as edited, whatever is lost") {
  Random random(test_seed());
  for (int round = 0; round < 300; ++round) {
    CAPTURE(round);
    World world(random, false, random.below(12), random.below(12));
    REQUIRE(world.run());
  }
}

TEST_CASE("sequence model: the server reads the PROXY header first, and nothing else is different") {
  Random random(test_seed() + 1);
  for (int round = 0; round < 300; ++round) {
    CAPTURE(round);
    World world(random, true, random.below(12), random.below(12));
    REQUIRE(world.run());
  }
}

TEST_CASE("sequence model: of a client that says nothing the server reads the PROXY header alone") {
  Random random(test_seed() + 2);
  for (int round = 0; round < 200; ++round) {
    World world(random, true, 0, random.below(3));
    REQUIRE(world.run());
  }
}

}  // namespace uipvs::test
