// Plain fields of a connection record, written by the worker and read by a listing on another thread.
#pragma once

#include <atomic>

namespace uipvs {

// A listing on another thread may read a record while its slot is written anew (and then discards what it read), so the
// fields that it reads are stored and loaded whole. The compiler makes plain moves of these.
template <typename Value>
void put(Value& field, Value value) {
  std::atomic_ref<Value>(field).store(value, std::memory_order_relaxed);
}

template <typename Value>
Value get(const Value& field) {
  return std::atomic_ref<Value>(const_cast<Value&>(field)).load(std::memory_order_relaxed);
}

}  // namespace uipvs
