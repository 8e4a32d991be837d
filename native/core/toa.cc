#include "core/toa.h"

#include <algorithm>
#include <array>

#include "core/bytes.h"
#include "core/tcp_options.h"

namespace uipvs {
namespace {

bool is_toa(std::span<const uint8_t> option) {
  return option[0] == kTcpOptionToa && (option.size() == kToaBytes4 || option.size() == kToaBytes6);
}

void blank_toa(Packet& packet, const PacketView& view) {
  edit_tcp_header(packet, view, [](std::span<uint8_t> header) {
    TcpOptions options(header);
    while (options.next()) {
      const std::span<uint8_t> option = options.bytes();
      if (is_toa(option)) std::fill(option.begin(), option.end(), kTcpOptionNop);
    }
  });
}

}  // namespace

EditError insert_toa(Packet& packet, PacketView& view, const Address& client, uint16_t client_port,
                     uint32_t most_bytes) {
  if (!view.has_ports || view.tuple.protocol != kProtocolTcp) return EditError::not_editable;
  blank_toa(packet, view);
  const bool is_v6 = view.tuple.family == Family::ipv6;
  const uint8_t bytes = is_v6 ? kToaBytes6 : kToaBytes4;
  if (packet.vnet().gso_type == kVnetGsoNone && view.length + bytes > most_bytes) return EditError::no_room;
  std::array<uint8_t, kToaBytes6> option;
  option[0] = kTcpOptionToa;
  option[1] = bytes;
  store_be16(&option[2], client_port);
  for (uint8_t at = 4, word = 0; at < bytes; at += 4, ++word) store_be32(&option[at], client.words[word]);
  return insert_tcp_option(packet, view, std::span<const uint8_t>(option).first(bytes));
}

}  // namespace uipvs
