// The life of a packet, without devices: parse, find the connection, translate; or say what else must happen.
//
// Theory of operation. A worker owns one Pipeline and feeds it packets; each comes back with an Action. `transmit`
// means that the packet, changed in place, leaves; `drop` that it is counted and forgotten; `upcall` that it is the
// first of a connection: the worker parks it, asks the scheduler, and calls admit() or refuse() with the verdict;
// `reassemble` that it is a fragment, and the whole datagram is to come when it is there; `ignore` that it is a copy of a
// packet that the kernel keeps. The pipeline makes no system call and keeps no clock: the worker tells it the tick.
//
// A persistent service's packet goes where the client's template says; only where there is none is the scheduler asked,
// and then the template is made with the connection. With one-packet scheduling every datagram is asked for; what is
// kept of it is the way back for replies.
//
// The order of questions follows net/netfilter/ipvs/ip_vs_core.c: a reply of a known connection, then a request of
// one (one look-up serves both here, since the two tuples of a connection are both in the index), then a service, then
// the host. What the host would answer (echo, reset, unreachable) is answered here for a VIP, which need not be an
// address of the host; where it is one, the host gets the packet.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "core/accounting.h"
#include "core/connection_table.h"
#include "core/counters.h"
#include "core/crowded_ports.h"
#include "core/directory.h"
#include "core/ftp.h"
#include "core/packet.h"
#include "core/packet_view.h"

namespace uipvs {

enum class Action : uint8_t { transmit, drop, upcall, reassemble, ignore };

struct Decision {
  Action action = Action::drop;
  uint32_t service_id = ServiceTable::kNoService;  // of an upcall
};

class Pipeline {
 public:
  // All outlive the pipeline.
  Pipeline(ConnectionTable& table, Directory& directory, const DestinationLanes& lanes, WorkerCounters& counters)
      : table_(table), directory_(directory), lanes_(lanes), counters_(counters), crowded_(directory.secret) {}

  void set_now(Tick now) { now_ = now; }

  // Asks for the memory that these packets will need, so that they do not wait for it one after another. Changes nothing.
  void look_ahead(std::span<const Packet> burst) const;

  // `view` is filled where the action is upcall; of an ICMP error that is to be scheduled it is what that concerns.
  Decision process(Packet& packet, PacketView& view);
  // The same for a copy of a packet on the wire, which is ours only if the kernel drops the original.
  Decision process_copy(Packet& packet, PacketView& view);
  // The same for a copy of an ICMP error to an address of the host, which the kernel has taken: see pipeline_icmp.cc.
  Decision process_kept_error(Packet& packet, PacketView& view);

  // Which packets wait for the scheduler together: those of a connection or, of a persistent service, of a template.
  struct Waiting {
    FiveTuple key;
    bool is_template = false;
    bool is_alone = false;  // one-packet: with no other
    uint64_t hash = 0;      // of the key and, of engine sip, the Call-ID: no two calls that wait have the same
  };
  Waiting waiting(const Packet& packet, const PacketView& view, uint32_t service_id) const;

  // The scheduler chose `destination_id` for the packet that an upcall was made for: creates the connection and
  // translates the packet. The control thread has counted the connection; it is uncounted here if it does not come to be.
  Action admit(Packet& packet, PacketView& view, uint32_t service_id, uint32_t destination_id);

  // No destination: the answer of ip_vs_leave(), an ICMP port unreachable, for TCP too.
  Action refuse(Packet& packet, const PacketView& view);

  // The time of a datagram is over of which `first`, the first fragment, came: the answer is in `first`.
  Action refuse_incomplete(Packet& first);

  // Visits the next `slots` records and frees what has expired.
  void expire(uint32_t slots);

  // The defence: gives up some of a random 32nd of the table. Source: ip_vs_conn.c, ip_vs_random_dropentry().
  void drop_entries();

  void count(Counter counter, uint64_t amount = 1) { counters_.add(counter, amount); }

 private:
  // How a new connection comes to its destination.
  struct Placing {
    uint32_t service_id = 0;
    uint32_t destination_id = 0;
    ConnectionId controller = 0;
    bool is_counted = false;      // by the control thread, when it decided
    PacketView* error = nullptr;  // of the packet, where it is an ICMP error that quotes the connection's
  };

  Decision process_parsed(Packet& packet, PacketView& view);
  Action end_hops(Packet& packet, const PacketView& view);
  Decision process_new(Packet& packet, PacketView& view);
  bool follow_exchange(Packet& packet, PacketView& view, Action& action);
  Decision process_icmp(Packet& packet, PacketView& view);
  Decision process_icmp_error(Packet& packet, PacketView& view);
  Found quoted_connection(const PacketView& quoted) const;
  // An error about a packet of no connection; Action::ignore where it is not to be scheduled.
  Decision schedule_error(Packet& packet, PacketView& view, const PacketView& quoted);
  Action admit_error(Packet& packet, PacketView& view, const Placing& placing);
  Action leave_error(Packet& packet, PacketView& view);
  Action translate_error(Packet& packet, PacketView& view, const PacketView& quoted, const Found& found);
  Action leave_to_host(Packet& packet, PacketView& view);
  Action answer_as_host(Packet& packet, const PacketView& view);
  Action pass(Packet& packet, PacketView& view);
  Action forward(Packet& packet, PacketView& view, const Found& found);
  bool follow_ftp(Packet& packet, PacketView& view, const Found& found, const ConnectionEnds& ends);
  bool is_as_expected(const Found& present, const ConnectionEnds& wanted, ConnectionEnds& there);
  bool expect_active(const Found& found, const ConnectionEnds& ends, const FtpEndpoint& endpoint, ConnectionEnds& data);
  bool expect_passive(const Found& found, const ConnectionEnds& ends, uint16_t port);
  bool expect(const Found& found, const ConnectionEnds& ends, uint16_t flags);
  bool take_expected(Packet& packet, PacketView& view, Action& action);
  void forget_sequence(const Found& found);
  bool tell_client_address(Packet& packet, PacketView& view, const Found& found, const ConnectionEnds& ends);
  uint32_t mtu_exceeded(const Packet& packet, const PacketView& view, uint32_t destination_id) const;
  Action refuse_too_big(Packet& packet, const PacketView& view, uint32_t mtu_bytes);
  Action drop(Counter reason);
  Action finish_answer(bool is_answered);

  bool may_begin(const PacketView& view) const;
  bool gives_way(const ConnectionHead& connection, const PacketView& view);
  bool is_dropped_by_defence();
  bool is_stray_reply(const PacketView& view) const;
  void advance_state(ConnectionHead& connection, const PacketView& view, Direction direction);
  uint8_t next_state(uint8_t state, const PacketView& view, Direction direction) const;
  void assure_template(const ConnectionHead& connection);
  void account(const ConnectionHead& connection, Direction direction, uint32_t bytes);
  bool is_available(uint32_t destination_id) const {
    return directory_.destinations[destination_id].is_available.load(std::memory_order_relaxed);
  }

  static constexpr uint32_t kAnyDestination = UINT32_MAX;
  // `client` is what the client's packet says of itself, whoever sent this one. The Call-ID lies in the packet.
  TemplateKey template_key(const Packet& packet, const PacketView& view, const FiveTuple& client,
                           const ServiceEntry& service) const;
  static bool is_of_no_call(const TemplateKey& key, const ServiceEntry& service) {
    return key.call_id.empty() && service.has(kServiceSip);
  }
  Found valid_template(const TemplateKey& key, uint32_t destination_id = kAnyDestination);
  bool make_template(const TemplateKey& key, const Placing& placing, Found& made, Counter& reason);
  Action place(Packet& packet, PacketView& view, Placing placing);
  Action connect(Packet& packet, PacketView& view, const Placing& placing);
  // The connection whose ends and flags are in `fresh`; the packet goes in `direction`.
  Action establish(Packet& packet, PacketView& view, const Placing& placing, NewConnection& fresh, Direction direction);
  bool has_calls() const { return directory_.sip_services.load(std::memory_order_relaxed) != 0; }
  bool find_caller(const PacketView& view, const Found& way_back, Placing& placing, ConnectionEnds& ends) const;
  // A real server's datagram of engine sip; `way_back` is the one-packet connection that it answers, or none. False where
  // it is nothing of the kind.
  bool answer_call(Packet& packet, PacketView& view, const Found& way_back, Action& action);
  void hold(ConnectionId controller, int32_t connections);
  using Sources = std::array<Address, MasqueradeAddresses::kMost>;
  uint32_t sources_of(const ConnectionEnds& ends, uint32_t destination_id, Sources& sources) const;
  // `flags` are those of the connection to come. Where `ends` is masqueraded already, its address stays.
  bool choose_source(ConnectionEnds& ends, uint16_t flags, uint32_t destination_id, Counter& reason);
  bool is_source_free(const ConnectionEnds& ends);
  void note_ports(const ConnectionEnds& ends, uint16_t flags, bool is_taken);
  Action give_up(Packet& packet, const PacketView& view, const Placing& placing, Counter reason);
  bool create(const NewConnection& connection, Found& created, Counter& reason);
  bool create_way_back(const NewConnection& connection, Found& created, Counter& reason);
  bool reclaim();
  bool is_expired(const ConnectionHead& connection) const;
  bool is_outlived(ConnectionId id, ConnectionHead& connection);
  bool is_todrop(const ConnectionHead& connection);
  void expire(ConnectionId id, ConnectionHead& connection);
  void remove(ConnectionId id, ConnectionHead& connection);
  void remove_with_controller(ConnectionId id, ConnectionHead& connection);
  void bind(uint32_t destination_id);
  void unbind(uint32_t destination_id);
  void uncount(uint32_t destination_id, uint8_t protocol);

  bool may_send_icmp();
  Tick timeout_of(uint8_t protocol, uint8_t state) const;
  uint8_t restored_hop_limit(const Packet& packet, const PacketView& view) const;

  ConnectionTable& table_;
  Directory& directory_;
  DestinationLanes lanes_;
  WorkerCounters& counters_;
  Tick now_ = 0;
  Tick icmp_refilled_at_ = 0;
  uint32_t icmp_tokens_ = 0;
  uint32_t nodest_flushes_ = 0;
  uint32_t flush_slots_ = 0;  // that are still to be visited for the last of them
  uint32_t until_dropped_ = 0;
  CrowdedPorts crowded_;
  Tick crowds_checked_at_ = 0;
  uint64_t random_ = 0x9e3779b97f4a7c15;
  std::array<uint8_t, 9> until_given_up_{};  // by how many packets the connection has had
};

}  // namespace uipvs
