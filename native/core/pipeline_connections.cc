// How connections come to be and go: the part of the pipeline that most packets never reach.
#include "core/connection_state.h"
#include "core/pipeline.h"

namespace uipvs {
namespace {

// Implementation: how far a full table is searched for a connection to give up for a new one: the first embryonic one,
// else one that is over.
// It is searched in steps, and left at the first step that freed something: under a flood every SYN comes here.
constexpr uint32_t kReclaimSlots = 256;
constexpr uint32_t kReclaimStep = 8;

}  // namespace

Action Pipeline::admit(Packet& packet, PacketView& view, uint32_t destination_id) {
  const DestinationEntry& destination = directory_.destinations[destination_id];
  const uint8_t protocol = view.tuple.protocol;
  const bool is_tcp = protocol == kProtocolTcp;
  NewConnection fresh;
  fresh.ends = {view.tuple.family, protocol,          view.tuple.source_port, view.tuple.destination_port,
                destination.port,  view.tuple.source, view.tuple.destination, destination.address};
  if (fresh.ends.real_port == 0) fresh.ends.real_port = view.tuple.destination_port;
  fresh.destination_id = destination_id;
  fresh.state = is_tcp ? state_number(TcpState::syn_recv) : 0;
  fresh.flags = is_tcp ? 0 : kConnectionInactive;
  fresh.expires = now_ + timeout_of(protocol, fresh.state);

  Found created;
  Counter reason = Counter::drop_destination_removed;
  if (!destination.is_available.load(std::memory_order_relaxed) || !create(fresh, created, reason)) {
    uncount(destination_id, protocol);
    count(reason);
    // Trying again would not help this client port, so it is told at once; the other reasons pass.
    return reason == Counter::drop_tuple_conflict ? refuse(packet, view) : Action::drop;
  }
  count(Counter::connections_created);
  add_relaxed(lanes_[destination_id].connections, uint64_t{1});
  return forward(packet, view, created);
}

bool Pipeline::create(const NewConnection& connection, Found& created, Counter& reason) {
  for (int attempt = 0; attempt < 3; ++attempt) {
    Found clash;
    ConnectionId id = 0;
    switch (table_.create(connection, id, clash)) {
      case CreateError::none: created = {id, &table_.head(id), Direction::to_server}; return true;
      case CreateError::full:
        reason = Counter::drop_table_full;
        if (!reclaim()) return false;
        continue;
      case CreateError::client_tuple_in_use:
      case CreateError::server_tuple_in_use:
        // The same client port towards two VIPs of one real server gives two connections the same reply tuple. The
        // kernel sends every reply to the newer one; here the older one goes if it is over, else the newer one does
        // not come to be.
        reason = Counter::drop_tuple_conflict;
        if (is_expired(*clash.head)) {
          expire(clash.id, *clash.head);
          continue;
        }
        if (!is_over(*clash.head)) return false;
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
      const bool is_embryonic = connection.protocol == kProtocolTcp &&
                                connection.state.load(std::memory_order_relaxed) == state_number(TcpState::syn_recv);
      if (is_expired(connection)) {
        expire(id, connection);
        has_freed = true;
      } else if (is_embryonic && !has_freed) {
        count(Counter::connections_reclaimed);
        remove(id, connection);
        has_freed = true;
      } else if (over == 0 && is_over(connection)) {
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

void Pipeline::expire(uint32_t slots) {
  table_.sweep(slots, [&](ConnectionId id, ConnectionHead& connection) {
    if (is_expired(connection)) expire(id, connection);
  });
}

bool Pipeline::is_expired(const ConnectionHead& connection) const {
  return tick_reached(now_, connection.expires.load(std::memory_order_relaxed));
}

void Pipeline::expire(ConnectionId id, ConnectionHead& connection) {
  count(Counter::connections_expired);
  remove(id, connection);
}

void Pipeline::remove(ConnectionId id, ConnectionHead& connection) {
  DestinationLane& lane = lanes_[connection.destination_id];
  add_relaxed(is_inactive(connection) ? lane.inactive : lane.active, -1);
  table_.remove(id);
}

void Pipeline::uncount(uint32_t destination_id, uint8_t protocol) {
  DestinationLane& lane = lanes_[destination_id];
  add_relaxed(protocol == kProtocolTcp ? lane.active : lane.inactive, -1);
}

}  // namespace uipvs
