// Where packets go that leave past the kernel: which interface, and with which Ethernet header.
//
// Theory of operation: the kernel is asked once for each pair of addresses, and its answer kept until a route, a rule, an
// address or an interface changes, of which its events tell; then everything is forgotten, which is safe and cheap. A
// neighbour's address follows the kernel's own table by the same events. The kernel sees no packet go to a neighbour and
// would think it unused: it is told once a second of each that is used, and probes it as it would otherwise (RFC 1122,
// 2.3.2.1; RFC 4861, 7.3). What is not known, or is nobody a frame can be sent to, is left to the kernel: it resolves
// neighbours, answers for what it cannot reach, and delivers to the host itself.
//
// One thread uses an object. Questions to the kernel are system calls on the packet path, so a burst may ask only so many;
// the rest of its new addresses go by the kernel this time. The cache has a fixed size; two pairs that share a place take
// turns at it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "core/connection.h"
#include "io/kernel_routes.h"

namespace uipvs {

struct NextHop {
  uint32_t interface = 0;
  uint32_t mtu_bytes = 0;
  MacAddress destination{};
  MacAddress source{};
};

class NextHops {
 public:
  // `tun_interface`: index of the device that packets would otherwise be given to the kernel by. 0 or -errno.
  int open(uint32_t tun_interface);

  // Takes notice of what has changed. Call it when the tick changes and before the first packet after a wait.
  void follow(Tick now);
  // Allows the next burst its questions.
  void begin_burst() { questions_ = kQuestionsPerBurst; }

  // Null: by the kernel. Valid until the next call of any method.
  const NextHop* find(Family family, const Address& source, const Address& destination);

  int descriptor() const { return kernel_.descriptor(); }

 private:
  // Implementation: an answer takes some 4 us.
  static constexpr int kQuestionsPerBurst = 16;
  static constexpr uint32_t kPlaces = 1u << 16;
  static constexpr size_t kMostNeighbours = 1u << 14;

  struct NeighbourKey {
    uint32_t interface;
    Family family;
    Address address;
    bool operator==(const NeighbourKey&) const = default;
  };
  struct NeighbourKeyHash {
    size_t operator()(const NeighbourKey& key) const;
  };
  struct Neighbour {
    NeighbourKey key;
    NextHop hop;
    bool is_valid;
    bool needs_probes;
    Tick used_at;
  };
  struct Place {
    uint32_t generation;
    uint32_t neighbour;  // index; kByKernel
    uint32_t mtu_bytes;
    Family family;
    Address source;
    Address destination;
  };
  static constexpr uint32_t kByKernel = UINT32_MAX;

  Place& place_of(const Address& source, const Address& destination);
  bool learn(Place& place, Family family, const Address& source, const Address& destination);
  uint32_t neighbour_of(const KernelRoute& route);
  void forget_all();

  KernelRoutes kernel_;
  std::unique_ptr<Place[]> places_;
  std::vector<Neighbour> neighbours_;
  std::unordered_map<NeighbourKey, uint32_t, NeighbourKeyHash> by_key_;
  std::unordered_map<uint32_t, KernelLink> links_;
  NextHop found_;
  uint32_t generation_ = 1;
  int questions_ = 0;
  Tick now_ = 0;
};

}  // namespace uipvs
