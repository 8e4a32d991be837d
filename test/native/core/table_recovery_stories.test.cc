// A process that ends at any instruction of what changes the connection table.
#include <doctest/doctest.h>

#include <algorithm>

#include "core/table_recovery.h"
#include "support/connection_model.h"
#include "support/recovery_rig.h"
#include "support/table_check.h"

namespace uipvs::test {
namespace {

// As few as there can be: the memory is copied after every store.
constexpr uint32_t kFew = 15;
std::unique_ptr<Rig> make_small() { return make_varied_rig(kFew); }

// A process that ends anywhere in the middle of `act`: the next one has what was before, or what is after, and the packet
// that was under way, which TCP sends again, leaves as it would have.
struct Story {
  const char* what;
  void (*before)(Rig&);
  void (*act)(Rig&);
  MemoryPacket (*last_packet)();
};

MemoryPacket syn_of(uint16_t service_port) { return tcp_segment(tcp_tuple(service_port), kTcpSyn); }

MemoryPacket ftp_text(const FiveTuple& tuple, const std::string& text) {
  PacketSpec spec;
  spec.tuple = tuple;
  spec.tcp_flags = kTcpAck;
  spec.sequence = 1000;
  spec.payload.assign(text.begin(), text.end());
  return build_packet(spec);
}

FiveTuple ftp_answer() { return {Family::ipv4, kProtocolTcp, kFtpPort, 40000 + kFtpPort, kReal, kClient}; }

void open_ftp(Rig& rig) {
  rig.next_destination = 2;
  rig.feed(syn_of(kFtpPort));
  rig.feed(tcp_segment(ftp_answer(), kTcpSyn | kTcpAck));
  rig.feed(ftp_text(tcp_tuple(kFtpPort), "PASV\r\n"));
}

MemoryPacket passive_answer() { return ftp_text(ftp_answer(), "227 Entering Passive Mode (10,0,0,3,19,136).\r\n"); }

const Story kStories[] = {
    {"a connection comes", [](Rig&) {}, [](Rig& rig) { rig.feed(syn_of(80)); }, [] { return syn_of(80); }},
    {"a connection and its template come", [](Rig&) {}, [](Rig& rig) { rig.feed(syn_of(81)); },
     [] { return syn_of(81); }},
    {"one with a PROXY header comes", [](Rig&) {}, [](Rig& rig) { rig.feed(syn_of(82)); }, [] { return syn_of(82); }},
    {"a masqueraded one comes", [](Rig&) {}, [](Rig& rig) { rig.feed(syn_of(83)); }, [] { return syn_of(83); }},
    {"a call comes", [](Rig&) {}, [](Rig& rig) { rig.feed(sip_request(1, "a")); }, [] { return sip_request(1, "a"); }},
    {"one becomes established", [](Rig& rig) { rig.feed(syn_of(81)); },
     [](Rig& rig) { rig.feed(tcp_segment(tcp_tuple(81), kTcpAck)); },
     [] { return tcp_segment(tcp_tuple(81), kTcpAck); }},
    {"an FTP server names its port", open_ftp, [](Rig& rig) { rig.feed(passive_answer()); }, passive_answer},
    {"all expire", begin_all,
     [](Rig& rig) {
       for (int round = 0; round < 3; ++round) {
         rig.advance(10000 * kTicksPerSecond);
         rig.pipeline.expire(2 * kFew);
       }
     },
     nullptr},
    {"a template is no longer valid", [](Rig& rig) { rig.feed(syn_of(81)); },
     [](Rig& rig) {
       rig.set_available(0, false);
       rig.next_destination = -1;
       rig.feed(tcp_segment(client_tuple(kProtocolTcp, 7, 81), kTcpSyn));
     },
     nullptr},
};

struct Bound {
  std::vector<ConnectionTable::Snapshot> before, after;
  MemoryPacket left;  // the last packet, as it left
  const Story* story = nullptr;
};

bool holds(const std::vector<ConnectionTable::Snapshot>& all, const ConnectionTable::Snapshot& one) {
  return std::any_of(all.begin(), all.end(), [&](const auto& other) {
    return same_ends(one.ends, other.ends) && one.destination_id == other.destination_id;
  });
}

void check_state(const Bound& bound, std::span<const std::byte> kept) {
  // The time in which the story began: nothing has expired that was not dropped.
  const Restarted next = restart(kept, Rig(1).now, make_small);
  CHECK(next.mismatch == ConnectionTable::Mismatch::none);
  CHECK(next.report.broken == 0);
  const char* const disagreement = find_disagreement(*next.rig);
  CHECK_MESSAGE(disagreement == nullptr, (disagreement != nullptr ? disagreement : ""));
  const auto found = next.rig->connections();
  for (const auto& one : found) {
    if (!holds(bound.before, one) && !holds(bound.after, one)) FAIL_CHECK("a connection that never was");
  }
  for (const auto& one : bound.before) {
    if (holds(bound.after, one) && !holds(found, one)) FAIL_CHECK("a connection is lost");
  }
  if (bound.story->last_packet != nullptr) {
    next.rig->next_destination = bound.story->before == open_ftp ? 2 : 0;
    CHECK(next.rig->feed(bound.story->last_packet()).packet.bytes == bound.left.bytes);
  }
}

}  // namespace

TEST_CASE("recovery: a process may end at any instruction") {
  for (const Story& story : kStories) {
    CAPTURE(story.what);
    const auto rig = make_small();
    const auto twin = make_small();
    for (Rig* const each : {rig.get(), twin.get()}) {
      each->next_destination = 0;
      story.before(*each);
    }
    Bound bound;
    bound.story = &story;
    bound.before = rig->connections();
    story.act(*twin);
    bound.after = twin->connections();
    if (story.last_packet != nullptr) {
      const auto other = make_small();
      other->next_destination = 0;
      story.before(*other);
      bound.left = other->feed(story.last_packet()).packet;
    }
    const auto states = states_during(*rig, story.act);
#ifdef __x86_64__
    CHECK(states.size() >= 3);
#else
    MESSAGE("skipped: instructions are followed on x86-64 only");
#endif
    for (const auto& state : states) check_state(bound, state);
  }
}

}  // namespace uipvs::test
