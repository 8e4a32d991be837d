// Makes whole datagrams of IP fragments.
//
// Theory of operation. Ports are only in a first fragment, and a transport checksum covers the whole datagram: what is
// to be balanced is put together first, as Linux does before IPVS sees it (ip_defrag, nf_defrag_ipv6), and leaves in
// fragments again (fragmentation.h) that are no larger than the largest that came: whoever cut it knows the path.
//
// A fragment is read on its own (fragment_view.h), and refused alone where it is absurd. Its datagram is found by
// addresses, identification and, for IPv4, protocol (datagram_table.h); its bytes are kept as they came, in blocks
// (fragment_store.h), in whatever order. When the first and the last byte and all between are there, the datagram is
// copied together, once, into a buffer of the reassembler, and forgotten.
//
// No two pieces of a datagram overlap, so no byte has two values, and nobody can show a different datagram to this
// director than to the real server. A piece that overlaps, or contradicts the length, gives the whole datagram up: what
// is there is thrown away, and what comes later of the same identification is refused until the time that the datagram
// had is over (RFC 5722). Only a piece of just the same cut is ignored: networks do duplicate packets. Its bytes are
// not compared: the first ones count, here and, since only the whole datagram leaves, everywhere; if they were not
// those of the rest, the transport checksum tells. Differs from Linux: there a piece within what
// is there is a duplicate in whatever cut, and a datagram that is given up is forgotten at once, so that what comes of it
// later begins a new one, and may be answered when that one's time is over.
//
// Memory is bounded in all (records, index and blocks), and taken once. A flood of fragments that never become whole
// fills any memory, so somebody must give way: a source that has its share gives up its own oldest datagram, and where
// the whole is taken the oldest of all goes. Linux did so until 4.17; since then it refuses every fragment while 4 MB
// are taken, so that a flood stops reassembly for everybody until the timers free some. A refused datagram holds a
// record, no block, and may be forgotten early in the same way; then a new one may begin, which still is consistent in
// itself.
//
// Time is 30 s for IPv4 and 60 s for IPv6, from the first fragment that came. The caller keeps the clock and asks for
// what is over (expire_one), before it adds more; who sent the first fragment may be told so.
// Source: RFC 791 3.2, RFC 815, RFC 8200 4.5, RFC 5722, RFC 1858, RFC 3128, RFC 7112, RFC 3168 5.3; Linux
// net/ipv4/ip_fragment.c, net/ipv6/reassembly.c, net/ipv4/inet_fragment.c.
#pragma once

#include <cstdint>
#include <memory>

#include "core/connection.h"
#include "core/datagram_table.h"
#include "core/fragment_store.h"
#include "core/fragment_view.h"
#include "core/packet.h"
#include "core/siphash.h"

namespace uipvs {

// Specification: net/ipv4/ip_fragment.c (IP_FRAG_TIME), RFC 8200 4.5.
inline constexpr Tick kFragmentTime4 = 30 * kTicksPerSecond;
inline constexpr Tick kFragmentTime6 = 60 * kTicksPerSecond;

struct ReassemblyLimits {
  // Of everything but the buffer for the whole datagram. Source: Linux, ipfrag_high_thresh.
  uint32_t memory_bytes = 4u << 20;
  // Implementation: the memory holds 1500 datagrams of which one full Ethernet frame has come (five blocks each), or
  // more, up to this, of smaller ones.
  uint32_t datagrams = 2048;  // at least 1
  // Implementation: a quarter of both for one source (IPv6: a network of 64 bits): 14 of the largest datagrams, or 400
  // of which one full frame has come.
  uint32_t source_memory_bytes = 1u << 20;  // of blocks
  uint32_t source_datagrams = 512;          // at least 1
};

struct WholeDatagram {
  Packet packet;                        // in the reassembler's memory, with its headroom; no offload metadata
  uint32_t largest_fragment_bytes = 0;  // the largest IP packet that it came in: it may leave in no larger ones
};

enum class Expiry : uint8_t {
  none,        // no datagram's time is over
  refused,     // of one that had been refused
  incomplete,  // of one whose first fragment had not come
  answerable,  // of one whose first fragment is there
};

class Reassembler {
 public:
  explicit Reassembler(const HashSecret& secret, const ReassemblyLimits& limits = {});

  // Takes a fragment; its bytes are copied. `whole` is written where the outcome is `complete`, and valid until the next
  // call of add() or expire_one(): an ordinary IP packet with its mark and hop limit from the first fragment.
  // IPv4: identification kept; DF set where the largest fragment had it (as Linux does: a small fragment with DF says
  // nothing of the large ones); congestion marks joined (RFC 3168). IPv6: without the fragment header.
  FragmentOutcome add(const Packet& fragment, Tick now, WholeDatagram& whole);

  // Forgets one datagram whose time is over at `now`, and says which kind it was. Where answerable, `first` is its
  // first fragment as it came, valid until the next call: the caller may send an ICMP time exceeded, code 1 (RFC 792,
  // RFC 1122 3.3.2) or ICMPv6 type 3, code 1 (RFC 8200 4.5), at its own rate. Call it until it says none, or a bounded
  // number of times.
  Expiry expire_one(Tick now, Packet& first);

  uint32_t live() const { return table_.live(); }
  uint32_t used_blocks() const { return store_.used(); }
  uint32_t block_capacity() const { return store_.capacity(); }
  // Memory in use of that which limits.memory_bytes bounds: records and index, which are there always, and blocks.
  size_t used_bytes() const;
  // Datagrams given up for room so far; those that had been refused do not count.
  uint64_t evicted() const { return evicted_; }

  // For tests: whether blocks and bytes counted anew, from every record, are those accounted for.
  bool is_accounted();

 private:
  FragmentOutcome place(Datagram& datagram, const FragmentView& view, const Packet& fragment);
  FragmentOutcome check_cut(const Datagram& datagram, const FragmentView& view) const;
  FragmentOutcome make_room(const Datagram& datagram, uint32_t blocks);
  FragmentOutcome join(const Datagram& datagram, WholeDatagram& whole);
  void write_ipv4(const Datagram& datagram, uint32_t length);
  void write_ipv6(const Datagram& datagram, uint32_t header_bytes, uint32_t length);
  void copy_first(const Datagram& datagram, Packet& first);
  Packet packet_of(const Datagram& datagram, uint32_t length);
  Datagram& begin(const DatagramKey& key, Tick now);
  Datagram* oldest_but(const Datagram* kept);
  void charge(Datagram& datagram, uint32_t blocks);
  void release_bytes(Datagram& datagram);
  void forget(Datagram& datagram);
  void evict(Datagram& datagram);

  ReassemblyLimits limits_;
  DatagramTable table_;
  FragmentStore store_;
  std::unique_ptr<uint8_t[]> buffer_;
  uint64_t evicted_ = 0;
};

}  // namespace uipvs
