// The index of the connection table: from a packet's tuple to a record.
#include <algorithm>
#include <cstring>

#include "core/connection_table.h"
#include "core/index_entry.h"

namespace uipvs {
namespace {

// Implementation: a chain this long does not happen by chance at 70 %; it bounds what an insert may cost.
constexpr int kMaxProbes = 32;
constexpr size_t kCacheLineBytes = 64;

uint16_t tag_of(uint64_t hash) { return static_cast<uint16_t>(hash); }

bool equal_words(const uint32_t (&record)[4], const Address& address) {
  return ((record[0] ^ address.words[0]) | (record[1] ^ address.words[1]) | (record[2] ^ address.words[2]) |
          (record[3] ^ address.words[3])) == 0;
}

}  // namespace

bool ConnectionTable::matches(uint32_t entry, const FiveTuple& tuple, const std::span<const uint8_t>* call_id) const {
  if ((pool_of(entry) != 0) != (tuple.family == Family::ipv6)) return false;
  const ConnectionHead& record = head(entry);
  if ((record.life.load(std::memory_order_acquire) & 1) == 0 || record.protocol != tuple.protocol) return false;
  if (((record.flags.load(std::memory_order_relaxed) & kConnectionTemplate) != 0) != (call_id != nullptr)) return false;
  if (call_id != nullptr && !call_ids_.holds(record.call_id, *call_id)) return false;
  const bool server_side = (entry & kServerSide) != 0;
  const uint16_t from = server_side ? record.real_port : record.client_port;
  const uint16_t to = server_side ? record.source_port : record.virtual_port;
  if (from != tuple.source_port || to != tuple.destination_port) return false;
  if (pool_of(entry) == 0) {
    const auto& record4 = reinterpret_cast<const ConnectionRecord4&>(record);
    const uint32_t source = server_side ? record4.real : record4.client;
    const uint32_t destination = server_side ? record4.source : record4.virtual_;
    return source == tuple.source.words[0] && destination == tuple.destination.words[0];
  }
  const auto& record6 = reinterpret_cast<const ConnectionRecord6&>(record);
  return server_side ? equal_words(record6.real, tuple.source) && equal_words(record6.source, tuple.destination)
                     : equal_words(record6.client, tuple.source) && equal_words(record6.virtual_, tuple.destination);
}

ConnectionId ConnectionTable::likely(uint64_t hash) const {
  const IndexBucket& at = bucket(hash);
  for (int i = 0; i < IndexBucket::kEntries; ++i) {
    if (at.tags[i].load(std::memory_order_relaxed) != tag_of(hash)) continue;
    const uint32_t entry = at.entries[i].load(std::memory_order_relaxed);
    if (entry == 0) continue;
    const auto* const record = reinterpret_cast<const std::byte*>(&head(entry));
    __builtin_prefetch(record, 1);
    if (pool_of(entry) != 0) __builtin_prefetch(record + kCacheLineBytes);
    return entry & ~kServerSide;
  }
  return 0;
}

Found ConnectionTable::find(const FiveTuple& tuple, uint64_t hash) const { return look_up(tuple, hash, nullptr); }

Found ConnectionTable::find_template(const TemplateKey& key) const {
  return look_up(key.tuple, hash_template(key), &key.call_id);
}

uint64_t ConnectionTable::hash_template(const TemplateKey& key) const {
  const uint64_t base = hash(key.tuple) ^ kTemplateHash;
  if (key.call_id.empty()) return base;
  SipHash13 hash(secret_);
  hash.word(base);
  hash.word(key.call_id.size());
  for (size_t at = 0; at < key.call_id.size(); at += sizeof(uint64_t)) {
    uint64_t word = 0;
    std::memcpy(&word, key.call_id.data() + at, std::min(sizeof word, key.call_id.size() - at));
    hash.word(word);
  }
  return hash.finish();
}

uint64_t ConnectionTable::hash_of_template(ConnectionId id, const ConnectionEnds& ends) const {
  CallId call_id;
  call_ids_.read(head(id).call_id, call_id);
  return hash_template({ends.from_client(), call_id.view()});
}

Found ConnectionTable::look_up(const FiveTuple& tuple, uint64_t hash, const std::span<const uint8_t>* call_id) const {
  const uint16_t tag = tag_of(hash);
  IndexBucket* at = &bucket(hash);
  for (int probe = 0; probe < kMaxProbes; ++probe, at = &after(at)) {
    for (int i = 0; i < IndexBucket::kEntries; ++i) {
      if (at->tags[i].load(std::memory_order_relaxed) != tag) continue;
      const uint32_t entry = at->entries[i].load(std::memory_order_acquire);
      if (entry == 0 || !matches(entry, tuple, call_id)) continue;
      return {entry & ~kServerSide, &head(entry),
              (entry & kServerSide) != 0 ? Direction::to_client : Direction::to_server};
    }
    if (at->overflow.load(std::memory_order_relaxed) == 0) break;
  }
  return {};
}

bool ConnectionTable::insert(uint64_t hash, uint32_t entry) {
  IndexBucket* const home = &bucket(hash);
  IndexBucket* at = home;
  for (int probe = 0; probe < kMaxProbes; ++probe, at = &after(at)) {
    for (int i = 0; i < IndexBucket::kEntries; ++i) {
      if (at->entries[i].load(std::memory_order_relaxed) != 0) continue;
      for (IndexBucket* full = home; full != at; full = &after(full)) {
        full->overflow.fetch_add(1, std::memory_order_relaxed);
      }
      at->tags[i].store(tag_of(hash), std::memory_order_relaxed);
      at->entries[i].store(entry, std::memory_order_release);
      return true;
    }
  }
  return false;
}

void ConnectionTable::erase(uint64_t hash, uint32_t entry) {
  IndexBucket* const home = &bucket(hash);
  IndexBucket* at = home;
  for (int probe = 0; probe < kMaxProbes; ++probe, at = &after(at)) {
    for (int i = 0; i < IndexBucket::kEntries; ++i) {
      if (at->entries[i].load(std::memory_order_relaxed) != entry) continue;
      at->entries[i].store(0, std::memory_order_release);
      for (IndexBucket* full = home; full != at; full = &after(full)) {
        full->overflow.fetch_sub(1, std::memory_order_relaxed);
      }
      return;
    }
  }
}

bool ConnectionTable::index(ConnectionId id, const ConnectionEnds& ends, uint16_t flags) {
  if ((flags & kConnectionTemplate) != 0) return insert(hash_of_template(id, ends), id);
  const bool has_client_side = (flags & kConnectionOnePacket) == 0;
  if (has_client_side && !insert(hash(ends.from_client()), id)) return false;
  if ((flags & kConnectionNoClientPort) != 0) return true;
  if (insert(hash(ends.from_server()), id | kServerSide)) return true;
  if (has_client_side) erase(hash(ends.from_client()), id);
  return false;
}

void ConnectionTable::unindex(ConnectionId id, const ConnectionEnds& ends, uint16_t flags) {
  if ((flags & kConnectionTemplate) != 0) {
    if ((flags & kConnectionInvalid) == 0) erase(hash_of_template(id, ends), id);
    return;
  }
  if ((flags & kConnectionOnePacket) == 0) erase(hash(ends.from_client()), id);
  if ((flags & kConnectionNoClientPort) == 0) erase(hash(ends.from_server()), id | kServerSide);
}

}  // namespace uipvs
