// SipHash-1-3 of whole 64-bit words: the keyed hash of the connection index. Clients choose ports and addresses, so an
// unkeyed hash would let one of them fill a bucket. Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF".
#pragma once

#include <bit>
#include <cstdint>
#include <span>

#include "core/tuple.h"

namespace uipvs {

struct HashSecret {
  uint64_t key0 = 0;
  uint64_t key1 = 0;
};

class SipHash13 {
 public:
  explicit SipHash13(const HashSecret& secret)
      : v0_(secret.key0 ^ 0x736f6d6570736575),
        v1_(secret.key1 ^ 0x646f72616e646f6d),
        v2_(secret.key0 ^ 0x6c7967656e657261),
        v3_(secret.key1 ^ 0x7465646279746573) {}

  void word(uint64_t value) {
    v3_ ^= value;
    round();
    v0_ ^= value;
    ++words_;
  }

  uint64_t finish() {
    word(static_cast<uint64_t>(words_) << 59);  // the length in bytes, in the top byte of the last word
    v2_ ^= 0xff;
    round();
    round();
    round();
    return v0_ ^ v1_ ^ v2_ ^ v3_;
  }

 private:
  void round() {
    v0_ += v1_;
    v1_ = std::rotl(v1_, 13) ^ v0_;
    v0_ = std::rotl(v0_, 32);
    v2_ += v3_;
    v3_ = std::rotl(v3_, 16) ^ v2_;
    v0_ += v3_;
    v3_ = std::rotl(v3_, 21) ^ v0_;
    v2_ += v1_;
    v1_ = std::rotl(v1_, 17) ^ v2_;
    v2_ = std::rotl(v2_, 32);
  }

  uint64_t v0_, v1_, v2_, v3_;
  uint32_t words_ = 0;
};

inline uint64_t hash_address(SipHash13 hash, Family family, const Address& address, uint64_t last_word) {
  hash.word(static_cast<uint64_t>(address.words[0]) << 32 | address.words[1]);
  if (family == Family::ipv6) hash.word(static_cast<uint64_t>(address.words[2]) << 32 | address.words[3]);
  hash.word(last_word);
  return hash.finish();
}

inline uint64_t hash_tuple(const HashSecret& secret, const FiveTuple& tuple) {
  SipHash13 hash(secret);
  const uint64_t ports = static_cast<uint64_t>(tuple.source_port) << 48 |
                         static_cast<uint64_t>(tuple.destination_port) << 32 |
                         static_cast<uint64_t>(tuple.protocol) << 8 | static_cast<uint8_t>(tuple.family);
  if (tuple.family == Family::ipv4) {
    hash.word(static_cast<uint64_t>(tuple.source.words[0]) << 32 | tuple.destination.words[0]);
  } else {
    for (const Address* address : {&tuple.source, &tuple.destination}) {
      hash.word(static_cast<uint64_t>(address->words[0]) << 32 | address->words[1]);
      hash.word(static_cast<uint64_t>(address->words[2]) << 32 | address->words[3]);
    }
  }
  hash.word(ports);
  return hash.finish();
}

}  // namespace uipvs
