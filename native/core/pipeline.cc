#include "core/pipeline.h"

#include <algorithm>

#include "core/answer.h"
#include "core/connection_state.h"
#include "core/icmp.h"
#include "core/proxy_header.h"
#include "core/toa.h"
#include "core/translate.h"

namespace uipvs {
namespace {

// Implementation: the kernel's net.ipv4.icmp_msgs_per_sec and icmp_msgs_burst.
constexpr uint32_t kIcmpPerSecond = 1000;
constexpr uint32_t kIcmpBurst = 50;
constexpr uint8_t kIpv4DoNotFragment = 0x40;
// Implementation: the client's first segments that carry the TOA option: the SYN, the handshake's ACK, and one more for a
// repetition of either.
constexpr uint32_t kToaPackets = 3;
constexpr uint32_t kUsualMtuBytes = 1500;

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

bool is_icmp(const FiveTuple& tuple) {
  return tuple.protocol == (tuple.family == Family::ipv6 ? kProtocolIcmp6 : kProtocolIcmp);
}

// What the kernel takes for the first packet of a connection: of TCP the SYN bit alone is asked.
// Source: net/netfilter/ipvs/ip_vs_core.c, is_new_conn().
bool begins(const PacketView& view) {
  if (view.tuple.protocol == kProtocolTcp) return (view.tcp_flags & kTcpSyn) != 0;
  return view.tuple.protocol == kProtocolSctp && view.sctp_first_chunk == SctpEvent::init;
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
  if (view.is_fragment) return {Action::reassemble};
  if (is_icmp(view.tuple)) return {process_icmp(packet, view)};
  if (!view.has_ports) return {leave_to_host(packet, view)};
  const Found found = table_.find(view.tuple, table_.hash(view.tuple));
  if (found.head == nullptr) {
    Action action = Action::drop;
    if (expected_ != 0 && take_expected(packet, view, action)) return {action};
    return process_new(packet, view);
  }
  if (is_outlived(found.id, *found.head)) return process_new(packet, view);
  if (found.direction == Direction::to_server && gives_way(*found.head, view)) {
    remove(found.id, *found.head);
    return process_new(packet, view);
  }
  return {forward(packet, view, found)};
}

bool Pipeline::gives_way(const ConnectionHead& connection, const PacketView& view) {
  // One that holds others, as FTP's control connection does, stays for them.
  if (connection.controlled.load(std::memory_order_relaxed) != 0) return false;
  const PacketPolicy& policy = directory_.policy;
  const bool expires_nodest = policy.expire_nodest_conn.load(std::memory_order_relaxed);
  if (begins(view)) {
    const DestinationEntry& destination = directory_.destinations[connection.destination_id];
    if (expires_nodest && destination.is_quiesced.load(std::memory_order_relaxed)) return true;
    // A connection that a template made stays with its real server, over or not: is_new_conn_expected().
    const bool may_be_reused =
        policy.conn_reuse_mode.load(std::memory_order_relaxed) != 0 && connection.controller == 0;
    if (may_be_reused && is_over(connection)) {
      count(Counter::connections_reused);
      return true;
    }
  }
  return expires_nodest && !is_available(connection.destination_id);
}

bool Pipeline::may_begin(const PacketView& view) const {
  switch (view.tuple.protocol) {
    case kProtocolTcp:
      if ((view.tcp_flags & kTcpRst) != 0) return false;
      return begins(view) || directory_.policy.sloppy_tcp.load(std::memory_order_relaxed);
    case kProtocolSctp:
      return sctp_may_begin(view.sctp_first_chunk, directory_.policy.sloppy_sctp.load(std::memory_order_relaxed));
    default: return true;
  }
}

// Source: include/net/ip_vs.h, ip_vs_todrop().
bool Pipeline::is_dropped_by_defence() {
  const uint32_t rate = directory_.policy.drop_rate.load(std::memory_order_relaxed);
  if (rate == 0) return false;
  if (until_dropped_ > 1) {
    --until_dropped_;
    return false;
  }
  until_dropped_ = rate;
  return true;
}

Decision Pipeline::process_new(Packet& packet, PacketView& view) {
  const FiveTuple& tuple = view.tuple;
  const bool is_empty_sctp = tuple.protocol == kProtocolSctp && view.sctp_first_chunk == SctpEvent::none;
  if (is_empty_sctp && directory_.is_vip(tuple.family, tuple.destination)) {
    return {drop(Counter::drop_malformed_transport)};
  }
  // Nobody else has a VIP's address: what claims to come from one would be answered to ourselves, and circle.
  if (directory_.is_answered(tuple.family, tuple.source)) return {drop(Counter::drop_from_vip)};
  const uint32_t service_id = directory_.find_service(tuple, packet.mark);
  if (service_id == ServiceTable::kNoService || !may_begin(view)) return {leave_to_host(packet, view)};
  if (!is_unicast(tuple.family, tuple.source)) return {drop(Counter::drop_not_unicast)};
  if (is_dropped_by_defence()) return {drop(Counter::drop_defence)};
  // Active FTP's data connections are made by the real server.
  if (tuple.source_port == kFtpDataPort) return {leave_to_host(packet, view)};
  const ServiceEntry& service = directory_.service_entries[service_id];
  const uint8_t flags = service.flags.load(std::memory_order_relaxed);
  if ((flags & kServicePersistent) != 0) {
    const Found found = valid_template(template_key(view, service));
    if (found.head == nullptr) return {Action::upcall, service_id};
    return {connect(packet, view, {service_id, found.head->destination_id, found.id, false})};
  }
  const uint16_t port = service.port.load(std::memory_order_relaxed);
  if ((flags & kServiceByMark) == 0 && port != tuple.destination_port) {
    // Without persistence FTP's service does not take data connections, nor port 0 anything: ip_vs_leave().
    return {port == kFtpPort ? leave_to_host(packet, view) : refuse(packet, view)};
  }
  return {Action::upcall, service_id};
}

// Whether a real server speaks to somebody who knows nothing of it, and is to be told so.
// Source: net/netfilter/ipvs/ip_vs_core.c, ip_vs_out_hook(), sysctl nat_icmp_send.
bool Pipeline::is_stray_reply(const PacketView& view) const {
  if (!directory_.policy.nat_icmp_send.load(std::memory_order_relaxed) || !view.has_ports) return false;
  if ((view.tcp_flags & kTcpRst) != 0 || view.sctp_event == SctpEvent::abort) return false;
  const FiveTuple& tuple = view.tuple;
  return directory_.real_ports.find({tuple.family, tuple.protocol, tuple.source_port, tuple.source}) !=
         ServiceTable::kNoService;
}

Action Pipeline::leave_to_host(Packet& packet, PacketView& view) {
  if (!directory_.is_answered(view.tuple.family, view.tuple.destination)) {
    return is_stray_reply(view) ? refuse(packet, view) : pass(packet, view);
  }
  if (!is_unicast(view.tuple.family, view.tuple.source)) return drop(Counter::drop_not_unicast);
  return answer_as_host(packet, view);
}

Action Pipeline::forward(Packet& packet, PacketView& view, const Found& found) {
  ConnectionHead& connection = *found.head;
  if (found.direction == Direction::to_server && !is_available(connection.destination_id)) {
    return drop(Counter::drop_destination_removed);
  }
  account(connection, found.direction, view.length);
  const bool is_reborn = found.direction == Direction::to_server && begins(view) && is_over(connection);
  if (is_one_packet(connection)) {
    connection.expires.store(now_ + directory_.udp_timeout.load(std::memory_order_relaxed), std::memory_order_relaxed);
  } else {
    advance_state(connection, view, found.direction);
  }
  if (found.direction == Direction::to_server) {
    const uint32_t mtu = mtu_exceeded(packet, view, connection.destination_id);
    if (mtu != 0) return refuse_too_big(packet, view, mtu);
  }
  const ConnectionEnds ends = table_.ends(found.id);
  if (is_reborn) forget_sequence(found);
  const uint16_t flags = connection.flags.load(std::memory_order_relaxed);
  if ((flags & (kConnectionToa | kConnectionProxy)) != 0 && !tell_client_address(packet, view, found, ends)) {
    return drop(Counter::drop_client_address);
  }
  if ((flags & kConnectionFtp) != 0 && !follow_ftp(packet, view, found, ends)) return drop(Counter::drop_ftp_waiting);
  Rewrite to{ends.virtual_, ends.client, ends.virtual_port, ends.client_port, restored_hop_limit(view.hop_limit)};
  if (found.direction == Direction::to_server) {
    to.source = ends.source();
    to.source_port = ends.source_port();
    to.destination = ends.real;
    to.destination_port = ends.real_port;
  }
  rewrite_packet(packet, view, to);
  count(Counter::translated_packets);
  return Action::transmit;
}

// A template's connection that is begun anew keeps its record: its segments are numbered and told afresh.
void Pipeline::forget_sequence(const Found& found) {
  found.head->in_packets.store(1, std::memory_order_relaxed);
  if ((found.head->flags.load(std::memory_order_relaxed) & (kConnectionProxy | kConnectionFtp)) != 0) {
    table_.sequence(found.id) = SequenceRecord{};
  }
}

// Tells the real server who the client is, or keeps the sequence numbers right once it has been told. False where the
// segment must not be sent: TCP will send it again.
bool Pipeline::tell_client_address(Packet& packet, PacketView& view, const Found& found, const ConnectionEnds& ends) {
  const bool is_to_server = found.direction == Direction::to_server;
  if ((found.head->flags.load(std::memory_order_relaxed) & kConnectionToa) != 0) {
    const bool is_early = found.head->in_packets.load(std::memory_order_relaxed) <= kToaPackets;
    if (!is_to_server || !is_early || (view.tcp_flags & kTcpRst) != 0) return true;
    const uint32_t mtu = directory_.destinations[found.head->destination_id].mtu_bytes.load(std::memory_order_relaxed);
    const uint32_t most = mtu != 0 ? mtu : kUsualMtuBytes;
    if (insert_toa(packet, view, ends.client, ends.client_port, most) != EditError::none) {
      count(Counter::client_addresses_untold);
    }
    return true;
  }
  SequenceRecord& record = table_.sequence(found.id);
  if (is_to_server) {
    if (add_proxy_header(packet, view, record, ends) != EditError::none) return false;
  } else {
    make_room_for_proxy_header(packet, view);
  }
  shift_sequence(packet, view, record, found.direction);
  return true;
}

// The MTU of the way to the destination where the packet may not be sent in fragments and is longer, else 0. The host
// would find that out as well, but quote the packet to the client as it is after translation.
uint32_t Pipeline::mtu_exceeded(const Packet& packet, const PacketView& view, uint32_t destination_id) const {
  const uint32_t mtu = directory_.destinations[destination_id].mtu_bytes.load(std::memory_order_relaxed);
  const VnetHeader& vnet = packet.vnet();
  const bool is_super_packet = vnet.gso_type != kVnetGsoNone;
  uint32_t longest = is_super_packet ? view.payload_offset + vnet.gso_size : view.length;
  if (packet.fragment_bytes != 0) longest = std::min(longest, packet.fragment_bytes);
  if (mtu == 0 || longest <= mtu) return 0;
  const bool may_be_fragmented = view.tuple.family == Family::ipv4 && (packet.data[6] & kIpv4DoNotFragment) == 0;
  return may_be_fragmented ? 0 : mtu;
}

Action Pipeline::refuse_too_big(Packet& packet, const PacketView& view, uint32_t mtu_bytes) {
  count(Counter::refused_too_big);
  if (!may_send_icmp()) return drop(Counter::drop_answer_rate);
  return finish_answer(make_too_big(packet, view, mtu_bytes));
}

Action Pipeline::pass(Packet& packet, PacketView& view) {
  const Family family = view.tuple.family;
  if (!is_unicast(family, view.tuple.source) || !is_unicast(family, view.tuple.destination) ||
      is_link_local(family, view.tuple.source)) {
    return drop(Counter::drop_not_unicast);
  }
  if (view.tuple.protocol == kProtocolSctp && view.has_partial_checksum) write_sctp_checksum(packet, view);
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

Action Pipeline::refuse_incomplete(Packet& first) {
  PacketView view;
  if (parse_packet(first, view) != ParseError::none) return Action::drop;
  if (!directory_.is_answered(view.tuple.family, view.tuple.destination)) return Action::drop;
  if (!may_send_icmp() || !make_reassembly_timeout(first, view)) return Action::drop;
  count(Counter::answered_packets);
  return Action::transmit;
}

Action Pipeline::process_icmp(Packet& packet, PacketView& view) {
  const IcmpKind kind = classify_icmp(packet, view);
  if (kind == IcmpKind::malformed) return drop(Counter::drop_malformed_icmp);
  if (kind == IcmpKind::error) return process_icmp_error(packet, view);
  if (!directory_.is_answered(view.tuple.family, view.tuple.destination)) return pass(packet, view);
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
    const bool is_ours = directory_.is_answered(view.tuple.family, view.tuple.destination);
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
      add_relaxed(lane.active, inactive ? -1 : 1);
      add_relaxed(lane.inactive, inactive ? 1 : -1);
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
