// What may be touched of memory that lies in a file.
//
// Theory of operation: a file has pages only as they are touched, and where its file system has no more of them whoever
// touches one dies of SIGBUS. So before a stretch is touched for the first time its pages are asked for, many at a time.
#pragma once

#include <algorithm>
#include <cstddef>

namespace uipvs {

class Room {
 public:
  Room() = default;
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;
  virtual ~Room() = default;
  // Whether `bytes` from `offset` on may be touched from now on. What was refused may be granted later.
  virtual bool take(size_t offset, size_t bytes) = 0;
};

// A stretch of memory that is used from its beginning on.
class Extent {
 public:
  Extent() = default;
  // `room` is null where all may be touched.
  Extent(Room* room, size_t begin, size_t end) : room_(room), begin_(begin), granted_(begin), end_(end) {}

  // Whether the first `bytes` may be touched.
  bool covers(size_t bytes) {
    if (room_ == nullptr || begin_ + bytes <= granted_) return true;
    const size_t wanted = std::min(end_, begin_ + (bytes + kStep - 1) / kStep * kStep);
    if (!room_->take(granted_, wanted - granted_)) return false;
    granted_ = wanted;
    return true;
  }

 private:
  static constexpr size_t kStep = size_t{1} << 20;

  Room* room_ = nullptr;
  size_t begin_ = 0;
  size_t granted_ = 0;
  size_t end_ = 0;
};

}  // namespace uipvs
