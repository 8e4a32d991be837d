#include "support/capture.h"

#include <fstream>
#include <iterator>

#include "io/pcap_file.h"

namespace uipvs::test {
namespace {

void append(std::vector<uint8_t>& to, const CaptureForm& form, uint32_t value, uint32_t bytes) {
  for (uint32_t i = 0; i < bytes; ++i) {
    const uint32_t shift = 8 * (form.is_big_endian ? bytes - 1 - i : i);
    to.push_back(static_cast<uint8_t>(value >> shift));
  }
}

}  // namespace

std::vector<uint8_t> kept_capture(const std::string& name) {
  std::ifstream file("test/native/io/captures/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<MemoryPacket> packets_of(const std::vector<uint8_t>& capture) {
  PcapFile file;
  std::vector<MemoryPacket> packets;
  if (file.open(capture) != PcapError::none) return packets;
  PcapReceiver receiver(file);
  std::vector<uint8_t> buffer(kPacketBufferBytes);
  for (;;) {
    Packet packet{buffer.data() + kPacketHeadroom, 0, kMaxPacketBytes};
    if (receiver.receive({&packet, 1}) != 1) return packets;
    packets.push_back({packet.vnet(), {packet.data, packet.data + packet.length}});
  }
}

std::vector<uint8_t> capture_header(const CaptureForm& form) {
  std::vector<uint8_t> made;
  append(made, form, form.has_nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, 4);
  append(made, form, 2, 2);
  append(made, form, 4, 2);
  for (const uint32_t value : {0u, 0u, 65535u, form.link_type}) append(made, form, value, 4);
  return made;
}

void append_record(std::vector<uint8_t>& capture, const CaptureForm& form, const std::vector<uint8_t>& frame,
                   uint32_t original_bytes) {
  const uint32_t kept = static_cast<uint32_t>(frame.size());
  for (const uint32_t value : {1u, 2u, kept, original_bytes == 0 ? kept : original_bytes}) {
    append(capture, form, value, 4);
  }
  capture.insert(capture.end(), frame.begin(), frame.end());
}

}  // namespace uipvs::test
