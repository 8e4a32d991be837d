// One thread of the data plane: bursts in, decisions, bursts out. What it shares with others is in Commons.
#pragma once

#include <poll.h>

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "core/reassembly.h"
#include "engine/commons.h"
#include "engine/receiver_set.h"
#include "io/descriptor.h"
#include "io/packet_io.h"

namespace uipvs {

class Worker {
 public:
  struct Parts {
    Commons& commons;
    WorkerCounters& counters;
    ReceiverSet& others;  // beside `receiver`
    Receiver& receiver;
    Transmitter& transmitter;
    bool is_first = true;  // of the workers: takes verdicts and sweeps the table
    // Copies of ICMP errors that the kernel keeps, IPv4's and IPv6's, or null. Of one worker alone.
    std::array<Receiver*, 2> kept_errors = {};
  };

  // `ring_doorbell` is called from the worker's thread when requests await the control thread; at most once until the
  // control thread has cleared the ring's doorbell.
  Worker(const Parts& parts, std::function<void()> ring_doorbell);
  ~Worker() { stop(); }

  // 0 or -errno. `name` is the thread's, at most 15 characters.
  int start(const char* name);
  // Returns when the thread has ended. May be called twice.
  void stop();

  // From the control thread, after it posted verdicts.
  void wake();
  // From the control thread: returns once the worker has begun a new turn, or does not run.
  void wait_for_turn();

  // errno of the last failed receive, 0 while all is well.
  int receive_error() const { return receive_error_.load(std::memory_order_relaxed); }

  // One turn of the loop without waiting; true if there was work. For tests: the thread calls nothing else.
  bool turn();

 private:
  static constexpr size_t kBurst = 64;

  void run();
  void wait();
  void set_clock();
  void prepare_burst();
  void gather();
  void gather_from(Receiver& receiver, const Origin& origin);
  bool process();
  bool receive_kept_errors();
  bool receive_kept_errors(Receiver& receiver);
  void take(Packet& packet);
  void treat(Packet& packet, const PacketView& view, const Decision& decision);
  void reassemble(Packet& fragment);
  void give_up_fragments();
  void send_split(Packet& packet);
  void ask_scheduler(const Packet& packet, const PacketView& view, uint32_t service_id);
  void take_verdicts();
  void apply(const Verdict& verdict);
  void sweep();
  void sweep_table();
  void send_outgoing();
  void flush();

  Commons& commons_;
  WorkerCounters& counters_;
  ReceiverSet& others_;
  Receiver& receiver_;
  Transmitter& transmitter_;
  const bool is_first_;
  const std::array<Receiver*, 2> kept_errors_;
  Reassembler reassembler_;
  std::unique_ptr<uint8_t[]> split_buffers_;  // made when the first datagram is to be split
  uint32_t splits_ = 0;
  std::function<void()> ring_doorbell_;
  std::unique_ptr<uint8_t[]> buffers_;
  std::vector<Packet> burst_;
  size_t gathered_ = 0;        // of the burst
  size_t gathered_bytes_ = 0;  // in them
  size_t begins_with_ = 0;     // this receiver: 0 is the main one, then come the others' slots
  std::vector<Packet*> outgoing_;
  std::vector<uint32_t> answered_;
  std::vector<pollfd> waits_;
  bool has_posted_ = false;
  bool is_wire_busy_ = false;
  bool has_twins_ = false;
  bool has_kept_errors_ = false;  // as poll() said
  Tick now_ = 0;
  Tick swept_at_ = 0;
  Tick defended_at_ = 0;
  uint64_t now_ns_ = 0;

  Descriptor wakeup_;
  std::thread thread_;
  std::atomic<bool> stops_{false};
  std::atomic<bool> sleeps_{false};
  std::atomic<uint32_t> turns_{0};
  std::atomic<int> receive_error_{0};
};

}  // namespace uipvs
