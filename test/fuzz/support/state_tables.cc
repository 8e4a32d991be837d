#include "support/state_tables.h"

#include <cstddef>
#include <string_view>

namespace uipvs::test {
namespace {

constexpr uint8_t kTcp = 6, kSctp = 132;

// Two letters and a space each. Source: ip_vs_proto_tcp.c, tcp_states and tcp_states_dos.
constexpr std::string_view kTcpNames = "NO ES SS SR FW TW CL CW LA LI SA ";
constexpr std::string_view kTcpRows[2][2][4] = {
    {{"SR ES ES SR SR SR SR SR SR SR SR ", "CL CW SS TW TW TW CL CW LA LI TW ", "ES ES SS ES FW TW CL CW CL LI ES ",
      "CL CL CL SR CL CL CL CL LA LI SR "},
     {"SS ES SS SR SS SS SS SS SS LI SR ", "TW FW SS TW FW TW CL TW LA LI TW ", "ES ES SS ES FW TW CL CW LA ES ES ",
      "CL CL SS CL CL TW CL CL CL CL CL "}},
    {{"SR ES ES SR SR SR SR SR SR SR SA ", "CL CW SS TW TW TW CL CW LA LI SA ", "ES ES SS SR FW TW CL CW CL LI SA ",
      "CL CL CL SR CL CL CL CL LA LI CL "},
     {"SS ES SS SA SS SS SS SS SS LI SA ", "TW FW SS TW FW TW CL TW LA LI TW ", "ES ES SS ES FW TW CL CW LA ES ES ",
      "CL CL SS CL CL TW CL CL CL CL CL "}},
};
constexpr uint32_t kTcpSeconds[] = {2, 900, 120, 60, 120, 120, 10, 60, 30, 120, 120};

// Source: ip_vs_proto_sctp.c, sctp_states and sctp_timeouts.
constexpr std::string_view kSctpNames = "NO I1 IN CS CR CW CO CE ES SS SR SA RJ CL ";
constexpr std::string_view kSctpRows[2][10] = {
    {"ES I1 IN CS CR CW CO CE ES SS SR SA RJ CL ", "I1 IN IN CS CR CW CO CE ES SS SR SA IN IN ",
     "CW CW CW CS CR CO CO CE ES SS SR SA RJ CL ", "CR IN IN CR CR CW CO CE ES SS SR SA RJ CL ",
     "ES I1 IN CS CR CW CO ES ES SS SR SA RJ CL ", "SR I1 IN CS CR CW CO CE SR SS SR SA RJ CL ",
     "CL IN IN CS CR CW CO CE ES CL SR CL RJ CL ", "CL CL CL CS CR CW CO CE ES SS SR CL RJ CL ",
     "CL I1 IN CS CR CW CO CL ES SS SR SA RJ CL ", "CL CL CL CL CL RJ CL CL CL CL CL CL CL CL "},
    {"ES I1 IN CS CR CW CO CE ES SS SR SA RJ CL ", "CW CW CW CW CW CW CW CW ES CW CW CW CW CW ",
     "CS CS CS CS CR CW CO CE ES SS SR SA RJ CL ", "CE CE CE CE CE CE CE CE ES SS SR SA RJ CL ",
     "ES ES ES ES ES ES ES ES ES SS SR SA RJ CL ", "SS SS SS SS SS SS SS SS SS SS SR SA RJ CL ",
     "SA SA SA SA SA CW CO CE ES SA SA SA RJ CL ", "CL I1 IN CS CR CW CO CE ES SS SR SA RJ CL ",
     "CL CL CL CL CL CW CO CE ES SS SR SA RJ CL ", "CL RJ CL CL CL CL CL CL CL CL CL CL CL CL "},
};
constexpr uint32_t kSctpSeconds[] = {2, 4, 61, 61, 61, 61, 61, 61, 900, 61, 61, 61, 4, 61};

uint8_t next_in(std::string_view row, std::string_view names, uint8_t state) {
  return static_cast<uint8_t>(names.find(row.substr(size_t{state} * 3, 3)) / 3);
}

std::string_view name_in(std::string_view names, uint8_t state) { return names.substr(size_t{state} * 3, 2); }

// Rows of the table by chunk type: DATA and whatever is not known first.
// Source: ip_vs_proto_sctp.c, sctp_events; RFC 9260 3.2.
size_t sctp_row(uint8_t chunk) {
  switch (chunk) {
    case 1: return 1;
    case 2: return 2;
    case 10: return 3;
    case 11: return 4;
    case 7: return 5;
    case 8: return 6;
    case 14: return 7;
    case 9: return 8;
    case 6: return 9;
    default: return 0;
  }
}

}  // namespace

uint8_t twin_tcp_state(uint8_t state, bool is_from_client, uint8_t flags, bool is_secure) {
  const auto& rows = kTcpRows[is_secure ? 1 : 0][is_from_client ? 0 : 1];
  if ((flags & 0x04) != 0) return next_in(rows[3], kTcpNames, state);
  if ((flags & 0x02) != 0) return next_in(rows[0], kTcpNames, state);
  if ((flags & 0x01) != 0) return next_in(rows[1], kTcpNames, state);
  if ((flags & 0x10) != 0) return next_in(rows[2], kTcpNames, state);
  return static_cast<uint8_t>(kTcpNames.find("CL") / 3);
}

uint8_t twin_sctp_state(uint8_t state, bool is_from_client, const std::array<uint8_t, 2>& chunks) {
  constexpr uint8_t kAbort = 6, kCookieEcho = 10, kCookieAck = 11;
  const bool is_cookie = chunks[0] == kCookieEcho || chunks[0] == kCookieAck;
  const uint8_t chunk = is_cookie && chunks[1] == kAbort ? kAbort : chunks[0];
  return next_in(kSctpRows[is_from_client ? 0 : 1][sctp_row(chunk)], kSctpNames, state);
}

bool twin_is_active(uint8_t protocol, uint8_t state) {
  if (protocol == kTcp) {
    const std::string_view name = name_in(kTcpNames, state);
    return name == "ES" || name == "SS" || name == "SR" || name == "SA";
  }
  return twin_is_established(protocol, state);
}

bool twin_is_established(uint8_t protocol, uint8_t state) {
  if (protocol == kTcp) return name_in(kTcpNames, state) == "ES";
  return protocol == kSctp && name_in(kSctpNames, state) == "ES";
}

uint32_t twin_timeout_seconds(uint8_t protocol, uint8_t state) {
  if (protocol == kTcp) return kTcpSeconds[state];
  return protocol == kSctp ? kSctpSeconds[state] : 300;
}

}  // namespace uipvs::test
