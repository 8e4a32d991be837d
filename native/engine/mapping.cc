#include "engine/mapping.h"

#include <sys/mman.h>

#include <cerrno>
#include <utility>

namespace uipvs {

Mapping::~Mapping() {
  if (base_ != nullptr) ::munmap(base_, size_);
}

int Mapping::map_anonymous(size_t bytes) {
  void* const base = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) return -errno;
  base_ = static_cast<std::byte*>(base);
  size_ = bytes;
  return 0;
}

int Mapping::map_shared(const char* name, size_t bytes) {
  Descriptor memory(::memfd_create(name, MFD_CLOEXEC));
  if (!memory.is_open()) return -errno;
  if (::ftruncate(memory.get(), static_cast<off_t>(bytes)) != 0) return -errno;
  void* const base = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, memory.get(), 0);
  if (base == MAP_FAILED) return -errno;
  descriptor_ = std::move(memory);
  base_ = static_cast<std::byte*>(base);
  size_ = bytes;
  return 0;
}

int Mapping::map_file(int file, size_t file_bytes, size_t bytes) {
  const int error = map_anonymous(bytes);
  if (error != 0) return error;
  void* const base = ::mmap(base_, file_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED | MAP_NORESERVE, file, 0);
  return base == MAP_FAILED ? -errno : 0;
}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(base_, other.base_);
  std::swap(size_, other.size_);
  return *this;
}

}  // namespace uipvs
