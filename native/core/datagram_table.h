// Datagrams of which fragments have come, found by key, in the order of their age, and by source.
//
// Records of a fixed number are taken once. A datagram is in three places: the index (keyed hash: attackers choose
// identifications), the queue of its family in the order in which they began (all of a family live equally long, so the
// order of age is that of the deadlines), and the queue of its source. A source is there as long as it has a datagram.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "core/connection.h"
#include "core/fragment_store.h"
#include "core/fragment_view.h"
#include "core/siphash.h"

namespace uipvs {

inline constexpr uint32_t kNoRecord = UINT32_MAX;

// Oldest first.
struct DatagramQueue {
  uint32_t oldest = kNoRecord;
  uint32_t newest = kNoRecord;
};

struct DatagramLinks {
  uint32_t older = kNoRecord;
  uint32_t newer = kNoRecord;
};

struct Datagram {
  DatagramKey key;
  Tick deadline = 0;
  uint32_t source = 0;
  uint32_t next_in_bucket = kNoRecord;
  DatagramLinks by_age;
  DatagramLinks by_source;

  // All blocks are given back when the datagram is refused.
  FragmentStore::Maps maps = {kNoBlock, kNoBlock, kNoBlock, kNoBlock};
  uint32_t pieces = kNoBlock;        // the newest
  uint32_t first_header = kNoBlock;  // of the first fragment, as it came
  uint32_t first_piece = kNoBlock;   // its data
  uint32_t blocks = 0;
  uint32_t total_bytes = 0;  // of data; 0 until the last fragment has come
  uint32_t received_bytes = 0;
  uint32_t reach_bytes = 0;       // the furthest end so far
  uint32_t largest_bytes = 0;     // of the IP packets
  uint32_t largest_df_bytes = 0;  // of those that forbid fragments
  uint32_t mark = 0;              // of the first fragment
  uint16_t next_header_field = 0;
  uint8_t congestion_seen = 0;  // bit n: a fragment had the ECN bits n
  bool is_refused = false;
};

struct FragmentSource {
  Address network;  // IPv6: of 64 bits, since who has one address there has them all
  Family family = Family::ipv4;
  uint32_t blocks = 0;
  uint32_t datagrams = 0;
  DatagramQueue queue;
  uint32_t next_in_bucket = kNoRecord;
};

class DatagramTable {
 public:
  // `capacity` is at least 1.
  DatagramTable(uint32_t capacity, const HashSecret& secret);

  // What it takes in all.
  static size_t memory_bytes(uint32_t capacity);

  uint32_t capacity() const { return capacity_; }
  uint32_t live() const { return live_; }

  // nullptr where there is none.
  Datagram* find(const DatagramKey& key);
  FragmentSource* find_source(const DatagramKey& key);
  FragmentSource& source_of(const Datagram& datagram) { return sources_[datagram.source]; }

  // Needs that live() is below the capacity, and that the key is not there.
  Datagram& create(const DatagramKey& key, Tick deadline);
  // It must have no blocks any more.
  void remove(Datagram& datagram);

  Datagram* oldest(Family family) { return at(ages_[family == Family::ipv6].oldest); }
  Datagram* oldest(const FragmentSource& source) { return at(source.queue.oldest); }
  Datagram* newer_of_source(const Datagram& than) { return at(than.by_source.newer); }
  Datagram* newer_of_family(const Datagram& than) { return at(than.by_age.newer); }

 private:
  Datagram* at(uint32_t record) { return record == kNoRecord ? nullptr : &datagrams_[record]; }
  uint32_t bucket_of(const DatagramKey& key) const;
  uint32_t source_bucket_of(Family family, const Address& network) const;
  uint32_t take_source(const DatagramKey& key);
  void release_source(uint32_t record);
  void push(DatagramQueue& queue, DatagramLinks Datagram::*links, uint32_t record);
  void unlink(DatagramQueue& queue, DatagramLinks Datagram::*links, uint32_t record);

  uint32_t capacity_;
  uint32_t bucket_mask_;
  HashSecret secret_;
  std::unique_ptr<Datagram[]> datagrams_;
  std::unique_ptr<FragmentSource[]> sources_;
  std::unique_ptr<uint32_t[]> buckets_;
  std::unique_ptr<uint32_t[]> source_buckets_;
  uint32_t live_ = 0;
  uint32_t touched_ = 0, free_ = kNoRecord;
  uint32_t sources_touched_ = 0, free_source_ = kNoRecord;
  DatagramQueue ages_[2];
};

}  // namespace uipvs
