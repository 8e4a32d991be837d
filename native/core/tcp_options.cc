#include "core/tcp_options.h"

namespace uipvs {
namespace {

constexpr size_t kMssOptionBytes = 4;

}  // namespace

bool TcpOptions::next() {
  while (!rest_.empty() && rest_[0] == kTcpOptionNop) rest_ = rest_.subspan(1);
  if (rest_.size() < 2 || rest_[0] == kTcpOptionEnd) return false;
  const size_t bytes = rest_[1];
  if (bytes < 2 || bytes > rest_.size()) return false;
  present_ = rest_.first(bytes);
  rest_ = rest_.subspan(bytes);
  return true;
}

void lower_mss(Packet& packet, const PacketView& view, uint16_t bytes) {
  edit_tcp_header(packet, view, [bytes](std::span<uint8_t> header) {
    TcpOptions options(header);
    while (options.next()) {
      if (options.kind() != kTcpOptionMss || options.bytes().size() != kMssOptionBytes) continue;
      uint8_t* const field = options.bytes().data() + 2;
      const uint16_t mss = load_be16(field);
      if (mss >= 2 * bytes) store_be16(field, static_cast<uint16_t>(mss - bytes));
    }
  });
}

}  // namespace uipvs
