// Which virtual service a packet is for, and which addresses are VIPs.
//
// Theory of operation: the control thread edits, workers look up without a lock. Open addressing over an array of ids;
// an id names a slot that holds the key. A slot is rewritten under a sequence counter (odd while it changes), so a
// reader sees a whole key or none; an edit costs O(1) however many services there are. Entries never move, so a reader
// misses nothing that stays; a removed one leaves a tombstone only as long as some entry's probe path leads over it, so
// that look-ups stay short however long services come and go. Only packets without a connection come here.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "core/siphash.h"
#include "core/tuple.h"

namespace uipvs {

struct ServiceKey {
  Family family = Family::ipv4;
  uint8_t protocol = 0;
  uint16_t port = 0;
  Address address;

  bool operator==(const ServiceKey&) const = default;
};

class ServiceTable {
 public:
  static constexpr uint32_t kNoService = UINT32_MAX;

  ServiceTable(uint32_t capacity, const HashSecret& secret);

  // Control thread. `id` < capacity and not in use; false where the key is there already.
  bool add(uint32_t id, const ServiceKey& key);
  void remove(uint32_t id);
  ServiceKey key_at(uint32_t id) const;
  uint32_t capacity() const { return capacity_; }

  // Any thread.
  uint32_t find(const ServiceKey& key) const;

  // Index cells that a look-up walks over: those in use and tombstones.
  uint32_t used_cells() const;

 private:
  struct Slot {
    std::atomic<uint32_t> sequence;
    std::atomic<uint32_t> head;  // family, protocol, port
    std::atomic<uint32_t> words[4];
  };
  static constexpr uint32_t kEmpty = 0;
  static constexpr uint32_t kTombstone = UINT32_MAX;

  static uint32_t pack(const ServiceKey& key) {
    return static_cast<uint32_t>(key.family) << 24 | static_cast<uint32_t>(key.protocol) << 16 | key.port;
  }
  uint64_t hash(const ServiceKey& key) const {
    return hash_address(SipHash13(secret_), key.family, key.address, pack(key));
  }
  bool holds(uint32_t id, const ServiceKey& key) const;
  uint32_t home_of(uint32_t id) const { return static_cast<uint32_t>(hash(key_at(id))) & mask_; }
  bool is_crossed(uint32_t at) const;

  uint32_t capacity_;
  uint32_t mask_;
  HashSecret secret_;
  std::unique_ptr<Slot[]> slots_;
  std::unique_ptr<std::atomic<uint32_t>[]> index_;  // id + 1, kEmpty or kTombstone
};

}  // namespace uipvs
