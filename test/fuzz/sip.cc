// The Call-ID in a datagram of any bytes.
//
// What is found lies in the message, is of words as RFC 3261 has them, and ends with its line; and bytes behind the line's end
// make no difference to it.
#include "core/sip.h"
#include "fuzz_input.h"

namespace uipvs::test {

void fuzz_one(const std::vector<uint8_t>& message) {
  const std::span<const uint8_t> found = find_call_id(message);
  if (found.empty()) return;
  must(found.size() <= kMaxCallIdBytes, "a Call-ID that is too long");
  must(found.data() >= message.data() && found.data() + found.size() < message.data() + message.size(),
       "a Call-ID beyond the message, or at its very end");
  const size_t at = static_cast<size_t>(found.data() - message.data());
  const uint8_t end = message[at + found.size()];
  must(end == '\r' || end == '\n', "a Call-ID that does not end with its line");
  must(std::count(found.begin(), found.end(), '@') <= 1, "more than one host");
  for (const uint8_t byte : found) must(byte > ' ' && byte != ',' && byte != ';', "what is no word");
  const std::vector<uint8_t> line(message.begin(), message.begin() + static_cast<ptrdiff_t>(at + found.size() + 1));
  const std::span<const uint8_t> again = find_call_id(line);
  must(std::ranges::equal(found, again), "what follows decides what comes before");
}

}  // namespace uipvs::test

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // A copy of exactly its size, so that AddressSanitizer sees the first byte beyond.
  uipvs::test::fuzz_one({data, data + size});
  return 0;
}
