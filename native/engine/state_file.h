// The file that the connection table is kept in, in a directory that one process at a time may use.
//
// Nobody else may be able to write what is read from here, or to read it: it holds clients' addresses, and packets are
// sent by it. So directory and file must be this user's own and nobody else's to write, and no symbolic links.
#pragma once

#include <string>

#include "core/connection_table.h"
#include "core/room.h"
#include "io/descriptor.h"

namespace uipvs {

class StateFile : public Room {
 public:
  // Opens both, makes the file where it is missing, and holds the directory's lock until the end of the process. 0 or
  // -errno with the name of what failed: -EPERM where one of them is or could be somebody else's ("owner", "mode", "kind"),
  // -EWOULDBLOCK where another process has the lock ("flock").
  int open(const std::string& directory, const char*& failed_call);

  // 0 or -errno.
  int read_size(size_t& bytes) const;
  // Makes it `bytes` long, all of them zero.
  int clear(size_t bytes);

  int descriptor() const { return file_.get(); }
  // False where the file system has no more room; the last of it is left to others.
  bool take(size_t offset, size_t bytes) override;

 private:
  // That the file system still has for files; no limit is SIZE_MAX.
  size_t free_bytes() const;

  Descriptor directory_;
  Descriptor file_;
};

// Which start of the host this is: all zero where the kernel does not say.
BootId read_boot_id();

}  // namespace uipvs
