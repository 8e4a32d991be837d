// Any bytes as the memory of a connection table that another process left: what is taken over must agree with itself,
// and whatever happens to it afterwards must do no harm.
//
// Input: what is right (header, sums, high water), then the records of either family, then the Call-IDs' lengths, then
// packets. A record's sum is made right where it is asked for, since nobody would guess it.
#include <algorithm>
#include <array>
#include <cstring>

#include "core/table_recovery.h"
#include "fuzz_input.h"
#include "support/kept_rig.h"
#include "support/table_check.h"

namespace uipvs::test {
namespace {

constexpr uint32_t kCapacity = 6;
constexpr uint32_t kDestinations = 4;
constexpr uint8_t kHasHeader = 1, kHasSums = 2, kHasAllSlots = 4;

std::unique_ptr<Rig> small_rig() {
  auto rig = make_rig(kCapacity);
  rig->make_persistent(1, 60);
  for (uint32_t id = 2; id < kDestinations; ++id) rig->add_destination(id, kReal, static_cast<uint16_t>(8080 + id));
  return rig;
}

void take_into(FuzzInput& input, void* to, size_t bytes) {
  const std::vector<uint8_t> taken = input.bytes(bytes);
  if (!taken.empty()) std::memcpy(to, taken.data(), taken.size());
}

// Bytes over the memory of an empty table.
void overwrite(Rig& rig, FuzzInput& input) {
  const uint8_t right = input.byte();
  auto* const header = reinterpret_cast<ConnectionTableHeader*>(rig.memory.bytes().data());
  if ((right & kHasHeader) == 0) return take_into(input, header, rig.memory.bytes().size());
  for (std::atomic<uint32_t>& high_water : header->high_water) {
    high_water = (right & kHasAllSlots) != 0 ? kCapacity : input.byte() * 0x01010101u;
  }
  for (const uint32_t family : {0u, 1u}) {
    for (uint32_t slot = 1; slot <= kCapacity; ++slot) {
      const ConnectionId id = slot | family << 31;
      ConnectionHead& head = rig.table.head(id);
      take_into(input, &head, family == 0 ? sizeof(ConnectionRecord4) : sizeof(ConnectionRecord6));
      // A sequence record is as the bytes of the record by chance.
      std::memcpy(static_cast<void*>(&rig.table.sequence(id)), static_cast<const void*>(&head), sizeof(SequenceRecord));
      if ((right & kHasSums) != 0) head.check = rig.table.check_of(id);
    }
  }
  const size_t call_ids = ConnectionTable::kept_bytes(kCapacity) - 4096;
  std::byte* const cells = rig.memory.bytes().data() + call_ids;
  for (uint32_t cell = 0; cell <= kCapacity; ++cell) cells[cell * 256] = static_cast<std::byte>(input.byte());
}

void must_agree(const Rig& rig) {
  const char* const disagreement = find_disagreement(rig);
  must(disagreement == nullptr, disagreement);
}

void feed(Rig& rig, const FiveTuple& tuple, uint8_t tcp_flags, uint32_t payload_bytes) {
  static GuardedPacket held;
  const bool is_tcp = tuple.protocol == kProtocolTcp;
  feed_in_place(rig, held, (is_tcp ? tcp_segment(tuple, tcp_flags, payload_bytes) : udp_datagram(tuple)).bytes);
}

void look_up_all(Rig& rig) {
  // As they are before a packet changes anything.
  std::array<ConnectionEnds, kCapacity> all;
  size_t count = 0;
  constexpr uint16_t kOthers = kConnectionTemplate | kConnectionNoClientPort | kConnectionOnePacket;
  rig.each_connection([&](ConnectionId id, const ConnectionHead& head) {
    if ((head.flags & kOthers) == 0) all[count++] = rig.table.ends(id);
  });
  for (const ConnectionEnds& ends : std::span(all).first(count)) {
    for (const FiveTuple& tuple : {ends.from_client(), ends.from_server()}) {
      must(rig.table.find(tuple, rig.table.hash(tuple)).head != nullptr, "a connection that is listed and not found");
      if (tuple.protocol != kProtocolSctp) feed(rig, tuple, kTcpAck, 8);
    }
  }
}

void live_on(Rig& rig, FuzzInput& input) {
  for (int step = 0; step < 16 && !input.is_empty(); ++step) {
    const uint8_t what = input.byte(), port = input.byte();
    rig.next_destination = what % kDestinations;
    switch (what % 4) {
      case 0: feed(rig, client_tuple((what & 0x80) != 0 ? kProtocolTcp : kProtocolUdp, port), kTcpSyn, 0); break;
      case 1: rig.advance(port * kTicksPerSecond); break;
      case 2: rig.pipeline.expire(port % 16); break;
      case 3: rig.pipeline.drop_entries(); break;
    }
    must_agree(rig);
  }
}

}  // namespace

void fuzz_one(FuzzInput input) {
  static KeptRig kept_rig(small_rig());
  Rig& rig = kept_rig.restore();
  overwrite(rig, input);
  if (rig.table.resume(rig.memory.bytes(), kCapacity, {}) != ConnectionTable::Mismatch::none) return;
  // The index is not in the file.
  const size_t kept = ConnectionTable::kept_bytes(kCapacity);
  const std::span<std::byte> index = rig.memory.bytes().subspan(kept);
  std::fill(index.begin(), index.end(), std::byte{0});
  const RecoveryReport report = TableRecovery(rig.table, rig.directory, rig.lanes_of(1), rig.now).run();
  must(report.connections == rig.table.live() && report.connections <= kCapacity, "how many there are");
  must_agree(rig);
  look_up_all(rig);
  must_agree(rig);
  live_on(rig, input);
}

}  // namespace uipvs::test

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  uipvs::test::fuzz_one({data, size});
  return 0;
}
