#include "core/datagram_table.h"

#include <algorithm>
#include <bit>

namespace uipvs {
namespace {

Address network_of(const DatagramKey& key) {
  if (key.family == Family::ipv4) return key.source;
  return {{key.source.words[0], key.source.words[1], 0, 0}};
}

// As many buckets as records, rounded up.
uint32_t bucket_count(uint32_t capacity) { return std::bit_ceil(capacity); }

}  // namespace

DatagramTable::DatagramTable(uint32_t capacity, const HashSecret& secret)
    : capacity_(capacity),
      bucket_mask_(bucket_count(capacity) - 1),
      secret_(secret),
      datagrams_(new Datagram[capacity]),
      sources_(new FragmentSource[capacity]),
      buckets_(new uint32_t[bucket_mask_ + 1]),
      source_buckets_(new uint32_t[bucket_mask_ + 1]) {
  std::fill_n(buckets_.get(), bucket_mask_ + 1, kNoRecord);
  std::fill_n(source_buckets_.get(), bucket_mask_ + 1, kNoRecord);
}

size_t DatagramTable::memory_bytes(uint32_t capacity) {
  return static_cast<size_t>(capacity) * (sizeof(Datagram) + sizeof(FragmentSource)) +
         size_t{2} * bucket_count(capacity) * sizeof(uint32_t);
}

uint32_t DatagramTable::bucket_of(const DatagramKey& key) const {
  SipHash13 hash(secret_);
  const int words = key.family == Family::ipv6 ? 4 : 1;
  for (int i = 0; i < words; ++i) {
    hash.word(static_cast<uint64_t>(key.source.words[i]) << 32 | key.destination.words[i]);
  }
  hash.word(static_cast<uint64_t>(key.identification) << 16 | static_cast<uint64_t>(key.protocol) << 8 |
            static_cast<uint8_t>(key.family));
  return static_cast<uint32_t>(hash.finish()) & bucket_mask_;
}

uint32_t DatagramTable::source_bucket_of(Family family, const Address& network) const {
  return static_cast<uint32_t>(hash_address(SipHash13(secret_), family, network, static_cast<uint64_t>(family))) &
         bucket_mask_;
}

Datagram* DatagramTable::find(const DatagramKey& key) {
  Datagram* found = at(buckets_[bucket_of(key)]);
  while (found != nullptr && !(found->key == key)) found = at(found->next_in_bucket);
  return found;
}

FragmentSource* DatagramTable::find_source(const DatagramKey& key) {
  const Address network = network_of(key);
  uint32_t record = source_buckets_[source_bucket_of(key.family, network)];
  for (; record != kNoRecord; record = sources_[record].next_in_bucket) {
    FragmentSource& source = sources_[record];
    if (source.family == key.family && source.network == network) return &source;
  }
  return nullptr;
}

Datagram& DatagramTable::create(const DatagramKey& key, Tick deadline) {
  uint32_t record = free_;
  if (record == kNoRecord) {
    record = touched_++;
  } else {
    free_ = datagrams_[record].next_in_bucket;
  }
  Datagram& made = datagrams_[record] = Datagram{};
  made.key = key;
  made.deadline = deadline;
  uint32_t& bucket = buckets_[bucket_of(key)];
  made.next_in_bucket = bucket;
  bucket = record;
  push(ages_[key.family == Family::ipv6], &Datagram::by_age, record);
  made.source = take_source(key);
  FragmentSource& source = sources_[made.source];
  ++source.datagrams;
  push(source.queue, &Datagram::by_source, record);
  ++live_;
  return made;
}

void DatagramTable::remove(Datagram& datagram) {
  const uint32_t record = static_cast<uint32_t>(&datagram - datagrams_.get());
  uint32_t* link = &buckets_[bucket_of(datagram.key)];
  while (*link != record) link = &datagrams_[*link].next_in_bucket;
  *link = datagram.next_in_bucket;
  unlink(ages_[datagram.key.family == Family::ipv6], &Datagram::by_age, record);
  FragmentSource& source = sources_[datagram.source];
  unlink(source.queue, &Datagram::by_source, record);
  if (--source.datagrams == 0) release_source(datagram.source);
  datagram.next_in_bucket = free_;
  free_ = record;
  --live_;
}

uint32_t DatagramTable::take_source(const DatagramKey& key) {
  const FragmentSource* const known = find_source(key);
  if (known != nullptr) return static_cast<uint32_t>(known - sources_.get());
  uint32_t record = free_source_;
  if (record == kNoRecord) {
    record = sources_touched_++;
  } else {
    free_source_ = sources_[record].next_in_bucket;
  }
  FragmentSource& made = sources_[record] = FragmentSource{};
  made.network = network_of(key);
  made.family = key.family;
  uint32_t& bucket = source_buckets_[source_bucket_of(key.family, made.network)];
  made.next_in_bucket = bucket;
  bucket = record;
  return record;
}

void DatagramTable::release_source(uint32_t record) {
  FragmentSource& source = sources_[record];
  uint32_t* link = &source_buckets_[source_bucket_of(source.family, source.network)];
  while (*link != record) link = &sources_[*link].next_in_bucket;
  *link = source.next_in_bucket;
  source.next_in_bucket = free_source_;
  free_source_ = record;
}

void DatagramTable::push(DatagramQueue& queue, DatagramLinks Datagram::*links, uint32_t record) {
  datagrams_[record].*links = {queue.newest, kNoRecord};
  (queue.newest == kNoRecord ? queue.oldest : (datagrams_[queue.newest].*links).newer) = record;
  queue.newest = record;
}

void DatagramTable::unlink(DatagramQueue& queue, DatagramLinks Datagram::*links, uint32_t record) {
  const DatagramLinks gone = datagrams_[record].*links;
  (gone.older == kNoRecord ? queue.oldest : (datagrams_[gone.older].*links).newer) = gone.newer;
  (gone.newer == kNoRecord ? queue.newest : (datagrams_[gone.newer].*links).older) = gone.older;
}

}  // namespace uipvs
