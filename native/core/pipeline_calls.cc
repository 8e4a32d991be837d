// Persistence engine sip: what real servers of such a service say.
//
// Theory of operation: a template of the engine is for a Call-ID of a client (or of its network), so that all datagrams of
// a call, from whatever port, reach the real server of its first one. A call has two sides, and the real server may be the
// one to begin: an INVITE or a BYE to where no connection leads, or, with one-packet scheduling, any answer. Such a
// datagram makes the connection that the client's own would have made, and the call's template with it; if the call's
// template names another real server, the call moves to who speaks now. Without persistence there are no templates, and
// any datagram of a real server makes a connection.
// Source: net/netfilter/ipvs/ip_vs_core.c, __ip_vs_rs_conn_out() and ip_vs_new_conn_out(); ip_vs_pe_sip.c. Differs from
// the kernel: a datagram to a VIP is a request to that service; the answer to a one-packet datagram comes back from the VIP
// that was asked, with a Call-ID or without; a client's port has one connection at a time, that of the real server that
// spoke last.
#include "core/answer.h"
#include "core/payload.h"
#include "core/pipeline.h"

namespace uipvs {

bool Pipeline::find_caller(const PacketView& view, const Found& way_back, Placing& placing,
                           ConnectionEnds& ends) const {
  const FiveTuple& tuple = view.tuple;
  if (tuple.protocol != kProtocolUdp) return false;
  const uint32_t port_id = directory_.real_ports.find({tuple.family, tuple.protocol, tuple.source_port, tuple.source});
  if (port_id == ServiceTable::kNoService) return false;
  const RealPortOwner& owner = directory_.real_port_owners[port_id];
  placing.service_id = owner.service_id.load(std::memory_order_relaxed);
  placing.destination_id = owner.destination_id.load(std::memory_order_relaxed);
  if (!is_available(placing.destination_id)) return false;
  const ServiceEntry& service = directory_.service_entries[placing.service_id];
  if (!service.has(kServiceSip) || service.has(kServiceByMark)) return false;
  const ServiceKey key = directory_.services.key_at(placing.service_id);
  if (key.port == 0 || directory_.services.find(key) != placing.service_id) return false;
  if (way_back.head != nullptr) {
    ends = table_.ends(way_back.id);
    return ends.virtual_ == key.address && ends.virtual_port == key.port;
  }
  if (!is_unicast(tuple.family, tuple.destination) || directory_.is_vip(tuple.family, tuple.destination)) return false;
  ends.family = tuple.family;
  ends.protocol = tuple.protocol;
  ends.client = tuple.destination;
  ends.client_port = tuple.destination_port;
  ends.virtual_ = key.address;
  ends.virtual_port = key.port;
  ends.real = tuple.source;
  ends.real_port = tuple.source_port;
  return true;
}

bool Pipeline::answer_call(Packet& packet, PacketView& view, const Found& way_back, Action& action) {
  Placing placing;
  NewConnection fresh;
  if (!find_caller(view, way_back, placing, fresh.ends)) return false;
  const ServiceEntry& service = directory_.service_entries[placing.service_id];
  if (service.has(kServicePersistent)) {
    const TemplateKey key = template_key(packet, view, fresh.ends.from_client(), service);
    if (key.call_id.empty()) return false;
    Counter reason = Counter::drop_table_full;
    Found call = valid_template(key, placing.destination_id);
    if (call.head == nullptr && !make_template(key, placing, call, reason)) {
      action = drop(reason);
      return true;
    }
    call.head->state.store(kTemplateAssured, std::memory_order_relaxed);
    placing.controller = call.id;
  }
  fresh.flags = service.has(kServiceOnePacket) ? kConnectionOnePacket : kConnectionInactive;
  if (fresh.flags == kConnectionInactive) {
    const FiveTuple request = fresh.ends.from_client();
    const Found other = table_.find(request, table_.hash(request));
    if (other.head != nullptr) remove(other.id, *other.head);
  }
  action = establish(packet, view, placing, fresh, Direction::to_client);
  return true;
}

}  // namespace uipvs
