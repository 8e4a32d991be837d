// The data plane as one object: memory, devices, workers. The addon (native/napi) is the only user besides tests.
//
// Theory of operation: the engine owns five pieces of memory: the connection table (shared-memory file), the destination
// lanes, the workers' counters, their latencies, the upcall rings. All but the table are handed to TypeScript as array buffers; nothing else
// crosses but calls that edit the directory. Edits are made by the control thread while workers run (see directory.h);
// a destination id may be given to another destination once no connection names it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/connection_table.h"
#include "core/directory.h"
#include "core/table_recovery.h"
#include "engine/mapping.h"
#include "engine/state_file.h"
#include "engine/worker.h"
#include "io/icmp6_errors.h"
#include "io/icmp_errors.h"
#include "io/packet_ring.h"
#include "io/raw_transmitter.h"
#include "io/tun_device.h"

namespace uipvs {

struct EngineLimits {
  uint32_t connections = 0;
  uint32_t services = 0;
  uint32_t destinations = 0;
  uint32_t workers = 1;
};

class Engine {
 public:
  // Lane 0 is the control thread's, lane 1 the workers', who count one at a time.
  static constexpr uint32_t kLanes = 2;
  static constexpr uint32_t kMostWorkers = 64;

  // 0 or -errno with the name of the system call that failed.
  int create(const EngineLimits& limits, const char*& failed_call);
  // What was found where the connection table is to be kept.
  enum class Found : uint8_t { nothing, table, unfinished, other_size, other_layout, other_capacity, other_boot };
  // From now on connections outlive the process: the table is kept in a file of `directory`, see StateFile. One that is
  // there is gone on with once it is recovered, but for `is_fresh`. Before all else. 0 or -errno; then nothing is changed.
  int open_state(const std::string& directory, bool is_fresh, Found& found, const char*& failed_call);
  // Takes over the connections of before, once the destinations are there and before start().
  RecoveryReport recover();

  // `kept`: descriptors of the device that somebody has kept open since an earlier process had it, one a worker; those
  // that are none, or too many, are closed.
  int open_tun(const std::string& name, std::span<const int> kept, const char*& failed_call);
  // Of the device, one a worker, which stay this object's. Mark 0 is the main one's.
  std::vector<int> device_descriptors(uint32_t mark) const;
  // Whether the device stays when the process ends, as it was found or was set. Mark 0 is the main one's.
  bool is_device_kept(uint32_t mark) const;
  int keep_device(uint32_t mark, bool is_kept);
  // From start() on packets leave past the kernel's IP stack where they can. After open_tun(). 0 or -errno.
  int open_raw(const char*& failed_call);
  // From start() on ICMP errors to addresses of the host are seen too, see IcmpErrors and Icmp6Errors. 0 or -errno.
  int open_kept_errors(Family family, const char*& failed_call);
  // A device for packets with a firewall mark; their replies and they themselves leave by the main one. -EEXIST where
  // the mark has one, -ENOSPC where there are as many as a worker reads.
  int open_mark(uint32_t mark, const std::string& name, std::span<const int> kept, const char*& failed_call);
  // The kernel takes the device away. Nothing happens where the mark has none.
  void close_mark(uint32_t mark);
  // Packets that come in by the interface are taken from the wire from now on. -EEXIST where they are already, -EBUSY
  // where it is the port of a bridge or a bond, -EOPNOTSUPP where it is no Ethernet, -ENOSPC.
  int open_wire(const std::string& interface, const char*& failed_call);
  void close_wire(const std::string& interface);
  // Before the first ring; TCP alone by itself.
  void set_on_wire(OnWire protocols);
  // Copies of packets that are for or from other networks do not come. Before the first call all come.
  void set_wire_networks(std::span<const Network> destinations, std::span<const Network> sources);
  // Whether it is taken from, and still is the interface of that name, and no port.
  bool has_wire(const std::string& interface);
  // Around what changes which packets the kernel drops: see Twins. open_wire() begins such a change.
  void set_wire_changing(bool is_changing) {
    if (commons_) commons_->twins.set_changing(is_changing);
  }
  int start(std::function<void()> ring_doorbell);
  void stop();
  void wake() {
    if (!workers_.empty()) workers_.front()->wake();
  }

  const EngineLimits& limits() const { return limits_; }
  ConnectionTable& table() { return table_; }
  Directory& directory() { return *directory_; }
  const TunDevice& tun() const { return tun_; }
  int receive_error() const;

  std::span<std::byte> lane_memory() const { return lane_memory_.bytes(); }
  std::span<std::byte> counter_memory() const { return counter_memory_.bytes(); }
  std::span<std::byte> latency_memory() const { return latency_memory_.bytes(); }
  std::span<std::byte> ring_memory() const { return ring_memory_.bytes(); }

  // Forgets a destination and its counts in all lanes. Only while no connection names it.
  void clear_destination(uint32_t id);

  static Tick now();

 private:
  bool is_port(uint32_t interface);
  // By the first of the kept descriptors that is one, which is taken off, or anew.
  static int open_device(TunDevice& device, const std::string& name, bool has_queues, std::span<const int>& kept,
                         const char*& failed_call);
  TunDevice& queue(uint32_t worker) { return worker == 0 ? tun_ : *queues_[worker - 1]; }
  WorkerCounters* counter_blocks() { return reinterpret_cast<WorkerCounters*>(counter_memory_.bytes().data()); }
  void wait_for_turns();
  const TunDevice* device_of(uint32_t mark) const;
  DestinationLanes lanes(uint32_t own) const {
    return {reinterpret_cast<DestinationLane*>(lane_memory_.bytes().data()), limits_.destinations, kLanes, own};
  }

  EngineLimits limits_;
  std::unique_ptr<StateFile> state_;
  Mapping table_memory_;
  Mapping lane_memory_;
  Mapping counter_memory_;
  Mapping latency_memory_;
  Mapping ring_memory_;
  ConnectionTable table_;
  std::unique_ptr<Directory> directory_;
  TunDevice tun_;
  std::vector<std::unique_ptr<TunDevice>> queues_;    // of the same device, for all workers but the first
  std::vector<std::unique_ptr<RawTransmitter>> raw_;  // one a worker, or none
  IcmpErrors kept_errors4_;                           // open or not; the first worker's
  Icmp6Errors kept_errors6_;                          // as well
  std::map<uint32_t, std::unique_ptr<TunDevice>> mark_devices_;
  using Rings = std::vector<std::unique_ptr<PacketRing>>;
  std::map<std::string, Rings> rings_;  // by interface: one a worker
  WireFilter wire_filter_{OnWire::tcp};
  Netlink netlink_;
  std::vector<std::unique_ptr<ReceiverSet>> others_;  // one a worker; marks are the first one's
  std::unique_ptr<Commons> commons_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace uipvs
