// Two endpoints that exchange data through an editor, with losses, reordering and retransmissions.
//
// Theory of operation: each endpoint is a TCP without windows and timers: it sends messages, each in a segment of its own,
// in any order and again until they are acknowledged or selectively acknowledged (which it believes for good), and takes
// what comes into a buffer by sequence number. Between them every packet is built, taken through the core as the pipeline
// would, and verified. Messages that start with 'E' are edited. Whatever is lost, each end must have the other's stream as
// edited in the end, and must see acknowledgments of nothing that it has not sent.
#include <doctest/doctest.h>

#include <deque>
#include <map>
#include <optional>

#include "core/bytes.h"
#include "core/proxy_header.h"
#include "core/sequence.h"
#include "core/tcp_options.h"
#include "support/random.h"
#include "support/rig.h"
#include "support/slow_checksum.h"

namespace uipvs::test {
namespace {

using Bytes = std::vector<uint8_t>;

// What the editor makes of a message: so many times 'e' as its second byte says, and once more, then the rest of it.
Bytes edited(const Bytes& message) {
  if (message.size() < 2 || message[0] != 'E') return message;
  Bytes made(1 + message[1] % 40, 'e');
  made.insert(made.end(), message.begin() + 2, message.end());
  return made;
}

struct Message {
  uint32_t sequence;
  Bytes bytes;
  bool is_acknowledged = false;
  bool was_sent = false;
};

class Endpoint {
 public:
  Endpoint(Random& random, Direction sends, uint32_t initial, uint32_t messages)
      : random_(random), sends_(sends), initial_(initial), sent_until_(initial + 1) {
    uint32_t sequence = initial + 1;
    for (uint32_t i = 0; i < messages; ++i) {
      Bytes bytes = random.bytes(1 + random.below(60));
      bytes[0] = i != 0 && random.one_in(3) ? 'E' : 'x';
      messages_.push_back({sequence, bytes});
      sequence += static_cast<uint32_t>(bytes.size());
    }
  }

  bool is_open() const { return is_open_; }
  bool is_done() const {
    for (const Message& message : messages_) {
      if (!message.is_acknowledged) return false;
    }
    return is_open_;
  }
  uint32_t initial() const { return initial_; }
  const Bytes& received() const { return received_; }
  Bytes stream_as_edited() const {
    Bytes stream;
    for (const Message& message : messages_) {
      const Bytes bytes = edited(message.bytes);
      stream.insert(stream.end(), bytes.begin(), bytes.end());
    }
    return stream;
  }

  // Something to send, or again.
  std::optional<MemoryPacket> send() {
    if (!is_open_) {
      // The client calls until it has an answer; the server answers until the handshake is over.
      if (sends_ == Direction::to_server) return segment(kTcpSyn, initial_, {});
      return has_peer_ ? std::optional(segment(kTcpSyn | kTcpAck, initial_, {})) : std::nullopt;
    }
    for (size_t i = 0; i < messages_.size(); ++i) {
      Message& message = messages_[i];
      if (message.is_acknowledged || (message.was_sent && !random_.one_in(3)) || random_.one_in(6)) continue;
      if (i != 0 && !messages_[i - 1].was_sent) break;
      message.was_sent = true;
      const uint32_t end = message.sequence + static_cast<uint32_t>(message.bytes.size());
      if (is_behind(end, sent_until_)) sent_until_ = end;
      return segment(kTcpAck, message.sequence, message.bytes);
    }
    return std::nullopt;
  }

  // Takes a segment; the answer to it.
  std::optional<MemoryPacket> take(const Packet& packet, const PacketView& view) {
    const uint32_t sequence = tcp_sequence(packet, view);
    if ((view.tcp_flags & kTcpSyn) != 0) {
      const bool is_again = has_peer_;
      has_peer_ = true;
      if (!is_again) next_ = sequence + 1;
      REQUIRE(payload_of(packet, view).empty());
      if (is_open_) return segment(kTcpAck, sent_until_, {});
      if (sends_ == Direction::to_client) return segment(kTcpSyn | kTcpAck, initial_, {});
      REQUIRE(tcp_acknowledgment(packet, view) == initial_ + 1);
      is_open_ = true;
      return segment(kTcpAck, sent_until_, {});
    }
    if (!has_peer_) return std::nullopt;
    is_open_ = true;
    acknowledge(tcp_acknowledgment(packet, view));
    selectively_acknowledge(packet, view);
    const std::span<const uint8_t> payload = payload_of(packet, view);
    if (payload.empty()) return std::nullopt;
    store(sequence, payload);
    return segment(kTcpAck, sent_until_, {});
  }

 private:
  void acknowledge(uint32_t acknowledgment) {
    REQUIRE(!is_behind(acknowledgment, sent_until_));
    for (Message& message : messages_) {
      const uint32_t end = message.sequence + static_cast<uint32_t>(message.bytes.size());
      if (!is_behind(end, acknowledgment)) message.is_acknowledged = true;
    }
  }

  void selectively_acknowledge(const Packet& packet, const PacketView& view) {
    TcpOptions options(tcp_header(packet, view));
    while (options.next()) {
      if (options.kind() != kTcpOptionSack) continue;
      for (size_t at = 2; at + 8 <= options.bytes().size(); at += 8) {
        const uint32_t left = load_be32(&options.bytes()[at]), right = load_be32(&options.bytes()[at + 4]);
        REQUIRE(!is_behind(right, sent_until_));
        for (Message& message : messages_) {
          const uint32_t end = message.sequence + static_cast<uint32_t>(message.bytes.size());
          if (!is_behind(left, message.sequence) && !is_behind(end, right)) message.is_acknowledged = true;
        }
      }
    }
  }

  void store(uint32_t sequence, std::span<const uint8_t> payload) {
    duplicate_.reset();
    for (uint32_t i = 0; i < payload.size(); ++i) {
      // What it has read it has forgotten, as TCP does; what waits must come the same again.
      const int32_t ahead = static_cast<int32_t>(sequence + i - next_);
      if (ahead < 0) {
        duplicate_ = {sequence, sequence + static_cast<uint32_t>(payload.size())};
        continue;
      }
      const auto [waiting, is_new] = waiting_.try_emplace(received_.size() + static_cast<size_t>(ahead), payload[i]);
      REQUIRE(waiting->second == payload[i]);
      if (!is_new) duplicate_ = {sequence, sequence + static_cast<uint32_t>(payload.size())};
    }
    while (!waiting_.empty() && waiting_.begin()->first == received_.size()) {
      received_.push_back(waiting_.begin()->second);
      waiting_.erase(waiting_.begin());
      ++next_;
    }
  }

  // D-SACK first, then the runs that wait, two at most.
  Bytes sack() const {
    std::vector<std::pair<uint32_t, uint32_t>> blocks;
    if (duplicate_) blocks.push_back(*duplicate_);
    for (const auto& [place, byte] : waiting_) {
      const uint32_t at = next_ + static_cast<uint32_t>(place - received_.size());
      const bool continues = !blocks.empty() && blocks.back().second == at && (blocks.size() > 1 || !duplicate_);
      if (continues) {
        ++blocks.back().second;
      } else if (blocks.size() == 3) {
        break;
      } else {
        blocks.push_back({at, at + 1});
      }
    }
    if (blocks.empty()) return {};
    Bytes options{1, 1, 5, static_cast<uint8_t>(2 + 8 * blocks.size())};
    for (const auto& [left, right] : blocks) {
      for (const uint32_t edge : {left, right}) {
        for (int shift = 24; shift >= 0; shift -= 8) options.push_back(static_cast<uint8_t>(edge >> shift));
      }
    }
    return options;
  }

  MemoryPacket segment(uint8_t flags, uint32_t sequence, const Bytes& payload) {
    PacketSpec spec;
    spec.tuple = sends_ == Direction::to_server ? client_tuple(kProtocolTcp) : server_tuple(kProtocolTcp);
    spec.tcp_flags = flags;
    spec.sequence = sequence;
    spec.acknowledgment = (flags & kTcpAck) != 0 ? next_ : 0;
    if ((flags & kTcpSyn) == 0) spec.tcp_options = sack();
    duplicate_.reset();
    spec.payload = payload;
    spec.checksum = random_.one_in(2) ? ChecksumForm::partial : ChecksumForm::whole;
    return build_packet(spec);
  }

  Random& random_;
  Direction sends_;
  uint32_t initial_;
  uint32_t sent_until_;
  std::vector<Message> messages_;
  bool has_peer_ = false, is_open_ = false;
  uint32_t next_ = 0;
  Bytes received_;
  std::map<size_t, uint8_t> waiting_;  // by place in the stream
  std::optional<std::pair<uint32_t, uint32_t>> duplicate_;
};

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
      Endpoint& sender = direction == Direction::to_server ? client_ : server_;
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
    Endpoint& receiver = direction == Direction::to_server ? server_ : client_;
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
  Endpoint client_, server_;
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
