#include "engine/worker.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "engine/boot_time.h"

namespace uipvs {
namespace {

// Implementation: every record is visited once a second, in steps of at least an eighth of it while idle.
constexpr int kIdleSweepMs = 125;
// Implementation: how often the processor is offered to others, and the device looked at again, before the thread
// sleeps: some 30 us. A wake-up costs more than a packet; with one request at a time this halves the round trip on a
// virtual machine (bench: latency), under load it is neutral, and without packets the thread sleeps.
constexpr int kIdleTurns = 32;
// Implementation: in so many turns the errors that the kernel keeps are looked at once, some milliseconds under load, where
// poll() does not say that there are any.
constexpr uint32_t kKeptErrorTurns = 64;
// Implementation: records that are looked at before others may have their turn, some 30 us.
constexpr uint64_t kSweptAtOnce = 4096;
// Implementation: a device that is down or gone is tried again this often instead of spun on.
constexpr int kReceiveRetryMs = 100;
constexpr useconds_t kTurnPollUs = 50;

void clear_error(int socket) {
  int error = 0;
  socklen_t length = sizeof error;
  // Nothing happens where it is no socket.
  ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length);
}

}  // namespace

Worker::Worker(const Parts& parts, std::function<void()> ring_doorbell)
    : commons_(parts.commons),
      counters_(parts.counters),
      others_(parts.others),
      receiver_(parts.receiver),
      transmitter_(parts.transmitter),
      is_first_(parts.is_first),
      kept_errors_(parts.kept_errors),
      reassembler_(parts.commons.table.secret()),
      ring_doorbell_(std::move(ring_doorbell)),
      buffers_(new uint8_t[kBurst * kPacketBufferBytes]),
      burst_(kBurst),
      wakeup_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  outgoing_.reserve(2 * kBurst);  // verdicts' packets and a burst's
  set_clock();
  swept_at_ = now_;
}

int Worker::start(const char* name) {
  if (!wakeup_.is_open()) return -EMFILE;
  // The thread inherits the mask: every signal is JavaScript's.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_setname_np(thread_.native_handle(), name);
  return 0;
}

void Worker::stop() {
  if (!thread_.joinable()) return;
  stops_.store(true, std::memory_order_seq_cst);
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wakeup_.get(), &one, sizeof one);
  thread_.join();
}

void Worker::wake() {
  // The verdicts are there before it is asked whether the worker sleeps, as wait() asks in the other order.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (!sleeps_.load(std::memory_order_seq_cst)) return;
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wakeup_.get(), &one, sizeof one);
}

void Worker::wait_for_turn() {
  // The turn that is under way may have begun before the caller's change: the second one from here has not.
  const uint32_t before = turns_.load(std::memory_order_seq_cst);
  while (thread_.joinable() && !stops_.load(std::memory_order_relaxed) &&
         turns_.load(std::memory_order_seq_cst) - before < 2) {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(wakeup_.get(), &one, sizeof one);
    ::usleep(kTurnPollUs);
  }
}

void Worker::set_clock() {
  now_ns_ = boot_time_ns();
  now_ = static_cast<Tick>(now_ns_ / (kNanosecondsPerSecond / kTicksPerSecond));
}

void Worker::run() {
  int idle_turns = 0;
  while (!stops_.load(std::memory_order_relaxed)) {
    if (turn()) {
      idle_turns = 0;
    } else if (++idle_turns <= kIdleTurns) {
      ::sched_yield();
    } else {
      idle_turns = 0;
      wait();
    }
  }
}

bool Worker::turn() {
  turns_.fetch_add(1, std::memory_order_seq_cst);
  const Tick before = now_;
  set_clock();
  if (now_ != before) transmitter_.follow(now_);
  gather();
  bool has_worked = process();
  const bool is_due = has_kept_errors_ || turns_.load(std::memory_order_relaxed) % kKeptErrorTurns == 0;
  if (is_due) has_worked |= receive_kept_errors();
  if (now_ != swept_at_) sweep();
  return has_worked;
}

void Worker::sweep() {
  if (is_first_) sweep_table();
  swept_at_ = now_;
  if (reassembler_.live() == 0) return;
  const auto turn = commons_.enter(now_);
  give_up_fragments();
}

void Worker::sweep_table() {
  const uint64_t elapsed = now_ - swept_at_;
  const uint64_t round = commons_.table.high_water();
  uint64_t slots = std::min(round, (round * elapsed + kTicksPerSecond - 1) / kTicksPerSecond);
  while (slots != 0) {
    const uint64_t some = std::min(slots, kSweptAtOnce);
    const auto turn = commons_.enter(now_);
    commons_.pipeline.expire(static_cast<uint32_t>(some));
    slots -= some;
  }
  if (now_ - defended_at_ < kTicksPerSecond) return;
  defended_at_ = now_;
  if (!commons_.directory.policy.drops_entries.load(std::memory_order_relaxed)) return;
  const auto turn = commons_.enter(now_);
  commons_.pipeline.drop_entries();
}

void Worker::wait() {
  sleeps_.store(true, std::memory_order_seq_cst);
  const bool has_verdicts = is_first_ && !commons_.rings.verdicts.is_empty();
  const bool has_work = has_verdicts || stops_.load(std::memory_order_seq_cst);
  if (!has_work) {
    const bool is_broken = receive_error() != 0;
    waits_.assign({{wakeup_.get(), POLLIN, 0}});
    if (!is_broken) waits_.push_back({receiver_.descriptor(), POLLIN, 0});
    for (const ReceiverSet::Slot& slot : others_.slots()) {
      const Receiver* const receiver = slot.receiver.load(std::memory_order_acquire);
      if (receiver != nullptr) waits_.push_back({receiver->descriptor(), POLLIN, 0});
    }
    if (transmitter_.descriptor() >= 0) waits_.push_back({transmitter_.descriptor(), POLLIN, 0});
    const size_t kept_errors_at = waits_.size();
    for (Receiver* const each : kept_errors_) {
      if (each != nullptr) waits_.push_back({each->descriptor(), POLLIN, 0});
    }
    const bool has_to_sweep = (is_first_ && commons_.table.live() != 0) || reassembler_.live() != 0;
    int timeout = has_to_sweep ? kIdleSweepMs : -1;
    if (is_broken) timeout = kReceiveRetryMs;
    ::poll(waits_.data(), waits_.size(), timeout);
    for (const pollfd& wait : waits_) {
      // An interface that went down has left an error, which would wake us for ever.
      if ((wait.revents & POLLERR) != 0) clear_error(wait.fd);
    }
    has_kept_errors_ = std::any_of(waits_.begin() + static_cast<ptrdiff_t>(kept_errors_at), waits_.end(),
                                   [](const pollfd& wait) { return (wait.revents & POLLIN) != 0; });
    if ((waits_[0].revents & POLLIN) != 0) {
      uint64_t count;
      [[maybe_unused]] const ssize_t got = ::read(wakeup_.get(), &count, sizeof count);
    }
  }
  sleeps_.store(false, std::memory_order_seq_cst);
}

}  // namespace uipvs
