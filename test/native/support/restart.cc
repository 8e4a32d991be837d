#include "support/restart.h"

#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <algorithm>

namespace uipvs::test {
namespace {

#ifdef __x86_64__

// What the signal handlers work on: the memory is read-only but for one instruction at a time, after which they look at it.
struct Watch {
  std::span<std::byte> memory;
  std::vector<std::vector<std::byte>> states;
};
Watch* watch = nullptr;

constexpr greg_t kTrapFlag = 0x100;

void protect(int protection) { ::mprotect(watch->memory.data(), watch->memory.size(), protection); }

greg_t& flags_of(void* context) { return static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_EFL]; }

void on_store(int, siginfo_t* info, void* context) {
  const auto* const at = static_cast<std::byte*>(info->si_addr);
  if (at < watch->memory.data() || at >= watch->memory.data() + watch->memory.size()) {
    ::signal(SIGSEGV, SIG_DFL);
    return;
  }
  protect(PROT_READ | PROT_WRITE);
  flags_of(context) |= kTrapFlag;
}

void after_store(int, siginfo_t*, void* context) {
  flags_of(context) &= ~kTrapFlag;
  protect(PROT_READ);
  // The instruction is one of the table's, which allocates nothing.
  if (watch->states.empty() || !std::equal(watch->memory.begin(), watch->memory.end(), watch->states.back().begin())) {
    watch->states.emplace_back(watch->memory.begin(), watch->memory.end());
  }
}

class Handler {
 public:
  Handler(int number, void (*handle)(int, siginfo_t*, void*)) : number_(number) {
    struct sigaction action {};
    action.sa_sigaction = handle;
    action.sa_flags = SA_SIGINFO;
    ::sigaction(number, &action, &before_);
  }
  ~Handler() { ::sigaction(number_, &before_, nullptr); }

 private:
  int number_;
  struct sigaction before_;
};

#endif

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

#ifdef __x86_64__

std::vector<std::vector<std::byte>> states_during(Rig& rig, void (*act)(Rig&)) {
  Watch own{kept_memory(rig), {}};
  watch = &own;
  {
    const Handler store(SIGSEGV, on_store), after(SIGTRAP, after_store);
    protect(PROT_READ);
    act(rig);
    protect(PROT_READ | PROT_WRITE);
  }
  watch = nullptr;
  return std::move(own.states);
}

#else

std::vector<std::vector<std::byte>> states_during(Rig&, void (*)(Rig&)) { return {}; }

#endif

}  // namespace uipvs::test
