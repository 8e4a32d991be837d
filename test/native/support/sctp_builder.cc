#include "support/sctp_builder.h"

#include "support/slow_checksum.h"

namespace uipvs::test {

std::vector<uint8_t> sctp_chunk(uint8_t type, const std::vector<uint8_t>& value) {
  const size_t length = 4 + value.size();
  std::vector<uint8_t> made = {type, 0, static_cast<uint8_t>(length >> 8), static_cast<uint8_t>(length)};
  made.insert(made.end(), value.begin(), value.end());
  made.resize((length + 3) / 4 * 4);
  return made;
}

MemoryPacket build_sctp(PacketSpec spec) {
  const FiveTuple& tuple = spec.tuple;
  std::vector<uint8_t> transport = {
      static_cast<uint8_t>(tuple.source_port >> 8), static_cast<uint8_t>(tuple.source_port),
      static_cast<uint8_t>(tuple.destination_port >> 8), static_cast<uint8_t>(tuple.destination_port)};
  transport.insert(transport.end(), {0xde, 0xad, 0xbe, 0xef, 0, 0, 0, 0});  // verification tag, checksum
  transport.insert(transport.end(), spec.payload.begin(), spec.payload.end());
  if (spec.checksum == ChecksumForm::whole) {
    const uint32_t crc = slow_crc32c(transport);
    for (size_t i = 0; i < 4; ++i) transport[8 + i] = static_cast<uint8_t>(crc >> (8 * i));
  }
  spec.payload = transport;
  MemoryPacket made = build_packet(spec);
  if (spec.checksum == ChecksumForm::partial) {
    made.vnet.flags = kVnetNeedsChecksum;
    made.vnet.checksum_start = static_cast<uint16_t>(made.bytes.size() - transport.size());
    made.vnet.checksum_offset = 8;
  }
  return made;
}

MemoryPacket sctp_packet(const FiveTuple& tuple, const std::vector<uint8_t>& chunks) {
  PacketSpec spec;
  spec.tuple = tuple;
  spec.payload = chunks;
  return build_sctp(spec);
}

}  // namespace uipvs::test
