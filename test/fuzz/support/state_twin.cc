#include "support/state_twin.h"

#include "support/state_tables.h"

namespace uipvs::test {
namespace {

constexpr Tick kSecond = kTicksPerSecond;
// Source: ip_vs_conn.c, ip_vs_conn_expire(): of one that holds others, when its time is over.
constexpr Tick kRearmed = 60 * kSecond;
constexpr uint8_t kListen = 9;

constexpr uint16_t kMovingFlags = kConnectionInactive | kConnectionInvalid;

uint32_t slot_of(ConnectionId id) { return id & 0x3fffffff; }
uint32_t family_index(ConnectionId id) { return id >> 31; }

bool is_template(uint16_t flags) { return (flags & kConnectionTemplate) != 0; }

}  // namespace

StateTwin::StateTwin(const Rig& rig) : rig_(rig) {
  for (uint32_t slot = 1; slot <= rig.table.capacity(); ++slot) {
    for (const uint32_t family : {0u, 1u}) heads_[family][slot] = &rig.table.head(slot | family << 31);
  }
}

// Whether the packet is one of the connection's, and from which side.
StateTwin::Part StateTwin::part_of(const Remembered& record, StepKind kind, const SentPacket& sent) const {
  if (kind != StepKind::packet || is_template(record.flags)) return Part::none;
  if (record.ends.from_client() == sent.tuple) return Part::request;
  const bool has_reply = (record.flags & kConnectionNoClientPort) == 0;
  return has_reply && record.ends.from_server() == sent.tuple ? Part::reply : Part::none;
}

bool StateTwin::is_rearmed(const Remembered& was, const Remembered& is) const {
  // Those that it held may have gone in the same step.
  return was.controlled != 0 && tick_reached(rig_.now, was.expires) && is.expires == rig_.now + kRearmed;
}

const char* StateTwin::judge_lost(const Remembered& was, StepKind kind) const {
  if (kind == StepKind::defence || is_template(was.flags) || tick_reached(rig_.now, was.expires)) return nullptr;
  if (!twin_is_established(was.ends.protocol, was.state)) return nullptr;
  const DestinationEntry& destination = rig_.directory.destinations[was.destination_id];
  return destination.is_available && !destination.is_quiesced ? "an established connection that is lost" : nullptr;
}

// Assured by a connection of its own, or by what a real server said of a call whether or not that made a connection.
bool StateTwin::is_template_state(const Remembered& is, ConnectionId id, uint8_t before, StepKind kind,
                                  const SentPacket& sent) const {
  if (is_assured_now_[family_index(id)][slot_of(id)]) return is.state == kTemplateAssured;
  if (is.state == before) return true;
  const bool is_call = kind == StepKind::packet && sent.tuple.protocol == kProtocolUdp;
  return is.state == kTemplateAssured && is_call && is.ends.real == sent.tuple.source;
}

const char* StateTwin::judge_template(const Remembered& was, const Remembered& is, uint32_t timeout,
                                      StepKind kind) const {
  if ((is.flags & ~kMovingFlags) != (was.flags & ~kMovingFlags)) return "what a template is";
  if ((was.flags & ~is.flags) != 0) return "a template that is valid again";
  if (is.expires == was.expires || is_rearmed(was, is)) return nullptr;
  return kind == StepKind::packet && is.expires == rig_.now + timeout ? nullptr : "the time of a template";
}

const char* StateTwin::judge_connection(const Remembered& was, const Remembered& is, Part part,
                                        const SentPacket& sent) {
  const bool is_single = (is.flags & kConnectionOnePacket) != 0;
  // A request for which nobody may be asked any more leaves the way back as it is.
  if (is_single && is.expires == was.expires) part = Part::none;
  const bool is_available = rig_.directory.destinations[is.destination_id].is_available;
  const bool is_moved = part == Part::reply || (part == Part::request && is_available);
  if ((is.flags & ~kMovingFlags) != (was.flags & ~kMovingFlags)) return "what a connection is";
  uint8_t state = was.state;
  if (is_moved && is.ends.protocol == kProtocolTcp) {
    state = twin_tcp_state(state, part == Part::request, sent.tcp_flags, rig_.directory.policy.is_secure_tcp);
  } else if (is_moved && is.ends.protocol == kProtocolSctp) {
    state = twin_sctp_state(state, part == Part::request, sent.chunks);
  }
  if (is.state != state) return "the state of a connection";
  const bool is_inactive = (is.flags & kConnectionInactive) != 0;
  if (!is_single && is_inactive == twin_is_active(is.ends.protocol, state)) return "an active connection, or none";
  const Tick restarted = rig_.now + twin_timeout_seconds(is.ends.protocol, state) * kSecond;
  if (is_moved ? is.expires != restarted : is.expires != was.expires && !is_rearmed(was, is)) {
    return "the time of a connection";
  }
  const bool is_answer = is.ends.protocol == kProtocolUdp && part == Part::reply;
  const bool is_established_now = state != was.state && twin_is_established(is.ends.protocol, state);
  if (is.controller != 0 && (is_answer || is_established_now)) {
    is_assured_now_[family_index(is.controller)][slot_of(is.controller)] = true;
  }
  return nullptr;
}

const char* StateTwin::judge_new(const Remembered& is, Part part, const SentPacket& sent) {
  // Data connections of FTP's are expected in this state, and may have had their first packet already.
  const bool is_expected = is.controller != 0 && !is_template(rig_.table.head(is.controller).flags);
  if (!is_expected && part == Part::none) return "a connection of no packet";
  Remembered begun = is;
  begun.state = is_expected ? kListen : 0;
  begun.expires = rig_.now + twin_timeout_seconds(is.ends.protocol, begun.state) * kSecond;
  return judge_connection(begun, is, part, sent);
}

const char* StateTwin::follow(StepKind kind, const SentPacket& sent) {
  const char* wrong = nullptr;
  const auto note = [&](const char* found) {
    if (wrong == nullptr) wrong = found;
  };
  is_assured_now_ = {};
  const uint32_t capacity = rig_.table.capacity();
  // Templates behind the connections that assure them.
  for (const bool takes_templates : {false, true}) {
    for (uint32_t index = 0; index < 2 * capacity; ++index) {
      const uint32_t family = index < capacity ? 0 : 1, slot = index % capacity + 1;
      const ConnectionId id = slot | family << 31;
      const ConnectionHead& head = *heads_[family][slot];
      Remembered& was = records_[family][slot];
      const uint32_t life = head.life.load(std::memory_order_relaxed);
      const bool is_live = (life & 1) != 0;
      const bool is_same = was.is_live && was.life == life;
      if (!is_live && !was.is_live) continue;
      const uint16_t flags = head.flags.load(std::memory_order_relaxed);
      if ((is_live ? is_template(flags) : is_template(was.flags)) != takes_templates) continue;
      if (was.is_live && !is_same) note(judge_lost(was, kind));
      if (!is_live) {
        was.is_live = false;
        continue;
      }
      Remembered is = {true,
                       life,
                       head.state.load(std::memory_order_relaxed),
                       flags,
                       head.expires.load(std::memory_order_relaxed),
                       head.destination_id,
                       head.controller,
                       head.controlled.load(std::memory_order_relaxed),
                       is_same ? was.ends : rig_.table.ends(id)};
      const uint32_t timeout = head.timeout.load(std::memory_order_relaxed);
      const Part part = part_of(is, kind, sent);
      if (takes_templates) {
        const uint8_t before = is_same ? was.state : kTemplateUnassured;
        if (!is_template_state(is, id, before, kind, sent)) note("the state of a template");
        if (is_same) note(judge_template(was, is, timeout, kind));
        if (!is_same && is.expires != rig_.now + timeout) note("the time of a new template");
      } else {
        note(is_same ? judge_connection(was, is, part, sent) : judge_new(is, part, sent));
      }
      was = is;
    }
  }
  return wrong;
}

}  // namespace uipvs::test
