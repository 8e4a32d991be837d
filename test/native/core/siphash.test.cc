#include "core/siphash.h"

#include <doctest/doctest.h>

namespace uipvs::test {

TEST_CASE("siphash: agrees with other implementations of SipHash-1-3") {
  // Rust's core::hash::SipHasher13 with key 00 01 .. 0f.
  CHECK(SipHash13({0x0706050403020100, 0x0f0e0d0c0b0a0908}).finish() == 0xabac0158050fc4dc);
  // CPython 3.11's hash(bytes(range(n))) with PYTHONHASHSEED=0, which is a key of zeros.
  SipHash13 hash({});
  hash.word(0x0706050403020100);
  CHECK(SipHash13(hash).finish() == 0xead411e67ebe2eea);
  hash.word(0x0f0e0d0c0b0a0908);
  hash.word(0x1716151413121110);
  CHECK(SipHash13(hash).finish() == 0x31185a47af932f3a);
  hash.word(0x1f1e1d1c1b1a1918);
  hash.word(0x2726252423222120);
  CHECK(SipHash13(hash).finish() == 0x95bc321ab41d8206);
}

TEST_CASE("siphash: every field of a tuple matters, and so does the secret") {
  const FiveTuple base{Family::ipv4, 6, 1, 2, {{3}}, {{4}}};
  const HashSecret secret{5, 6};
  const uint64_t hash = hash_tuple(secret, base);
  for (const FiveTuple& other :
       {FiveTuple{Family::ipv4, 17, 1, 2, {{3}}, {{4}}}, FiveTuple{Family::ipv4, 6, 2, 1, {{3}}, {{4}}},
        FiveTuple{Family::ipv4, 6, 1, 2, {{4}}, {{3}}}, FiveTuple{Family::ipv6, 6, 1, 2, {{3}}, {{4}}},
        base.reversed()}) {
    CHECK(hash_tuple(secret, other) != hash);
  }
  CHECK(hash_tuple({6, 5}, base) != hash);
  CHECK(hash_tuple(secret, base) == hash);
}

}  // namespace uipvs::test
