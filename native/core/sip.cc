#include "core/sip.h"

#include <string_view>

namespace uipvs {
namespace {

bool is_line_end(uint8_t byte) { return byte == '\r' || byte == '\n'; }

bool is_blank(uint8_t byte) { return byte == ' ' || byte == '\t'; }

// In ISO 8859-1: the upper half of it too, but for the multiplication and division signs.
bool is_letter(uint8_t byte) {
  const uint8_t lower = byte | 0x20;
  return (lower >= 'a' && lower <= 'z') || (byte >= 0xc0 && byte != 0xd7 && byte != 0xf7);
}

// RFC 3261 25.1, "word".
bool is_word_byte(uint8_t byte) {
  constexpr std::string_view kMarks = "-.!%*_+`'~()<>:\\\"/[]?{}";
  return is_letter(byte) || (byte >= '0' && byte <= '9') ||
         (byte < 0x80 && kMarks.find(static_cast<char>(byte)) != std::string_view::npos);
}

enum class Search : uint8_t { over, again, found };

// A message, and how far it was read. Nothing is read beyond its end.
class Reader {
 public:
  explicit Reader(std::span<const uint8_t> message) : message_(message) {}

  // From where it stands: the next Call-ID header. `again` where it has no value, and it stands there.
  Search next(std::span<const uint8_t>& value) {
    while (next_line()) {
      const size_t name = name_bytes();
      if (name == 0) {
        ++at_;
        continue;
      }
      at_ += name;
      if (!skip_blanks() || message_[at_] != ':') return Search::over;
      ++at_;
      if (!skip_blanks()) return Search::over;
      const size_t length = value_bytes();
      value = message_.subspan(at_, length);
      at_ += length;
      return length == 0 ? Search::again : Search::found;
    }
    return Search::over;
  }

  bool is_at_line_end() const { return !is_end() && is_line_end(message_[at_]); }

 private:
  bool is_end() const { return at_ >= message_.size(); }

  // From a line end to behind it; false where that is the end.
  bool skip_line_end() {
    const bool is_return = message_[at_] == '\r';
    ++at_;
    if (is_return && !is_end() && message_[at_] == '\n') ++at_;
    return !is_end();
  }

  bool next_line() {
    while (!is_end() && !is_line_end(message_[at_])) ++at_;
    return !is_end() && skip_line_end();
  }

  // The length of the name where a Call-ID header starts, else 0.
  size_t name_bytes() const {
    constexpr std::string_view kName = "call-id";
    const size_t rest = message_.size() - at_;
    size_t same = 0;
    while (same < kName.size() && same < rest && lower(message_[at_ + same]) == kName[same]) ++same;
    if (same == kName.size()) return same;
    return rest > 1 && lower(message_[at_]) == 'i' && !is_letter(message_[at_ + 1]) ? 1 : 0;
  }

  static char lower(uint8_t byte) { return static_cast<char>(byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte); }

  // Over blanks, and once over a line end that blanks follow; false at the end of the header or the message.
  bool skip_blanks() {
    while (!is_end() && is_blank(message_[at_])) ++at_;
    if (is_end() || !is_line_end(message_[at_])) return !is_end();
    if (!skip_line_end() || !is_blank(message_[at_])) return false;
    while (!is_end() && is_blank(message_[at_])) ++at_;
    return !is_end();
  }

  size_t word_bytes(size_t at) const {
    size_t end = at;
    while (end < message_.size() && is_word_byte(message_[end])) ++end;
    return end - at;
  }

  // word or word@word; 0 where it is neither.
  size_t value_bytes() const {
    const size_t name = word_bytes(at_);
    const size_t sign = at_ + name;
    if (name == 0 || sign >= message_.size() || message_[sign] != '@') return name;
    const size_t host = word_bytes(sign + 1);
    return host == 0 ? 0 : name + 1 + host;
  }

  std::span<const uint8_t> message_;
  size_t at_ = 0;
};

}  // namespace

std::span<const uint8_t> find_call_id(std::span<const uint8_t> message) {
  Reader reader(message);
  std::span<const uint8_t> value;
  Search search = Search::again;
  while (search == Search::again) search = reader.next(value);
  const bool is_taken = search == Search::found && value.size() <= kMaxCallIdBytes && reader.is_at_line_end();
  return is_taken ? value : std::span<const uint8_t>{};
}

}  // namespace uipvs
