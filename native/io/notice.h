// Notices to the service manager, which may have descriptors with them that it is to keep open.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace uipvs {

// Specification: linux net/scm.h, SCM_MAX_FD.
inline constexpr size_t kMostNoticeDescriptors = 253;

// Sends one datagram to the Unix socket at `path`, of the abstract namespace where that begins with '@'. Does not wait:
// -EAGAIN where the receiver's queue is full. 0 or -errno. Source: sd_notify(3), sd_pid_notify_with_fds(3), unix(7).
int send_notice(std::string_view path, std::string_view text, std::span<const int> descriptors);

}  // namespace uipvs
