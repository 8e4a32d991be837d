#include "support/connection_model.h"

#include <array>
#include <set>
#include <tuple>

namespace uipvs::test {
namespace {

std::array<uint32_t, 10> words_of(const FiveTuple& tuple) {
  std::array<uint32_t, 10> words{static_cast<uint32_t>(tuple.family) << 8 | tuple.protocol,
                                 static_cast<uint32_t>(tuple.source_port) << 16 | tuple.destination_port};
  for (size_t i = 0; i < 4; ++i) {
    words[2 + i] = tuple.source.words[i];
    words[6 + i] = tuple.destination.words[i];
  }
  return words;
}

}  // namespace

bool TupleOrder::operator()(const FiveTuple& left, const FiveTuple& right) const {
  return words_of(left) < words_of(right);
}

bool same_ends(const ConnectionEnds& left, const ConnectionEnds& right) {
  return left.from_client() == right.from_client() && left.from_server() == right.from_server();
}

bool ConnectionModel::create(const NewConnection& connection, CreateError& error) {
  ConnectionId id = 0;
  Found clash;
  error = table_.create(connection, id, clash);
  const auto client = by_tuple_.find(connection.ends.from_client());
  const auto server = by_tuple_.find(connection.ends.from_server());
  if (client != by_tuple_.end()) return error == CreateError::client_tuple_in_use && clash.id == client->second;
  if (server != by_tuple_.end()) return error == CreateError::server_tuple_in_use && clash.id == server->second;
  if (connections_.size() == table_.capacity()) return error == CreateError::full;
  if (error != CreateError::none) return false;
  if (connections_.count(id) != 0 || family_of(id) != connection.ends.family) return false;
  connections_[id] = connection;
  by_tuple_[connection.ends.from_client()] = id;
  by_tuple_[connection.ends.from_server()] = id;
  return table_.live() == connections_.size();
}

bool ConnectionModel::find(const FiveTuple& tuple) const {
  const Found found = table_.find(tuple, table_.hash(tuple));
  const auto expected = by_tuple_.find(tuple);
  if (expected == by_tuple_.end()) return found.head == nullptr;
  if (found.head == nullptr || found.id != expected->second) return false;
  const NewConnection& connection = connections_.at(found.id);
  if (found.head->destination_id != connection.destination_id || found.head != &table_.head(found.id)) return false;
  if (!same_ends(table_.ends(found.id), connection.ends)) return false;
  const bool is_from_client = tuple == connection.ends.from_client();
  return found.direction == (is_from_client ? Direction::to_server : Direction::to_client);
}

bool ConnectionModel::remove(ConnectionId id) {
  const ConnectionEnds gone = connections_.at(id).ends;
  table_.remove(id);
  by_tuple_.erase(gone.from_client());
  by_tuple_.erase(gone.from_server());
  connections_.erase(id);
  return table_.live() == connections_.size() && find(gone.from_client()) && find(gone.from_server());
}

bool ConnectionModel::sweep(Tick now) {
  std::set<ConnectionId> seen;
  std::vector<ConnectionId> expired;
  bool is_right = true;
  table_.sweep(table_.high_water(), [&](ConnectionId id, ConnectionHead& head) {
    is_right &= seen.insert(id).second && connections_.count(id) != 0;
    if (tick_reached(now, head.expires.load())) expired.push_back(id);
  });
  is_right &= seen.size() == connections_.size();
  for (const ConnectionId id : expired) is_right &= connections_.count(id) != 0 && remove(id);
  return is_right;
}

bool ConnectionModel::list() const {
  std::array<ConnectionTable::Snapshot, 7> some;
  std::map<FiveTuple, uint32_t, TupleOrder> listed;
  uint64_t cursor = 0;
  do {
    size_t count = 0;
    cursor = table_.list(cursor, some, count, 50);
    for (size_t i = 0; i < count; ++i) {
      if (!listed.emplace(some[i].ends.from_client(), some[i].destination_id).second) return false;
    }
  } while (cursor != 0);
  if (listed.size() != connections_.size()) return false;
  for (const auto& [tuple, destination_id] : listed) {
    const auto expected = by_tuple_.find(tuple);
    if (expected == by_tuple_.end() || connections_.at(expected->second).destination_id != destination_id) return false;
  }
  return true;
}

std::vector<ConnectionId> ConnectionModel::ids() const {
  std::vector<ConnectionId> made;
  for (const auto& [id, connection] : connections_) made.push_back(id);
  return made;
}

}  // namespace uipvs::test
