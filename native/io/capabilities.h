// What threads may do, as the kernel divides root's rights.
//
// Theory of operation: capabilities belong to threads, and a new thread or program begins with what the thread has that
// makes it. What a program gets besides depends on its user: one of root gets all that is inheritable or in the bounding
// set, but with no-new-privs no more than its maker had; one of another user gets what is ambient. So a thread that is
// limited here limits what it starts as well: for another user than root its capabilities are made ambient, for root
// nothing is. Source: capabilities(7), "Transformation of capabilities during execve()"; linux security/commoncap.c.
#pragma once

#include <cstdint>
#include <vector>

namespace uipvs {

// Bits by capability number. Specification: linux/capability.h.
using CapabilitySet = uint64_t;

struct ThreadRights {
  CapabilitySet inheritable = 0;
  CapabilitySet permitted = 0;
  CapabilitySet effective = 0;
  CapabilitySet bounding = 0;
  CapabilitySet ambient = 0;
  bool no_new_privileges = false;
};

// Of every thread of this process, the main one's first. Returns 0 or -errno.
int read_rights(std::vector<ThreadRights>& rights);

// Of the calling thread. Returns 0 or -errno.
int read_own_rights(ThreadRights& rights);

// Whether a program that this process starts gets capabilities because its user is root.
bool has_rights_of_root();

// The calling thread, and what it starts from now on, have of `kept` what the thread has, and nothing else. Returns 0 or
// -errno.
int limit_capabilities(CapabilitySet kept);

// Takes all but `kept` out of the calling thread's bounding set. Returns 0 or -errno; needs CAP_SETPCAP.
int limit_bounding_set(CapabilitySet kept);

}  // namespace uipvs
