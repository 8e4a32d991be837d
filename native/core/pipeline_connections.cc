// How connections come to be and go: the part of the pipeline that most packets never reach.
#include <algorithm>

#include "core/connection_state.h"
#include "core/pipeline.h"

namespace uipvs {
namespace {

// Implementation: how far a full table is searched for a connection to give up for a new one: the first embryonic one,
// else one that is over.
// It is searched in steps, and left at the first step that freed something: under a flood every SYN comes here.
constexpr uint32_t kReclaimSlots = 256;
constexpr uint32_t kReclaimStep = 8;

// Specification: net/netfilter/ipvs/ip_vs_conn.c, ip_vs_conn_expire(), todrop_entry() and ip_vs_random_dropentry().
constexpr Tick kControllerRetry = 60 * kTicksPerSecond;
constexpr Tick kDefenceGrace = 60 * kTicksPerSecond;
constexpr uint32_t kDefenceShare = 32;

}  // namespace

bool Pipeline::create(const NewConnection& connection, Found& created, Counter& reason) {
  for (int attempt = 0; attempt < 3; ++attempt) {
    Found clash;
    ConnectionId id = 0;
    switch (table_.create(connection, id, clash)) {
      case CreateError::none:
        created = {id, &table_.head(id), Direction::to_server};
        note_ports(connection.ends, connection.flags, true);
        return true;
      case CreateError::full:
        reason = Counter::drop_table_full;
        if (!reclaim()) return false;
        continue;
      case CreateError::client_tuple_in_use:
      case CreateError::server_tuple_in_use:
        // The same client port towards two VIPs of one real server gives two connections the same reply tuple. The
        // kernel sends every reply to the newer one; here the older one goes if it is over, else the newer one does
        // not come to be.
        reason = Counter::refused_tuple_conflict;
        if (is_outlived(clash.id, *clash.head)) continue;
        if (clash.head->controlled.load(std::memory_order_relaxed) != 0) return false;
        if (!is_over(*clash.head) && !is_one_packet(*clash.head)) return false;
        remove(clash.id, *clash.head);
        continue;
    }
  }
  return false;
}

bool Pipeline::reclaim() {
  ConnectionId over = 0;
  for (uint32_t searched = 0; searched < kReclaimSlots; searched += kReclaimStep) {
    bool has_freed = false;
    // Whatever has expired on the way is freed too, since the clock hand does not come back to it soon.
    table_.sweep(kReclaimStep, [&](ConnectionId id, ConnectionHead& connection) {
      if (is_outlived(id, connection)) {
        has_freed = true;
      } else if ((connection.flags & kConnectionTemplate) != 0 || connection.controlled != 0) {
        return;
      } else if (is_embryonic(connection) && !has_freed) {
        count(Counter::connections_reclaimed);
        remove(id, connection);
        has_freed = true;
      } else if (over == 0 && (is_over(connection) || is_one_packet(connection))) {
        over = id;
      }
    });
    if (has_freed) return true;
  }
  if (over == 0) return false;
  count(Counter::connections_reclaimed);
  remove(over, table_.head(over));
  return true;
}

// Of a one-packet connection only replies need a record. One that is there is as good as a new one.
bool Pipeline::create_way_back(const NewConnection& connection, Found& created, Counter& reason) {
  const FiveTuple reply = connection.ends.from_server();
  const Found present = table_.find(reply, table_.hash(reply));
  if (present.head != nullptr && is_one_packet(*present.head)) {
    const ConnectionEnds ends = table_.ends(present.id);
    if (ends.virtual_ == connection.ends.virtual_ && ends.virtual_port == connection.ends.virtual_port &&
        present.head->destination_id == connection.destination_id) {
      created = {present.id, present.head, Direction::to_server};
      return true;
    }
    remove(present.id, *present.head);
  }
  return create(connection, created, reason);
}

void Pipeline::expire(uint32_t slots) {
  // One round for each destination that is taken away, not for those that were before the setting was.
  // Source: ip_vs_conn.c, ip_vs_expire_nodest_conn_flush(); ip_vs_ctl.c, __ip_vs_del_dest().
  const uint32_t flushes = directory_.policy.nodest_flushes.load(std::memory_order_acquire);
  if (flushes != nodest_flushes_) flush_slots_ = table_.high_water();
  nodest_flushes_ = flushes;
  const bool is_flushing = flush_slots_ != 0;
  flush_slots_ -= std::min(flush_slots_, slots);
  if (now_ - crowds_checked_at_ >= kTicksPerSecond) {
    crowds_checked_at_ = now_;
    crowded_.forget_sparse();
  }
  table_.sweep(slots, [&](ConnectionId id, ConnectionHead& connection) {
    if (is_outlived(id, connection)) return;
    if (is_flushing && !is_available(connection.destination_id) && connection.controlled == 0) {
      count(Counter::connections_expired);
      remove_with_controller(id, connection);
    }
  });
}

bool Pipeline::is_expired(const ConnectionHead& connection) const {
  return tick_reached(now_, connection.expires.load(std::memory_order_relaxed));
}

// Frees what has expired; a template that still has connections gets more time. Source: ip_vs_conn.c, ip_vs_conn_expire().
bool Pipeline::is_outlived(ConnectionId id, ConnectionHead& connection) {
  if (!is_expired(connection)) return false;
  if (connection.controlled.load(std::memory_order_relaxed) != 0) {
    connection.timeout.store(kControllerRetry, std::memory_order_relaxed);
    connection.expires.store(now_ + kControllerRetry, std::memory_order_relaxed);
    return false;
  }
  expire(id, connection);
  return true;
}

void Pipeline::expire(ConnectionId id, ConnectionHead& connection) {
  count(Counter::connections_expired);
  remove(id, connection);
}

void Pipeline::remove(ConnectionId id, ConnectionHead& connection) {
  const uint32_t destination_id = connection.destination_id;
  DestinationLane& lane = lanes_.own_lane(destination_id);
  const uint16_t flags = connection.flags.load(std::memory_order_relaxed);
  if ((flags & kConnectionTemplate) != 0) {
    count_out(lane.persistent);
  } else if ((flags & kConnectionOnePacket) == 0) {
    count_out(is_inactive(connection) ? lane.inactive : lane.active);
  }
  if (connection.controller != 0) hold(connection.controller, -1);
  if (!crowded_.is_empty()) note_ports(table_.ends(id), flags, false);
  table_.remove(id);
  unbind(destination_id);
}

// A connection that is given up takes its template along, unless others need it or it has proved its worth.
void Pipeline::remove_with_controller(ConnectionId id, ConnectionHead& connection) {
  const ConnectionId controller = connection.controller;
  remove(id, connection);
  if (controller == 0) return;
  ConnectionHead& record = table_.head(controller);
  if (record.controlled.load(std::memory_order_relaxed) == 0 &&
      record.state.load(std::memory_order_relaxed) != kTemplateAssured) {
    remove(controller, record);
  }
}

void Pipeline::drop_entries() {
  const uint32_t slots = table_.high_water();
  for (uint32_t visited = 0; visited < slots / kDefenceShare + 1 && slots != 0; ++visited) {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    const ConnectionId id = table_.at(static_cast<uint32_t>(((random_ >> 32) * slots) >> 32));
    if (id == 0) continue;
    ConnectionHead& connection = table_.head(id);
    if (is_todrop(connection)) {
      count(Counter::connections_defended);
      remove_with_controller(id, connection);
    }
  }
}

bool Pipeline::is_todrop(const ConnectionHead& connection) {
  if (connection.controlled.load(std::memory_order_relaxed) != 0) return false;
  switch (drop_rule_of(connection)) {
    case DropRule::keep: return false;
    case DropRule::drop: return true;
    case DropRule::by_age: break;
  }
  const Tick timeout = timeout_of(connection.protocol, connection.state.load(std::memory_order_relaxed));
  const Tick last_seen = connection.expires.load(std::memory_order_relaxed) - timeout;
  if (!tick_reached(now_, last_seen + kDefenceGrace)) return false;
  // One in as many as it has had packets; those that have had none or more than eight are left alone.
  const uint32_t packets = connection.in_packets.load(std::memory_order_relaxed);
  if (packets == 0 || packets >= until_given_up_.size()) return false;
  uint8_t& until = until_given_up_[packets];
  if (until > 1) {
    --until;
    return false;
  }
  until = static_cast<uint8_t>(packets);
  return true;
}

}  // namespace uipvs
