#include "napi/peer_credentials.h"

#include <sys/socket.h>
#include <sys/types.h>

#include <cerrno>
#include <vector>

#include "napi/arguments.h"

namespace uipvs {
namespace {

// Specification: linux/limits.h, NGROUPS_MAX.
constexpr size_t kMostGroups = 65'536;
// Implementation: more than users have, so that one call is enough.
constexpr size_t kUsualGroups = 64;

// 0 or -errno. The kernel says how much room it wants where there is too little.
int read_groups(int descriptor, std::vector<gid_t>& groups) {
  groups.resize(kUsualGroups);
  for (;;) {
    socklen_t bytes = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    if (::getsockopt(descriptor, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &bytes) == 0) {
      groups.resize(bytes / sizeof(gid_t));
      return 0;
    }
    const size_t wanted = bytes / sizeof(gid_t);
    if (errno != ERANGE || wanted <= groups.size() || wanted > kMostGroups) return -errno;
    groups.resize(wanted);
  }
}

}  // namespace

Napi::Value peer_credentials(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (info.Length() < 1 || !info[0].IsNumber()) return throw_range(env, "peerCredentials");
  const int descriptor = info[0].As<Napi::Number>().Int32Value();
  ucred who{};
  socklen_t bytes = sizeof(who);
  if (::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &who, &bytes) != 0) {
    return throw_errno(env, -errno, "getsockopt SO_PEERCRED");
  }
  // A socket without a peer has ids of -1, which are nobody's.
  if (who.uid == static_cast<uid_t>(-1)) return throw_errno(env, -ENOTCONN, "getsockopt SO_PEERCRED");
  std::vector<gid_t> groups;
  const int error = read_groups(descriptor, groups);
  if (error != 0) return throw_errno(env, error, "getsockopt SO_PEERGROUPS");
  Napi::Array numbers = Napi::Array::New(env, groups.size());
  for (uint32_t i = 0; i < groups.size(); ++i) numbers.Set(i, Napi::Number::New(env, groups[i]));
  Napi::Object credentials = Napi::Object::New(env);
  credentials.Set("pid", Napi::Number::New(env, who.pid));
  credentials.Set("uid", Napi::Number::New(env, who.uid));
  credentials.Set("gid", Napi::Number::New(env, who.gid));
  credentials.Set("groups", numbers);
  return credentials;
}

}  // namespace uipvs
