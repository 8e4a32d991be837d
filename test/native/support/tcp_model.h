// One end of a TCP connection, without windows and timers.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/packet_view.h"
#include "core/tcp_state.h"
#include "support/packet_builder.h"
#include "support/random.h"

namespace uipvs::test {

using Bytes = std::vector<uint8_t>;

// What the editor makes of a message: so many times 'e' as its second byte says, and once more, then the rest of it.
Bytes edited(const Bytes& message);

struct Message {
  uint32_t sequence;
  Bytes bytes;
  bool is_acknowledged = false;
  bool was_sent = false;
};

class TcpModel {
 public:
  TcpModel(Random& random, Direction sends, uint32_t initial, uint32_t messages);

  bool is_open() const { return is_open_; }
  bool is_done() const;
  uint32_t initial() const { return initial_; }
  const Bytes& received() const { return received_; }
  Bytes stream_as_edited() const;

  // Something to send, or again.
  std::optional<MemoryPacket> send();
  // Takes a segment; the answer to it.
  std::optional<MemoryPacket> take(const Packet& packet, const PacketView& view);

 private:
  void acknowledge(uint32_t acknowledgment);
  void selectively_acknowledge(const Packet& packet, const PacketView& view);
  void store(uint32_t sequence, std::span<const uint8_t> payload);
  // D-SACK first, then the runs that wait, two at most.
  Bytes sack() const;
  MemoryPacket segment(uint8_t flags, uint32_t sequence, const Bytes& payload);

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

}  // namespace uipvs::test
