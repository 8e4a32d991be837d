#include "napi/privileges.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "io/capabilities.h"
#include "napi/arguments.h"

namespace uipvs {
namespace {

bool can_limit_bounding_set(const ThreadRights& rights) { return (rights.effective >> CAP_SETPCAP & 1) != 0; }

// Whether there is something that `kept` does not name and that can be given up.
bool has_excess(const ThreadRights& rights, CapabilitySet kept) {
  const CapabilitySet for_programs = has_rights_of_root() ? 0 : kept;
  if (!rights.no_new_privileges || ((rights.permitted | rights.effective) & ~kept) != 0) return true;
  if (((rights.inheritable | rights.ambient) & ~for_programs) != 0) return true;
  return can_limit_bounding_set(rights) && (rights.bounding & ~kept) != 0;
}

// Of the calling thread. The name of the call that failed, null where none did.
const char* give_up(const ThreadRights& rights, CapabilitySet kept, int& error) {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    error = -errno;
    return "prctl PR_SET_NO_NEW_PRIVS";
  }
  if (can_limit_bounding_set(rights) && (error = limit_bounding_set(kept)) != 0) return "prctl PR_CAPBSET_DROP";
  return (error = limit_capabilities(kept)) != 0 ? "capset" : nullptr;
}

Napi::Array numbers_of(Napi::Env env, CapabilitySet set) {
  Napi::Array numbers = Napi::Array::New(env);
  for (uint32_t number = 0, count = 0; number < 64; ++number) {
    if ((set >> number & 1) != 0) numbers.Set(count++, Napi::Number::New(env, number));
  }
  return numbers;
}

// With these descriptors and 0 to 2. Comes back where it fails only. Returns -errno.
int become(const std::string& program, const std::vector<std::string>& words, std::vector<int> inherited) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  // Node.js has marked them to be closed.
  inherited.insert(inherited.end(), {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO});
  for (const int descriptor : inherited) {
    const int flags = ::fcntl(descriptor, F_GETFD);
    if (flags >= 0) ::fcntl(descriptor, F_SETFD, flags & ~FD_CLOEXEC);
  }
  ::execv(program.c_str(), argv.data());
  return -errno;
}

}  // namespace

// The program that begins anew finds nothing more to give up: what was given up cannot come back by execve(2) with
// no-new-privs, and all its threads come of the one that gave it up.
Napi::Value restrict_privileges(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (info.Length() < 3 || !info[0].IsArray() || !info[2].IsArray()) return throw_range(env, "restrictPrivileges");
  const Napi::Array numbers = info[0].As<Napi::Array>();
  CapabilitySet kept = 0;
  for (uint32_t i = 0; i < numbers.Length(); ++i) {
    kept |= CapabilitySet{1} << (numbers.Get(i).ToNumber().Uint32Value() % 64);
  }
  std::vector<ThreadRights> threads;
  int error = read_rights(threads);
  if (error != 0) return throw_errno(env, error, "reading the rights of threads");
  const auto is_to_be_limited = [kept](const ThreadRights& rights) { return has_excess(rights, kept); };
  if (std::none_of(threads.begin(), threads.end(), is_to_be_limited)) {
    return numbers_of(env, threads[0].bounding & ~kept);
  }
  const char* const failed_call = give_up(threads[0], kept, error);
  if (failed_call != nullptr) return throw_errno(env, error, failed_call);
  const std::vector<std::string> words = texts_of(info[2].As<Napi::Array>());
  return throw_errno(env, become(info[1].ToString().Utf8Value(), words, descriptors_at(info, 3)), "execv");
}

}  // namespace uipvs
