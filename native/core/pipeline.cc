#include "core/pipeline.h"

#include <algorithm>

#include "core/answer.h"
#include "core/connection_state.h"
#include "core/icmp.h"
#include "core/ipsec.h"
#include "core/proxy_header.h"
#include "core/toa.h"
#include "core/translate.h"

namespace uipvs {
namespace {

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
  return error == ParseError::none ? process_parsed(packet, view) : Decision{drop(counter_of(error))};
}

Decision Pipeline::process_copy(Packet& packet, PacketView& view) {
  const ParseError error = parse_packet(packet, view);
  // The filter that drops the original looks at no checksum, and of an extension that ends behind the packet believes what it
  // says follows. Of headers that are cut nobody knows a protocol.
  const bool has_addresses = error == ParseError::none || error == ParseError::transport_truncated ||
                             error == ParseError::tcp_data_offset || error == ParseError::udp_length ||
                             error == ParseError::offload_metadata || error == ParseError::ip_header_checksum ||
                             error == ParseError::ip_header_truncated;
  // The kernel, which walks a chain to its end, knows what is behind.
  const bool is_chain = error == ParseError::extension_chain;
  if (is_chain) view.has_ports = false;
  if (!is_chain && (!has_addresses || !directory_.capture.has_protocol(view.tuple.protocol))) return {Action::ignore};
  if (!directory_.is_captured(view)) return {Action::ignore};
  if (error != ParseError::none) return {drop(counter_of(error))};
  return view.hop_limit <= 1 ? Decision{end_hops(packet, view)} : process_parsed(packet, view);
}

// A packet from the wire that may go no further. As it is the kernel answers it, unless it would take it for its own.
Action Pipeline::end_hops(Packet& packet, const PacketView& view) {
  const uint32_t vip = directory_.find_vip(view.tuple.family, view.tuple.destination);
  const bool is_for_host = vip != Directory::kNoVip && directory_.vip_is_local[vip].load(std::memory_order_relaxed);
  if (!is_for_host) return Action::transmit;
  if (!may_send_icmp()) return drop(Counter::drop_answer_rate);
  return finish_answer(make_hop_limit_exceeded(packet, view));
}

Decision Pipeline::process_parsed(Packet& packet, PacketView& view) {
  packet.length = view.length;
  Action action = Action::drop;
  if (is_ipsec(view.tuple) && follow_exchange(packet, view, action)) return {action};
  if (view.is_fragment) return {Action::reassemble};
  if (is_icmp(view.tuple)) return process_icmp(packet, view);
  if (!view.has_ports) return {leave_to_host(packet, view)};
  const Found found = table_.find(view.tuple, table_.hash(view.tuple));
  if (found.head == nullptr) {
    if (table_.expected() != 0 && take_expected(packet, view, action)) return {action};
    return process_new(packet, view);
  }
  if (is_outlived(found.id, *found.head)) return process_new(packet, view);
  if (found.direction == Direction::to_server && gives_way(*found.head, view)) {
    remove(found.id, *found.head);
    return process_new(packet, view);
  }
  const bool is_answer = found.direction == Direction::to_client && is_one_packet(*found.head);
  if (is_answer && has_calls() && answer_call(packet, view, found, action)) return {action};
  return {forward(packet, view, found)};
}

// IPsec: ipsec.h. False where there is no connection to follow.
bool Pipeline::follow_exchange(Packet& packet, PacketView& view, Action& action) {
  const FiveTuple exchange = tracked_tuple(view.tuple);
  const Found found = table_.find(exchange, table_.hash(exchange));
  if (found.head == nullptr || is_outlived(found.id, *found.head)) return false;
  if (table_.ends(found.id).is_masqueraded) return false;
  if (found.direction == Direction::to_server && gives_way(*found.head, view)) {
    remove(found.id, *found.head);
    return false;
  }
  action = forward(packet, view, found);
  return true;
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
  Action action = Action::drop;
  if (has_calls() && answer_call(packet, view, {}, action)) return {action};
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
    const TemplateKey key = template_key(packet, view, tuple, service);
    if (is_of_no_call(key, service)) return {drop(Counter::drop_no_call_id)};
    const Found found = valid_template(key);
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

Action Pipeline::forward(Packet& packet, PacketView& view, const Found& found) {
  ConnectionHead& connection = *found.head;
  if (found.direction == Direction::to_server && !is_available(connection.destination_id)) {
    return drop(Counter::drop_destination_removed);
  }
  account(connection, found.direction, view.length);
  const bool is_reborn = found.direction == Direction::to_server && begins(view) && is_over(connection);
  // Before the state says that it has begun.
  if (is_reborn) forget_sequence(found);
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
  const uint16_t flags = connection.flags.load(std::memory_order_relaxed);
  if ((flags & (kConnectionToa | kConnectionProxy)) != 0 && !tell_client_address(packet, view, found, ends)) {
    return drop(Counter::drop_client_address);
  }
  if ((flags & kConnectionFtp) != 0 && !follow_ftp(packet, view, found, ends)) return drop(Counter::drop_ftp_waiting);
  Rewrite to{ends.virtual_, ends.client, ends.virtual_port, ends.client_port, restored_hop_limit(packet, view)};
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
  found.head->in_packets.store(0, std::memory_order_relaxed);
  if ((found.head->flags.load(std::memory_order_relaxed) & (kConnectionProxy | kConnectionFtp)) != 0) {
    table_.sequence(found.id) = SequenceRecord{};
    std::atomic_thread_fence(std::memory_order_release);
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

uint8_t Pipeline::restored_hop_limit(const Packet& packet, const PacketView& view) const {
  const bool restores = !packet.is_from_wire && directory_.restores_hop_limit.load(std::memory_order_relaxed);
  return restores && view.hop_limit != UINT8_MAX ? static_cast<uint8_t>(view.hop_limit + 1) : view.hop_limit;
}

}  // namespace uipvs
