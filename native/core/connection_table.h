// The connection table (the conntrack map).
//
// Theory of operation. One record a connection, in one of two pools (IPv4 64 B, IPv6 128 B), and one index over both
// with two entries a connection: the tuple of the client's packets and the tuple of the real server's. A persistence
// template is a record too, found by the network of its clients: it has one entry, hashed apart from connections'. A
// one-packet connection has the real server's only: each packet of the client is a connection of its own, and the record
// is what leads replies back; one whose client port is not known yet has the client's only, with port 0. A record is named
// by its slot number, never by a pointer, so the whole table can lie in a file that the next process maps at another
// address.
//
//     [ header | IPv4 records | IPv6 records | sequence records of either | Call-IDs | index buckets ]
//
// Every slot has room for a sequence record, which few connections use; memory that is not touched is not taken. A
// template of persistence engine sip is found by its Call-ID too: call_id_store.h.
// The index is an array of 64-byte buckets of ten entries: a 16-bit tag of the hash and a 32-bit entry (family,
// direction, slot). A look-up reads one cache line, compares tags, and reads a record only where a tag matches. A full
// bucket spills into the next and counts it (F14's overflow count), so a look-up ends at the first bucket that nothing
// has spilled over; entries never move. At full capacity the load is 70 %: 18.3 B of index a connection, 82.3 B in all.
//
// Invariants: a record is published by one store to `life` after everything else is written, and freed by one store
// before it leaves the index; whoever reads without being the writer checks `life` before and after. Slot 0 of each
// pool is never used. `live` never exceeds the capacity; nothing grows.
//
// All but the index may lie in a file that outlives the process: then resume() takes in what is there, and the next
// start of the same host finds its connections again (table_recovery.h). So whatever is stored to a published record is
// right at each moment by itself, or repaired there. Where the file can have no more pages the table is full (room.h).
//
// Expiry has no timers: a record carries the tick at which it dies, `sweep` visits a few records at a time like the
// hand of a clock, and a look-up treats an expired record as not there.
//
// The table has one writer at a time (the worker). Follows net/netfilter/ipvs/ip_vs_conn.c in what it means; departs
// in its structure: the kernel has one hash chain a connection and a timer in each.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/call_id_store.h"
#include "core/connection.h"
#include "core/room.h"
#include "core/sequence.h"
#include "core/siphash.h"
#include "core/tcp_state.h"

namespace uipvs {

// Of one start of a host: what the kernel makes up then, and nothing where the memory is in no file.
using BootId = std::array<uint8_t, 16>;

struct ConnectionTableHeader {
  std::atomic<uint64_t> magic;  // written last
  uint32_t layout_version;
  uint32_t record_bytes;  // of one of IPv4 and, in the upper half, of one of IPv6
  uint32_t capacity;
  uint32_t reserved;
  HashSecret secret;
  BootId boot_id;
  // Slots ever used of each pool. A record above is no published one, whatever is in it.
  std::atomic<uint32_t> high_water[2];
};
static_assert(sizeof(ConnectionTableHeader) <= 4096);

inline constexpr uint64_t kConnectionTableMagic = 0x31'6e6f'6373'7670'75;  // "upvscon1", little-endian

struct IndexBucket {
  static constexpr int kEntries = 10;

  std::atomic<uint16_t> overflow;  // entries that wanted this bucket and lie further on
  uint16_t reserved;
  std::atomic<uint16_t> tags[kEntries];
  std::atomic<uint32_t> entries[kEntries];
};
static_assert(sizeof(IndexBucket) == 64);

// A record by number: bit 31 is the family (IPv6), the low 30 bits the slot in its pool. 0 is none.
using ConnectionId = uint32_t;

inline Family family_of(ConnectionId id) { return (id >> 31) != 0 ? Family::ipv6 : Family::ipv4; }

struct Found {
  ConnectionId id = 0;
  ConnectionHead* head = nullptr;  // null: no such connection
  Direction direction = Direction::to_server;
};

// What a template is found by: protocol, and source and destination as its ends say; of engine sip the Call-ID too, else
// that is empty.
struct TemplateKey {
  FiveTuple tuple;
  std::span<const uint8_t> call_id;
};

struct NewConnection {
  ConnectionEnds ends;
  std::span<const uint8_t> call_id;  // of a template, or empty
  uint32_t destination_id = 0;
  uint8_t state = 0;
  uint16_t flags = 0;  // a template, a one-packet connection, or neither
  Tick expires = 0;
  Tick timeout = 0;             // of a template
  ConnectionId controller = 0;  // the template that the connection was made by
};

enum class CreateError : uint8_t { none, full, client_tuple_in_use, server_tuple_in_use };

class ConnectionTable {
 public:
  // Bytes of memory for `capacity` connections (1 .. kMaxConnections), and how many of them, the first ones, hold all
  // that is to be kept; whole pages.
  static size_t memory_bytes(uint32_t capacity);
  static size_t kept_bytes(uint32_t capacity);
  static constexpr uint32_t kMaxConnections = (1u << 30) - 2;
  static constexpr size_t kPageBytes = 4096;

  ConnectionTable() = default;

  // Makes an empty table in `memory`, which is zeroed, page-aligned, of memory_bytes(capacity), and outlives the table. So
  // does `room`, which is null where all of the memory may be touched, as the first kPageBytes may in any case.
  void format(std::span<std::byte> memory, uint32_t capacity, const HashSecret& secret, const BootId& boot_id = {},
              Room* room = nullptr);

  // Why memory is no table that could be gone on with.
  enum class Mismatch : uint8_t { none, unfinished, layout, capacity, boot };
  // Takes over a table that lies in `memory`, of which only the kept bytes are there and the others are zeroed. Where it
  // cannot be, nothing has changed. The table has no connections before it is recovered: see table_recovery.h.
  Mismatch resume(std::span<std::byte> memory, uint32_t capacity, const BootId& boot_id, Room* room = nullptr);

  // What this table's hashes are keyed with.
  const HashSecret& secret() const { return secret_; }
  uint64_t hash(const FiveTuple& tuple) const { return hash_tuple(secret_, tuple); }

  // Asking for the memory that find() will need, in two steps that each wait for what the one before has asked for.
  // likely() is a connection that may be the one with this hash, 0 where there is none; what is asked for is its record.
  void prefetch_index(uint64_t hash) const { __builtin_prefetch(&bucket(hash)); }
  ConnectionId likely(uint64_t hash) const;

  // The connection that a packet with `tuple` belongs to, from either side. Never a template.
  Found find(const FiveTuple& tuple, uint64_t hash) const;

  uint64_t hash_template(const TemplateKey& key) const;
  Found find_template(const TemplateKey& key) const;
  // Whoever looks for the template finds it no more.
  void invalidate_template(ConnectionId id);

  // Publishes a connection. On an error nothing has changed; `clash` then names the connection in the way, if any.
  CreateError create(const NewConnection& connection, ConnectionId& id, Found& clash);
  void remove(ConnectionId id);

  ConnectionHead& head(ConnectionId id) const;
  // Zero for a new connection that has one of the flags for it.
  SequenceRecord& sequence(ConnectionId id) const;
  ConnectionEnds ends(ConnectionId id) const;

  // A keyed sum of all that a record holds from its publication to its end; it lies in the record.
  uint32_t check_of(ConnectionId id) const;

  uint32_t live() const { return live_.load(std::memory_order_relaxed); }
  uint32_t capacity() const { return capacity_; }
  // Those that have no client port yet.
  uint32_t expected() const { return expected_; }
  // Slots to visit for one whole round of both pools.
  uint32_t high_water() const;
  // The record at the `index`th slot of all (below high_water()); 0 where none is published.
  ConnectionId at(uint32_t index) const;

  // Moves the clock hand over `slots` slots and calls visit(id, head) on each published record.
  template <typename Visit>
  void sweep(uint32_t slots, Visit&& visit) {
    for (; slots != 0; --slots) {
      const ConnectionId id = advance_hand();
      if (id == 0) return;
      ConnectionHead& record = head(id);
      if (record.life.load(std::memory_order_relaxed) & 1) visit(id, record);
    }
  }

  // For a listing on another thread: copies the next published connections after `cursor` (0 to begin) until `out` is
  // full or `max_visited` slots were seen; returns the new cursor, or 0 at the end and for a cursor that is none.
  struct Snapshot {
    ConnectionEnds ends;
    uint32_t destination_id = 0;
    uint8_t state = 0;
    uint16_t flags = 0;
    Tick expires = 0;
    CallId call_id;
  };
  // One-packet connections are left out, as the kernel keeps none.
  uint64_t list(uint64_t cursor, std::span<Snapshot> out, size_t& count, uint32_t max_visited) const;

  // How the index is filled, by walking all of it: for tests and diagnosis.
  struct IndexUse {
    uint64_t entries = 0;
    uint64_t spilled = 0;        // sum of the overflow counts: buckets that look-ups of what is there walk over
    uint32_t longest_probe = 0;  // the longest run of buckets that something has spilled over, plus one
  };
  IndexUse index_use() const;

 private:
  friend class TableRecovery;

  // Keeps templates out of connections' buckets: a datagram from port 0 has the tuple of one.
  static constexpr uint64_t kTemplateHash = 0x9e3779b97f4a7c15;

  struct Pool {
    std::byte* records = nullptr;
    SequenceRecord* sequences = nullptr;
    size_t stride = 0;
    uint32_t free_head = 0;
    Extent record_extent;
    Extent sequence_extent;
  };

  IndexBucket& bucket(uint64_t hash) const {
    return buckets_[static_cast<size_t>((static_cast<unsigned __int128>(hash) * bucket_count_) >> 64)];
  }
  IndexBucket& after(IndexBucket* bucket) const {
    return bucket + 1 == buckets_ + bucket_count_ ? *buckets_ : *(bucket + 1);
  }
  uint64_t hash_of_template(ConnectionId id, const ConnectionEnds& ends) const;
  // `call_id` is null but for templates.
  Found look_up(const FiveTuple& tuple, uint64_t hash, const std::span<const uint8_t>* call_id) const;
  bool matches(uint32_t entry, const FiveTuple& tuple, const std::span<const uint8_t>* call_id) const;
  bool index(ConnectionId id, const ConnectionEnds& ends, uint16_t flags);
  void unindex(ConnectionId id, const ConnectionEnds& ends, uint16_t flags);
  bool insert(uint64_t hash, uint32_t entry);
  void erase(uint64_t hash, uint32_t entry);
  ConnectionId allocate(Family family);
  void release(ConnectionId id);
  ConnectionId advance_hand();
  bool take_snapshot(ConnectionId id, Snapshot& out) const;
  // Whether there is room for what the connection needs beside its record.
  bool has_room_beside(ConnectionId id, const NewConnection& connection);
  void lay_out(std::span<std::byte> memory, uint32_t capacity, Room* room);
  ConnectionTableHeader* header_ = nullptr;
  Pool pools_[2];
  CallIdStore call_ids_;
  IndexBucket* buckets_ = nullptr;
  uint64_t bucket_count_ = 0;
  HashSecret secret_;
  uint32_t capacity_ = 0;
  std::atomic<uint32_t> live_{0};
  uint32_t expected_ = 0;
  uint32_t hand_pool_ = 0;
  uint32_t hand_slot_ = 0;
};

}  // namespace uipvs
