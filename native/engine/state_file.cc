#include "engine/state_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace uipvs {
namespace {

constexpr const char* kFileName = "connections";
// Of the file system: what else lies beside us, such as sockets and locks, must go on to work.
constexpr size_t kLeftToOthersBytes = size_t{4} << 20;

// "" where nobody else can have put there what is there. `others` are the rights that they may not have.
const char* find_fault(int descriptor, mode_t kind, mode_t others) {
  struct stat found;
  if (::fstat(descriptor, &found) != 0) return "fstat";
  if ((found.st_mode & S_IFMT) != kind || (kind == S_IFREG && found.st_nlink != 1)) return "kind";
  if (found.st_uid != ::geteuid()) return "owner";
  return (found.st_mode & others) != 0 ? "mode" : "";
}

int digit_of(char letter) {
  if (letter >= '0' && letter <= '9') return letter - '0';
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

}  // namespace

int StateFile::open(const std::string& directory, const char*& failed_call) {
  failed_call = "open";
  directory_ = Descriptor(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory_.is_open()) return -errno;
  const char* fault = find_fault(directory_.get(), S_IFDIR, S_IWGRP | S_IWOTH);
  if (*fault != 0) {
    failed_call = fault;
    return -EPERM;
  }
  failed_call = "flock";
  if (::flock(directory_.get(), LOCK_EX | LOCK_NB) != 0) return -errno;
  failed_call = "openat";
  file_ = Descriptor(
      ::openat(directory_.get(), kFileName, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file_.is_open()) return -errno;
  fault = find_fault(file_.get(), S_IFREG, S_IRWXG | S_IRWXO);
  failed_call = fault;
  return *fault != 0 ? -EPERM : 0;
}

int StateFile::read_size(size_t& bytes) const {
  struct stat found;
  if (::fstat(file_.get(), &found) != 0) return -errno;
  bytes = static_cast<size_t>(found.st_size);
  return 0;
}

int StateFile::clear(size_t bytes) {
  const bool is_done = ::ftruncate(file_.get(), 0) == 0 && ::ftruncate(file_.get(), static_cast<off_t>(bytes)) == 0;
  return is_done ? 0 : -errno;
}

size_t StateFile::free_bytes() const {
  struct statvfs found;
  // A file system in memory without a limit has no blocks.
  if (::fstatvfs(file_.get(), &found) != 0 || found.f_blocks == 0) return SIZE_MAX;
  return static_cast<size_t>(found.f_bavail) * found.f_frsize;
}

bool StateFile::take(size_t offset, size_t bytes) {
  if (free_bytes() < bytes + kLeftToOthersBytes) return false;
  const int outcome = ::fallocate(file_.get(), 0, static_cast<off_t>(offset), static_cast<off_t>(bytes));
  // Where a file system does not know the call, what it has free must do.
  return outcome == 0 || errno == EOPNOTSUPP;
}

BootId read_boot_id() {
  BootId boot_id{};
  const Descriptor file(::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC));
  std::array<char, 64> text;
  const ssize_t bytes = file.is_open() ? ::read(file.get(), text.data(), text.size()) : 0;
  size_t digits = 0;
  for (ssize_t i = 0; i < bytes && digits < 2 * boot_id.size(); ++i) {
    const int digit = digit_of(text[static_cast<size_t>(i)]);
    if (digit < 0) continue;
    boot_id[digits / 2] = static_cast<uint8_t>(boot_id[digits / 2] << 4 | digit);
    ++digits;
  }
  return boot_id;
}

}  // namespace uipvs
