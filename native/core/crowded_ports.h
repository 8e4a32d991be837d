// Which source ports are taken, where so many are that looking for a free one by trying would take long.
//
// Theory of operation: the connection table knows of each address and port of the director's whether a connection with a
// certain port of a real server has it: its way back is in the index. Most often the first one that is tried is free, and
// nothing else is needed. Where many tries in a row were vain, a crowd is made of the way back: a bit a port, filled by
// asking the table about every port once, and kept up to date with each connection that comes or goes. From then on a
// free port, or that there is none, is found by a look at the bits. A crowd that has become sparse is forgotten, so that
// their memory is a fraction of that of the connections that they are about.
//
// The bits are a hint: what they name as free is asked of the table before it is used.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/siphash.h"
#include "core/tuple.h"

namespace uipvs {

// `count` ports from `first` on.
struct PortRange {
  uint32_t first = 0;
  uint32_t count = 0;

  bool operator==(const PortRange&) const = default;
  bool holds(uint32_t port) const { return port >= first && port - first < count; }
};

class CrowdedPorts {
 public:
  explicit CrowdedPorts(const HashSecret& secret) : crowds_(0, Hash{secret}) {}

  // What a real server's packet to a masqueraded connection says, with any port as its destination's.
  using WayBack = FiveTuple;

  bool is_empty() const { return crowds_.empty(); }
  size_t size() const { return crowds_.size(); }

  // A free port of the range, at `start` or behind it, cyclically; 0 where there is none. is_taken(port) asks the table;
  // it may call note().
  template <typename IsTaken>
  uint16_t find_free(const WayBack& way_back, const PortRange& range, uint32_t start, IsTaken&& is_taken) {
    if (!has_crowd(way_back, range)) make_crowd(way_back, range, is_taken);
    Crowd& crowd = crowds_.find(key_of(way_back))->second;
    for (;;) {
      const uint32_t index = crowd.next_free(start);
      if (index == range.count) return 0;
      const uint16_t port = static_cast<uint16_t>(range.first + index);
      if (!is_taken(port)) return port;
      crowd.set(index, true);
    }
  }

  // A connection has come or gone that packets with this tuple belong to.
  void note(const FiveTuple& tuple, bool is_taken);

  // Not to be called within find_free().
  void forget_sparse();

 private:
  struct Hash {
    HashSecret secret;
    size_t operator()(const FiveTuple& tuple) const { return static_cast<size_t>(hash_tuple(secret, tuple)); }
  };
  struct Crowd {
    explicit Crowd(const PortRange& ports);

    void set(uint32_t index, bool is_taken);
    // The range's count where none is free.
    uint32_t next_free(uint32_t start) const;

    PortRange range;
    uint32_t taken = 0;
    std::vector<uint64_t> words;  // a bit a port, 1: taken; those behind the last port too
  };

  static FiveTuple key_of(FiveTuple tuple) {
    tuple.destination_port = 0;
    return tuple;
  }
  bool has_crowd(const WayBack& way_back, const PortRange& range) const;

  template <typename IsTaken>
  void make_crowd(const WayBack& way_back, const PortRange& range, IsTaken& is_taken) {
    Crowd crowd(range);
    for (uint32_t index = 0; index < range.count; ++index) {
      if (is_taken(static_cast<uint16_t>(range.first + index))) crowd.set(index, true);
    }
    crowds_.insert_or_assign(key_of(way_back), std::move(crowd));
  }

  std::unordered_map<FiveTuple, Crowd, Hash> crowds_;
};

}  // namespace uipvs
