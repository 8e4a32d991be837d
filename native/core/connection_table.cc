#include "core/connection_table.h"

#include <new>

#include "core/index_entry.h"
#include "core/record_access.h"

namespace uipvs {
namespace {

// Implementation: 70 % of ten entries. At 75 % one look-up in seven reads a second bucket; at 70 % one in twelve.
constexpr uint64_t kEntriesPerBucketAtCapacity = 7;
constexpr uint32_t kRecordBytes = sizeof(ConnectionRecord6) << 16 | sizeof(ConnectionRecord4);

size_t page_align(size_t bytes) {
  constexpr size_t kRest = ConnectionTable::kPageBytes - 1;
  return (bytes + kRest) & ~kRest;
}
uint64_t bucket_count_for(uint32_t capacity) { return 2ull * capacity / kEntriesPerBucketAtCapacity + 1; }

void copy_words(uint32_t (&to)[4], const Address& from) {
  for (int i = 0; i < 4; ++i) put(to[i], from.words[i]);
}

Address address_of(const uint32_t (&from)[4]) { return {{get(from[0]), get(from[1]), get(from[2]), get(from[3])}}; }

}  // namespace

size_t ConnectionTable::kept_bytes(uint32_t capacity) {
  const size_t slots = static_cast<size_t>(capacity) + 1;
  return kPageBytes + page_align(slots * sizeof(ConnectionRecord4)) + page_align(slots * sizeof(ConnectionRecord6)) +
         2 * page_align(slots * sizeof(SequenceRecord)) + page_align(CallIdStore::memory_bytes(capacity));
}

size_t ConnectionTable::memory_bytes(uint32_t capacity) {
  return kept_bytes(capacity) + page_align(bucket_count_for(capacity) * sizeof(IndexBucket));
}

void ConnectionTable::lay_out(std::span<std::byte> memory, uint32_t capacity, Room* room) {
  const size_t slots = static_cast<size_t>(capacity) + 1;
  size_t next = kPageBytes;
  const auto lay = [&](size_t bytes, Extent& extent) {
    std::byte* const begin = memory.data() + next;
    extent = Extent(room, next, next + page_align(bytes));
    next += page_align(bytes);
    return begin;
  };
  for (Pool& pool : pools_) {
    pool.stride = &pool == pools_ ? sizeof(ConnectionRecord4) : sizeof(ConnectionRecord6);
    pool.records = lay(slots * pool.stride, pool.record_extent);
    pool.free_head = 0;
  }
  for (Pool& pool : pools_) {
    pool.sequences = reinterpret_cast<SequenceRecord*>(lay(slots * sizeof(SequenceRecord), pool.sequence_extent));
  }
  Extent call_id_extent;
  std::byte* const call_ids = lay(CallIdStore::memory_bytes(capacity), call_id_extent);
  call_ids_.format(call_ids, call_id_extent);
  buckets_ = reinterpret_cast<IndexBucket*>(memory.data() + kept_bytes(capacity));
  bucket_count_ = bucket_count_for(capacity);
  secret_ = header_->secret;
  capacity_ = capacity;
}

void ConnectionTable::format(std::span<std::byte> memory, uint32_t capacity, const HashSecret& secret,
                             const BootId& boot_id, Room* room) {
  header_ = new (memory.data()) ConnectionTableHeader{};
  header_->layout_version = kConnectionLayoutVersion;
  header_->record_bytes = kRecordBytes;
  header_->capacity = capacity;
  header_->secret = secret;
  header_->boot_id = boot_id;
  lay_out(memory, capacity, room);
  header_->magic.store(kConnectionTableMagic, std::memory_order_release);
}

ConnectionTable::Mismatch ConnectionTable::resume(std::span<std::byte> memory, uint32_t capacity, const BootId& boot_id,
                                                  Room* room) {
  auto* const header = reinterpret_cast<ConnectionTableHeader*>(memory.data());
  if (header->magic.load(std::memory_order_acquire) != kConnectionTableMagic) return Mismatch::unfinished;
  if (header->layout_version != kConnectionLayoutVersion || header->record_bytes != kRecordBytes) {
    return Mismatch::layout;
  }
  if (header->capacity != capacity) return Mismatch::capacity;
  if (header->boot_id != boot_id) return Mismatch::boot;
  header_ = header;
  lay_out(memory, capacity, room);
  return Mismatch::none;
}

ConnectionHead& ConnectionTable::head(ConnectionId id) const {
  const Pool& pool = pools_[pool_of(id)];
  return *reinterpret_cast<ConnectionHead*>(pool.records + slot_of(id) * pool.stride);
}

SequenceRecord& ConnectionTable::sequence(ConnectionId id) const { return pools_[pool_of(id)].sequences[slot_of(id)]; }

ConnectionEnds ConnectionTable::ends(ConnectionId id) const {
  const ConnectionHead& record = head(id);
  ConnectionEnds ends;
  ends.family = family_of(id);
  ends.protocol = get(record.protocol);
  ends.client_port = get(record.client_port);
  ends.virtual_port = get(record.virtual_port);
  ends.real_port = get(record.real_port);
  ends.masquerade_port = get(record.source_port);
  if (ends.family == Family::ipv4) {
    const auto& record4 = reinterpret_cast<const ConnectionRecord4&>(record);
    ends.client.words[0] = get(record4.client);
    ends.virtual_.words[0] = get(record4.virtual_);
    ends.real.words[0] = get(record4.real);
    ends.masquerade.words[0] = get(record4.source);
  } else {
    const auto& record6 = reinterpret_cast<const ConnectionRecord6&>(record);
    ends.client = address_of(record6.client);
    ends.virtual_ = address_of(record6.virtual_);
    ends.real = address_of(record6.real);
    ends.masquerade = address_of(record6.source);
  }
  ends.is_masqueraded = ends.masquerade_port != ends.client_port || ends.masquerade != ends.client;
  return ends;
}

ConnectionId ConnectionTable::allocate(Family family) {
  const uint32_t pool_index = family == Family::ipv6 ? 1 : 0;
  const uint32_t family_bit = family == Family::ipv6 ? kIpv6Bit : 0;
  if (live() >= capacity_) return 0;
  Pool& pool = pools_[pool_index];
  if (pool.free_head != 0) {
    const uint32_t slot = pool.free_head;
    pool.free_head = head(slot | family_bit).expires.load(std::memory_order_relaxed);
    live_.store(live() + 1, std::memory_order_relaxed);
    return slot | family_bit;
  }
  // Fewer than `capacity` records are live and none is free, so an untouched slot is left.
  const uint32_t slot = header_->high_water[pool_index].load(std::memory_order_relaxed) + 1;
  if (!pool.record_extent.covers((size_t{slot} + 1) * pool.stride)) return 0;
  live_.store(live() + 1, std::memory_order_relaxed);
  // Whatever a file may hold there, nobody has published it.
  std::atomic<uint32_t>& life = head(slot | family_bit).life;
  if ((life.load(std::memory_order_relaxed) & 1) != 0) life.fetch_add(1, std::memory_order_relaxed);
  header_->high_water[pool_index].store(slot, std::memory_order_release);
  return slot | family_bit;
}

void ConnectionTable::release(ConnectionId id) {
  Pool& pool = pools_[pool_of(id)];
  ConnectionHead& record = head(id);
  if (record.call_id != 0) call_ids_.give(record.call_id);
  put(record.call_id, uint32_t{0});
  record.expires.store(pool.free_head, std::memory_order_relaxed);
  pool.free_head = slot_of(id);
  live_.store(live() - 1, std::memory_order_relaxed);
}

bool ConnectionTable::has_room_beside(ConnectionId id, const NewConnection& connection) {
  if (!connection.call_id.empty() && !call_ids_.has_room()) return false;
  if ((connection.flags & (kConnectionProxy | kConnectionFtp)) == 0) return true;
  return pools_[pool_of(id)].sequence_extent.covers((size_t{slot_of(id)} + 1) * sizeof(SequenceRecord));
}

CreateError ConnectionTable::create(const NewConnection& connection, ConnectionId& id, Found& clash) {
  const FiveTuple client_tuple = connection.ends.from_client();
  const FiveTuple server_tuple = connection.ends.from_server();
  if ((connection.flags & kConnectionTemplate) != 0) {
    clash = find_template({client_tuple, connection.call_id});
    if (clash.head != nullptr) return CreateError::client_tuple_in_use;
  } else {
    if ((connection.flags & kConnectionOnePacket) == 0) clash = find(client_tuple, hash(client_tuple));
    if (clash.head != nullptr) return CreateError::client_tuple_in_use;
    if ((connection.flags & kConnectionNoClientPort) == 0) clash = find(server_tuple, hash(server_tuple));
    if (clash.head != nullptr) return CreateError::server_tuple_in_use;
  }
  id = allocate(connection.ends.family);
  if (id == 0) return CreateError::full;
  if (!has_room_beside(id, connection)) {
    put(head(id).call_id, uint32_t{0});
    release(id);
    return CreateError::full;
  }

  ConnectionHead& record = head(id);
  // Whoever still reads what was here before, and sees any of the new, also sees that the old record's life has ended.
  std::atomic_thread_fence(std::memory_order_release);
  record.expires.store(connection.expires, std::memory_order_relaxed);
  put(record.destination_id, connection.destination_id);
  put(record.client_port, connection.ends.client_port);
  put(record.virtual_port, connection.ends.virtual_port);
  put(record.real_port, connection.ends.real_port);
  put(record.source_port, connection.ends.source_port());
  put(record.protocol, connection.ends.protocol);
  record.state.store(connection.state, std::memory_order_relaxed);
  record.flags.store(connection.flags, std::memory_order_relaxed);
  record.controller = connection.controller;
  record.controlled.store(0, std::memory_order_relaxed);
  record.in_packets.store(0, std::memory_order_relaxed);
  record.timeout.store(connection.timeout, std::memory_order_relaxed);
  put(record.call_id, connection.call_id.empty() ? 0 : call_ids_.take(connection.call_id));
  if ((connection.flags & (kConnectionProxy | kConnectionFtp)) != 0) sequence(id) = SequenceRecord{};
  if (connection.ends.family == Family::ipv4) {
    auto& record4 = reinterpret_cast<ConnectionRecord4&>(record);
    put(record4.client, connection.ends.client.words[0]);
    put(record4.virtual_, connection.ends.virtual_.words[0]);
    put(record4.real, connection.ends.real.words[0]);
    put(record4.source, connection.ends.source().words[0]);
  } else {
    auto& record6 = reinterpret_cast<ConnectionRecord6&>(record);
    copy_words(record6.client, connection.ends.client);
    copy_words(record6.virtual_, connection.ends.virtual_);
    copy_words(record6.real, connection.ends.real);
    copy_words(record6.source, connection.ends.source());
  }
  if (!index(id, connection.ends, connection.flags)) {
    release(id);
    return CreateError::full;
  }
  if ((connection.flags & kConnectionNoClientPort) != 0) ++expected_;
  put(record.check, check_of(id));
  record.life.store(record.life.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  return CreateError::none;
}

void ConnectionTable::remove(ConnectionId id) {
  ConnectionHead& record = head(id);
  const ConnectionEnds gone = ends(id);
  const uint16_t flags = record.flags.load(std::memory_order_relaxed);
  record.life.store(record.life.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  // Nothing of what comes is stored before that, where the process may end at any moment.
  std::atomic_thread_fence(std::memory_order_release);
  if ((flags & kConnectionNoClientPort) != 0) --expected_;
  unindex(id, gone, flags);
  release(id);
}

void ConnectionTable::invalidate_template(ConnectionId id) {
  ConnectionHead& record = head(id);
  const uint16_t flags = record.flags.load(std::memory_order_relaxed);
  unindex(id, ends(id), flags);
  record.flags.store(flags | kConnectionInvalid, std::memory_order_relaxed);
  // With the flag alone it is invalid, without it with these ports another template.
  std::atomic_thread_fence(std::memory_order_release);
  put(record.virtual_port, kInvalidTemplatePort);
  put(record.real_port, kInvalidTemplatePort);
}

uint32_t ConnectionTable::check_of(ConnectionId id) const {
  const ConnectionHead& record = head(id);
  const ConnectionEnds its = ends(id);
  SipHash13 sum(secret_);
  sum.word(hash(its.from_client()));
  sum.word(hash(its.from_server()));
  sum.word(static_cast<uint64_t>(get(record.destination_id)) << 32 | record.controller);
  const uint16_t kind = record.flags.load(std::memory_order_relaxed) & kConnectionKind;
  sum.word(static_cast<uint64_t>(get(record.call_id)) << 32 | kind);
  return static_cast<uint32_t>(sum.finish());
}

uint32_t ConnectionTable::high_water() const {
  return header_->high_water[0].load(std::memory_order_relaxed) +
         header_->high_water[1].load(std::memory_order_relaxed);
}

ConnectionId ConnectionTable::at(uint32_t index) const {
  const uint32_t first_pool = header_->high_water[0].load(std::memory_order_relaxed);
  const ConnectionId id = index < first_pool ? index + 1 : (index - first_pool + 1) | kIpv6Bit;
  return (head(id).life.load(std::memory_order_relaxed) & 1) != 0 ? id : 0;
}

ConnectionId ConnectionTable::advance_hand() {
  for (int pools_tried = 0; pools_tried < 3; ++pools_tried) {
    if (hand_slot_ < header_->high_water[hand_pool_].load(std::memory_order_relaxed)) {
      ++hand_slot_;
      return hand_slot_ | (hand_pool_ != 0 ? kIpv6Bit : 0);
    }
    hand_pool_ ^= 1;
    hand_slot_ = 0;
  }
  return 0;
}

}  // namespace uipvs
