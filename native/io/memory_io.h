// A receiver and a transmitter over arrays: for tests, fuzzing and replay. No root needed.
#pragma once

#include <algorithm>
#include <deque>
#include <vector>

#include "io/packet_io.h"

namespace uipvs {

struct MemoryPacket {
  VnetHeader vnet{};
  std::vector<uint8_t> bytes;
};

class MemoryReceiver final : public Receiver {
 public:
  std::deque<MemoryPacket> queue;

  int receive(std::span<Packet> burst) override {
    size_t received = 0;
    for (; received < burst.size() && !queue.empty(); ++received, queue.pop_front()) {
      const MemoryPacket& from = queue.front();
      Packet& to = burst[received];
      to.length = static_cast<uint32_t>(std::min<size_t>(from.bytes.size(), to.capacity));
      to.vnet() = from.vnet;
      std::copy_n(from.bytes.begin(), to.length, to.data);
    }
    return static_cast<int>(received);
  }
  int descriptor() const override { return -1; }
};

class MemoryTransmitter final : public Transmitter {
 public:
  std::vector<MemoryPacket> sent;

  void send(std::span<Packet* const> burst, WorkerCounters& counters) override {
    for (const Packet* const packet : burst) {
      sent.push_back({packet->vnet(), {packet->data, packet->data + packet->length}});
      counters.add(Counter::transmitted_packets);
    }
  }
};

}  // namespace uipvs
