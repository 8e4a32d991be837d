#include "core/sip.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/random.h"

namespace uipvs::test {
namespace {

std::string call_id(const std::string& message) {
  // Exactly the message's bytes, so that AddressSanitizer sees the first one beyond.
  const std::vector<uint8_t> bytes(message.begin(), message.end());
  const std::span<const uint8_t> found = find_call_id(bytes);
  return {found.begin(), found.end()};
}

const std::string kStart = "INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n";
const std::string kRest = "\r\nTo: x\r\n\r\n";

}  // namespace

TEST_CASE("sip: what a message's Call-ID is, as a kernel says") {
  struct Row {
    std::string message, expected;
  };
  const std::vector<Row> rows{
      {kStart + "Call-ID: abc@host" + kRest, "abc@host"},
      {kStart + "call-id: abc@host" + kRest, "abc@host"},
      {kStart + "CALL-ID: abc@host" + kRest, "abc@host"},
      {kStart + "i: abc@host" + kRest, "abc@host"},
      {kStart + "I: abc@host" + kRest, "abc@host"},
      {kStart + "Call-ID:abc@host" + kRest, "abc@host"},
      {kStart + "Call-ID \t: abc@host" + kRest, "abc@host"},
      {kStart + "Call-ID:\tabc@host" + kRest, "abc@host"},
      {kStart + "i : abc@host" + kRest, "abc@host"},
      {kStart + "Call-ID: abc@host  " + kRest, ""},
      {kStart + "Call-ID: abc def" + kRest, ""},
      {kStart + "Call-ID: abc,def" + kRest, ""},
      {"INVITE\nVia: h\nCall-ID: abc@host\nTo: x\n\n", "abc@host"},
      {"INVITE\rVia: h\rCall-ID: abc@host\rTo: x\r\r", "abc@host"},
      {kStart + "Call-ID: abc@host", ""},
      {kStart + "Call-ID: abc@host\r", "abc@host"},
      {"Call-ID: abc@host\r\nTo: x\r\n\r\n", ""},
      {"INVITE\r\nCall-ID: abc@host\r\nTo: x\r\n\r\n", "abc@host"},
      {"\r\nCall-ID: abc@host\r\nTo: x\r\n\r\n", "abc@host"},
      {kStart + "Call-ID:\r\n abc@host" + kRest, "abc@host"},
      {kStart + "Call-ID:\n\tabc@host" + kRest, "abc@host"},
      {kStart + "Call-ID\r\n : abc@host" + kRest, "abc@host"},
      {kStart + "X: y\r\n Call-ID: abc@host" + kRest, ""},
      {kStart + "Call-ID: " + kRest, ""},
      {kStart + "Call-ID: \r\nCall-ID: real@h" + kRest, ""},
      {kStart + "Call-ID: @host" + kRest, ""},
      {kStart + "Call-ID: abc@" + kRest, ""},
      {kStart + "Call-ID: abc@\r\nCall-ID: real@h" + kRest, "real@h"},
      {kStart + "Call-ID: a@b@c" + kRest, ""},
      {kStart + "\r\nCall-ID: abc@host" + kRest, "abc@host"},
      {kStart + "Call-ID: one@h\r\nCall-ID: two@h" + kRest, "one@h"},
      {kStart + "i: one@h\r\nCall-ID: two@h" + kRest, "one@h"},
      {kStart + "Call-IDx: abc@host" + kRest, ""},
      {kStart + "info: abc@host\r\nCall-ID: real@h" + kRest, "real@h"},
      {kStart + "i-x: abc@host\r\nCall-ID: real@h" + kRest, ""},
      {kStart + "Call-ID abc\r\nCall-ID: real@h" + kRest, ""},
      {kStart + "Call-ID: !\"%()*+:<>?[\\]_`{}~-./'aZ09" + kRest, "!\"%()*+:<>?[\\]_`{}~-./'aZ09"},
      {kStart +
           "Call-ID: a\xe9"
           "b" +
           kRest,
       "a\xe9"
       "b"},
      {kStart +
           "Call-ID: a\x80"
           "b" +
           kRest,
       ""},
      {kStart + "Call-ID: " + std::string(255, 'a') + kRest, std::string(255, 'a')},
      {kStart + "Call-ID: " + std::string(256, 'a') + kRest, ""},
      {kStart + "Call-ID: " + std::string(256, 'a') + "\r\nCall-ID: real@h" + kRest, ""},
      {kStart + "X: y\r\rCall-ID: abc@host" + kRest, ""},
      {kStart + "X: y\n\rCall-ID: abc@host" + kRest, ""},
      {kStart + "Call-ID:", ""},
      {kStart + "Call-ID:\r\n", ""},
      {kStart + "i", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.message);
    CHECK(call_id(row.message) == row.expected);
  }
}

TEST_CASE("sip: these bytes, in a word, the kernel takes for its end") {
  for (const char byte : std::string("#$&,;=^|\0", 9)) {
    CAPTURE(byte);
    CHECK(call_id(kStart + "Call-ID: a" + byte + "b" + kRest).empty());
  }
}

TEST_CASE("sip: a message that is cut anywhere before its Call-ID's line ends has none") {
  const std::string message = kStart + "Call-ID: abc@host";
  for (size_t length = 0; length <= message.size(); ++length) CHECK(call_id(message.substr(0, length)).empty());
  CHECK(call_id(message + "\n") == "abc@host");
}

TEST_CASE("sip: of any bytes, a Call-ID is 1 to 255 of the message's own, with a line end behind them") {
  Random random(test_seed());
  const std::vector<std::string> words{"\r\n", "\r", "\n", "Call-ID:", "i", ":", " ", "abc", "@", ",", "\t", "\ni:"};
  int found = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string message;
    for (uint32_t i = random.below(20); i != 0; --i)
      message += words[random.below(static_cast<uint32_t>(words.size()))];
    const std::vector<uint8_t> bytes(message.begin(), message.end());
    const std::span<const uint8_t> id = find_call_id(bytes);
    if (id.empty()) continue;
    ++found;
    REQUIRE(id.size() <= kMaxCallIdBytes);
    REQUIRE(id.data() > bytes.data());
    REQUIRE(id.data() + id.size() < bytes.data() + bytes.size());
    const uint8_t behind = *(id.data() + id.size());
    REQUIRE((behind == '\r' || behind == '\n'));
  }
  CHECK(found > 100);
}

}  // namespace uipvs::test
