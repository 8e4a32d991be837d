// ICMP: echo requests to a VIP, and errors that concern a connection.
//
// An error goes the other way than the packet that it quotes. Where the sysctl schedule_icmp says so, one to a VIP about a
// packet of no connection is scheduled as the client's packet would be that the quoted one answers: so it reaches a real
// server, the right one where the scheduler hashes the client. Its connection lives for three seconds, in which the client
// may say something itself.
//
// Errors to addresses of the host. The kernel keeps all of them, since routing cannot tell them from pings and neighbour
// discovery, and hands out copies (io/icmp_errors.h). Such a copy is ours only where it says of a packet of a connection
// what its sender must be told: to a masquerading address, to a VIP that is the host's own, to a client on the director
// itself; or where it is to be scheduled. All else is the kernel's, and nothing is counted or answered. No error is
// translated twice: routing gives each to the kernel or to a TUN device; what comes by a TUN device and goes on to the
// kernel concerned no connection; and what leaves here quotes a packet as its sender knows it, which as it stands no
// connection has. Only where a real server is itself a VIP may one come again, and then each time with a hop less.
// Source: net/netfilter/ipvs/ip_vs_core.c, ip_vs_in_icmp() and ip_vs_out_icmp().
#include "core/icmp.h"

#include "core/answer.h"
#include "core/ipsec.h"
#include "core/pipeline.h"

namespace uipvs {
Decision Pipeline::process_icmp(Packet& packet, PacketView& view) {
  const IcmpKind kind = classify_icmp(packet, view);
  if (kind == IcmpKind::malformed) return {drop(Counter::drop_malformed_icmp)};
  if (kind == IcmpKind::error) return process_icmp_error(packet, view);
  if (!directory_.is_answered(view.tuple.family, view.tuple.destination)) return {pass(packet, view)};
  if (kind != IcmpKind::echo_request) return {drop(Counter::drop_icmp_unmatched)};
  if (!is_unicast(view.tuple.family, view.tuple.source)) return {drop(Counter::drop_not_unicast)};
  make_echo_reply(packet, view);
  return {finish_answer(true)};
}

Decision Pipeline::process_icmp_error(Packet& packet, PacketView& view) {
  PacketView quoted;
  if (!parse_icmp_error(packet, view, quoted)) return {leave_error(packet, view)};
  const Found found = quoted_connection(quoted);
  if (found.head != nullptr) return {translate_error(packet, view, quoted, found)};
  const Decision scheduled = schedule_error(packet, view, quoted);
  return scheduled.action == Action::ignore ? Decision{leave_error(packet, view)} : scheduled;
}

Decision Pipeline::process_kept_error(Packet& packet, PacketView& view) {
  PacketView quoted;
  if (parse_packet(packet, view) != ParseError::none || view.is_fragment || !is_icmp(view.tuple))
    return {Action::ignore};
  packet.length = view.length;
  if (classify_icmp(packet, view) != IcmpKind::error || !parse_icmp_error(packet, view, quoted))
    return {Action::ignore};
  // It goes to who sent the packet that it quotes; as a router's would it ends here with its last hop.
  const Family family = view.tuple.family;
  if (view.tuple.destination != quoted.tuple.source || view.hop_limit <= 1) return {Action::ignore};
  if (!is_unicast(family, view.tuple.source)) return {Action::ignore};
  // The hop that the kernel takes on the way to the TUN device, which is given back as there.
  --view.hop_limit;
  const Found found = quoted_connection(quoted);
  if (found.head == nullptr) return schedule_error(packet, view, quoted);
  // A neighbour's own address means nothing where this goes.
  if (is_link_local(family, view.tuple.source)) view.tuple.source = view.tuple.destination;
  return {translate_error(packet, view, quoted, found)};
}

Found Pipeline::quoted_connection(const PacketView& quoted) const {
  const FiveTuple tuple = tracked_tuple(quoted.tuple.reversed());
  const Found found = table_.find(tuple, table_.hash(tuple));
  return found.head != nullptr && !is_expired(*found.head) ? found : Found{};
}

Action Pipeline::leave_error(Packet& packet, PacketView& view) {
  const bool is_ours = directory_.is_answered(view.tuple.family, view.tuple.destination);
  return is_ours ? drop(Counter::drop_icmp_unmatched) : pass(packet, view);
}

Action Pipeline::translate_error(Packet& packet, PacketView& view, const PacketView& quoted, const Found& found) {
  account(*found.head, found.direction, view.length);
  translate_icmp_error(packet, view, quoted, table_.ends(found.id), found.direction, restored_hop_limit(packet, view));
  count(Counter::translated_packets);
  return Action::transmit;
}

Decision Pipeline::schedule_error(Packet& packet, PacketView& view, const PacketView& quoted) {
  if (!directory_.policy.schedule_icmp.load(std::memory_order_relaxed) || !quoted.has_ports) return {Action::ignore};
  const PacketView subject = answered_by(quoted);
  const FiveTuple& tuple = subject.tuple;
  const uint32_t service_id = directory_.find_service(tuple, packet.mark);
  if (service_id == ServiceTable::kNoService) return {Action::ignore};
  if (!is_unicast(tuple.family, tuple.source)) return {drop(Counter::drop_not_unicast)};
  if (is_dropped_by_defence()) return {drop(Counter::drop_defence)};
  if (tuple.source_port == kFtpDataPort) return {Action::ignore};
  const ServiceEntry& service = directory_.service_entries[service_id];
  if (service.has(kServicePersistent)) {
    const TemplateKey key = template_key(packet, subject, tuple, service);
    if (is_of_no_call(key, service)) return {drop(Counter::drop_no_call_id)};
    const Found found = valid_template(key);
    if (found.head != nullptr) {
      return {admit_error(packet, view, {service_id, found.head->destination_id, found.id, false, nullptr})};
    }
  } else if (!service.has(kServiceByMark) && service.port.load(std::memory_order_relaxed) != tuple.destination_port) {
    return {Action::ignore};
  }
  view = subject;
  return {Action::upcall, service_id};
}

Action Pipeline::admit_error(Packet& packet, PacketView& view, const Placing& placing) {
  PacketView quoted;
  Placing placed = placing;
  placed.error = &view;
  if (!parse_icmp_error(packet, view, quoted)) return give_up(packet, view, placed, Counter::drop_malformed_icmp);
  PacketView subject = answered_by(quoted);
  return placed.controller != 0 ? connect(packet, subject, placed) : place(packet, subject, placed);
}

}  // namespace uipvs
