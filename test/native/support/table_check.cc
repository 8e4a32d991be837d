#include "support/table_check.h"

#include <map>

namespace uipvs::test {
namespace {

uint64_t index_entries_of(uint16_t flags) {
  if ((flags & kConnectionTemplate) != 0) return (flags & kConnectionInvalid) != 0 ? 0 : 1;
  return (flags & (kConnectionOnePacket | kConnectionNoClientPort)) != 0 ? 1 : 2;
}

}  // namespace

const char* find_disagreement(const Rig& rig) {
  if (!rig.counts_agree()) return "counts against the table";
  uint64_t entries = 0;
  uint32_t live = 0, expected = 0;
  std::map<ConnectionId, uint32_t> made;
  for (uint32_t index = 0; index < rig.table.high_water(); ++index) {
    const ConnectionId id = rig.table.at(index);
    if (id == 0) continue;
    const ConnectionHead& head = rig.table.head(id);
    ++live;
    entries += index_entries_of(head.flags);
    expected += (head.flags & kConnectionNoClientPort) != 0;
    if (head.controller == 0) continue;
    const ConnectionHead& holder = rig.table.head(head.controller);
    if ((holder.life & 1) == 0) return "a connection whose controller is gone";
    if ((holder.flags & (kConnectionTemplate | kConnectionFtp)) == 0) return "a controller that cannot be one";
    ++made[head.controller];
  }
  if (rig.table.live() != live) return "how many live against the records";
  if (rig.table.expected() != expected) return "how many are expected against the records";
  if (rig.table.index_use().entries != entries) return "index entries against the records";
  for (uint32_t index = 0; index < rig.table.high_water(); ++index) {
    const ConnectionId id = rig.table.at(index);
    if (id != 0 && rig.table.head(id).controlled != made[id]) return "a controller's count of its connections";
  }
  return nullptr;
}

}  // namespace uipvs::test
