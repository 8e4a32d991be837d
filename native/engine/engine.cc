#include "engine/engine.h"

#include <net/if.h>
#include <sys/random.h>
#include <time.h>

#include <cerrno>
#include <cstring>

namespace uipvs {

int Engine::create(const EngineLimits& limits, const char*& failed_call) {
  limits_ = limits;
  HashSecret secret;
  failed_call = "getrandom";
  if (::getrandom(&secret, sizeof secret, 0) != static_cast<ssize_t>(sizeof secret)) return -errno;
  failed_call = "mmap";
  int error = table_memory_.map_shared("uipvs-connections", ConnectionTable::memory_bytes(limits.connections));
  if (error == 0) error = lane_memory_.map_anonymous(sizeof(DestinationLane) * kLanes * limits.destinations);
  if (error == 0) error = counter_memory_.map_anonymous(sizeof(WorkerCounters));
  if (error == 0) error = latency_memory_.map_anonymous(sizeof(UpcallLatency));
  if (error == 0) error = ring_memory_.map_anonymous(sizeof(WorkerRings));
  if (error != 0) return error;
  table_.format(table_memory_.bytes(), limits.connections, secret);
  directory_ = std::make_unique<Directory>(limits.services, limits.destinations, secret);
  return 0;
}

int Engine::open_tun(const std::string& name, const char*& failed_call) { return tun_.open(name, failed_call); }

int Engine::open_raw(const char*& failed_call) {
  auto raw = std::make_unique<RawTransmitter>(tun_);
  failed_call = "TUNGETIFF";
  const uint32_t interface = tun_.interface_index();
  if (interface == 0) return -ENODEV;
  const int error = raw->open(interface, failed_call);
  if (error != 0) return error;
  raw_ = std::move(raw);
  return 0;
}

int Engine::open_mark(uint32_t mark, const std::string& name, const char*& failed_call) {
  failed_call = "open";
  if (mark_devices_.contains(mark)) return -EEXIST;
  auto device = std::make_unique<TunDevice>();
  const int error = device->open(name, failed_call);
  if (error != 0) return error;
  if (!others_.add({mark, false}, *device)) return -ENOSPC;
  mark_devices_.emplace(mark, std::move(device));
  // The worker may sleep on the devices that it knew.
  if (worker_) worker_->wait_for_turn();
  return 0;
}

void Engine::close_mark(uint32_t mark) {
  const auto found = mark_devices_.find(mark);
  if (found == mark_devices_.end()) return;
  others_.remove(*found->second);
  if (worker_) worker_->wait_for_turn();
  mark_devices_.erase(found);
}

int Engine::open_wire(const std::string& interface, const char*& failed_call) {
  if (rings_.contains(interface)) return -EEXIST;
  failed_call = "if_nametoindex";
  const uint32_t index = ::if_nametoindex(interface.c_str());
  if (index == 0) return -ENODEV;
  failed_call = "port";
  if (is_port(index)) return -EBUSY;
  // Before the first copy may come.
  set_wire_changing(true);
  auto ring = std::make_unique<PacketRing>();
  const int error = ring->open(index, failed_call);
  if (error != 0) return error;
  if (!others_.add({0, true}, *ring)) return -ENOSPC;
  rings_.emplace(interface, std::move(ring));
  if (worker_) worker_->wait_for_turn();
  return 0;
}

bool Engine::has_wire(const std::string& interface) {
  const auto found = rings_.find(interface);
  if (found == rings_.end()) return false;
  const uint32_t index = found->second->interface();
  return index == ::if_nametoindex(interface.c_str()) && !is_port(index);
}

bool Engine::is_port(uint32_t interface) {
  if (netlink_.descriptor() < 0 && netlink_.open({}) != 0) return false;
  return read_link(netlink_, interface).is_port;
}

void Engine::close_wire(const std::string& interface) {
  const auto found = rings_.find(interface);
  if (found == rings_.end()) return;
  others_.remove(*found->second);
  if (worker_) worker_->wait_for_turn();
  rings_.erase(found);
}

int Engine::start(std::function<void()> ring_doorbell) {
  Transmitter& transmitter = raw_ ? static_cast<Transmitter&>(*raw_) : tun_;
  const Worker::Parts parts = {table_,
                               *directory_,
                               lanes(1),
                               *reinterpret_cast<WorkerCounters*>(counter_memory_.bytes().data()),
                               *reinterpret_cast<UpcallLatency*>(latency_memory_.bytes().data()),
                               *reinterpret_cast<WorkerRings*>(ring_memory_.bytes().data()),
                               others_,
                               tun_,
                               transmitter};
  worker_ = std::make_unique<Worker>(parts, std::move(ring_doorbell));
  return worker_->start("uipvs-worker0");
}

void Engine::stop() {
  if (worker_) worker_->stop();
}

void Engine::clear_destination(uint32_t id) {
  for (uint32_t index = 0; index < kLanes; ++index) {
    DestinationLane& counts = lanes(0).lane(index, id);
    counts.connections = 0;
    counts.in_packets = 0;
    counts.out_packets = 0;
    counts.in_bytes = 0;
    counts.out_bytes = 0;
    counts.active = 0;
    counts.inactive = 0;
    counts.persistent = 0;
    counts.overloaded = 0;
  }
}

Tick Engine::now() {
  timespec now;
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<Tick>(static_cast<uint64_t>(now.tv_sec) * kTicksPerSecond +
                           static_cast<uint64_t>(now.tv_nsec) / (1'000'000'000 / kTicksPerSecond));
}

}  // namespace uipvs
