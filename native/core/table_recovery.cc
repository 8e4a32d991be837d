#include "core/table_recovery.h"

#include <algorithm>

#include "core/connection_state.h"
#include "core/index_entry.h"
#include "core/record_access.h"

namespace uipvs {
namespace {

constexpr uint16_t kKnownFlags = kConnectionKind | kConnectionInactive | kConnectionInvalid;
constexpr uint16_t kTcpKinds = kConnectionToa | kConnectionProxy | kConnectionFtp | kConnectionNoClientPort;

bool is_published(const ConnectionHead& record) { return (record.life.load(std::memory_order_relaxed) & 1) != 0; }

uint16_t flags_of(const ConnectionHead& record) { return record.flags.load(std::memory_order_relaxed); }

bool is_template(const ConnectionHead& record) { return (flags_of(record) & kConnectionTemplate) != 0; }

bool is_possible_template(const ConnectionHead& record) {
  const uint8_t protocol = record.protocol;
  const bool is_balanced = protocol == kProtocolTcp || protocol == kProtocolUdp || protocol == kProtocolSctp;
  return (is_balanced || protocol == 0) && (flags_of(record) & kConnectionKind) == kConnectionTemplate &&
         record.state <= kTemplateAssured && record.controller == 0;
}

// How many states connections of the protocol have; 0 where it has no connections.
int states_of(uint8_t protocol) {
  switch (protocol) {
    case kProtocolTcp: return kTcpStates;
    case kProtocolSctp: return kSctpStates;
    case kProtocolUdp: return 1;
    default: return 0;
  }
}

bool is_possible_connection(const ConnectionHead& record) {
  const uint16_t flags = flags_of(record);
  if (record.state >= states_of(record.protocol) || record.call_id != 0) return false;
  if ((flags & kConnectionInvalid) != 0) return false;
  const uint16_t kind = flags & kConnectionKind;
  // One of them at most.
  if ((kind & (kind - 1)) != 0) return false;
  if ((kind & kTcpKinds) != 0 && record.protocol != kProtocolTcp) return false;
  if (kind == kConnectionOnePacket) return record.protocol == kProtocolUdp && record.controller == 0;
  return kind != kConnectionNoClientPort || (record.client_port == 0 && record.controller != 0);
}

}  // namespace

TableRecovery::TableRecovery(ConnectionTable& table, const Directory& directory, const DestinationLanes& lanes,
                             Tick now)
    : table_(table), directory_(directory), lanes_(lanes), now_(now) {}

template <typename Visit>
void TableRecovery::each_published(Visit&& visit) {
  for (uint32_t pool = 0; pool < 2; ++pool) {
    const uint32_t last = std::min(table_.header_->high_water[pool].load(std::memory_order_relaxed), table_.capacity());
    for (uint32_t slot = 1; slot <= last; ++slot) {
      const ConnectionId id = slot | (pool << 31);
      ConnectionHead& record = table_.head(id);
      if (is_published(record)) visit(id, record);
    }
  }
}

RecoveryReport TableRecovery::run() {
  each_published([this](ConnectionId id, ConnectionHead& record) { judge(id, record); });
  for (const Rank rank : {Rank::template_, Rank::control, Rank::other}) {
    each_published([this, rank](ConnectionId id, ConnectionHead& record) {
      if (rank_of(record) == rank) take(id, record);
    });
  }
  // Those that hold others outlive their time; who holds nobody any more does not.
  drop_idle(Rank::control);
  drop_idle(Rank::template_);
  settle();
  return report_;
}

TableRecovery::Rank TableRecovery::rank_of(const ConnectionHead& record) {
  if (is_template(record)) return Rank::template_;
  return (flags_of(record) & kConnectionFtp) != 0 ? Rank::control : Rank::other;
}

bool TableRecovery::is_possible(const ConnectionHead& record) {
  if ((flags_of(record) & ~kKnownFlags) != 0) return false;
  return is_template(record) ? is_possible_template(record) : is_possible_connection(record);
}

bool TableRecovery::has_home(ConnectionId id, const ConnectionHead& record) const {
  if (record.destination_id >= directory_.destination_count) return false;
  const DestinationEntry& destination = directory_.destinations[record.destination_id];
  return destination.is_known.load(std::memory_order_relaxed) && destination.address == table_.ends(id).real;
}

// No two records may have one cell.
bool TableRecovery::take_call_id(const ConnectionHead& record) {
  const uint32_t cell = record.call_id;
  if (cell == 0) return true;
  if (cell > table_.capacity()) return false;
  CallId held;
  table_.call_ids_.read(cell, held);
  if (has_call_id_.empty()) has_call_id_.resize(size_t{table_.capacity()} + 1);
  if (held.bytes == 0 || has_call_id_[cell]) return false;
  has_call_id_[cell] = true;
  return true;
}

void TableRecovery::judge(ConnectionId id, ConnectionHead& record) {
  record.controlled.store(0, std::memory_order_relaxed);
  // An invalid template's sum was made with its ports, which nobody asks for any more.
  const bool has_sum = (flags_of(record) & kConnectionInvalid) == 0;
  if (!is_possible(record) || (has_sum && table_.check_of(id) != record.check)) return drop(record, report_.broken);
  if (!has_home(id, record)) return drop(record, report_.homeless);
  const bool is_over = tick_reached(now_, record.expires.load(std::memory_order_relaxed));
  if (is_over && rank_of(record) == Rank::other) return drop(record, report_.expired);
  if (!take_call_id(record)) return drop(record, report_.broken);
}

ConnectionHead* TableRecovery::controller_of(const ConnectionHead& record) const {
  const ConnectionId id = record.controller;
  const bool is_number = (id & kServerSide) == 0 && slot_of(id) != 0 && slot_of(id) <= table_.capacity();
  if (!is_number) return nullptr;
  ConnectionHead& controller = table_.head(id);
  // A control connection's is a template: so nobody holds himself, over whichever others.
  return is_published(controller) && rank_of(controller) < rank_of(record) ? &controller : nullptr;
}

bool TableRecovery::is_unique(ConnectionId id, const ConnectionEnds& ends, uint16_t flags) const {
  if ((flags & kConnectionInvalid) != 0) return true;
  const FiveTuple request = ends.from_client();
  if ((flags & kConnectionTemplate) != 0) {
    CallId call_id;
    table_.call_ids_.read(table_.head(id).call_id, call_id);
    return table_.find_template({request, call_id.view()}).head == nullptr;
  }
  const FiveTuple reply = ends.from_server();
  const bool has_request = (flags & kConnectionOnePacket) == 0;
  const bool has_reply = (flags & kConnectionNoClientPort) == 0;
  if (has_request && table_.find(request, table_.hash(request)).head != nullptr) return false;
  return !has_reply || table_.find(reply, table_.hash(reply)).head == nullptr;
}

void TableRecovery::take(ConnectionId id, ConnectionHead& record) {
  // Each family has as many slots as there may be connections of both.
  if (taken_ == table_.capacity()) return drop(record, report_.broken);
  ConnectionHead* controller = nullptr;
  if (record.controller != 0) {
    controller = controller_of(record);
    if (controller == nullptr) return drop(record, report_.broken);
  }
  const ConnectionEnds ends = table_.ends(id);
  const uint16_t flags = flags_of(record);
  if (!is_unique(id, ends, flags)) return drop(record, report_.broken);
  const bool is_indexed = (flags & kConnectionInvalid) != 0 || table_.index(id, ends, flags);
  if (!is_indexed) return drop(record, report_.broken);
  if (controller != nullptr) add_relaxed(controller->controlled, uint32_t{1});
  ++taken_;
}

void TableRecovery::drop(ConnectionHead& record, uint32_t& count) {
  record.life.fetch_add(1, std::memory_order_release);
  ++count;
}

void TableRecovery::drop_idle(Rank rank) {
  each_published([this, rank](ConnectionId id, ConnectionHead& record) {
    if (rank_of(record) != rank || record.controlled.load(std::memory_order_relaxed) != 0) return;
    if (!tick_reached(now_, record.expires.load(std::memory_order_relaxed))) return;
    table_.unindex(id, table_.ends(id), flags_of(record));
    if (record.controller != 0) add_relaxed(controller_of(record)->controlled, UINT32_MAX);
    drop(record, report_.expired);
  });
}

void TableRecovery::settle() {
  uint32_t last[2] = {0, 0};
  each_published([&](ConnectionId id, ConnectionHead& record) {
    last[pool_of(id)] = slot_of(id);
    ++report_.connections;
    count(id, record);
  });
  table_.live_.store(report_.connections, std::memory_order_relaxed);
  for (uint32_t pool = 0; pool < 2; ++pool) free_slots(pool, last[pool]);
  table_.call_ids_.resume(call_ids_);
  for (uint32_t id = 0; id < directory_.destination_count; ++id) {
    const uint32_t upper = directory_.destinations[id].upper_threshold.load(std::memory_order_relaxed);
    if (upper == 0 || int64_t{lanes_.connections(id)} < int64_t{upper}) continue;
    lanes_.overloaded(id).store(1, std::memory_order_relaxed);
  }
}

void TableRecovery::count(ConnectionId id, const ConnectionHead& found) {
  ConnectionHead& record = table_.head(id);
  DestinationLane& lane = lanes_.own_lane(found.destination_id);
  const uint16_t flags = flags_of(found);
  if (found.call_id != 0) call_ids_.push_back(found.call_id);
  if ((flags & kConnectionTemplate) != 0) {
    if ((flags & kConnectionInvalid) != 0) {
      put(record.virtual_port, kInvalidTemplatePort);
      put(record.real_port, kInvalidTemplatePort);
    }
    return add_relaxed(lane.persistent, 1);
  }
  if ((flags & kConnectionNoClientPort) != 0) ++table_.expected_;
  if ((flags & (kConnectionProxy | kConnectionFtp)) != 0) repair_sequence(table_.sequence(id));
  if ((flags & kConnectionOnePacket) != 0) return;
  const bool is_active = is_active_state(found.protocol, found.state.load(std::memory_order_relaxed));
  const uint16_t others = static_cast<uint16_t>(flags & ~kConnectionInactive);
  record.flags.store(is_active ? others : others | kConnectionInactive, std::memory_order_relaxed);
  add_relaxed(is_active ? lane.active : lane.inactive, 1);
}

// The lowest ones are taken first.
void TableRecovery::free_slots(uint32_t pool_index, uint32_t last) {
  ConnectionTable::Pool& pool = table_.pools_[pool_index];
  pool.free_head = 0;
  for (uint32_t slot = last; slot != 0; --slot) {
    ConnectionHead& record = table_.head(slot | (pool_index << 31));
    if (is_published(record)) continue;
    record.expires.store(pool.free_head, std::memory_order_relaxed);
    pool.free_head = slot;
  }
  // What is above was dropped, or is from before the last one that was published.
  table_.header_->high_water[pool_index].store(last, std::memory_order_release);
}

}  // namespace uipvs
