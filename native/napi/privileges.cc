#include "napi/privileges.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "napi/arguments.h"

namespace uipvs {
namespace {

// Specification: linux/capability.h; the kernel says EINVAL of one that it does not know.
constexpr unsigned kMostCapabilities = 64;

}  // namespace

// Source: capabilities(7), "Transformation of capabilities during execve()": what a program of root may do is what is in
// the bounding set.
Napi::Value restrict_privileges(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (info.Length() < 3 || !info[0].IsArray() || !info[2].IsArray()) return throw_range(env, "restrictPrivileges");
  const Napi::Array kept = info[0].As<Napi::Array>();
  uint64_t keeps = 0;
  for (uint32_t i = 0; i < kept.Length(); ++i) keeps |= uint64_t{1} << (kept.Get(i).ToNumber().Uint32Value() % 64);
  // No program that is run from here gets more than this process has.
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return throw_errno(env, -errno, "prctl PR_SET_NO_NEW_PRIVS");
  bool has_dropped = false;
  for (unsigned capability = 0; capability < kMostCapabilities; ++capability) {
    if ((keeps >> capability & 1) != 0) continue;
    const int is_there = ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0);
    if (is_there < 0) break;
    if (is_there == 0) continue;
    // Without CAP_SETPCAP the set is what it is: whoever started the process has chosen it.
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) return Napi::Boolean::New(env, true);
    has_dropped = true;
  }
  if (!has_dropped) return Napi::Boolean::New(env, false);
  const std::string program = info[1].ToString().Utf8Value();
  const std::vector<std::string> words = texts_of(info[2].As<Napi::Array>());
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  // Node.js has marked them to be closed.
  std::vector<int> inherited = descriptors_at(info, 3);
  inherited.insert(inherited.end(), {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO});
  for (const int descriptor : inherited) {
    const int flags = ::fcntl(descriptor, F_GETFD);
    if (flags >= 0) ::fcntl(descriptor, F_SETFD, flags & ~FD_CLOEXEC);
  }
  ::execv(program.c_str(), argv.data());
  return throw_errno(env, -errno, "execv");
}

}  // namespace uipvs
