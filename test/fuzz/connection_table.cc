// Operations of any kind and order on a small connection table and on its model of two maps; they must agree.
//
// Input: the capacity, then three bytes an operation.
#include <array>
#include <memory>

#include "fuzz_input.h"
#include "support/connection_model.h"
#include "support/rig.h"

namespace uipvs::test {
namespace {

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

constexpr uint32_t kMostConnections = 24;

// Memory of exactly the size for this capacity, zeroed; kept, since making it costs more than a run.
std::span<std::byte> zeroed_memory(uint32_t capacity) {
  static std::array<std::unique_ptr<TableMemory>, kMostConnections + 1> kept;
  if (!kept[capacity]) kept[capacity] = std::make_unique<TableMemory>(ConnectionTable::memory_bytes(capacity));
  const std::span<std::byte> bytes = kept[capacity]->bytes();
  std::fill(bytes.begin(), bytes.end(), std::byte{0});
  return bytes;
}

}  // namespace

void fuzz_one(FuzzInput input) {
  const uint32_t capacity = 1 + input.byte() % kMostConnections;
  ConnectionTable table;
  table.format(zeroed_memory(capacity), capacity, {input.byte(), 7});
  ConnectionModel model(table);
  Tick now = 0;
  while (!input.is_empty()) {
    const uint8_t operation = input.byte(), first = input.byte(), second = input.byte();
    NewConnection some;
    some.ends = ends_of(first, second);
    some.expires = now + operation;
    some.destination_id = operation;
    CreateError error;
    switch (operation % 8) {
      case 0:
      case 1:
      case 2:
      case 3: must(model.create(some, error), "create"); break;
      case 4: must(model.find(some.ends.from_client()) && model.find(some.ends.from_server()), "find"); break;
      case 5: {
        const auto ids = model.ids();
        if (!ids.empty()) must(model.remove(ids[first % ids.size()]), "remove");
        break;
      }
      case 6:
        now += first;
        must(model.sweep(now), "sweep");
        break;
      case 7: must(model.list(), "list"); break;
    }
  }
  for (const ConnectionId id : model.ids()) must(model.remove(id), "remove");
  const auto use = table.index_use();
  must(table.live() == 0 && use.entries == 0 && use.spilled == 0, "an emptied table is empty");
}

}  // namespace uipvs::test

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  uipvs::test::fuzz_one({data, size});
  return 0;
}
