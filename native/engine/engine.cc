#include "engine/engine.h"

#include <net/if.h>
#include <sys/random.h>

#include <cerrno>
#include <cstring>

#include "engine/boot_time.h"

namespace uipvs {

int Engine::create(const EngineLimits& limits, const char*& failed_call) {
  limits_ = limits;
  HashSecret secret;
  failed_call = "getrandom";
  if (::getrandom(&secret, sizeof secret, 0) != static_cast<ssize_t>(sizeof secret)) return -errno;
  failed_call = "mmap";
  int error = table_memory_.map_shared("uipvs-connections", ConnectionTable::memory_bytes(limits.connections));
  if (error == 0) error = lane_memory_.map_anonymous(sizeof(DestinationLane) * kLanes * limits.destinations);
  if (error == 0) error = counter_memory_.map_anonymous(sizeof(WorkerCounters) * (1 + limits.workers));
  if (error == 0) error = latency_memory_.map_anonymous(sizeof(UpcallLatency));
  if (error == 0) error = ring_memory_.map_anonymous(sizeof(WorkerRings));
  if (error != 0) return error;
  table_.format(table_memory_.bytes(), limits.connections, secret);
  directory_ = std::make_unique<Directory>(limits.services, limits.destinations, secret);
  for (uint32_t i = 0; i < limits.workers; ++i) others_.push_back(std::make_unique<ReceiverSet>());
  return 0;
}

int Engine::open_state(const std::string& directory, bool is_fresh, Found& found, const char*& failed_call) {
  auto state = std::make_unique<StateFile>();
  int error = state->open(directory, failed_call);
  if (error != 0) return error;
  size_t present = 0;
  failed_call = "fstat";
  if ((error = state->read_size(present)) != 0) return error;
  const size_t kept = ConnectionTable::kept_bytes(limits_.connections);
  found = present == 0 || is_fresh ? Found::nothing : present == kept ? Found::table : Found::other_size;
  failed_call = "ftruncate";
  if (found != Found::table && (error = state->clear(kept)) != 0) return error;
  failed_call = "fallocate";
  if (!state->take(0, ConnectionTable::kPageBytes)) return -ENOSPC;
  Mapping memory;
  failed_call = "mmap";
  error = memory.map_file(state->descriptor(), kept, ConnectionTable::memory_bytes(limits_.connections));
  if (error != 0) return error;

  const BootId boot_id = read_boot_id();
  if (found == Found::table) {
    switch (table_.resume(memory.bytes(), limits_.connections, boot_id, state.get())) {
      case ConnectionTable::Mismatch::none: break;
      case ConnectionTable::Mismatch::unfinished: found = Found::unfinished; break;
      case ConnectionTable::Mismatch::layout: found = Found::other_layout; break;
      case ConnectionTable::Mismatch::capacity: found = Found::other_capacity; break;
      case ConnectionTable::Mismatch::boot: found = Found::other_boot; break;
    }
    failed_call = "ftruncate";
    if (found != Found::table && (error = state->clear(kept)) != 0) return error;
    failed_call = "fallocate";
    if (!state->take(0, ConnectionTable::kPageBytes)) return -ENOSPC;
  }
  // By a secret of its own: the directory's and those of files that are gone are others'.
  if (found != Found::table) {
    HashSecret secret;
    failed_call = "getrandom";
    if (::getrandom(&secret, sizeof secret, 0) != static_cast<ssize_t>(sizeof secret)) return -errno;
    table_.format(memory.bytes(), limits_.connections, secret, boot_id, state.get());
  }
  table_memory_ = std::move(memory);
  state_ = std::move(state);
  return 0;
}

RecoveryReport Engine::recover() { return TableRecovery(table_, *directory_, lanes(1), now()).run(); }

int Engine::open_device(TunDevice& device, const std::string& name, bool has_queues, std::span<const int>& kept,
                        const char*& failed_call) {
  while (!kept.empty()) {
    const int descriptor = kept.front();
    kept = kept.subspan(1);
    if (device.take(descriptor, name, has_queues)) return 0;
  }
  return device.open(name, has_queues, failed_call);
}

int Engine::open_tun(const std::string& name, std::span<const int> kept, const char*& failed_call) {
  const bool has_queues = limits_.workers > 1;
  int error = open_device(tun_, name, has_queues, kept, failed_call);
  for (uint32_t i = 1; i < limits_.workers && error == 0; ++i) {
    queues_.push_back(std::make_unique<TunDevice>());
    error = open_device(*queues_.back(), name, has_queues, kept, failed_call);
  }
  for (const int descriptor : kept) ::close(descriptor);
  return error;
}

std::vector<int> Engine::device_descriptors(uint32_t mark) const {
  const TunDevice* const device = device_of(mark);
  if (device == nullptr) return {};
  std::vector<int> descriptors = {device->descriptor()};
  if (mark != 0) return descriptors;
  for (const auto& queue : queues_) descriptors.push_back(queue->descriptor());
  return descriptors;
}

const TunDevice* Engine::device_of(uint32_t mark) const {
  if (mark == 0) return &tun_;
  const auto found = mark_devices_.find(mark);
  return found == mark_devices_.end() ? nullptr : found->second.get();
}

bool Engine::is_device_kept(uint32_t mark) const {
  const TunDevice* const device = device_of(mark);
  return device != nullptr && device->is_kept();
}

int Engine::keep_device(uint32_t mark, bool is_kept) {
  const TunDevice* const device = device_of(mark);
  return device == nullptr ? -ENODEV : device->keep(is_kept);
}

int Engine::open_raw(const char*& failed_call) {
  failed_call = "TUNGETIFF";
  const uint32_t interface = tun_.interface_index();
  if (interface == 0) return -ENODEV;
  std::vector<std::unique_ptr<RawTransmitter>> raw;
  for (uint32_t i = 0; i < limits_.workers; ++i) {
    raw.push_back(std::make_unique<RawTransmitter>(queue(i)));
    const int error = raw.back()->open(interface, failed_call);
    if (error != 0) return error;
  }
  raw_ = std::move(raw);
  return 0;
}

int Engine::open_kept_errors(Family family, const char*& failed_call) {
  if (family == Family::ipv4) return kept_errors4_.open(failed_call);
  return kept_errors6_.open(failed_call);
}

int Engine::open_mark(uint32_t mark, const std::string& name, std::span<const int> kept, const char*& failed_call) {
  failed_call = "open";
  if (mark_devices_.contains(mark)) return -EEXIST;
  auto device = std::make_unique<TunDevice>();
  const int error = open_device(*device, name, false, kept, failed_call);
  for (const int descriptor : kept) ::close(descriptor);
  if (error != 0) return error;
  if (!others_.front()->add({mark, false}, *device)) return -ENOSPC;
  mark_devices_.emplace(mark, std::move(device));
  // The worker may sleep on the devices that it knew.
  wait_for_turns();
  return 0;
}

void Engine::close_mark(uint32_t mark) {
  const auto found = mark_devices_.find(mark);
  if (found == mark_devices_.end()) return;
  others_.front()->remove(*found->second);
  wait_for_turns();
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
  if (rings_.size() + mark_devices_.size() >= ReceiverSet::kMost) return -ENOSPC;
  Rings rings;
  for (uint32_t i = 0; i < limits_.workers; ++i) {
    auto ring = std::make_unique<PacketRing>();
    const PacketRing::Options options = {limits_.workers > 1, i == 0 ? nullptr : rings.front().get()};
    const int error = ring->open(index, options, wire_filter_, failed_call);
    if (error != 0) return error;
    rings.push_back(std::move(ring));
  }
  for (uint32_t i = 0; i < limits_.workers; ++i) others_[i]->add({0, true}, *rings[i]);
  rings_.emplace(interface, std::move(rings));
  wait_for_turns();
  return 0;
}

void Engine::set_on_wire(OnWire protocols) {
  directory().capture.protocols.store(protocols, std::memory_order_relaxed);
  wire_filter_ = WireFilter(protocols);
}

void Engine::set_wire_networks(std::span<const Network> destinations, std::span<const Network> sources) {
  wire_filter_ = WireFilter(directory().capture.protocols.load(std::memory_order_relaxed), destinations, sources);
  for (const auto& [interface, rings] : rings_) {
    for (const auto& ring : rings) ring->set_filter(wire_filter_);
  }
}

bool Engine::has_wire(const std::string& interface) {
  const auto found = rings_.find(interface);
  if (found == rings_.end()) return false;
  const uint32_t index = found->second.front()->interface();
  return index == ::if_nametoindex(interface.c_str()) && !is_port(index);
}

bool Engine::is_port(uint32_t interface) {
  if (netlink_.descriptor() < 0 && netlink_.open({}) != 0) return false;
  return read_link(netlink_, interface).is_port;
}

void Engine::close_wire(const std::string& interface) {
  const auto found = rings_.find(interface);
  if (found == rings_.end()) return;
  for (uint32_t i = 0; i < limits_.workers; ++i) others_[i]->remove(*found->second[i]);
  wait_for_turns();
  rings_.erase(found);
}

int Engine::start(std::function<void()> ring_doorbell) {
  const uint32_t workers = limits_.workers;
  commons_ = std::make_unique<Commons>(Commons::Parts{table_, *directory_, lanes(1), *counter_blocks(),
                                                      *reinterpret_cast<UpcallLatency*>(latency_memory_.bytes().data()),
                                                      *reinterpret_cast<WorkerRings*>(ring_memory_.bytes().data()),
                                                      workers > 1});
  for (uint32_t i = 0; i < workers; ++i) {
    Transmitter& transmitter = raw_.empty() ? static_cast<Transmitter&>(queue(i)) : *raw_[i];
    Worker::Parts parts = {*commons_, counter_blocks()[1 + i], *others_[i], queue(i), transmitter, i == 0, {}};
    if (i == 0 && kept_errors4_.descriptor() >= 0) parts.kept_errors[0] = &kept_errors4_;
    if (i == 0 && kept_errors6_.descriptor() >= 0) parts.kept_errors[1] = &kept_errors6_;
    workers_.push_back(std::make_unique<Worker>(parts, ring_doorbell));
  }
  for (uint32_t i = 0; i < workers; ++i) {
    const int error = workers_[i]->start(("uipvs-worker" + std::to_string(i)).c_str());
    if (error != 0) return error;
  }
  return 0;
}

void Engine::stop() {
  for (const auto& worker : workers_) worker->stop();
}

void Engine::wait_for_turns() {
  for (const auto& worker : workers_) worker->wait_for_turn();
}

int Engine::receive_error() const {
  for (const auto& worker : workers_) {
    if (worker->receive_error() != 0) return worker->receive_error();
  }
  return 0;
}

void Engine::clear_destination(uint32_t id) {
  directory_->destinations[id].is_known.store(false, std::memory_order_relaxed);
  for (uint32_t index = 0; index < kLanes; ++index) {
    DestinationLane& counts = lanes(0).lane(index, id);
    counts.connections = 0;
    counts.in_packets = 0;
    counts.out_packets = 0;
    counts.in_bytes = 0;
    counts.out_bytes = 0;
    // What workers did with it comes before what is written from now on: see count_out().
    for (auto* const count : {&counts.active, &counts.inactive, &counts.persistent}) {
      count->exchange(0, std::memory_order_acquire);
    }
    counts.overloaded = 0;
  }
}

Tick Engine::now() { return static_cast<Tick>(boot_time_ns() / (kNanosecondsPerSecond / kTicksPerSecond)); }

}  // namespace uipvs
