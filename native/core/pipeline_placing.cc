// From a decision to a connection: templates, one-packet connections, and which port of the real server it is.
// Source: net/netfilter/ipvs/ip_vs_core.c, ip_vs_schedule() and ip_vs_sched_persist().
#include "core/answer.h"
#include "core/connection_state.h"
#include "core/icmp.h"
#include "core/payload.h"
#include "core/pipeline.h"
#include "core/sip.h"

namespace uipvs {
namespace {

bool is_one_packet(const ServiceEntry& service, const PacketView& view) {
  return view.tuple.protocol == kProtocolUdp && service.has(kServiceOnePacket);
}

// FTP's control connection is not told the client: its text is edited, and by one hand only.
uint16_t tcp_flags_of(const ServiceEntry& service, uint16_t port) {
  if (port == kFtpPort) return kConnectionFtp;
  if (service.has(kServiceToa)) return kConnectionToa;
  return service.has(kServiceProxy) ? kConnectionProxy : 0;
}

// Specification: net/netfilter/ipvs/ip_vs_conn.c, ip_vs_conn_new(): the timeout before a state has its own.
constexpr Tick kErrorTimeout = 3 * kTicksPerSecond;

Address masked(Family family, const Address& address, uint32_t netmask) {
  if (family == Family::ipv4) return {{address.words[0] & netmask, 0, 0, 0}};
  Address result;
  for (uint32_t word = 0, bits = netmask; word < 4 && bits != 0; ++word) {
    const uint32_t kept = bits < 32 ? bits : 32;
    result.words[word] = address.words[word] & static_cast<uint32_t>(~uint64_t{0} << (32 - kept));
    bits -= kept;
  }
  return result;
}

}  // namespace

Pipeline::Waiting Pipeline::waiting(const Packet& packet, const PacketView& view, uint32_t service_id) const {
  const ServiceEntry& service = directory_.service_entries[service_id];
  if (service.has(kServicePersistent)) {
    const TemplateKey key = template_key(packet, view, view.tuple, service);
    return {key.tuple, true, false, table_.hash_template(key)};
  }
  return {view.tuple, false, is_one_packet(service, view), table_.hash(view.tuple)};
}

// For one port of the VIP, except for FTP, whose data connections use others; for all of them where the service is; for
// whatever else has the mark.
// Engine sip: a call's own.
TemplateKey Pipeline::template_key(const Packet& packet, const PacketView& view, const FiveTuple& client,
                                   const ServiceEntry& service) const {
  const uint16_t port = service.port.load(std::memory_order_relaxed);
  TemplateKey key;
  key.tuple = {client.family, client.protocol, 0, 0, {}, client.destination};
  key.tuple.source = masked(client.family, client.source, service.netmask.load(std::memory_order_relaxed));
  if (client.destination_port == port) {
    if (port != kFtpPort) key.tuple.destination_port = port;
  } else if (service.has(kServiceByMark)) {
    key.tuple.protocol = 0;
    key.tuple.destination = {{service.mark.load(std::memory_order_relaxed), 0, 0, 0}};
  }
  if (service.has(kServiceSip) && client.protocol == kProtocolUdp) {
    key.call_id = find_call_id(payload_of(packet, view));
  }
  return key;
}

// Source: ip_vs_conn.c, ip_vs_check_template().
Found Pipeline::valid_template(const TemplateKey& key, uint32_t destination_id) {
  const Found found = table_.find_template(key);
  if (found.head == nullptr || is_outlived(found.id, *found.head)) return {};
  const uint32_t present = found.head->destination_id;
  const DestinationEntry& destination = directory_.destinations[present];
  const bool expires_quiesced = directory_.policy.expire_quiescent_template.load(std::memory_order_relaxed);
  const bool is_valid = is_available(present) &&
                        !(expires_quiesced && destination.is_quiesced.load(std::memory_order_relaxed)) &&
                        (destination_id == kAnyDestination || destination_id == present);
  if (is_valid) return found;
  table_.invalidate_template(found.id);
  return {};
}

bool Pipeline::make_template(const TemplateKey& key, const Placing& placing, Found& made, Counter& reason) {
  const ServiceEntry& service = directory_.service_entries[placing.service_id];
  const DestinationEntry& destination = directory_.destinations[placing.destination_id];
  const FiveTuple& tuple = key.tuple;
  NewConnection fresh;
  fresh.ends = {tuple.family,      tuple.protocol,     0, tuple.destination_port, 0, tuple.source,
                tuple.destination, destination.address};
  if (tuple.destination_port != 0) fresh.ends.real_port = destination.port;
  fresh.call_id = key.call_id;
  fresh.destination_id = placing.destination_id;
  fresh.state = kTemplateUnassured;
  fresh.flags = kConnectionTemplate;
  fresh.timeout = service.persistence.load(std::memory_order_relaxed);
  fresh.expires = now_ + fresh.timeout;
  if (!create(fresh, made, reason)) return false;
  count(Counter::templates_created);
  add_relaxed(lanes_.own_lane(placing.destination_id).persistent, 1);
  bind(placing.destination_id);
  return true;
}

Action Pipeline::admit(Packet& packet, PacketView& view, uint32_t service_id, uint32_t destination_id) {
  const Placing placing = {service_id, destination_id, 0, true, nullptr};
  if (view.is_quoted && parse_packet(packet, view) != ParseError::none) return drop(Counter::drop_malformed_icmp);
  return is_icmp(view.tuple) ? admit_error(packet, view, placing) : place(packet, view, placing);
}

Action Pipeline::place(Packet& packet, PacketView& view, Placing placing) {
  const uint32_t destination_id = placing.destination_id;
  if (!is_available(destination_id)) return give_up(packet, view, placing, Counter::drop_destination_removed);
  const ServiceEntry& service = directory_.service_entries[placing.service_id];
  if (service.has(kServicePersistent)) {
    Counter reason = Counter::drop_table_full;
    const TemplateKey key = template_key(packet, view, view.tuple, service);
    if (is_of_no_call(key, service)) return give_up(packet, view, placing, Counter::drop_no_call_id);
    Found found = valid_template(key);
    if (found.head != nullptr && found.head->destination_id != destination_id) {
      // Another packet of the client was quicker.
      uncount(destination_id, view.tuple.protocol);
      placing.destination_id = found.head->destination_id;
      placing.is_counted = false;
    } else if (found.head == nullptr && !make_template(key, placing, found, reason)) {
      return give_up(packet, view, placing, reason);
    }
    placing.controller = found.id;
  }
  return connect(packet, view, placing);
}

Action Pipeline::connect(Packet& packet, PacketView& view, const Placing& placing) {
  const DestinationEntry& destination = directory_.destinations[placing.destination_id];
  const ServiceEntry& service = directory_.service_entries[placing.service_id];
  const uint16_t port = view.tuple.destination_port;
  const uint8_t protocol = view.tuple.protocol;
  NewConnection fresh;
  fresh.ends = {view.tuple.family, protocol,          view.tuple.source_port, port,
                destination.port,  view.tuple.source, view.tuple.destination, destination.address};
  // A template is for many ports where its service is, so that there the real server's own port does not count.
  const bool is_other_port = placing.controller != 0 && port != service.port.load(std::memory_order_relaxed);
  if (destination.port == 0 || is_other_port) fresh.ends.real_port = port;
  fresh.flags = begins_active(protocol) && placing.error == nullptr ? 0 : kConnectionInactive;
  if (is_one_packet(service, view)) fresh.flags = kConnectionOnePacket;
  if (protocol == kProtocolTcp) fresh.flags |= tcp_flags_of(service, port);

  if (directory_.is_masqueraded(service, view.tuple.family, view.tuple.source, destination)) {
    Counter reason = Counter::drop_masquerade_source;
    if (!choose_source(fresh.ends, fresh.flags, placing.destination_id, reason)) {
      return give_up(packet, view, placing, reason);
    }
  }
  return establish(packet, view, placing, fresh, Direction::to_server);
}

Action Pipeline::establish(Packet& packet, PacketView& view, const Placing& placing, NewConnection& fresh,
                           Direction direction) {
  const bool is_single = (fresh.flags & kConnectionOnePacket) != 0;
  const uint8_t protocol = fresh.ends.protocol;
  fresh.destination_id = placing.destination_id;
  fresh.expires = now_ + (placing.error == nullptr ? timeout_of(protocol, 0) : kErrorTimeout);
  fresh.controller = is_single ? 0 : placing.controller;
  // Held by the connection to come, lest it is given up to make room for it.
  if (placing.controller != 0) hold(placing.controller, 1);
  Found created;
  Counter reason = Counter::drop_table_full;
  if (!(is_single ? create_way_back(fresh, created, reason) : create(fresh, created, reason))) {
    if (placing.controller != 0) hold(placing.controller, -1);
    return give_up(packet, view, placing, reason);
  }
  count(Counter::connections_created);
  DestinationLane& lane = lanes_.own_lane(placing.destination_id);
  add_relaxed(lane.connections, uint64_t{1});
  const bool is_inactive = (fresh.flags & kConnectionInactive) != 0;
  if (!placing.is_counted && !is_single) {
    add_relaxed(is_inactive ? lane.inactive : lane.active, 1);
    bind(placing.destination_id);
  } else if (is_inactive && begins_active(protocol)) {
    // The control thread does not know of errors.
    count_over(lane.active, lane.inactive);
  }
  if (placing.is_counted && is_single) uncount(placing.destination_id, protocol);
  if (placing.controller != 0) {
    ConnectionHead& controller = table_.head(placing.controller);
    if (is_single) hold(placing.controller, -1);
    controller.expires.store(now_ + controller.timeout.load(std::memory_order_relaxed), std::memory_order_relaxed);
  }
  created.direction = direction;
  if (placing.error != nullptr) return translate_error(packet, *placing.error, answered_by(view), created);
  return forward(packet, view, created);
}

void Pipeline::hold(ConnectionId controller, int32_t connections) {
  std::atomic<uint32_t>& controlled = table_.head(controller).controlled;
  add_relaxed(controlled, static_cast<uint32_t>(connections));
}

Action Pipeline::give_up(Packet& packet, const PacketView& view, const Placing& placing, Counter reason) {
  if (placing.is_counted) uncount(placing.destination_id, view.tuple.protocol);
  if (placing.error != nullptr) return drop(Counter::drop_icmp_unmatched);
  count(reason);
  // Trying again would not help this client port, so it is told at once; the other reasons pass.
  const bool is_told = reason == Counter::refused_tuple_conflict || reason == Counter::refused_masquerade_ports;
  return is_told ? refuse(packet, view) : Action::drop;
}

void Pipeline::uncount(uint32_t destination_id, uint8_t protocol) {
  DestinationLane& lane = lanes_.own_lane(destination_id);
  count_out(begins_active(protocol) ? lane.active : lane.inactive);
  unbind(destination_id);
}

// Source: ip_vs_conn.c, ip_vs_bind_dest().
void Pipeline::bind(uint32_t destination_id) {
  const DestinationEntry& destination = directory_.destinations[destination_id];
  const uint32_t upper = destination.upper_threshold.load(std::memory_order_relaxed);
  if (upper == 0 || int64_t{lanes_.connections(destination_id)} < int64_t{upper}) return;
  lanes_.overloaded(destination_id).store(1, std::memory_order_relaxed);
}

// Source: ip_vs_conn.c, ip_vs_unbind_dest().
void Pipeline::unbind(uint32_t destination_id) {
  std::atomic<uint32_t>& overloaded = lanes_.overloaded(destination_id);
  if (overloaded.load(std::memory_order_relaxed) == 0) return;
  const DestinationEntry& destination = directory_.destinations[destination_id];
  const int64_t upper = destination.upper_threshold.load(std::memory_order_relaxed);
  const int64_t lower = destination.lower_threshold.load(std::memory_order_relaxed);
  const int64_t connections = lanes_.connections(destination_id);
  const bool stays = lower != 0 ? connections >= lower : upper != 0 && connections * 4 >= upper * 3;
  if (!stays) overloaded.store(0, std::memory_order_relaxed);
}

}  // namespace uipvs
