// The slow twin of the connection table: two maps. Plays every operation on both and says whether they agree.
#pragma once

#include <map>
#include <vector>

#include "core/connection_table.h"

namespace uipvs::test {

struct TupleOrder {
  bool operator()(const FiveTuple& left, const FiveTuple& right) const;
};

bool same_ends(const ConnectionEnds& left, const ConnectionEnds& right);

class ConnectionModel {
 public:
  // `table` was formatted for `capacity` connections and is empty. Both outlive the model.
  explicit ConnectionModel(ConnectionTable& table) : table_(table) {}

  // Each returns whether the table answered as the model expects. `id` is of what was created.
  bool create(const NewConnection& connection, CreateError& error);
  bool find(const FiveTuple& tuple) const;
  bool remove(ConnectionId id);
  // Removes what has expired at `now` by one whole round of the clock hand.
  bool sweep(Tick now);
  // The listing is what is there, each once.
  bool list() const;

  size_t size() const { return connections_.size(); }
  std::vector<ConnectionId> ids() const;
  ConnectionEnds ends(ConnectionId id) const { return connections_.at(id).ends; }

 private:
  ConnectionTable& table_;
  std::map<ConnectionId, NewConnection> connections_;
  std::map<FiveTuple, ConnectionId, TupleOrder> by_tuple_;
};

}  // namespace uipvs::test
