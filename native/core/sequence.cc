#include "core/sequence.h"

#include <atomic>

#include "core/bytes.h"
#include "core/tcp_options.h"

namespace uipvs {
namespace {

constexpr size_t kSequenceOffset = 4;
constexpr size_t kAcknowledgmentOffset = 8;
// Implementation: half of where a comparison turns over, and no window is larger (RFC 7323 2.3).
constexpr uint32_t kForgottenBytes = uint32_t{1} << 30;

template <typename Value>
Value acquire(const Value& field) {
  return std::atomic_ref<Value>(const_cast<Value&>(field)).load(std::memory_order_acquire);
}

template <typename Value>
void release(Value& field, Value value) {
  std::atomic_ref<Value>(field).store(value, std::memory_order_release);
}

// Implementation: more than any segment becomes longer.
constexpr uint32_t kStaleBytes = uint32_t{1} << 16;

// In the order opposite to that of note_edit().
SequenceShift read_shift(const SequenceShift& from) {
  SequenceShift read;
  read.delta = acquire(from.delta);
  read.init_seq = acquire(from.init_seq);
  read.previous_delta = acquire(from.previous_delta);
  return read;
}

size_t index_of(Direction direction) { return direction == Direction::to_server ? 0 : 1; }

EditState state_of(const SequenceRecord& record, size_t index) {
  return static_cast<EditState>(acquire(record.states[index]));
}

void set_state(SequenceRecord& record, size_t index, EditState state) {
  release(record.states[index], static_cast<uint8_t>(state));
}

// Behind an acknowledged PROXY header the client's first byte comes without it.
bool is_behind_proxy_header(const SequenceRecord& record, const SequenceShift& shift, uint32_t sequence) {
  return record.proxy_bytes != 0 && sequence == shift.init_seq && sequence == record.client_sequence + 1;
}

uint32_t translate_sequence(SequenceRecord& record, size_t index, uint32_t sequence) {
  const SequenceShift shift = read_shift(record.shifts[index]);
  if (state_of(record, index) == EditState::settled) {
    if (index == 0 && is_behind_proxy_header(record, shift, sequence)) {
      return sequence + static_cast<uint32_t>(shift.delta);
    }
    if (is_behind(sequence, shift.init_seq) && sequence - shift.init_seq >= kForgottenBytes) {
      release(record.shifts[index].previous_delta, shift.delta);
      set_state(record, index, EditState::none);
      release(record.has_stale[index], uint8_t{0});
    }
  }
  const bool is_stale =
      acquire(record.has_stale[index]) != 0 && !is_behind(sequence, acquire(record.stale_until[index]));
  return shifted_sequence(shift, sequence) - (is_stale ? kStaleBytes : 0);
}

// The edit that `shift` tells of was acknowledged, and gives way to another.
void retire(SequenceRecord& record, size_t index, const SequenceShift& shift) {
  // An inserted header is no part of the segment that it came with, which may not be acknowledged yet.
  const bool is_insertion = acquire(record.edited_bytes[index]) == 0;
  release(record.stale_until[index], shift.init_seq - (is_insertion ? 1 : 0));
  release(record.has_stale[index], uint8_t{1});
}

// Whether `acknowledgment` is behind what comes before the last edit, and whether it takes in all of that edit.
bool is_of_edit(const SequenceShift& shift, uint32_t acknowledgment) {
  return is_behind(acknowledgment, shift.init_seq + static_cast<uint32_t>(shift.previous_delta));
}

bool is_whole(const SequenceShift& shift, uint32_t edited_bytes, uint32_t acknowledgment) {
  return is_of_edit(shift, acknowledgment) &&
         !is_behind(shift.init_seq + edited_bytes, acknowledgment - static_cast<uint32_t>(shift.delta));
}

uint32_t translate_acknowledgment(SequenceRecord& record, size_t index, uint32_t acknowledgment) {
  // The state first: what it says holds of the shift that is read then, or of an older one.
  const EditState state = state_of(record, index);
  const SequenceShift shift = read_shift(record.shifts[index]);
  const uint32_t edited = acquire(record.edited_bytes[index]);
  if (state == EditState::pending && is_whole(shift, edited, acknowledgment)) {
    set_state(record, index, EditState::settled);
  }
  return unshifted_acknowledgment(shift, edited, acknowledgment);
}

// Edges of SACK blocks, D-SACK's (RFC 2883), which comes first, among them.
void translate_sack(std::span<uint8_t> header, const SequenceRecord& record, size_t index) {
  const SequenceShift shift = read_shift(record.shifts[index]);
  const uint32_t edited = acquire(record.edited_bytes[index]);
  TcpOptions options(header);
  while (options.next()) {
    if (options.kind() != kTcpOptionSack) continue;
    const std::span<uint8_t> edges = options.bytes().subspan(2);
    for (size_t at = 0; at + 4 <= edges.size(); at += 4) {
      uint8_t* const edge = edges.data() + at;
      store_be32(edge, unshifted_acknowledgment(shift, edited, load_be32(edge)));
    }
  }
}

// False where an earlier edit is not yet acknowledged.
bool note_edit(SequenceRecord& record, size_t index, uint32_t sequence, uint32_t bytes, int32_t change) {
  const SequenceShift shift = read_shift(record.shifts[index]);
  const EditState state = state_of(record, index);
  if (state != EditState::none && !is_behind(sequence, shift.init_seq)) return true;
  if (state == EditState::pending) return false;
  if (state == EditState::settled) retire(record, index, shift);
  const uint32_t delta = static_cast<uint32_t>(shift.delta) + static_cast<uint32_t>(change);
  release(record.shifts[index].previous_delta, shift.delta);
  set_state(record, index, EditState::written);
  release(record.edited_bytes[index], bytes);
  release(record.shifts[index].init_seq, sequence);
  release(record.shifts[index].delta, static_cast<int32_t>(delta));
  set_state(record, index, EditState::pending);
  return true;
}

bool is_identity(const SequenceShift& from) {
  const SequenceShift shift = read_shift(from);
  return shift.delta == 0 && shift.previous_delta == 0;
}

}  // namespace

uint32_t tcp_sequence(const Packet& packet, const PacketView& view) {
  return load_be32(packet.data + view.transport_offset + kSequenceOffset);
}

uint32_t tcp_acknowledgment(const Packet& packet, const PacketView& view) {
  return load_be32(packet.data + view.transport_offset + kAcknowledgmentOffset);
}

uint32_t shifted_sequence(const SequenceShift& shift, uint32_t sequence) {
  const bool is_later = is_behind(sequence, shift.init_seq);
  return sequence + static_cast<uint32_t>(is_later ? shift.delta : shift.previous_delta);
}

uint32_t unshifted_acknowledgment(const SequenceShift& shift, uint32_t edited_bytes, uint32_t acknowledgment) {
  if (!is_of_edit(shift, acknowledgment)) return acknowledgment - static_cast<uint32_t>(shift.previous_delta);
  const bool is_forgotten = shift.delta == shift.previous_delta;
  if (!is_forgotten && !is_whole(shift, edited_bytes, acknowledgment)) return shift.init_seq;
  return acknowledgment - static_cast<uint32_t>(shift.delta);
}

void shift_sequence(Packet& packet, const PacketView& view, SequenceRecord& record, Direction direction) {
  const size_t own = index_of(direction);
  const size_t other = 1 - own;
  const bool has_acknowledgment = (view.tcp_flags & kTcpAck) != 0 && !is_identity(record.shifts[other]);
  if (!has_acknowledgment && is_identity(record.shifts[own])) return;
  edit_tcp_header(packet, view, [&](std::span<uint8_t> header) {
    uint8_t* const sequence = header.data() + kSequenceOffset;
    store_be32(sequence, translate_sequence(record, own, load_be32(sequence)));
    if (!has_acknowledgment) return;
    uint8_t* const acknowledgment = header.data() + kAcknowledgmentOffset;
    store_be32(acknowledgment, translate_acknowledgment(record, other, load_be32(acknowledgment)));
    translate_sack(header, record, other);
  });
}

void repair_sequence(SequenceRecord& record) {
  for (size_t index = 0; index < 2; ++index) {
    const EditState state = state_of(record, index);
    if (state <= EditState::settled) continue;
    // The segment of an edit that is not there was not sent; it comes again.
    const bool is_noted =
        state == EditState::written && record.shifts[index].delta != record.shifts[index].previous_delta;
    set_state(record, index, is_noted ? EditState::pending : EditState::none);
  }
}

bool is_early(const SequenceRecord& record, Direction direction, uint32_t sequence) {
  const size_t index = index_of(direction);
  return acquire(record.has_next[index]) != 0 && is_behind(sequence, acquire(record.next_sequence[index]));
}

bool note_segment(SequenceRecord& record, Direction direction, uint32_t sequence, uint32_t bytes, int32_t change) {
  if (bytes == 0 && change == 0) return true;
  const size_t index = index_of(direction);
  if (change != 0 && !note_edit(record, index, sequence, bytes, change)) return false;
  const uint32_t end = sequence + bytes;
  if (acquire(record.has_next[index]) == 0 || is_behind(end, acquire(record.next_sequence[index]))) {
    release(record.next_sequence[index], end);
    release(record.has_next[index], uint8_t{1});
  }
  return true;
}

}  // namespace uipvs
