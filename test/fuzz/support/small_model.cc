#include "support/small_model.h"

#include <algorithm>

namespace uipvs::test {
namespace {

bool is_same_text(std::span<const uint8_t> left, std::span<const uint8_t> right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end());
}

}  // namespace

const SmallModel::Entry* SmallModel::of_tuple(const FiveTuple& tuple) const {
  for (const Entry& entry : entries()) {
    if (entry.has(kConnectionTemplate)) continue;
    if (!entry.has(kConnectionOnePacket) && entry.connection.ends.from_client() == tuple) return &entry;
    if (!entry.has(kConnectionNoClientPort) && entry.connection.ends.from_server() == tuple) return &entry;
  }
  return nullptr;
}

const SmallModel::Entry* SmallModel::of_template(const TemplateKey& key) const {
  for (const Entry& entry : entries()) {
    if (!entry.has(kConnectionTemplate) || entry.is_invalid) continue;
    const bool is_same = entry.connection.ends.from_client() == key.tuple;
    if (is_same && is_same_text(entry.connection.call_id, key.call_id)) return &entry;
  }
  return nullptr;
}

const SmallModel::Entry* SmallModel::of_id(ConnectionId id) const {
  for (const Entry& entry : entries()) {
    if (entry.id == id) return &entry;
  }
  return nullptr;
}

// Whether the record says what it was made with.
bool SmallModel::is_kept(const Entry& entry) const {
  const ConnectionHead& head = table_.head(entry.id);
  const ConnectionEnds ends = table_.ends(entry.id);
  const NewConnection& made = entry.connection;
  if (head.life.load() % 2 == 0 || head.destination_id != made.destination_id || head.controller != made.controller) {
    return false;
  }
  if (head.flags.load() != (made.flags | (entry.is_invalid ? kConnectionInvalid : 0))) return false;
  if (head.state.load() != made.state || head.expires.load() != made.expires || head.timeout.load() != made.timeout) {
    return false;
  }
  if (entry.is_invalid) {
    return ends.virtual_port == kInvalidTemplatePort && ends.real_port == kInvalidTemplatePort &&
           ends.client == made.ends.client;
  }
  return ends.from_client() == made.ends.from_client() && ends.from_server() == made.ends.from_server();
}

bool SmallModel::create(const NewConnection& connection) {
  ConnectionId id = 0;
  Found clash;
  const bool is_template = (connection.flags & kConnectionTemplate) != 0;
  const bool has_request = !is_template && (connection.flags & kConnectionOnePacket) == 0;
  const bool has_reply = !is_template && (connection.flags & kConnectionNoClientPort) == 0;
  const FiveTuple request = connection.ends.from_client();
  const Entry* present = is_template ? of_template({request, connection.call_id}) : nullptr;
  if (has_request) present = of_tuple(request);
  CreateError expected = present != nullptr ? CreateError::client_tuple_in_use : CreateError::none;
  if (present == nullptr && has_reply) {
    present = of_tuple(connection.ends.from_server());
    if (present != nullptr) expected = CreateError::server_tuple_in_use;
  }
  if (present == nullptr && size_ == table_.capacity()) expected = CreateError::full;
  if (table_.create(connection, id, clash) != expected) return false;
  if (present != nullptr && (clash.id != present->id || clash.head != &table_.head(clash.id))) return false;
  if (expected != CreateError::none) return table_.live() == size_;
  if (of_id(id) != nullptr || family_of(id) != connection.ends.family) return false;
  entries_[size_] = {id, connection, false};
  ++size_;
  return table_.live() == size_ && is_kept(entries_[size_ - 1]) && table_.head(id).check == table_.check_of(id);
}

bool SmallModel::find(const FiveTuple& tuple) const {
  const Found found = table_.find(tuple, table_.hash(tuple));
  const Entry* const expected = of_tuple(tuple);
  if (expected == nullptr) return found.head == nullptr;
  if (found.id != expected->id || found.head != &table_.head(found.id) || !is_kept(*expected)) return false;
  const bool is_request = !expected->has(kConnectionOnePacket) && tuple == expected->connection.ends.from_client();
  return found.direction == (is_request ? Direction::to_server : Direction::to_client);
}

bool SmallModel::find_template(const TemplateKey& key) const {
  const Found found = table_.find_template(key);
  const Entry* const expected = of_template(key);
  if (expected == nullptr) return found.head == nullptr;
  return found.id == expected->id && found.head == &table_.head(found.id) && is_kept(*expected);
}

bool SmallModel::remove_entry(Entry& entry) {
  const Entry gone = entry;
  if (!is_kept(gone)) return false;
  table_.remove(gone.id);
  entry = entries_[size_ - 1];
  --size_;
  const ConnectionEnds& ends = gone.connection.ends;
  if (table_.live() != size_ || table_.head(gone.id).life.load() % 2 != 0) return false;
  if (gone.has(kConnectionTemplate)) return find_template({ends.from_client(), gone.connection.call_id});
  return find(ends.from_client()) && find(ends.from_server());
}

bool SmallModel::remove(uint32_t which) { return size_ == 0 || remove_entry(entries_[which % size_]); }

bool SmallModel::invalidate(uint32_t which) {
  for (uint32_t step = 0; step < size_; ++step) {
    Entry& entry = entries_[(which + step) % size_];
    if (!entry.has(kConnectionTemplate) || entry.is_invalid) continue;
    table_.invalidate_template(entry.id);
    entry.is_invalid = true;
    return is_kept(entry) && find_template({entry.connection.ends.from_client(), entry.connection.call_id});
  }
  return true;
}

bool SmallModel::sweep(Tick now) {
  std::array<ConnectionId, kMost> expired;
  uint32_t seen = 0, over = 0;
  uint64_t seen_slots[2] = {0, 0};
  bool is_right = true;
  table_.sweep(table_.high_water(), [&](ConnectionId id, ConnectionHead& head) {
    uint64_t& slots = seen_slots[id >> 31];
    const uint64_t slot = uint64_t{1} << (id & 0x3f);
    is_right &= (slots & slot) == 0 && of_id(id) != nullptr;
    slots |= slot;
    ++seen;
    if (tick_reached(now, head.expires.load()) && over < kMost) expired[over++] = id;
  });
  is_right &= seen == size_;
  for (uint32_t i = 0; i < over && is_right; ++i) {
    is_right = remove_entry(entries_[static_cast<size_t>(of_id(expired[i]) - entries_.data())]);
  }
  for (const Entry& entry : entries()) is_right &= !tick_reached(now, entry.connection.expires);
  return is_right;
}

bool SmallModel::list() const {
  static std::array<ConnectionTable::Snapshot, 5> some;
  uint32_t seen = 0, listed = 0;
  uint64_t cursor = 0;
  do {
    size_t count = 0;
    cursor = table_.list(cursor, some, count, 50);
    for (size_t i = 0; i < count; ++i) {
      const ConnectionTable::Snapshot& snapshot = some[i];
      for (uint32_t at = 0; at < size_; ++at) {
        const Entry& entry = entries_[at];
        const NewConnection& made = entry.connection;
        const bool is_it =
            (seen & 1u << at) == 0 && snapshot.expires == made.expires && !entry.has(kConnectionOnePacket) &&
            snapshot.flags == (made.flags | (entry.is_invalid ? kConnectionInvalid : 0)) &&
            snapshot.destination_id == made.destination_id && is_same_text(snapshot.call_id.view(), made.call_id) &&
            (entry.is_invalid ? snapshot.ends.client == made.ends.client
                              : snapshot.ends.from_client() == made.ends.from_client() &&
                                    snapshot.ends.from_server() == made.ends.from_server());
        if (!is_it) continue;
        seen |= 1u << at;
        break;
      }
      ++listed;
    }
  } while (cursor != 0);
  uint32_t expected = 0;
  for (const Entry& entry : entries()) expected += !entry.has(kConnectionOnePacket);
  return listed == expected && static_cast<uint32_t>(__builtin_popcount(seen)) == expected;
}

bool SmallModel::is_indexed() const {
  uint64_t entries_wanted = 0;
  uint32_t expected = 0;
  for (const Entry& entry : entries()) {
    const bool is_single = entry.has(kConnectionOnePacket) || entry.has(kConnectionNoClientPort);
    entries_wanted += entry.has(kConnectionTemplate) ? !entry.is_invalid : is_single ? 1 : 2;
    expected += entry.has(kConnectionNoClientPort);
  }
  return table_.index_use().entries == entries_wanted && table_.expected() == expected;
}

}  // namespace uipvs::test
