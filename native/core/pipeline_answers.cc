// What no connection takes: passed on, answered as a host would, or refused.
#include <algorithm>

#include "core/answer.h"
#include "core/icmp.h"
#include "core/pipeline.h"
#include "core/translate.h"

namespace uipvs {
namespace {

// Implementation: the kernel's net.ipv4.icmp_msgs_per_sec and icmp_msgs_burst.
constexpr uint32_t kIcmpPerSecond = 1000;
constexpr uint32_t kIcmpBurst = 50;

}  // namespace

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
  if (view.is_quoted || is_icmp(view.tuple)) return drop(Counter::drop_icmp_unmatched);
  if (!may_send_icmp()) return drop(Counter::drop_answer_rate);
  return finish_answer(make_unreachable(packet, view, Unreachable::port));
}

Action Pipeline::refuse_incomplete(Packet& first) {
  PacketView view;
  if (parse_packet(first, view) != ParseError::none) return Action::drop;
  // Fragments to a VIP that is an address of the host are ours as well: it knows nothing of them.
  if (!directory_.is_vip(view.tuple.family, view.tuple.destination)) return Action::drop;
  if (!may_send_icmp() || !make_reassembly_timeout(first, view)) return Action::drop;
  count(Counter::answered_packets);
  return Action::transmit;
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
