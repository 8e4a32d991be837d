#include "support/restart.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>

namespace uipvs::test {
namespace {

// More than any of the acts takes, in a build with sanitizers.
constexpr uint64_t kMostInstructions = 20'000'000;

// The traced process begins by stopping and ends by itself.
pid_t start_traced(Rig& rig, void (*act)(Rig&)) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(1);
  ::raise(SIGSTOP);
  act(rig);
  ::_exit(0);
}

// On one processor the two hand over to each other quickest.
class OneProcessor {
 public:
  OneProcessor() {
    ::sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(::sched_getcpu(), &one);
    ::sched_setaffinity(0, sizeof one, &one);
  }
  ~OneProcessor() { ::sched_setaffinity(0, sizeof before_, &before_); }

 private:
  cpu_set_t before_;
};

bool is_stopped(pid_t child) {
  int status = 0;
  return ::waitpid(child, &status, 0) == child && WIFSTOPPED(status);
}

}  // namespace

std::span<std::byte> kept_memory(Rig& rig) {
  return rig.memory.bytes().first(ConnectionTable::kept_bytes(rig.table.capacity()));
}

Restarted restart(std::span<const std::byte> kept, Tick now, MakeRig make) {
  Restarted next;
  next.rig = make();
  Rig& rig = *next.rig;
  rig.now = now;
  rig.pipeline.set_now(now);
  std::copy(kept.begin(), kept.end(), rig.memory.bytes().begin());
  next.mismatch = rig.table.resume(rig.memory.bytes(), rig.table.capacity(), {});
  if (next.mismatch == ConnectionTable::Mismatch::none) {
    next.report = TableRecovery(rig.table, rig.directory, rig.lanes_of(1), rig.now).run();
  }
  return next;
}

uint64_t end_anywhere(Rig& rig, void (*act)(Rig&), Inspect inspect, void* with) {
  const OneProcessor here;
  const std::span<std::byte> own = kept_memory(rig);
  const pid_t child = start_traced(rig, act);
  if (child < 0 || !is_stopped(child)) return 0;
  const int memory = ::open(("/proc/" + std::to_string(child) + "/mem").c_str(), O_RDONLY | O_CLOEXEC);
  std::vector<std::byte> before(own.begin(), own.end()), present(own.size());
  uint64_t states = 0;
  for (uint64_t instruction = 0; instruction < kMostInstructions; ++instruction) {
    if (::ptrace(PTRACE_SINGLESTEP, child, nullptr, nullptr) != 0 || !is_stopped(child)) break;
    // The same addresses are the same memory's in both.
    const ssize_t got = ::pread(memory, present.data(), present.size(), reinterpret_cast<off_t>(own.data()));
    if (got != static_cast<ssize_t>(present.size())) break;
    if (present == before) continue;
    before = present;
    ++states;
    if (!inspect(with, present, instruction)) break;
  }
  ::close(memory);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  return states;
}

}  // namespace uipvs::test
