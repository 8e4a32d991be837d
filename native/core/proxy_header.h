// The PROXY protocol's version 2 header, which tells a real server who its client is.
//
// Theory of operation: the header must be the first bytes that the server reads, though the client does not send them.
// So it is put in front of the client's first byte, which has the number ISN + 1: each segment from the client that starts
// there, with payload or without, carries the header until the server has acknowledged it; every later segment, and from
// then on that one too, is shifted by the header's length (sequence.h). No state says "sent": a segment that may have been
// lost is the same when it comes again.
//
// The first such segment is the handshake's ACK, which so becomes a segment of data. It is not a packet of our own, for
// nobody would send that again; riding on the ACK, the header is repaired by what repairs the ACK. If it is lost, the
// server still waits for the handshake and sends its SYN-ACK again, the client answers with the same ACK, and the header
// rides again. If the client has data, its own retransmission starts at ISN + 1 and carries it too. The server's
// acknowledgment of the header alone reaches the client as one of nothing, which TCP ignores.
//
// A SYN carries no header; data in a SYN (TCP Fast Open) is cut off, and the client sends it again behind the handshake.
// A RST carries none either: where it is not yet shifted, the server challenges it (RFC 5961), and the next one is right.
// The MSS that the server offers is lowered by the header's length, so that the first full segment still fits the path.
// UDP has no stream: there the header goes in front of the datagrams that the caller chooses.
// Source: HAProxy, "The PROXY protocol, versions 1 & 2", section 2.2.
#pragma once

#include <cstdint>
#include <span>

#include "core/connection.h"
#include "core/payload.h"
#include "core/sequence.h"

namespace uipvs {

// Specification: 16 bytes, then two addresses and two ports.
inline constexpr uint32_t kProxyHeaderBytes4 = 28;
inline constexpr uint32_t kProxyHeaderBytes6 = 52;

constexpr uint32_t proxy_header_bytes(Family family) {
  return family == Family::ipv6 ? kProxyHeaderBytes6 : kProxyHeaderBytes4;
}

// Writes the header of a connection of TCP or UDP: its source is the client, its destination the virtual address. Gives
// back its length.
uint32_t write_proxy_header(const ConnectionEnds& ends, std::span<uint8_t, kProxyHeaderBytes6> to);

// Puts the header in front of the payload, whatever the packet is. For datagrams; TCP has the two below.
EditError prepend_proxy_header(Packet& packet, PacketView& view, const ConnectionEnds& ends);

// What a segment from the client needs, before shift_sequence(): of a SYN, notes its number in `record` and cuts its
// data; on a segment that starts at ISN + 1, puts the header. A connection that is begun anew while its record is kept
// needs the record zeroed first. On an error the segment must not be sent.
EditError add_proxy_header(Packet& packet, PacketView& view, SequenceRecord& record, const ConnectionEnds& ends);

// What a segment from the server needs besides shift_sequence(): a SYN-ACK has its MSS lowered.
void make_room_for_proxy_header(Packet& packet, const PacketView& view);

}  // namespace uipvs
