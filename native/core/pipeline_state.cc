// What a packet does to its connection: state, expiry, figures.
#include "core/connection_state.h"
#include "core/pipeline.h"

namespace uipvs {

void Pipeline::account(const ConnectionHead& connection, Direction direction, uint32_t bytes) {
  // As ip_vs_in_stats() and ip_vs_out_stats(): nothing is counted for a destination that was removed.
  if (!is_available(connection.destination_id)) return;
  DestinationLane& lane = lanes_.own_lane(connection.destination_id);
  if (direction == Direction::to_server) {
    add_relaxed(lane.in_packets, uint64_t{1});
    add_relaxed(lane.in_bytes, uint64_t{bytes});
  } else {
    add_relaxed(lane.out_packets, uint64_t{1});
    add_relaxed(lane.out_bytes, uint64_t{bytes});
  }
}

uint8_t Pipeline::next_state(uint8_t state, const PacketView& view, Direction direction) const {
  switch (view.tuple.protocol) {
    case kProtocolTcp: {
      const bool is_secure = directory_.policy.is_secure_tcp.load(std::memory_order_relaxed);
      return state_number(
          tcp_next_state(static_cast<TcpState>(state), direction, tcp_event(view.tcp_flags), is_secure));
    }
    case kProtocolSctp: return state_number(sctp_next_state(static_cast<SctpState>(state), direction, view.sctp_event));
    default: return state;
  }
}

void Pipeline::advance_state(ConnectionHead& connection, const PacketView& view, Direction direction) {
  const uint8_t before = connection.state.load(std::memory_order_relaxed);
  const uint8_t after = next_state(before, view, direction);
  if (after != before) {
    connection.state.store(after, std::memory_order_relaxed);
    const bool was_inactive = is_inactive(connection);
    const bool inactive = !is_active_state(connection.protocol, after);
    if (inactive != was_inactive) {
      const uint16_t flags = connection.flags.load(std::memory_order_relaxed);
      connection.flags.store(flags ^ kConnectionInactive, std::memory_order_relaxed);
      DestinationLane& lane = lanes_.own_lane(connection.destination_id);
      if (inactive) {
        count_over(lane.active, lane.inactive);
      } else {
        count_over(lane.inactive, lane.active);
      }
    }
    if (is_established_state(connection.protocol, after)) assure_template(connection);
  } else if (view.tuple.protocol == kProtocolUdp && direction == Direction::to_client) {
    assure_template(connection);
  }
  if (direction == Direction::to_server) {
    const uint32_t packets = connection.in_packets.load(std::memory_order_relaxed);
    if (packets != UINT32_MAX) connection.in_packets.store(packets + 1, std::memory_order_relaxed);
  }
  const Tick expires = now_ + timeout_of(view.tuple.protocol, after);
  if (connection.expires.load(std::memory_order_relaxed) != expires) {
    connection.expires.store(expires, std::memory_order_relaxed);
  }
}

void Pipeline::assure_template(const ConnectionHead& connection) {
  if (connection.controller == 0) return;
  ConnectionHead& controller = table_.head(connection.controller);
  if ((controller.flags.load(std::memory_order_relaxed) & kConnectionTemplate) == 0) return;
  controller.state.store(kTemplateAssured, std::memory_order_relaxed);
}

Tick Pipeline::timeout_of(uint8_t protocol, uint8_t state) const {
  switch (protocol) {
    case kProtocolTcp: return directory_.tcp_timeouts[state].load(std::memory_order_relaxed);
    case kProtocolSctp: return directory_.sctp_timeouts[state].load(std::memory_order_relaxed);
    default: return directory_.udp_timeout.load(std::memory_order_relaxed);
  }
}

}  // namespace uipvs
