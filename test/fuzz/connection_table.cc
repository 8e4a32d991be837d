// Operations of any kind and order on a small connection table and on its model, an array; they must agree.
//
// Input: the capacity, a secret, then three bytes an operation.
#include <array>
#include <memory>

#include "fuzz_input.h"
#include "support/rig.h"
#include "support/small_model.h"

namespace uipvs::test {
namespace {

// What a connection may be, by the upper bits of the operation.
constexpr uint16_t kKinds[] = {
    0, 0, 0, kConnectionTemplate, kConnectionTemplate, kConnectionOnePacket, kConnectionNoClientPort, kConnectionProxy};
constexpr uint8_t kMasqueraded = 2, kWithCallId = 4;  // indices of two kinds

ConnectionEnds ends_of(uint8_t first, uint8_t second) {
  ConnectionEnds ends;
  const bool is_v6 = (first & 1) != 0;
  ends.family = is_v6 ? Family::ipv6 : Family::ipv4;
  ends.protocol = (first & 2) != 0 ? kProtocolTcp : kProtocolUdp;
  ends.client_port = static_cast<uint16_t>(first >> 4);
  ends.virtual_port = 80;
  ends.real_port = static_cast<uint16_t>(80 + (first >> 2 & 3));
  const uint32_t client = second & 7, vip = second >> 3 & 3, real = second >> 5;
  ends.client = is_v6 ? address6(client) : Address{{client}};
  ends.virtual_ = is_v6 ? address6(vip) : Address{{vip}};
  ends.real = is_v6 ? address6(real) : Address{{real}};
  return ends;
}

// One of no length, one, two, and the most; all but the first begin alike.
std::span<const uint8_t> call_id_of(uint8_t first) {
  static const std::array<uint8_t, 255> text = [] {
    std::array<uint8_t, 255> made;
    made.fill('c');
    return made;
  }();
  static constexpr size_t kLengths[] = {1, 7, 8, 255};
  return std::span(text).first(kLengths[first >> 2 & 3]);
}

NewConnection connection_of(uint8_t operation, uint8_t first, uint8_t second, Tick now) {
  const uint32_t kind = operation >> 3 & 7;
  NewConnection made;
  made.ends = ends_of(first, second);
  made.flags = kKinds[kind];
  made.state = operation >> 6;
  made.expires = now + operation;
  made.destination_id = operation;
  made.controller = second & 0x10;
  if (kind == kMasqueraded) {
    made.ends.is_masqueraded = true;
    made.ends.masquerade = made.ends.family == Family::ipv6 ? address6(9) : Address{{9}};
    made.ends.masquerade_port = static_cast<uint16_t>(first >> 5);
  }
  if ((made.flags & kConnectionTemplate) != 0) {
    made.timeout = second;
    made.ends.client_port = 0;
    if (kind == kWithCallId) made.call_id = call_id_of(first);
  }
  if ((made.flags & kConnectionNoClientPort) != 0) made.ends.client_port = 0;
  return made;
}

// Memory of exactly the size for this capacity, zeroed; kept, since making it costs more than a run.
std::span<std::byte> zeroed_memory(uint32_t capacity) {
  static std::array<std::unique_ptr<TableMemory>, SmallModel::kMost + 1> kept;
  if (!kept[capacity]) kept[capacity] = std::make_unique<TableMemory>(ConnectionTable::memory_bytes(capacity));
  const std::span<std::byte> bytes = kept[capacity]->bytes();
  std::fill(bytes.begin(), bytes.end(), std::byte{0});
  return bytes;
}

}  // namespace

void fuzz_one(FuzzInput input) {
  const uint32_t capacity = 1 + input.byte() % SmallModel::kMost;
  ConnectionTable table;
  table.format(zeroed_memory(capacity), capacity, {input.byte(), 7});
  SmallModel model(table);
  Tick now = 0;
  while (!input.is_empty()) {
    const uint8_t operation = input.byte(), first = input.byte(), second = input.byte();
    const NewConnection some = connection_of(operation, first, second, now);
    switch (operation % 8) {
      case 0:
      case 1:
      case 2:
      case 3: must(model.create(some), "create"); break;
      case 4:
        must(model.find(some.ends.from_client()) && model.find(some.ends.from_server()), "find");
        must(model.find_template({some.ends.from_client(), some.call_id}), "find a template");
        break;
      case 5:
        if ((operation & 8) != 0) {
          must(model.invalidate(first), "invalidate");
        } else {
          must(model.remove(first), "remove");
        }
        break;
      case 6:
        now += first;
        must(model.sweep(now), "sweep");
        break;
      case 7: must(model.list() && model.is_indexed(), "list"); break;
    }
  }
  must(model.is_indexed(), "the index");
  while (model.size() != 0) must(model.remove(0), "remove");
  const auto use = table.index_use();
  must(table.live() == 0 && use.entries == 0 && use.spilled == 0, "an emptied table is empty");
}

}  // namespace uipvs::test

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  uipvs::test::fuzz_one({data, size});
  return 0;
}
