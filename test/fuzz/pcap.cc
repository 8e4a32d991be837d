// Any bytes as a capture file: read as its twin reads it, and nothing beyond it; then its packets through a pipeline.
//
// Input: how many packets a burst has, then the file; where the first byte asks for it the file's header is made of that
// byte, so that the fuzzer need not guess it. Every packet that comes lies in the file, and every drop has its reason.
#include "io/pcap_file.h"

#include <array>

#include "fuzz_input.h"
#include "support/kept_rig.h"

namespace uipvs::test {
namespace {

constexpr uint32_t kMostBurst = 4;
constexpr uint32_t kPacketBytes = 2048;
constexpr uint8_t kHasHeader = 0x80, kBigEndian = 0x40, kNanoseconds = 0x20, kRaw = 0x10;

void append(std::vector<uint8_t>& to, uint32_t value, size_t bytes, bool is_big_endian) {
  for (size_t i = 0; i < bytes; ++i) {
    to.push_back(static_cast<uint8_t>(value >> 8 * (is_big_endian ? bytes - 1 - i : i)));
  }
}

std::vector<uint8_t> take_file(FuzzInput& input, uint8_t choices) {
  std::vector<uint8_t> file;
  if ((choices & kHasHeader) != 0) {
    const bool is_big_endian = (choices & kBigEndian) != 0;
    append(file, (choices & kNanoseconds) != 0 ? 0xa1b23c4d : 0xa1b2c3d4, 4, is_big_endian);
    append(file, 2, 2, is_big_endian);
    append(file, 4, 2, is_big_endian);
    for (const uint32_t value : {0u, 0u, 65535u, (choices & kRaw) != 0 ? 101u : 1u}) {
      append(file, value, 4, is_big_endian);
    }
  }
  const std::vector<uint8_t> rest = input.bytes(1 << 20);
  file.insert(file.end(), rest.begin(), rest.end());
  return file;
}

// The twin: how many whole records there are, one after another, in a file whose header was taken.
size_t records_in(const std::vector<uint8_t>& file) {
  const bool is_big_endian = file[0] == 0xa1;
  size_t records = 0;
  for (uint64_t at = 24; at + 16 <= file.size(); ++records) {
    uint64_t kept = 0;
    for (uint64_t i = 0; i < 4; ++i) kept = kept << 8 | file[at + 8 + (is_big_endian ? i : 3 - i)];
    if (kept > 262144 || at + 16 + kept > file.size()) break;
    at += 16 + kept;
  }
  return records;
}

void read_records(std::span<const uint8_t> bytes, size_t expected) {
  PcapFile file;
  must(file.open(bytes) == PcapError::none, "a file that is opened once and not again");
  PcapRecord record;
  size_t records = 0, inside = 24;
  for (; file.next(record); ++records) {
    must(record.frame.data() == bytes.data() + inside + 16, "a record elsewhere");
    inside += 16 + record.frame.size();
    must(inside <= bytes.size(), "a record beyond the file");
    const std::span<const uint8_t> packet = file.ip_packet(record);
    const size_t front = record.frame.size() - packet.size();
    must(packet.empty() || packet.data() == record.frame.data() + front, "a packet that does not end with its frame");
    must(packet.empty() || front == 0 || front == 14 || front == 18 || front == 22, "a packet behind no header");
  }
  must(records == expected, "how many records there are");
  must((file.error() == PcapError::none) == (inside == bytes.size()), "a broken file, or a whole one");
  must(!file.next(record), "a record behind the last one");
}

// Gives back how many packets came.
uint64_t replay(Rig& rig, PcapReceiver& receiver, uint32_t at_once) {
  static std::array<GuardedPacket, kMostBurst> buffers;
  std::array<Packet, kMostBurst> burst;
  uint64_t packets = 0;
  for (;;) {
    for (uint32_t i = 0; i < at_once; ++i) burst[i] = buffers[i].load({}, VnetHeader{}, kPacketBytes);
    const int received = receiver.receive(std::span(burst).first(at_once));
    if (received <= 0) break;
    for (Packet& packet : std::span(burst).first(static_cast<size_t>(received))) {
      must(packet.length <= packet.capacity, "a packet that is longer than its buffer");
      const uint64_t dropped = rig.dropped();
      PacketView view;
      const Decision decision = rig.pipeline.process(packet, view);
      Action action = decision.action;
      if (action == Action::upcall) action = rig.pipeline.refuse(packet, view);
      must(rig.dropped() - dropped == (action == Action::drop ? 1 : 0), "a drop without a reason, or the reverse");
      ++packets;
    }
  }
  must(receiver.receive(std::span(burst).first(at_once)) == 0, "a packet, or an error, behind the end");
  return packets;
}

std::unique_ptr<Rig> rig_with_connections() {
  auto rig = make_rig(8);
  rig->feed(tcp_segment(client_tuple(kProtocolTcp), kTcpSyn));
  rig->feed(udp_datagram(client_tuple(kProtocolUdp)));
  rig->next_destination = 1;
  rig->feed(tcp_segment(client_tuple6(kProtocolTcp), kTcpSyn));
  return rig;
}

}  // namespace

void fuzz_one(FuzzInput input) {
  const uint8_t choices = input.byte();
  const std::vector<uint8_t> bytes = take_file(input, choices);
  PcapFile file;
  if (file.open(bytes) != PcapError::none) {
    PcapRecord record;
    must(!file.next(record), "a record of a file that was refused");
    return;
  }
  const size_t records = records_in(bytes);
  read_records(bytes, records);
  static KeptRig kept(rig_with_connections());
  Rig& rig = kept.restore();
  PcapReceiver receiver(file);
  const uint64_t packets = replay(rig, receiver, 1 + choices % kMostBurst);
  must(packets + receiver.others() + receiver.take_lost() == records, "a record that is neither given out nor counted");
}

}  // namespace uipvs::test

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  uipvs::test::fuzz_one({data, size});
  return 0;
}
