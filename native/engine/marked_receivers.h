// The devices that packets with a firewall mark come by: one a mark, because a packet on a TUN device carries none.
//
// Theory of operation: the control thread opens and closes, workers read. A slot is taken into use by one store and out
// of use by another; its device is destroyed only after the worker has begun a turn since (Worker::wait_for_turn).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>

#include "io/packet_io.h"

namespace uipvs {

class MarkedReceivers {
 public:
  // Implementation: every one is read in every turn of the loop, at the price of a system call.
  static constexpr uint32_t kMost = 64;

  struct Slot {
    std::atomic<Receiver*> receiver{nullptr};
    std::atomic<uint32_t> mark{0};
  };

  // Control thread. False where all slots are taken.
  bool add(uint32_t mark, Receiver& receiver) {
    for (Slot& slot : slots_) {
      if (slot.receiver.load(std::memory_order_relaxed) != nullptr) continue;
      slot.mark = mark;
      slot.receiver.store(&receiver, std::memory_order_release);
      count_.fetch_add(1, std::memory_order_release);
      return true;
    }
    return false;
  }
  void remove(const Receiver& receiver) {
    for (Slot& slot : slots_) {
      if (slot.receiver.load(std::memory_order_relaxed) != &receiver) continue;
      slot.receiver.store(nullptr, std::memory_order_seq_cst);
      count_.fetch_sub(1, std::memory_order_relaxed);
    }
  }

  // Any thread.
  uint32_t count() const { return count_.load(std::memory_order_relaxed); }
  std::span<const Slot> slots() const { return slots_; }

 private:
  std::array<Slot, kMost> slots_;
  std::atomic<uint32_t> count_{0};
};

}  // namespace uipvs
