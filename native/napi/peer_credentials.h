// Who is at the other end of a Unix socket.
#pragma once

#include <napi.h>

namespace uipvs {

// (descriptor) -> { pid, uid, gid, groups } of the process that connected, as it was when it did, in this process's user
// and pid namespaces: an id that has no name here is the kernel's overflow id, a process that is not seen here is 0.
// Source: socket(7) SO_PEERCRED, SO_PEERGROUPS. Errors: NativeError, also where the descriptor is no Unix socket.
Napi::Value peer_credentials(const Napi::CallbackInfo& info);

}  // namespace uipvs
