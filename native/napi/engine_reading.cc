#include "napi/engine_object.h"

#include <algorithm>
#include <array>

#include "napi/arguments.h"

namespace uipvs {

// (cursor, words: Uint32Array, Call-IDs: Uint8Array) -> next cursor; fills `words` with kWordsPerListed words a
// connection, and the other array with kCallIdBytes: the length and the text. The first element of the result pair is
// the cursor and the second how many.
Napi::Value EngineObject::ListConnections(const Napi::CallbackInfo& info) {
  constexpr size_t kWordsPerListed = 20;
  constexpr size_t kMostListed = 1024;
  constexpr uint32_t kMostVisited = 65536;
  constexpr size_t kCallIdBytes = 1 + kMaxCallIdBytes;
  if (info.Length() < 3 || !info[1].IsTypedArray() || !info[2].IsTypedArray()) {
    return throw_range(info.Env(), "listConnections: no array");
  }
  Napi::Uint32Array words = info[1].As<Napi::Uint32Array>();
  Napi::Uint8Array call_ids = info[2].As<Napi::Uint8Array>();
  std::array<ConnectionTable::Snapshot, kMostListed> listed;
  const size_t room =
      std::min({kMostListed, words.ElementLength() / kWordsPerListed, call_ids.ElementLength() / kCallIdBytes});
  size_t count = 0;
  const uint64_t cursor = static_cast<uint64_t>(info[0].ToNumber().Int64Value());
  const uint64_t next = engine_.table().list(cursor, {listed.data(), room}, count, kMostVisited);
  const Tick now = Engine::now();
  uint32_t* out = words.Data();
  for (size_t i = 0; i < count; ++i, out += kWordsPerListed) {
    const ConnectionEnds& ends = listed[i].ends;
    out[0] = static_cast<uint32_t>(ends.family);
    out[1] = ends.protocol;
    out[2] = static_cast<uint32_t>(listed[i].flags) << 16 | listed[i].state;
    out[3] = listed[i].expires - now;
    out[4] = ends.client_port;
    out[5] = ends.virtual_port;
    out[6] = ends.real_port;
    out[7] = listed[i].destination_id;
    for (int word = 0; word < 4; ++word) {
      out[8 + word] = ends.client.words[word];
      out[12 + word] = ends.virtual_.words[word];
      out[16 + word] = ends.real.words[word];
    }
    const std::span<const uint8_t> call_id = listed[i].call_id.view();
    uint8_t* const text = call_ids.Data() + i * kCallIdBytes;
    text[0] = static_cast<uint8_t>(call_id.size());
    std::copy(call_id.begin(), call_id.end(), text + 1);
  }
  Napi::Array result = Napi::Array::New(info.Env(), 2);
  result.Set(0u, Napi::Number::New(info.Env(), static_cast<double>(next)));
  result.Set(1u, Napi::Number::New(info.Env(), static_cast<double>(count)));
  return result;
}

Napi::Value EngineObject::LiveConnections(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), engine_.table().live());
}

Napi::Value EngineObject::ReceiveError(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), engine_.receive_error());
}

// The buffers live as long as this object; src/engine keeps it for as long as it keeps them.
Napi::Value EngineObject::buffer_over(const Napi::CallbackInfo& info, std::span<std::byte> memory) {
  return Napi::ArrayBuffer::New(info.Env(), memory.data(), memory.size());
}

Napi::Value EngineObject::LaneMemory(const Napi::CallbackInfo& info) {
  return buffer_over(info, engine_.lane_memory());
}

Napi::Value EngineObject::CounterMemory(const Napi::CallbackInfo& info) {
  return buffer_over(info, engine_.counter_memory());
}

Napi::Value EngineObject::LatencyMemory(const Napi::CallbackInfo& info) {
  return buffer_over(info, engine_.latency_memory());
}

Napi::Value EngineObject::RingMemory(const Napi::CallbackInfo& info) {
  return buffer_over(info, engine_.ring_memory());
}

}  // namespace uipvs
