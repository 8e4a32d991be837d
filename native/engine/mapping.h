// Memory from mmap: of a memfd, anonymous, or of a file with anonymous memory behind it. Untouched pages cost nothing.
#pragma once

#include <cstddef>
#include <span>

#include "io/descriptor.h"

namespace uipvs {

class Mapping {
 public:
  Mapping() = default;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping();

  // 0 or -errno. Called once. The first two give zeroed memory.
  int map_anonymous(size_t bytes);
  int map_shared(const char* name, size_t bytes);
  // The first `file_bytes`, whole pages, are those of the file, which stays the caller's; the rest is zeroed.
  int map_file(int file, size_t file_bytes, size_t bytes);

  Mapping& operator=(Mapping&& other) noexcept;

  std::span<std::byte> bytes() const { return {base_, size_}; }

 private:
  Descriptor descriptor_;
  std::byte* base_ = nullptr;
  size_t size_ = 0;
};

}  // namespace uipvs
