// The slow twin of what packets do to connections' states: reads the records after each step and says whether they are
// what the kernel's tables make of what they were.
//
// Theory of operation: the twin remembers every record as it was. A packet moves the state of the one connection that
// has its tuple, by the tables of IPVS as they stand in the kernel's source, here as text; it restarts that connection's
// time, and assures the template that the connection was made by where it became established, or was answered by UDP.
// Nothing else moves any state. Which of two connections makes room for the other is not asked, but one that is established,
// and whose real server may be used, never does.
// Source: net/netfilter/ipvs/ip_vs_proto_tcp.c, ip_vs_proto_sctp.c, ip_vs_proto_udp.c, ip_vs_conn.c.
#pragma once

#include <array>

#include "support/rig.h"

namespace uipvs::test {

// What a packet is for the state of its connection, as whoever built it knows.
struct SentPacket {
  FiveTuple tuple;
  uint8_t tcp_flags = 0;
  std::array<uint8_t, 2> chunks{};  // types of the first two chunks of SCTP
};

enum class StepKind : uint8_t { packet, defence, other };

class StateTwin {
 public:
  static constexpr uint32_t kMostSlots = 16;  // of each family

  explicit StateTwin(const Rig& rig);

  // Begins anew, with a table without connections.
  void forget() { records_ = {}; }

  // What is wrong after a step, or null. `sent` is asked for only of a packet.
  const char* follow(StepKind kind, const SentPacket& sent = {});

 private:
  struct Remembered {
    bool is_live = false;
    uint32_t life = 0;
    uint8_t state = 0;
    uint16_t flags = 0;
    Tick expires = 0;
    uint32_t destination_id = 0;
    ConnectionId controller = 0;
    uint32_t controlled = 0;
    ConnectionEnds ends;
  };
  enum class Part : uint8_t { none, request, reply };

  Part part_of(const Remembered& record, StepKind kind, const SentPacket& sent) const;
  const char* judge_lost(const Remembered& was, StepKind kind) const;
  bool is_template_state(const Remembered& is, ConnectionId id, uint8_t before, StepKind kind,
                         const SentPacket& sent) const;
  const char* judge_template(const Remembered& was, const Remembered& is, uint32_t timeout, StepKind kind) const;
  const char* judge_connection(const Remembered& was, const Remembered& is, Part part, const SentPacket& sent);
  const char* judge_new(const Remembered& is, Part part, const SentPacket& sent);
  bool is_rearmed(const Remembered& was, const Remembered& is) const;

  const Rig& rig_;
  // Where the records lie: asked once, since the code under test is slow with all its checks.
  std::array<std::array<const ConnectionHead*, kMostSlots>, 2> heads_{};
  std::array<std::array<Remembered, kMostSlots>, 2> records_;
  std::array<std::array<bool, kMostSlots>, 2> is_assured_now_{};  // templates that this step has assured
};

}  // namespace uipvs::test
