// The life of a packet, without devices: parse, find the connection, translate; or say what else must happen.
//
// Theory of operation. A worker owns one Pipeline and feeds it packets; each comes back with an Action. `transmit`
// means that the packet, changed in place, leaves; `drop` that it is counted and forgotten; `upcall` that it is the
// first of a connection: the worker parks it, asks the scheduler, and calls admit() or refuse() with the verdict. The
// pipeline makes no system call and keeps no clock: the worker tells it the tick.
//
// The order of questions follows net/netfilter/ipvs/ip_vs_core.c: a reply of a known connection, then a request of
// one (one look-up serves both here, since the two tuples of a connection are both in the index), then a service, then
// the host. What the host would answer (echo, reset, unreachable) is answered here for a VIP, which need not be an
// address of the host.
#pragma once

#include <cstdint>

#include "core/accounting.h"
#include "core/connection_table.h"
#include "core/counters.h"
#include "core/directory.h"
#include "core/packet.h"
#include "core/packet_view.h"

namespace uipvs {

enum class Action : uint8_t { transmit, drop, upcall };

struct Decision {
  Action action = Action::drop;
  uint32_t service_id = ServiceTable::kNoService;  // of an upcall
};

class Pipeline {
 public:
  // All outlive the pipeline. `lanes` has one entry a destination id.
  Pipeline(ConnectionTable& table, Directory& directory, DestinationLane* lanes, WorkerCounters& counters)
      : table_(table), directory_(directory), lanes_(lanes), counters_(counters) {}

  void set_now(Tick now) { now_ = now; }

  // `view` is filled where the action is upcall.
  Decision process(Packet& packet, PacketView& view);

  // The scheduler chose `destination_id` for the packet that an upcall was made for: creates the connection and
  // translates the packet. The control thread has counted the connection; it is uncounted here if it does not come to be.
  Action admit(Packet& packet, PacketView& view, uint32_t destination_id);

  // No destination: the answer of ip_vs_leave(), an ICMP port unreachable, for TCP too.
  Action refuse(Packet& packet, const PacketView& view);

  // Visits the next `slots` records and frees what has expired.
  void expire(uint32_t slots);

  void count(Counter counter, uint64_t amount = 1) { counters_.add(counter, amount); }

 private:
  Decision process_new(Packet& packet, PacketView& view);
  Action process_fragment(Packet& packet, PacketView& view);
  Action process_icmp(Packet& packet, PacketView& view);
  Action process_icmp_error(Packet& packet, PacketView& view);
  Action answer_as_host(Packet& packet, const PacketView& view);
  Action pass(const Packet& packet, const PacketView& view);
  Action forward(Packet& packet, PacketView& view, const Found& found);
  Action drop(Counter reason);
  Action finish_answer(bool is_answered);

  void advance_state(ConnectionHead& connection, const PacketView& view, Direction direction);
  void account(const ConnectionHead& connection, Direction direction, uint32_t bytes);
  bool is_expired(const ConnectionHead& connection) const;
  void expire(ConnectionId id, ConnectionHead& connection);
  void remove(ConnectionId id, ConnectionHead& connection);
  bool create(const NewConnection& connection, Found& created, Counter& reason);
  bool reclaim();
  bool may_send_icmp();
  Tick timeout_of(uint8_t protocol, uint8_t state) const;
  uint8_t restored_hop_limit(uint8_t hop_limit) const;
  void uncount(uint32_t destination_id, uint8_t protocol);

  ConnectionTable& table_;
  Directory& directory_;
  DestinationLane* lanes_;
  WorkerCounters& counters_;
  Tick now_ = 0;
  Tick icmp_refilled_at_ = 0;
  uint32_t icmp_tokens_ = 0;
};

}  // namespace uipvs
