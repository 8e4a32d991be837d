// Zeroed memory from mmap: shared where a name is given (a memfd), anonymous else. Untouched pages cost nothing.
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

  // 0 or -errno. Called once.
  int map_anonymous(size_t bytes);
  int map_shared(const char* name, size_t bytes);

  std::span<std::byte> bytes() const { return {base_, size_}; }

 private:
  Descriptor descriptor_;
  std::byte* base_ = nullptr;
  size_t size_ = 0;
};

}  // namespace uipvs
