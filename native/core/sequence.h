// TCP sequence numbers of connections whose payload changes its length on the way.
//
// Theory of operation: once an edit has made a segment longer or shorter, the two ends count the bytes behind it
// differently, so what one end says of them is put into the other's numbers: the sequence number of each segment of the
// edited direction, and the acknowledgment and the SACK blocks of each segment of the other. A direction's record is the
// kernel's: the number `init_seq` at which the last edited segment starts, in its sender's count; what is added behind it
// (`delta`), and what up to it (`previous_delta`). The edited segment itself keeps its start, and is edited alike each time
// that it comes again.
//
// Two deltas tell two edits apart, no more. So a direction waits with the next edit until the receiver has acknowledged
// the last one (pending, then settled): until then a new edit is refused, its segment dropped, and TCP sends it again. And
// numbers wrap: 2^31 bytes behind an edit "behind" would turn into "before", so from 2^30 bytes on the edit is forgotten
// and its delta holds everywhere. Of an edited segment, all or nothing is acknowledged: part of it has no number in its
// sender's count. Retransmissions are taken to start where the originals did. One that is older than the last edit but one
// has no delta any more; a wrong one could reach beyond what the receiver has, so it is put 64 KiB lower, where it only
// makes the receiver acknowledge again, which may be what its sender waits for.
//
// An all-zero record is of a connection that was not edited. The worker that holds a packet moves the record; the worker
// of the other direction may read meanwhile, and the order of the stores (delta is the last one) makes every mixture that
// it can see right, because what is still under way then is older than the edit.
// Source: net/netfilter/ipvs/ip_vs_app.c, vs_fix_seq(), vs_fix_ack_seq(), vs_seq_update(). Differs from the kernel: it
// compares an acknowledgment with init_seq + delta, which takes one of all that comes before a shortening edit for one of
// the edit; here it is init_seq + previous_delta. SACK blocks, partial acknowledgments, the waiting, the forgetting
// and what is older than two edits are not in IPVS.
#pragma once

#include <cstdint>
#include <type_traits>

#include "core/packet.h"
#include "core/packet_view.h"
#include "core/tcp_state.h"

namespace uipvs {

// Of the bytes of one direction. As in a synchronisation message: struct ip_vs_seq.
struct SequenceShift {
  uint32_t init_seq;
  int32_t delta;
  int32_t previous_delta;
};

enum class EditState : uint8_t {
  none,     // no edit, or one long ago
  pending,  // not acknowledged
  settled,  // acknowledged
  written,  // being noted: nobody but repair_sequence() sees it
};

// Lies in shared memory as the extension of a connection record.
struct SequenceRecord {
  SequenceShift shifts[2];    // of the bytes from the client, of those from the server
  uint8_t states[2];          // EditState, likewise
  uint8_t proxy_bytes;        // length of the PROXY header in front of the client's first byte, or 0
  uint8_t ftp_mode;           // FtpMode that the client asked for last
  uint32_t edited_bytes[2];   // payload of the last edited segment in its sender's count, likewise
  uint32_t stale_until[2];    // where has_stale: a segment that starts up to here was acknowledged long ago
  uint32_t next_sequence[2];  // where has_next: behind the last byte that has passed, in its sender's count
  uint8_t has_stale[2];
  uint8_t has_next[2];
  uint32_t client_sequence;  // the client's initial sequence number, where there is a PROXY header
  uint32_t flags;            // its owner's
};
static_assert(sizeof(SequenceRecord) == 64);
static_assert(std::is_trivially_copyable_v<SequenceRecord> && std::is_standard_layout_v<SequenceRecord>);

// Whether `left` comes behind `right`, in 32 bits that wrap. Source: RFC 9293 3.4.
inline bool is_behind(uint32_t left, uint32_t right) { return static_cast<int32_t>(left - right) > 0; }

// Fields of a TCP header, in host byte order.
uint32_t tcp_sequence(const Packet& packet, const PacketView& view);
uint32_t tcp_acknowledgment(const Packet& packet, const PacketView& view);

// A sequence number of the sender in the receiver's count.
uint32_t shifted_sequence(const SequenceShift& shift, uint32_t sequence);
// An acknowledgment, or an edge of a SACK block, of the receiver in the sender's count; of part of an edited segment,
// whose sender has `edited_bytes` in it, it is one of nothing of it.
uint32_t unshifted_acknowledgment(const SequenceShift& shift, uint32_t edited_bytes, uint32_t acknowledgment);

// Puts the numbers of a TCP segment that goes in `direction` into its receiver's count, and takes note of what it
// acknowledges. The segment is whole (its header is there) and not edited yet. A partial checksum does not cover them.
void shift_sequence(Packet& packet, const PacketView& view, SequenceRecord& record, Direction direction);

// Whether a segment that starts at `sequence`, as its sender counts, comes before bytes that have not passed. Where the
// payload decides what is edited, it must be dropped: what its number will be, nobody knows yet.
bool is_early(const SequenceRecord& record, Direction direction, uint32_t sequence);

// Takes note that a segment of `bytes` of payload that goes in `direction` and starts at `sequence`, as its sender counts,
// passes and becomes longer by `change` bytes (shorter where negative, 0 where it is not edited). A SYN counts as one byte,
// and so does a FIN.
// The same edited segment again counts once; it keeps a byte at least, or nobody could acknowledge it. False where an
// earlier edit is not yet acknowledged: the segment must not be edited, and not be sent either.
bool note_segment(SequenceRecord& record, Direction direction, uint32_t sequence, uint32_t bytes, int32_t change);

// Of a process that ended in the middle: an edit that was being noted is there then or is not.
void repair_sequence(SequenceRecord& record);

}  // namespace uipvs
