// Captures in every form that is read, and what is refused.
#include "io/pcap_file.h"

#include <doctest/doctest.h>

#include <cerrno>

#include "support/capture.h"
#include "support/packet_builder.h"
#include "support/rig.h"

namespace uipvs::test {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr uint32_t kEthernet = 1, kRaw = 101;

// A frame with so many VLAN tags.
Bytes frame_of(const Bytes& packet, uint16_t type, int tags = 0) {
  Bytes made(12, 0x02);
  for (; tags > 0; --tags) made.insert(made.end(), {static_cast<uint8_t>(tags == 1 ? 0x81 : 0x88), 0, 0, 7});
  if (made.size() > 16) made[13] = 0xa8;
  made.push_back(static_cast<uint8_t>(type >> 8));
  made.push_back(static_cast<uint8_t>(type));
  made.insert(made.end(), packet.begin(), packet.end());
  return made;
}

Bytes capture_of(const CaptureForm& form, const std::vector<Bytes>& frames) {
  Bytes made = capture_header(form);
  for (const Bytes& frame : frames) append_record(made, form, frame);
  return made;
}

const Bytes kPacket4 = udp_datagram(client_tuple(kProtocolUdp)).bytes;
const Bytes kPacket6 = udp_datagram(client_tuple6(kProtocolUdp)).bytes;

// A receiver's packet, in memory of its own.
struct Buffer {
  explicit Buffer(uint32_t capacity = kMaxPacketBytes) : held({}, capacity) {}
  int receive_from(Receiver& receiver) { return receiver.receive({&held.packet, 1}); }
  Bytes bytes() const { return held.copy().bytes; }
  HeldPacket held;
};

}  // namespace

TEST_CASE("pcap: packets are read in either byte order, with either fraction of a second, of either kind of link") {
  for (const bool is_big_endian : {false, true}) {
    for (const bool has_nanoseconds : {false, true}) {
      for (const uint32_t link_type : {kEthernet, kRaw, 228u, 229u, 12u}) {
        const CaptureForm form = {is_big_endian, has_nanoseconds, link_type};
        const bool is_raw = link_type != kEthernet;
        const Bytes capture = capture_of(
            form, {is_raw ? kPacket4 : frame_of(kPacket4, 0x0800), is_raw ? kPacket6 : frame_of(kPacket6, 0x86dd)});
        PcapFile file;
        REQUIRE(file.open(capture) == PcapError::none);
        PcapReceiver receiver(file);
        Buffer buffer;
        REQUIRE(buffer.receive_from(receiver) == 1);
        CHECK(buffer.bytes() == kPacket4);
        CHECK(receiver.last_time_ns() == (has_nanoseconds ? 1'000'000'002 : 1'000'002'000));
        REQUIRE(buffer.receive_from(receiver) == 1);
        CHECK(buffer.bytes() == kPacket6);
        CHECK(buffer.receive_from(receiver) == 0);
        CHECK(receiver.others() == 0);
      }
    }
  }
}

TEST_CASE("pcap: a frame with one VLAN tag or two holds its packet, one with three does not") {
  const CaptureForm form;
  const std::vector<Bytes> frames = {frame_of(kPacket4, 0x0800, 1), frame_of(kPacket6, 0x86dd, 2),
                                     frame_of(kPacket4, 0x0800, 3)};
  const auto packets = packets_of(capture_of(form, frames));
  REQUIRE(packets.size() == 2);
  CHECK(packets[0].bytes == kPacket4);
  CHECK(packets[1].bytes == kPacket6);
}

TEST_CASE("pcap: what is no IP packet is passed over and counted") {
  const Bytes capture = capture_of({}, {frame_of(kPacket4, 0x0806), Bytes(13, 0), {}, frame_of(kPacket4, 0x0800)});
  PcapFile file;
  REQUIRE(file.open(capture) == PcapError::none);
  PcapReceiver receiver(file);
  Buffer buffer;
  REQUIRE(buffer.receive_from(receiver) == 1);
  CHECK(buffer.bytes() == kPacket4);
  CHECK(receiver.others() == 3);
  CHECK(receiver.take_lost() == 0);
}

TEST_CASE("pcap: a packet that was cut off, or is longer than the buffer, is lost and counted once") {
  const CaptureForm form = {false, false, kRaw};
  Bytes capture = capture_header(form);
  append_record(capture, form, kPacket4, static_cast<uint32_t>(kPacket4.size() + 1));
  append_record(capture, form, kPacket6);
  append_record(capture, form, kPacket4);
  PcapFile file;
  REQUIRE(file.open(capture) == PcapError::none);
  PcapReceiver receiver(file);
  Buffer small(static_cast<uint32_t>(kPacket4.size()));
  REQUIRE(small.receive_from(receiver) == 1);
  CHECK(small.bytes() == kPacket4);
  CHECK(receiver.take_lost() == 2);
  CHECK(receiver.take_lost() == 0);
}

TEST_CASE("pcap: a file that is cut anywhere gives the whole records before the cut, then one error") {
  const Bytes whole = capture_of({}, {frame_of(kPacket4, 0x0800), frame_of(kPacket6, 0x86dd)});
  const size_t first_end = 24 + 16 + 14 + kPacket4.size();
  for (size_t bytes = 0; bytes < whole.size(); ++bytes) {
    CAPTURE(bytes);
    // In memory of exactly its size.
    const Bytes cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(bytes));
    PcapFile file;
    REQUIRE(file.open(cut) == (bytes < 24 ? PcapError::truncated : PcapError::none));
    PcapReceiver receiver(file);
    Buffer buffer;
    const bool has_first = bytes >= first_end, is_at_end = bytes == 24 || bytes == first_end;
    if (has_first) CHECK(buffer.receive_from(receiver) == 1);
    CHECK(buffer.receive_from(receiver) == (is_at_end ? 0 : -EBADMSG));
    CHECK(buffer.receive_from(receiver) == 0);
  }
}

TEST_CASE("pcap: a length that cannot be ends the file") {
  for (const uint32_t length : {262145u, 0x7fffffffu, 0xffffffffu, 0xfffffff0u}) {
    Bytes capture = capture_of({}, {frame_of(kPacket4, 0x0800)});
    for (uint32_t i = 0; i < 4; ++i) capture[24 + 8 + i] = static_cast<uint8_t>(length >> (8 * i));
    PcapFile file;
    REQUIRE(file.open(capture) == PcapError::none);
    PcapRecord record;
    CHECK_FALSE(file.next(record));
    CHECK(file.error() == PcapError::record);
  }
}

TEST_CASE("pcap: what is no capture of IP in the classic format is refused, and has no records") {
  struct Row {
    size_t at;
    uint8_t value;
    PcapError error;
  };
  for (const Row& row : {Row{0, 0x0a, PcapError::magic}, Row{3, 0, PcapError::magic}, Row{4, 1, PcapError::version},
                         Row{20, 113, PcapError::link_type}, Row{21, 1, PcapError::link_type}}) {
    Bytes capture = capture_of({}, {frame_of(kPacket4, 0x0800)});
    capture[row.at] = row.value;
    PcapFile file;
    CHECK(file.open(capture) == row.error);
    PcapRecord record;
    CHECK_FALSE(file.next(record));
  }
}

}  // namespace uipvs::test
