// The addresses and ports that an FTP control connection speaks of.
//
// Theory of operation: FTP's data connections are agreed upon in the control connection's text. The client says where it
// listens (PORT, EPRT), or asks the server to (PASV, EPSV), and the server answers where (227, 229). Here is only the
// text: what a segment says and where, and what to put in its place; connections are made elsewhere. One command a
// segment is considered, as the kernel does: PASV or EPSV wherever it stands, else PORT or EPRT at the start; an answer at
// the start. Text counts only where it is whole, that is where what ends it is in the same segment; a line that is split
// before that passes as it is. Case does not matter, and what is not understood is not ours.
// Source: RFC 959 4.1.2 and 4.2, RFC 2428, net/netfilter/ipvs/ip_vs_ftp.c, and a kernel asked with each form. Differs from
// the kernel: it takes 456 for 200, nothing for 0, and any port modulo 65536; here a number that cannot be, and port 0,
// are not understood. In a reply to EPSV that names an address, any address of the family is taken, as there.
#pragma once

#include <cstdint>
#include <span>

#include "core/tuple.h"

namespace uipvs {

enum class FtpMode : uint8_t { none, passive, extended_passive, active, extended_active };

// An address and a port in a payload, and the text that says so: `length` bytes at `offset`, delimiters included in the
// extended forms.
struct FtpEndpoint {
  uint32_t offset = 0;
  uint32_t length = 0;
  bool has_address = false;  // an extended passive reply seldom says it: it is the server's own
  Address address;
  uint16_t port = 0;
};

struct FtpCommand {
  FtpMode mode = FtpMode::none;
  FtpEndpoint endpoint;  // of the active modes
};

// What a segment from the client asks for; `family` is the connection's, and no other is understood.
FtpCommand parse_ftp_command(std::span<const uint8_t> payload, Family family);

// The endpoint that a segment from the server says, where the client asked for `awaited`, one of the passive modes. False
// where it says none.
bool parse_ftp_reply(std::span<const uint8_t> payload, FtpMode awaited, Family family, FtpEndpoint& endpoint);

// Longest text: "|2|", an IPv6 address of eight groups, "|65535|".
inline constexpr uint32_t kMaxFtpTextBytes = 3 + 39 + 7;

// Writes the text that stands for an endpoint in `mode`, which is not none: h1,h2,h3,h4,p1,p2 or |||port| or
// |1|address|port|. Gives back its length.
uint32_t write_ftp_endpoint(FtpMode mode, Family family, const Address& address, uint16_t port,
                            std::span<uint8_t, kMaxFtpTextBytes> to);

}  // namespace uipvs
