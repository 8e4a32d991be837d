#include "io/next_hops.h"

namespace uipvs {
namespace {

uint64_t mix(uint64_t value) {
  // Source: the finalizer of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

uint64_t mix_address(const Address& address) {
  const uint64_t high = static_cast<uint64_t>(address.words[0]) << 32 | address.words[1];
  const uint64_t low = static_cast<uint64_t>(address.words[2]) << 32 | address.words[3];
  return mix(high + mix(low + 0x9e3779b97f4a7c15u));
}

}  // namespace

size_t NextHops::NeighbourKeyHash::operator()(const NeighbourKey& key) const {
  return mix(mix_address(key.address) + key.interface);
}

int NextHops::open(uint32_t tun_interface) {
  const int error = kernel_.open(tun_interface);
  if (error != 0) return error;
  // Pages of it that are never used stay the zero page.
  places_ = std::make_unique<Place[]>(kPlaces);
  return 0;
}

void NextHops::forget_all() {
  ++generation_;
  neighbours_.clear();
  by_key_.clear();
  links_.clear();
}

void NextHops::follow(Tick now) {
  now_ = now;
  kernel_.follow({[this] { forget_all(); },
                  [this](const NeighbourEvent& event) {
                    const auto found = by_key_.find({event.interface, event.family, event.address});
                    if (found == by_key_.end()) return;
                    Neighbour& neighbour = neighbours_[found->second];
                    neighbour.is_valid = event.now.is_valid;
                    neighbour.needs_probes = event.now.needs_probes;
                    neighbour.hop.destination = event.now.mac;
                  }});
}

NextHops::Place& NextHops::place_of(const Address& source, const Address& destination) {
  return places_[mix(mix_address(source) ^ mix_address(destination) * 3) & (kPlaces - 1)];
}

const NextHop* NextHops::find(Family family, const Address& source, const Address& destination) {
  Place& place = place_of(source, destination);
  const bool is_known = place.generation == generation_ && place.family == family && place.source == source &&
                        place.destination == destination;
  if (!is_known && !learn(place, family, source, destination)) return nullptr;
  if (place.neighbour == kByKernel) return nullptr;
  Neighbour& neighbour = neighbours_[place.neighbour];
  if (!neighbour.is_valid) return nullptr;
  if (neighbour.needs_probes && now_ - neighbour.used_at >= kTicksPerSecond && questions_ > 0) {
    --questions_;
    neighbour.used_at = now_;
    kernel_.use_neighbour(neighbour.key.interface, neighbour.key.family, neighbour.key.address);
  }
  if (place.mtu_bytes >= neighbour.hop.mtu_bytes) return &neighbour.hop;
  found_ = neighbour.hop;
  found_.mtu_bytes = place.mtu_bytes;
  return &found_;
}

bool NextHops::learn(Place& place, Family family, const Address& source, const Address& destination) {
  if (questions_ <= 0) return false;
  --questions_;
  const KernelRoute route = kernel_.route(family, source, destination);
  const uint32_t neighbour = route.is_unicast ? neighbour_of(route) : kByKernel;
  const uint32_t mtu = route.mtu_bytes == 0 ? UINT32_MAX : route.mtu_bytes;
  place = {generation_, neighbour, mtu, family, source, destination};
  return true;
}

uint32_t NextHops::neighbour_of(const KernelRoute& route) {
  const NeighbourKey key = {route.interface, route.neighbour_family, route.neighbour};
  const auto known = by_key_.find(key);
  if (known != by_key_.end()) return known->second;
  if (neighbours_.size() >= kMostNeighbours) forget_all();
  const auto [found, is_new] = links_.try_emplace(route.interface);
  KernelLink& link = found->second;
  if (is_new) link = kernel_.link(route.interface);
  if (!link.is_ethernet) return kByKernel;
  const KernelNeighbour state = kernel_.neighbour(key.interface, key.family, key.address);
  const auto index = static_cast<uint32_t>(neighbours_.size());
  const NextHop hop = {key.interface, link.mtu_bytes, state.mac, link.mac};
  neighbours_.push_back({key, hop, state.is_valid, state.needs_probes, now_});
  by_key_.emplace(key, index);
  return index;
}

}  // namespace uipvs
