// Packets that come twice while interfaces are taken from the kernel or given back to it: from the wire and by the TUN device.
//
// Theory of operation: a ring hands out copies, and the kernel drops the originals. The two do not begin or end in the
// same moment, so for some milliseconds a packet comes as a copy and, somewhat later, as the original by the TUN device, or
// not: nobody can tell which. While such a change is under way, and as long after it as an original may be on its way,
// every packet is remembered by a hash of what the kernel does not change in it; of two that came by different ways the
// second is left out. They are counted, not marked: a client may send the same bytes again, and then both of its packets
// come by both ways. Beyond that time nothing is remembered and nothing costs.
//
// Differs from exact: a packet whose place in the memory was taken by others meanwhile is treated twice.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "core/connection.h"
#include "core/packet.h"
#include "core/siphash.h"

namespace uipvs {

class Twins {
 public:
  explicit Twins(const HashSecret& secret) : secret_(secret) {}

  // Any thread: a change begins or is over. Changes do not nest.
  void set_changing(bool is_changing) { is_changing_.store(is_changing, std::memory_order_seq_cst); }

  // The rest is the workers', one at a time. Once a burst; whether packets are to be compared.
  bool watch(Tick now);

  // Of a packet as it was received.
  uint64_t print_of(const Packet& packet) const;
  // Whether its twin was treated: then this one is not to be.
  bool take_second(uint64_t print, bool is_from_wire);
  // It was treated.
  void note(uint64_t print, bool is_from_wire);

 private:
  // Implementation: an original waits behind a full queue of the TUN device, 10,000 packets, for less.
  static constexpr int32_t kTwinTime = kTicksPerSecond / 2;
  static constexpr uint32_t kPlaces = 1u << 16;
  static constexpr uint32_t kWays = 4;

  struct Place {
    uint64_t print = 0;
    Tick noted_at = 0;
    // How many more of them came from the wire than by the TUN device; below 0 the other way round.
    int32_t ahead = 0;
  };

  // Of several workers one may be a tick behind.
  int32_t age(Tick since) const { return static_cast<int32_t>(now_ - since); }
  // The place that the print has, or null.
  Place* find(uint64_t print);
  Place& room_for(uint64_t print);

  HashSecret secret_;
  std::atomic<bool> is_changing_{false};
  bool is_watching_ = false;
  Tick now_ = 0;
  Tick changed_at_ = 0;
  std::unique_ptr<Place[]> places_;  // while it watches
};

}  // namespace uipvs
