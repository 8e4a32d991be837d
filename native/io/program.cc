#include "io/program.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <thread>

#include "io/capabilities.h"
#include "io/descriptor.h"

namespace uipvs {
namespace {

// All that programs which change the host's network need.
constexpr CapabilitySet kProgramCapabilities = CapabilitySet{1} << CAP_NET_ADMIN;
constexpr size_t kReadBytes = size_t{1} << 16;

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

struct Ends {
  Descriptor ours, theirs;
};

int make_pipe(Ends& ends) {
  int pair[2];
  if (::pipe2(pair, O_CLOEXEC) != 0) return -errno;
  ends.ours = Descriptor(pair[0]);
  ends.theirs = Descriptor(pair[1]);
  return 0;
}

// A socket: whoever writes to one that nobody reads gets an error instead of a signal.
int make_input(Ends& ends) {
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return -errno;
  ends.ours = Descriptor(pair[0]);
  ends.theirs = Descriptor(pair[1]);
  return 0;
}

class SpawnSettings {
 public:
  SpawnSettings() {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
    // Of this process's, which may be a thread's with all of them blocked.
    sigset_t none, pipe;
    sigemptyset(&none);
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &pipe);
    // A group of its own: Ctrl-C is for us, and what is under way is finished.
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

// On a thread that ends with this, and has given up what the program must not have. Returns 0 or -errno.
int start(const std::vector<char*>& argv, const std::vector<char*>& envp, const SpawnSettings& settings, pid_t& child) {
  int error = 0;
  std::thread starter([&] {
    error = limit_capabilities(kProgramCapabilities);
    if (error != 0) return;
    error = -::posix_spawnp(&child, argv[0], &settings.actions, &settings.attributes, argv.data(), envp.data());
  });
  starter.join();
  return error;
}

// Whether there may be more.
bool read_some(Descriptor& from, std::string& to) {
  const size_t before = to.size();
  to.resize(before + kReadBytes);
  const ssize_t bytes = ::read(from.get(), to.data() + before, kReadBytes);
  to.resize(before + (bytes > 0 ? static_cast<size_t>(bytes) : 0));
  return bytes > 0 || (bytes < 0 && (errno == EINTR || errno == EAGAIN));
}

void exchange(Descriptor& input, std::string_view text, Descriptor& output, Descriptor& errors, ProgramEnd& end) {
  if (text.empty()) input.reset();
  while (input.is_open() || output.is_open() || errors.is_open()) {
    // Closed ones have the descriptor -1, which poll(2) leaves alone.
    std::array<pollfd, 3> waits = {{{input.is_open() ? input.get() : -1, POLLOUT, 0},
                                    {output.is_open() ? output.get() : -1, POLLIN, 0},
                                    {errors.is_open() ? errors.get() : -1, POLLIN, 0}}};
    if (::poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) return;
    if (waits[0].revents != 0) {
      const ssize_t bytes = ::send(input.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (bytes > 0) text.remove_prefix(static_cast<size_t>(bytes));
      const bool is_over = bytes < 0 && errno != EAGAIN && errno != EINTR;
      if (is_over || text.empty()) input.reset();
    }
    if (waits[1].revents != 0 && !read_some(output, end.output)) output.reset();
    if (waits[2].revents != 0 && !read_some(errors, end.errors)) errors.reset();
  }
}

}  // namespace

ProgramEnd run_program(const std::vector<std::string>& words, const std::vector<std::string>& environment,
                       std::string_view input) {
  ProgramEnd end;
  Ends in, out, err;
  if ((end.error = make_input(in)) != 0 || (end.error = make_pipe(out)) != 0 || (end.error = make_pipe(err)) != 0) {
    return end;
  }
  SpawnSettings settings;
  ::posix_spawn_file_actions_adddup2(&settings.actions, in.theirs.get(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&settings.actions, out.theirs.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&settings.actions, err.theirs.get(), STDERR_FILENO);
  const std::vector<char*> argv = pointers_to(words), envp = pointers_to(environment);
  pid_t child = 0;
  end.error = start(argv, envp, settings, child);
  if (end.error != 0) return end;
  in.theirs.reset();
  out.theirs.reset();
  err.theirs.reset();
  exchange(in.ours, input, out.ours, err.ours, end);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno == EINTR) continue;
    end.error = -errno;
    return end;
  }
  end.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return end;
}

}  // namespace uipvs
