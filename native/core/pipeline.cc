#include "core/pipeline.h"

#include <algorithm>

#include "core/answer.h"
#include "core/connection_state.h"
#include "core/icmp.h"
#include "core/translate.h"

namespace uipvs {
namespace {

// Implementation: the kernel's net.ipv4.icmp_msgs_per_sec and icmp_msgs_burst.
constexpr uint32_t kIcmpPerSecond = 1000;
constexpr uint32_t kIcmpBurst = 50;
Counter counter_of(ParseError error) {
  switch (error) {
    case ParseError::version: return Counter::drop_malformed_version;
    case ParseError::ip_header_truncated: return Counter::drop_malformed_ip_header;
    case ParseError::ip_header_length: return Counter::drop_malformed_ip_header_length;
    case ParseError::ip_total_length: return Counter::drop_malformed_ip_length;
    case ParseError::ip_header_checksum: return Counter::drop_malformed_ip_checksum;
    case ParseError::extension_chain: return Counter::drop_malformed_extension_chain;
    case ParseError::transport_truncated: return Counter::drop_malformed_transport;
    case ParseError::tcp_data_offset: return Counter::drop_malformed_tcp_offset;
    case ParseError::udp_length: return Counter::drop_malformed_udp_length;
    case ParseError::offload_metadata: return Counter::drop_malformed_offload;
    case ParseError::empty:
    case ParseError::none: break;
  }
  return Counter::drop_malformed_empty;
}

bool is_link_local(Family family, const Address& address) {
  return family == Family::ipv6 && (address.words[0] >> 22) == (0xfe800000u >> 22);
}

// conn_reuse_mode 1: a SYN on a connection that is over begins a new one.
bool is_reusable(const ConnectionHead& connection, const PacketView& view) {
  return (view.tcp_flags & kTcpSyn) != 0 && is_over(connection);
}

bool is_icmp(const FiveTuple& tuple) {
  return tuple.protocol == (tuple.family == Family::ipv6 ? kProtocolIcmp6 : kProtocolIcmp);
}

// Only a SYN begins a TCP connection; nothing else of the flags is asked, as in tcp_conn_schedule().
bool may_begin(const PacketView& view) {
  if (view.tuple.protocol == kProtocolUdp) return true;
  return (view.tcp_flags & kTcpSyn) != 0 && (view.tcp_flags & kTcpRst) == 0;
}

}  // namespace

Action Pipeline::drop(Counter reason) {
  count(reason);
  return Action::drop;
}

Decision Pipeline::process(Packet& packet, PacketView& view) {
  const ParseError error = parse_packet(packet, view);
  if (error != ParseError::none) return {drop(counter_of(error))};
  packet.length = view.length;
  if (view.is_fragment) return {process_fragment(packet, view)};
  if (is_icmp(view.tuple)) return {process_icmp(packet, view)};
  if (!view.has_ports) {
    return {directory_.is_vip(view.tuple.family, view.tuple.destination) ? answer_as_host(packet, view)
                                                                         : pass(packet, view)};
  }
  const Found found = table_.find(view.tuple, table_.hash(view.tuple));
  if (found.head == nullptr) return process_new(packet, view);
  if (is_expired(*found.head)) {
    expire(found.id, *found.head);
    return process_new(packet, view);
  }
  if (found.direction == Direction::to_server && is_reusable(*found.head, view)) {
    count(Counter::connections_reused);
    remove(found.id, *found.head);
    return process_new(packet, view);
  }
  return {forward(packet, view, found)};
}

Action Pipeline::process_fragment(Packet& packet, PacketView& view) {
  // A connection's fragments cannot be translated without reassembly; what is not ours passes, fragments or not.
  const bool is_ours = directory_.is_vip(view.tuple.family, view.tuple.destination) ||
                       (view.has_ports && table_.find(view.tuple, table_.hash(view.tuple)).head != nullptr);
  return is_ours ? drop(Counter::drop_fragment) : pass(packet, view);
}

Decision Pipeline::process_new(Packet& packet, PacketView& view) {
  const FiveTuple& tuple = view.tuple;
  uint32_t service =
      directory_.services.find({tuple.family, tuple.protocol, tuple.destination_port, tuple.destination});
  if (service == ServiceTable::kNoService) {
    service = directory_.services.find({tuple.family, tuple.protocol, 0, tuple.destination});
  }
  if (service == ServiceTable::kNoService && !directory_.is_vip(tuple.family, tuple.destination)) {
    return {pass(packet, view)};
  }
  if (!is_unicast(tuple.family, tuple.source)) return {drop(Counter::drop_not_unicast)};
  if (service == ServiceTable::kNoService || !may_begin(view)) return {answer_as_host(packet, view)};
  return {Action::upcall, service};
}

Action Pipeline::forward(Packet& packet, PacketView& view, const Found& found) {
  ConnectionHead& connection = *found.head;
  if (found.direction == Direction::to_server &&
      !directory_.destinations[connection.destination_id].is_available.load(std::memory_order_relaxed)) {
    return drop(Counter::drop_destination_removed);
  }
  account(connection, found.direction, view.length);
  advance_state(connection, view, found.direction);
  const ConnectionEnds ends = table_.ends(found.id);
  Rewrite to{ends.virtual_, ends.client, ends.virtual_port, ends.client_port, restored_hop_limit(view.hop_limit)};
  if (found.direction == Direction::to_server) {
    to.source = ends.client;
    to.source_port = ends.client_port;
    to.destination = ends.real;
    to.destination_port = ends.real_port;
  }
  rewrite_packet(packet, view, to);
  count(Counter::translated_packets);
  return Action::transmit;
}

Action Pipeline::pass(const Packet& packet, const PacketView& view) {
  const Family family = view.tuple.family;
  if (!is_unicast(family, view.tuple.source) || !is_unicast(family, view.tuple.destination) ||
      is_link_local(family, view.tuple.source)) {
    return drop(Counter::drop_not_unicast);
  }
  if (view.payload_offset > view.transport_offset) packet.vnet().header_length = view.payload_offset;
  count(Counter::passed_packets);
  return Action::transmit;
}

Action Pipeline::finish_answer(bool is_answered) {
  if (!is_answered) return drop(Counter::drop_unanswerable);
  count(Counter::answered_packets);
  return Action::transmit;
}

Action Pipeline::answer_as_host(Packet& packet, const PacketView& view) {
  // No next header is no error: RFC 8200 4.7.
  const bool is_empty = view.tuple.family == Family::ipv6 && view.tuple.protocol == kProtocolNoNext;
  if (is_empty || !is_intact(packet, view)) return finish_answer(false);
  if (view.tuple.protocol == kProtocolTcp) return finish_answer(make_tcp_reset(packet, view));
  if (!may_send_icmp()) return drop(Counter::drop_answer_rate);
  const Unreachable what = view.tuple.protocol == kProtocolUdp ? Unreachable::port : Unreachable::protocol;
  return finish_answer(make_unreachable(packet, view, what));
}

Action Pipeline::refuse(Packet& packet, const PacketView& view) {
  if (!may_send_icmp()) return drop(Counter::drop_answer_rate);
  return finish_answer(make_unreachable(packet, view, Unreachable::port));
}

Action Pipeline::process_icmp(Packet& packet, PacketView& view) {
  const IcmpKind kind = classify_icmp(packet, view);
  if (kind == IcmpKind::malformed) return drop(Counter::drop_malformed_icmp);
  if (kind == IcmpKind::error) return process_icmp_error(packet, view);
  if (!directory_.is_vip(view.tuple.family, view.tuple.destination)) return pass(packet, view);
  if (kind != IcmpKind::echo_request) return drop(Counter::drop_icmp_unmatched);
  if (!is_unicast(view.tuple.family, view.tuple.source)) return drop(Counter::drop_not_unicast);
  make_echo_reply(packet, view);
  return finish_answer(true);
}

Action Pipeline::process_icmp_error(Packet& packet, PacketView& view) {
  PacketView quoted;
  Found found;
  if (parse_icmp_error(packet, view, quoted)) {
    // The error goes the other way than the packet that it quotes.
    const FiveTuple answered = quoted.tuple.reversed();
    found = table_.find(answered, table_.hash(answered));
  }
  if (found.head == nullptr || is_expired(*found.head)) {
    const bool is_ours = directory_.is_vip(view.tuple.family, view.tuple.destination);
    return is_ours ? drop(Counter::drop_icmp_unmatched) : pass(packet, view);
  }
  account(*found.head, found.direction, view.length);
  translate_icmp_error(packet, view, quoted, table_.ends(found.id), found.direction,
                       restored_hop_limit(view.hop_limit));
  count(Counter::translated_packets);
  return Action::transmit;
}

void Pipeline::account(const ConnectionHead& connection, Direction direction, uint32_t bytes) {
  // As ip_vs_in_stats() and ip_vs_out_stats(): nothing is counted for a destination that was removed.
  if (!directory_.destinations[connection.destination_id].is_available.load(std::memory_order_relaxed)) return;
  DestinationLane& lane = lanes_[connection.destination_id];
  if (direction == Direction::to_server) {
    add_relaxed(lane.in_packets, uint64_t{1});
    add_relaxed(lane.in_bytes, uint64_t{bytes});
  } else {
    add_relaxed(lane.out_packets, uint64_t{1});
    add_relaxed(lane.out_bytes, uint64_t{bytes});
  }
}

void Pipeline::advance_state(ConnectionHead& connection, const PacketView& view, Direction direction) {
  const uint8_t before = connection.state.load(std::memory_order_relaxed);
  uint8_t after = before;
  if (view.tuple.protocol == kProtocolTcp) {
    after = state_number(tcp_next_state(static_cast<TcpState>(before), direction, tcp_event(view.tcp_flags)));
  }
  if (after != before) {
    connection.state.store(after, std::memory_order_relaxed);
    const bool was_inactive = is_inactive(connection);
    const bool inactive = !tcp_is_active(static_cast<TcpState>(after));
    if (inactive != was_inactive) {
      const uint16_t flags = connection.flags.load(std::memory_order_relaxed);
      connection.flags.store(flags ^ kConnectionInactive, std::memory_order_relaxed);
      DestinationLane& lane = lanes_[connection.destination_id];
      add_relaxed(lane.active, inactive ? -1 : 1);
      add_relaxed(lane.inactive, inactive ? 1 : -1);
    }
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

Tick Pipeline::timeout_of(uint8_t protocol, uint8_t state) const {
  if (protocol == kProtocolTcp) return directory_.tcp_timeouts[state].load(std::memory_order_relaxed);
  return directory_.udp_timeout.load(std::memory_order_relaxed);
}

uint8_t Pipeline::restored_hop_limit(uint8_t hop_limit) const {
  const bool restores = directory_.restores_hop_limit.load(std::memory_order_relaxed);
  return restores && hop_limit != UINT8_MAX ? static_cast<uint8_t>(hop_limit + 1) : hop_limit;
}

bool Pipeline::may_send_icmp() {
  const uint64_t elapsed = now_ - icmp_refilled_at_;
  const uint64_t earned = elapsed * kIcmpPerSecond / kTicksPerSecond;
  if (earned != 0) {
    icmp_tokens_ = static_cast<uint32_t>(std::min<uint64_t>(kIcmpBurst, icmp_tokens_ + earned));
    icmp_refilled_at_ = now_;
  }
  if (icmp_tokens_ == 0) return false;
  --icmp_tokens_;
  return true;
}

}  // namespace uipvs
