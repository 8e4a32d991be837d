// The slow twin of a connection table of two dozen records: an array that is searched from end to end. Plays every
// operation on both and says whether they agree. Other than support/connection_model.h it knows of all kinds of records:
// templates, with Call-ID or without, one-packet connections, and those whose client port is not known yet.
#pragma once

#include <array>
#include <span>

#include "core/connection_table.h"

namespace uipvs::test {

class SmallModel {
 public:
  static constexpr uint32_t kMost = 24;

  // `table` was formatted for at most kMost connections and is empty. It outlives the model, and so do the Call-IDs.
  explicit SmallModel(ConnectionTable& table) : table_(table) {}

  // Each returns whether the table answered as the model expects.
  bool create(const NewConnection& connection);
  bool find(const FiveTuple& tuple) const;
  bool find_template(const TemplateKey& key) const;
  // Of the `which`th there is, if any: of all of them; of templates.
  bool remove(uint32_t which);
  bool invalidate(uint32_t which);
  // Removes what has expired at `now` by one whole round of the clock hand.
  bool sweep(Tick now);
  // The listing is what is there but for one-packet connections, each once.
  bool list() const;
  // The index holds what these records ask for, and no more.
  bool is_indexed() const;

  uint32_t size() const { return size_; }

 private:
  struct Entry {
    ConnectionId id = 0;
    NewConnection connection;
    bool is_invalid = false;

    bool has(uint16_t flag) const { return (connection.flags & flag) != 0; }
  };

  const Entry* of_tuple(const FiveTuple& tuple) const;
  const Entry* of_template(const TemplateKey& key) const;
  const Entry* of_id(ConnectionId id) const;
  bool is_kept(const Entry& entry) const;
  bool remove_entry(Entry& entry);
  std::span<const Entry> entries() const { return {entries_.data(), size_}; }

  ConnectionTable& table_;
  std::array<Entry, kMost> entries_;
  uint32_t size_ = 0;
};

}  // namespace uipvs::test
