// Receivers that come and go beside the main one: devices of firewall marks, interfaces that packets are copied from.
//
// Theory of operation: the control thread opens and closes, workers read. A slot is taken into use by one store and out
// of use by another; its receiver is destroyed only after the worker has begun a turn since (Worker::wait_for_turn).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>

#include "io/packet_io.h"

namespace uipvs {

// Where a packet came in.
struct Origin {
  uint32_t mark = 0;          // the firewall mark that all packets of the receiver have; 0: none
  bool is_from_wire = false;  // a copy, taken before the kernel's IP stack
};

class ReceiverSet {
 public:
  // Implementation: every one is looked at in every turn of the loop; a device of a mark at the price of a system call.
  static constexpr uint32_t kMost = 64;

  struct Slot {
    std::atomic<Receiver*> receiver{nullptr};
    Origin origin;
  };

  // Control thread. False where all slots are taken.
  bool add(const Origin& origin, Receiver& receiver) {
    for (Slot& slot : slots_) {
      if (slot.receiver.load(std::memory_order_relaxed) != nullptr) continue;
      slot.origin = origin;
      slot.receiver.store(&receiver, std::memory_order_release);
      count_.fetch_add(1, std::memory_order_release);
      return true;
    }
    return false;
  }
  // The slot is used again only after a turn of every worker: see above.
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
