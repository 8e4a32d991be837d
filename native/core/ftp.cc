#include "core/ftp.h"

#include <string_view>

namespace uipvs {
namespace {

// "PASV" and the line's end; EPSV's line is looked at where there is as much.
constexpr size_t kPassiveCommandBytes = 6;

uint8_t upper(uint8_t byte) { return byte >= 'a' && byte <= 'z' ? static_cast<uint8_t>(byte - 'a' + 'A') : byte; }

bool is_digit(uint8_t byte) { return byte >= '0' && byte <= '9'; }

// Reads text from the left; nothing is read beyond its end.
class Cursor {
 public:
  explicit Cursor(std::span<const uint8_t> text, size_t at = 0) : text_(text), at_(at) {}

  size_t at() const { return at_; }
  bool is_end() const { return at_ >= text_.size(); }
  uint8_t peek() const { return text_[at_]; }
  void skip() { ++at_; }

  bool take(uint8_t byte) {
    if (is_end() || peek() != byte) return false;
    skip();
    return true;
  }

  // Upper-case letters stand for both cases.
  bool take_word(std::string_view word) {
    if (text_.size() - at_ < word.size()) return false;
    for (size_t i = 0; i < word.size(); ++i) {
      if (upper(text_[at_ + i]) != static_cast<uint8_t>(word[i])) return false;
    }
    at_ += word.size();
    return true;
  }

  // A decimal number of at least one digit and at most `most`, behind which something stands.
  bool take_number(uint32_t most, uint32_t& value) {
    const size_t start = at_;
    value = 0;
    for (; !is_end() && is_digit(peek()); skip()) {
      value = value * 10 + peek() - '0';
      if (value > most) return false;
    }
    return at_ > start && !is_end();
  }

  bool take_hex_group(uint32_t& value) {
    value = 0;
    int digits = 0;
    for (; digits < 4 && !is_end(); ++digits, skip()) {
      const uint8_t byte = upper(peek());
      if (!is_digit(byte) && (byte < 'A' || byte > 'F')) break;
      value = value << 4 | static_cast<uint32_t>(is_digit(byte) ? byte - '0' : byte - 'A' + 10);
    }
    return digits != 0;
  }

 private:
  std::span<const uint8_t> text_;
  size_t at_;
};

// h1,h2,h3,h4,p1,p2
bool take_list(Cursor& cursor, FtpEndpoint& endpoint) {
  uint32_t numbers[6];
  for (int i = 0; i < 6; ++i) {
    if ((i != 0 && !cursor.take(',')) || !cursor.take_number(255, numbers[i])) return false;
  }
  endpoint.address = {{numbers[0] << 24 | numbers[1] << 16 | numbers[2] << 8 | numbers[3], 0, 0, 0}};
  endpoint.port = static_cast<uint16_t>(numbers[4] << 8 | numbers[5]);
  endpoint.has_address = true;
  return endpoint.port != 0;
}

bool take_address4(Cursor& cursor, uint32_t& address) {
  address = 0;
  for (int i = 0; i < 4; ++i) {
    uint32_t number;
    if ((i != 0 && !cursor.take('.')) || !cursor.take_number(255, number)) return false;
    address = address << 8 | number;
  }
  return true;
}

// The text forms of RFC 4291 2.2: groups, one "::", an IPv4 address at the end.
bool take_address6(Cursor& cursor, Address& address) {
  uint32_t groups[8] = {};
  int count = 0, gap = -1;
  if (cursor.take(':')) {
    if (!cursor.take(':')) return false;
    gap = 0;
  }
  while (count < 8) {
    const Cursor group_start = cursor;
    if (!cursor.take_hex_group(groups[count])) break;
    if (!cursor.is_end() && cursor.peek() == '.') {
      uint32_t last;
      cursor = group_start;
      if (count > 6 || !take_address4(cursor, last)) return false;
      groups[count++] = last >> 16;
      groups[count++] = last & 0xffff;
      break;
    }
    ++count;
    const Cursor behind_group = cursor;
    if (count == 8 || !cursor.take(':')) break;
    if (cursor.take(':')) {
      if (gap >= 0) return false;
      gap = count;
    } else if (cursor.is_end() || cursor.peek() == ':') {
      cursor = behind_group;
      break;
    }
  }
  if (gap < 0 ? count != 8 : count == 8) return false;
  uint32_t whole[8] = {};
  for (int i = 0; i < count; ++i) whole[gap >= 0 && i >= gap ? i + 8 - count : i] = groups[i];
  for (int i = 0; i < 4; ++i) address.words[i] = whole[2 * i] << 16 | whole[2 * i + 1];
  return true;
}

// |1|address|port|, and |||port| where `may_omit_address`; any printable character may be the delimiter.
bool take_extended(Cursor& cursor, Family family, bool may_omit_address, FtpEndpoint& endpoint) {
  if (cursor.is_end() || cursor.peek() < 33 || cursor.peek() > 126) return false;
  const uint8_t delimiter = cursor.peek();
  cursor.skip();
  endpoint.has_address = !cursor.take(delimiter);
  if (!endpoint.has_address) {
    if (!may_omit_address || !cursor.take(delimiter)) return false;
  } else {
    const bool is_v6 = family == Family::ipv6;
    if (!cursor.take(is_v6 ? '2' : '1') || !cursor.take(delimiter)) return false;
    const bool is_read =
        is_v6 ? take_address6(cursor, endpoint.address) : take_address4(cursor, endpoint.address.words[0]);
    if (!is_read || !cursor.take(delimiter)) return false;
  }
  uint32_t port;
  if (!cursor.take_number(65535, port) || port == 0 || !cursor.take(delimiter)) return false;
  endpoint.port = static_cast<uint16_t>(port);
  return true;
}

// Behind the command or the reply's number: goes to where the endpoint's text starts, which is behind `opening`, how often
// it stands, or in the form of a list also at the first digit.
void skip_to_endpoint(Cursor& cursor, uint8_t opening, bool is_list) {
  while (!cursor.is_end() && cursor.peek() != opening) {
    if (is_list && is_digit(cursor.peek())) return;
    cursor.skip();
  }
  while (cursor.take(opening)) {
  }
}

bool take_endpoint(Cursor cursor, uint8_t opening, FtpMode mode, Family family, FtpEndpoint& endpoint) {
  const bool is_list = mode == FtpMode::active || mode == FtpMode::passive;
  if (is_list && family != Family::ipv4) return false;
  skip_to_endpoint(cursor, opening, is_list);
  FtpEndpoint read;
  const size_t start = cursor.at();
  const bool is_read =
      is_list ? take_list(cursor, read) : take_extended(cursor, family, mode == FtpMode::extended_passive, read);
  if (!is_read) return false;
  read.offset = static_cast<uint32_t>(start);
  read.length = static_cast<uint32_t>(cursor.at() - start);
  endpoint = read;
  return true;
}

// PASV or EPSV wherever it stands, which settles what the segment is about. EPSV may name the family, and no other; EPSV
// ALL, which asks for nothing, and whatever else it may say are none.
bool find_passive_command(std::span<const uint8_t> payload, Family family, FtpMode& mode) {
  for (size_t at = 0; at + kPassiveCommandBytes <= payload.size(); ++at) {
    const Cursor start(payload, at);
    if (Cursor(start).take_word("PASV\r\n")) {
      mode = FtpMode::passive;
      return true;
    }
    Cursor cursor = start;
    if (!cursor.take_word("EPSV")) continue;
    const bool is_bare = cursor.take('\r');
    if (!is_bare && !cursor.take(' ')) continue;
    const bool is_asked = is_bare || cursor.take_word(family == Family::ipv6 ? "2\r" : "1\r");
    mode = is_asked ? FtpMode::extended_passive : FtpMode::none;
    return true;
  }
  return false;
}

class Writer {
 public:
  explicit Writer(std::span<uint8_t, kMaxFtpTextBytes> to) : to_(to) {}

  void put(char byte) { to_[at_++] = static_cast<uint8_t>(byte); }
  void put_number(uint32_t value, uint32_t base) {
    if (value >= base) put_number(value / base, base);
    put("0123456789abcdef"[value % base]);
  }
  void put_address(Family family, const Address& address) {
    const bool is_v6 = family == Family::ipv6;
    for (int i = 0; i < (is_v6 ? 8 : 4); ++i) {
      if (i != 0) put(is_v6 ? ':' : '.');
      if (is_v6) {
        put_number(address.words[i / 2] >> (16 * (1 - i % 2)) & 0xffff, 16);
      } else {
        put_number(address.words[0] >> (8 * (3 - i)) & 0xff, 10);
      }
    }
  }
  uint32_t length() const { return at_; }

 private:
  std::span<uint8_t, kMaxFtpTextBytes> to_;
  uint32_t at_ = 0;
};

void write_list(Writer& writer, const Address& address, uint16_t port) {
  for (int i = 3; i >= 0; --i) {
    writer.put_number(address.words[0] >> (8 * i) & 0xff, 10);
    writer.put(',');
  }
  writer.put_number(port >> 8, 10);
  writer.put(',');
  writer.put_number(port & 0xff, 10);
}

}  // namespace

FtpCommand parse_ftp_command(std::span<const uint8_t> payload, Family family) {
  FtpCommand command;
  if (find_passive_command(payload, family, command.mode)) return command;
  Cursor cursor(payload);
  if (cursor.take_word("PORT")) {
    command.mode = FtpMode::active;
  } else if (cursor.take_word("EPRT")) {
    command.mode = FtpMode::extended_active;
  } else {
    return command;
  }
  if (!take_endpoint(cursor, ' ', command.mode, family, command.endpoint)) command.mode = FtpMode::none;
  return command;
}

bool parse_ftp_reply(std::span<const uint8_t> payload, FtpMode awaited, Family family, FtpEndpoint& endpoint) {
  Cursor cursor(payload);
  if (awaited == FtpMode::passive) {
    return cursor.take_word("227 ") && take_endpoint(cursor, '(', awaited, family, endpoint);
  }
  return awaited == FtpMode::extended_passive && cursor.take_word("229 ") &&
         take_endpoint(cursor, '(', awaited, family, endpoint);
}

uint32_t write_ftp_endpoint(FtpMode mode, Family family, const Address& address, uint16_t port,
                            std::span<uint8_t, kMaxFtpTextBytes> to) {
  Writer writer(to);
  if (mode == FtpMode::passive || mode == FtpMode::active) {
    write_list(writer, address, port);
    return writer.length();
  }
  writer.put('|');
  if (mode == FtpMode::extended_active) writer.put(family == Family::ipv6 ? '2' : '1');
  writer.put('|');
  if (mode == FtpMode::extended_active) writer.put_address(family, address);
  writer.put('|');
  writer.put_number(port, 10);
  writer.put('|');
  return writer.length();
}

}  // namespace uipvs
