#include "support/table_check.h"

#include <vector>

namespace uipvs::test {
namespace {

uint64_t index_entries_of(uint16_t flags) {
  if ((flags & kConnectionTemplate) != 0) return (flags & kConnectionInvalid) != 0 ? 0 : 1;
  return (flags & (kConnectionOnePacket | kConnectionNoClientPort)) != 0 ? 1 : 2;
}

uint32_t slot_of(ConnectionId id) { return id & ~(1u << 31); }

const char* judge_controller(const ConnectionTable& table, ConnectionId controller) {
  if (slot_of(controller) == 0 || slot_of(controller) > table.capacity()) return "a controller that is no record";
  const ConnectionHead& holder = table.head(controller);
  if ((holder.life & 1) == 0) return "a connection whose controller is gone";
  return (holder.flags & (kConnectionTemplate | kConnectionFtp)) != 0 ? nullptr : "a controller that cannot be one";
}

}  // namespace

const char* find_disagreement(const Rig& rig) {
  if (!rig.counts_agree()) return "counts against the table";
  const ConnectionTable& table = rig.table;
  uint64_t entries = 0;
  uint32_t live = 0, expected = 0;
  const char* wrong = nullptr;
  // By slot, those of IPv6 behind those of IPv4. Kept, since many callers ask after each packet.
  static thread_local std::vector<uint32_t> made;
  const size_t slots = size_t{table.capacity()} + 1;
  made.assign(2 * slots, 0);
  const auto made_by = [&](ConnectionId id) -> uint32_t& { return made[slot_of(id) + (id >> 31) * slots]; };
  rig.each_connection([&](ConnectionId, const ConnectionHead& head) {
    const uint16_t flags = head.flags.load(std::memory_order_relaxed);
    ++live;
    entries += index_entries_of(flags);
    expected += (flags & kConnectionNoClientPort) != 0;
    if (head.controller == 0 || wrong != nullptr) return;
    wrong = judge_controller(table, head.controller);
    if (wrong == nullptr) ++made_by(head.controller);
  });
  if (wrong != nullptr) return wrong;
  if (table.live() != live) return "how many live against the records";
  if (table.expected() != expected) return "how many are expected against the records";
  if (table.index_use().entries != entries) return "index entries against the records";
  rig.each_connection([&](ConnectionId id, const ConnectionHead& head) {
    if (head.controlled.load(std::memory_order_relaxed) != made_by(id)) wrong = "a controller's count";
  });
  return wrong;
}

}  // namespace uipvs::test
