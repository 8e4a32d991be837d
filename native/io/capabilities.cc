#include "io/capabilities.h"

#include <dirent.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

namespace uipvs {
namespace {

constexpr const char* kThreads = "/proc/self/task";
constexpr unsigned kMostCapabilities = 64;

struct CloseFile {
  void operator()(FILE* file) const { ::fclose(file); }
};
struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

// Specification: proc_pid_status(5).
int read_status(const std::string& path, ThreadRights& rights) {
  const std::unique_ptr<FILE, CloseFile> file(::fopen(path.c_str(), "re"));
  if (file == nullptr) return -errno;
  int found = 0;
  std::array<char, 256> line;
  while (::fgets(line.data(), line.size(), file.get()) != nullptr) {
    unsigned long long set = 0;
    unsigned flag = 0;
    const auto take = [&](const char* form, CapabilitySet& to) {
      if (::sscanf(line.data(), form, &set) != 1) return;
      to = set;
      ++found;
    };
    take("CapInh: %llx", rights.inheritable);
    take("CapPrm: %llx", rights.permitted);
    take("CapEff: %llx", rights.effective);
    take("CapBnd: %llx", rights.bounding);
    take("CapAmb: %llx", rights.ambient);
    if (::sscanf(line.data(), "NoNewPrivs: %u", &flag) == 1) {
      rights.no_new_privileges = flag == 1;
      ++found;
    }
  }
  return found == 6 ? 0 : -ENODATA;
}

CapabilitySet joined(const __user_cap_data_struct (&words)[2], __u32 __user_cap_data_struct::*set) {
  return words[0].*set | CapabilitySet{words[1].*set} << 32;
}

void divide(CapabilitySet value, __user_cap_data_struct (&words)[2], __u32 __user_cap_data_struct::*set) {
  words[0].*set = static_cast<__u32>(value);
  words[1].*set = static_cast<__u32>(value >> 32);
}

CapabilitySet bounding_set() {
  CapabilitySet bounding = 0;
  // The kernel says EINVAL of one that it does not know.
  for (unsigned number = 0; number < kMostCapabilities; ++number) {
    const int is_there = ::prctl(PR_CAPBSET_READ, number, 0, 0, 0);
    if (is_there < 0) break;
    bounding |= static_cast<CapabilitySet>(is_there) << number;
  }
  return bounding;
}

}  // namespace

int read_rights(std::vector<ThreadRights>& rights) {
  rights.assign(1, {});
  const pid_t main_thread = ::getpid();
  const int error = read_status(std::string(kThreads) + "/" + std::to_string(main_thread) + "/status", rights[0]);
  if (error != 0) return error;
  const std::unique_ptr<DIR, CloseDirectory> threads(::opendir(kThreads));
  if (threads == nullptr) return -errno;
  while (const dirent* const entry = ::readdir(threads.get())) {
    const long thread = ::strtol(entry->d_name, nullptr, 10);
    if (thread <= 0 || thread == main_thread) continue;
    ThreadRights its;
    const int outcome = read_status(std::string(kThreads) + "/" + entry->d_name + "/status", its);
    // Ended meanwhile.
    if (outcome == -ENOENT || outcome == -ESRCH) continue;
    if (outcome != 0) return outcome;
    rights.push_back(its);
  }
  return 0;
}

int read_own_rights(ThreadRights& rights) { return read_status("/proc/thread-self/status", rights); }

bool has_rights_of_root() {
  const int bits = ::prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);
  return (::geteuid() == 0 || ::getuid() == 0) && (bits < 0 || (bits & SECBIT_NOROOT) == 0);
}

int limit_capabilities(CapabilitySet kept) {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct words[2] = {};
  if (::syscall(SYS_capget, &header, words) != 0) return -errno;
  const CapabilitySet permitted = joined(words, &__user_cap_data_struct::permitted) & kept;
  // One that is not in the bounding set cannot be made inheritable.
  const CapabilitySet handed_on =
      has_rights_of_root() ? 0 : permitted & (bounding_set() | joined(words, &__user_cap_data_struct::inheritable));
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) return -errno;
  divide(permitted, words, &__user_cap_data_struct::permitted);
  divide(permitted, words, &__user_cap_data_struct::effective);
  divide(handed_on, words, &__user_cap_data_struct::inheritable);
  if (::syscall(SYS_capset, &header, words) != 0) return -errno;
  for (unsigned number = 0; number < kMostCapabilities; ++number) {
    if ((handed_on >> number & 1) == 0) continue;
    if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0) != 0) return -errno;
  }
  return 0;
}

int limit_bounding_set(CapabilitySet kept) {
  const CapabilitySet extra = bounding_set() & ~kept;
  for (unsigned number = 0; number < kMostCapabilities; ++number) {
    if ((extra >> number & 1) != 0 && ::prctl(PR_CAPBSET_DROP, number, 0, 0, 0) != 0) return -errno;
  }
  return 0;
}

}  // namespace uipvs
