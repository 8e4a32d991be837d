// What all workers work on: connections, services, waiting packets.
//
// Theory of operation: workers receive and send in parallel, and one at a time, under one lock, they decide: parse, look up,
// translate a burst. Deciding is 4 to 6 % of a worker's time, the rest are system calls (perf, `npm run bench`), so that the
// lock is no limit before some 15 workers, about 5 million packets a second; and nothing in native/core has to be safe for
// two writers. Finer locks would cost every packet of the one worker that most hosts need. Alone a worker takes no lock.
#pragma once

#include <mutex>

#include "core/pipeline.h"
#include "engine/latency.h"
#include "engine/parking.h"
#include "engine/rings.h"
#include "engine/twins.h"

namespace uipvs {

class Commons {
 public:
  // All outlive this. `counters` are those of decisions; `is_shared`: there are more workers than one.
  struct Parts {
    ConnectionTable& table;
    Directory& directory;
    DestinationLanes lanes;
    WorkerCounters& counters;
    UpcallLatency& latency;
    WorkerRings& rings;
    bool is_shared = false;
  };

  explicit Commons(const Parts& parts)
      : table(parts.table),
        directory(parts.directory),
        latency(parts.latency),
        rings(parts.rings),
        pipeline(parts.table, parts.directory, parts.lanes, parts.counters),
        twins(parts.table.secret()),
        is_shared_(parts.is_shared) {}

  // To be held around every use of what is not atomic. Clocks of workers are read at different times: the latest counts.
  [[nodiscard]] std::unique_lock<std::mutex> enter(Tick now) {
    std::unique_lock<std::mutex> turn(mutex_, std::defer_lock);
    if (is_shared_) turn.lock();
    if (static_cast<int32_t>(now - now_) > 0) {
      now_ = now;
      pipeline.set_now(now);
    }
    return turn;
  }

  ConnectionTable& table;
  Directory& directory;
  UpcallLatency& latency;
  WorkerRings& rings;
  Pipeline pipeline;
  ParkingLot parking;
  Twins twins;

 private:
  const bool is_shared_;
  std::mutex mutex_;
  Tick now_ = 0;
};

}  // namespace uipvs
