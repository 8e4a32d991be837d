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
#include <string>

#include "core/connection_table.h"
#include "core/directory.h"
#include "engine/mapping.h"
#include "engine/worker.h"
#include "io/packet_ring.h"
#include "io/raw_transmitter.h"
#include "io/tun_device.h"

namespace uipvs {

struct EngineLimits {
  uint32_t connections = 0;
  uint32_t services = 0;
  uint32_t destinations = 0;
};

class Engine {
 public:
  // Lane 0 is the control thread's, lane 1 the worker's.
  static constexpr uint32_t kLanes = 2;

  // 0 or -errno with the name of the system call that failed.
  int create(const EngineLimits& limits, const char*& failed_call);
  int open_tun(const std::string& name, const char*& failed_call);
  // From start() on packets leave past the kernel's IP stack where they can. After open_tun(). 0 or -errno.
  int open_raw(const char*& failed_call);
  // A device for packets with a firewall mark; their replies and they themselves leave by the main one. -EEXIST where
  // the mark has one, -ENOSPC where there are as many as a worker reads.
  int open_mark(uint32_t mark, const std::string& name, const char*& failed_call);
  // The kernel takes the device away. Nothing happens where the mark has none.
  void close_mark(uint32_t mark);
  // Packets that come in by the interface are taken from the wire from now on. -EEXIST where they are already, -EBUSY
  // where it is the port of a bridge or a bond, -EOPNOTSUPP where it is no Ethernet, -ENOSPC.
  int open_wire(const std::string& interface, const char*& failed_call);
  void close_wire(const std::string& interface);
  // Whether it is taken from, and still is the interface of that name, and no port.
  bool has_wire(const std::string& interface);
  // Around what changes which packets the kernel drops: see Twins. open_wire() begins such a change.
  void set_wire_changing(bool is_changing) {
    if (worker_) worker_->set_wire_changing(is_changing);
  }
  int start(std::function<void()> ring_doorbell);
  void stop();
  void wake() {
    if (worker_) worker_->wake();
  }

  const EngineLimits& limits() const { return limits_; }
  ConnectionTable& table() { return table_; }
  Directory& directory() { return *directory_; }
  const TunDevice& tun() const { return tun_; }
  int receive_error() const { return worker_ ? worker_->receive_error() : 0; }

  std::span<std::byte> lane_memory() const { return lane_memory_.bytes(); }
  std::span<std::byte> counter_memory() const { return counter_memory_.bytes(); }
  std::span<std::byte> latency_memory() const { return latency_memory_.bytes(); }
  std::span<std::byte> ring_memory() const { return ring_memory_.bytes(); }

  // Forgets a destination's counts in all lanes. Only while no connection names it.
  void clear_destination(uint32_t id);

  static Tick now();

 private:
  bool is_port(uint32_t interface);
  DestinationLanes lanes(uint32_t own) const {
    return {reinterpret_cast<DestinationLane*>(lane_memory_.bytes().data()), limits_.destinations, kLanes, own};
  }

  EngineLimits limits_;
  Mapping table_memory_;
  Mapping lane_memory_;
  Mapping counter_memory_;
  Mapping latency_memory_;
  Mapping ring_memory_;
  ConnectionTable table_;
  std::unique_ptr<Directory> directory_;
  TunDevice tun_;
  std::unique_ptr<RawTransmitter> raw_;
  std::map<uint32_t, std::unique_ptr<TunDevice>> mark_devices_;
  std::map<std::string, std::unique_ptr<PacketRing>> rings_;
  Netlink netlink_;
  ReceiverSet others_;
  std::unique_ptr<Worker> worker_;
};

}  // namespace uipvs
