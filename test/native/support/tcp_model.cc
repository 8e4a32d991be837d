#include "support/tcp_model.h"

#include <doctest/doctest.h>

#include "core/bytes.h"
#include "core/payload.h"
#include "core/sequence.h"
#include "core/tcp_options.h"
#include "support/rig.h"

namespace uipvs::test {

Bytes edited(const Bytes& message) {
  if (message.size() < 2 || message[0] != 'E') return message;
  Bytes made(1 + message[1] % 40, 'e');
  made.insert(made.end(), message.begin() + 2, message.end());
  return made;
}

TcpModel::TcpModel(Random& random, Direction sends, uint32_t initial, uint32_t messages)
    : random_(random), sends_(sends), initial_(initial), sent_until_(initial + 1) {
  uint32_t sequence = initial + 1;
  for (uint32_t i = 0; i < messages; ++i) {
    Bytes bytes = random.bytes(1 + random.below(60));
    bytes[0] = i != 0 && random.one_in(3) ? 'E' : 'x';
    messages_.push_back({sequence, bytes});
    sequence += static_cast<uint32_t>(bytes.size());
  }
}

bool TcpModel::is_done() const {
  for (const Message& message : messages_) {
    if (!message.is_acknowledged) return false;
  }
  return is_open_;
}

Bytes TcpModel::stream_as_edited() const {
  Bytes stream;
  for (const Message& message : messages_) {
    const Bytes bytes = edited(message.bytes);
    stream.insert(stream.end(), bytes.begin(), bytes.end());
  }
  return stream;
}

std::optional<MemoryPacket> TcpModel::send() {
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

std::optional<MemoryPacket> TcpModel::take(const Packet& packet, const PacketView& view) {
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

void TcpModel::acknowledge(uint32_t acknowledgment) {
  REQUIRE(!is_behind(acknowledgment, sent_until_));
  for (Message& message : messages_) {
    const uint32_t end = message.sequence + static_cast<uint32_t>(message.bytes.size());
    if (!is_behind(end, acknowledgment)) message.is_acknowledged = true;
  }
}

void TcpModel::selectively_acknowledge(const Packet& packet, const PacketView& view) {
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

void TcpModel::store(uint32_t sequence, std::span<const uint8_t> payload) {
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

Bytes TcpModel::sack() const {
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

MemoryPacket TcpModel::segment(uint8_t flags, uint32_t sequence, const Bytes& payload) {
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

}  // namespace uipvs::test
