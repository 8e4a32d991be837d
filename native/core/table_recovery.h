// The connections of a process that has ended, taken over from its table's memory.
//
// Theory of operation. A process that is killed leaves its records as they were after its last store. What belongs to
// the process alone is made anew here: the index, the free slots, how many connections each template has made, the
// destinations' counts, the Call-IDs' cells. All that is read is judged first, for the file may have been cut, changed
// or written by somebody else: a record goes on only if it says of itself what a connection can be, its sum is right,
// its time is not over, what made it is there, no other record has its tuples, and the destination that it names is known
// and is where the record says. Records are dropped by one store each, so that an end in the middle of this harms nothing.
//
// A record that was published is whole (connection_table.h). Stores to published ones come singly, except these, of
// which any prefix is taken for what it is:
// - state, then the inactive flag: the flag is made from the state;
// - an invalid template's flag, then its ports: the flag counts;
// - a sequence record: sequence.h;
// - a template's count of its connections: made anew.
//
// The order of the questions is that of who holds whom: templates, FTP's control connections, all others.
#pragma once

#include <vector>

#include "core/accounting.h"
#include "core/connection_table.h"
#include "core/directory.h"

namespace uipvs {

struct RecoveryReport {
  uint32_t connections = 0;  // that go on, templates among them
  uint32_t expired = 0;
  uint32_t homeless = 0;  // their destination is not there any more
  uint32_t broken = 0;    // no connection at all
};

class TableRecovery {
 public:
  // `table` was resumed; `directory` has the destinations, removed ones with connections too; `lanes` count nothing yet.
  TableRecovery(ConnectionTable& table, const Directory& directory, const DestinationLanes& lanes, Tick now);

  // Once, before anything else is done with the table.
  RecoveryReport run();

 private:
  enum class Rank : uint8_t { template_, control, other };

  template <typename Visit>
  void each_published(Visit&& visit);
  static Rank rank_of(const ConnectionHead& record);
  static bool is_possible(const ConnectionHead& record);
  bool has_home(ConnectionId id, const ConnectionHead& record) const;
  bool take_call_id(const ConnectionHead& record);
  void judge(ConnectionId id, ConnectionHead& record);
  ConnectionHead* controller_of(const ConnectionHead& record) const;
  bool is_unique(ConnectionId id, const ConnectionEnds& ends, uint16_t flags) const;
  void take(ConnectionId id, ConnectionHead& record);
  void drop(ConnectionHead& record, uint32_t& count);
  void drop_idle(Rank rank);
  void settle();
  void count(ConnectionId id, const ConnectionHead& record);
  void free_slots(uint32_t pool, uint32_t last);

  ConnectionTable& table_;
  const Directory& directory_;
  DestinationLanes lanes_;
  Tick now_;
  RecoveryReport report_;
  uint32_t taken_ = 0;
  std::vector<uint32_t> call_ids_;
  std::vector<bool> has_call_id_;  // by cell
};

}  // namespace uipvs
