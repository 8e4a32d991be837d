// The Call-ID of a SIP message, by which persistence of engine "sip" tells calls apart.
//
// Theory of operation: a datagram's header lines are searched for one that is named Call-ID, or i, in either case. A line
// starts behind CR, LF or CRLF, so the first line, which is the request or status, is never one. The value must be a word
// or word@word and end with its line, within the datagram; blanks behind it are not taken. Where there is none, the
// datagram is persistent by its address alone, so a wrong "no" costs little, and a wrong value could join strangers' calls.
// Source: RFC 3261 7.3, 20.8, 25.1; net/netfilter/ipvs/ip_vs_pe_sip.c and a kernel asked with each form, whose oddities
// are kept: a header may be in the body; the name or the value may be folded onto the next line; a line that starts right
// behind an empty one ended by CR or LF alone is overlooked; letters are those of ISO 8859-1. Differs from the kernel:
// behind two Call-IDs without a value a third is looked for in all of the rest, not in part of it.
#pragma once

#include <cstdint>
#include <span>

namespace uipvs {

// Specification: the kernel's IP_VS_PEDATA_MAXLEN.
inline constexpr uint32_t kMaxCallIdBytes = 255;

// The Call-ID in a UDP payload, of 1 to 255 bytes, a part of `message`; empty where there is none.
std::span<const uint8_t> find_call_id(std::span<const uint8_t> message);

}  // namespace uipvs
