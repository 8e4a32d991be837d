#include "core/directory.h"

namespace uipvs {
namespace {

// No policy rule can select it. Source: linux include/net/fib_rules.h, fib_rule_port_range_valid().
constexpr uint16_t kNamelessPort = UINT16_MAX;

}  // namespace

Directory::Directory(uint32_t max_services, uint32_t max_destinations, const HashSecret& hash_secret)
    : secret(hash_secret),
      services(max_services, secret),
      vips(max_services + 2 * MasqueradeAddresses::kMost, secret),
      real_servers(max_destinations, secret),
      real_ports(max_destinations, secret),
      real_port_owners(std::make_unique<RealPortOwner[]>(max_destinations)),
      real_server_links(std::make_unique<std::atomic<uint32_t>[]>(max_destinations)),
      vip_is_local(std::make_unique<std::atomic<bool>[]>(vips.capacity())),
      service_entries(std::make_unique<ServiceEntry[]>(max_services)),
      destinations(std::make_unique<DestinationEntry[]>(max_destinations)),
      destination_count(max_destinations) {
  for (size_t state = 0; state < tcp_timeouts.size(); ++state) {
    tcp_timeouts[state] = kTcpTimeoutSeconds[state] * kTicksPerSecond;
  }
  for (size_t state = 0; state < sctp_timeouts.size(); ++state) {
    sctp_timeouts[state] = kSctpTimeoutSeconds[state] * kTicksPerSecond;
  }
  udp_timeout = kUdpTimeoutSeconds * kTicksPerSecond;
}

bool Directory::is_captured(const PacketView& view) const {
  // Which firewall mark a packet will get a copy does not show: while one means a service, requests come by the kernel.
  const bool takes_requests = mark_services.load(std::memory_order_acquire) == 0;
  return (takes_requests && is_captured_request(view)) ||
         real_servers.find({view.tuple.family, 0, 0, view.tuple.source}) != ServiceTable::kNoService ||
         capture.has_source(view.tuple.family, view.tuple.source);
}

bool Directory::is_captured_request(const PacketView& view) const {
  const FiveTuple& tuple = view.tuple;
  const uint32_t vip = find_vip(tuple.family, tuple.destination);
  if (vip == kNoVip) return capture.has_port(view);
  if (!vip_is_local[vip].load(std::memory_order_relaxed)) return true;
  const bool is_selectable = shows_ports(view) && tuple.destination_port != kNamelessPort;
  const uint32_t service =
      is_selectable ? find_service(tuple, 0) : services.find({tuple.family, tuple.protocol, 0, tuple.destination});
  return service != ServiceTable::kNoService || capture.has_port(view);
}

bool Directory::is_beside(Family family, const Address& client, const DestinationEntry& destination) const {
  if (client == destination.address) return true;
  const uint32_t id = real_servers.find({family, 0, 0, client});
  if (id == ServiceTable::kNoService) return false;
  const uint32_t link = destination.link.load(std::memory_order_relaxed);
  return link != 0 && real_server_links[id].load(std::memory_order_relaxed) == link;
}

bool Directory::is_masqueraded(const ServiceEntry& service, Family family, const Address& client,
                               const DestinationEntry& destination) const {
  if (is_beside(family, client, destination)) return true;
  if ((service.flags.load(std::memory_order_relaxed) & kServiceMasquerade) == 0) return false;
  const uint32_t count = service.unmasqueraded_count.load(std::memory_order_acquire);
  for (uint32_t i = 0; i < count; ++i) {
    if (service.unmasqueraded[i].holds(family, client)) return false;
  }
  return true;
}

bool Directory::add_service(uint32_t id, const ServiceKey& key, uint32_t mark) {
  ServiceEntry& entry = service_entries[id];
  entry.port.store(key.port, std::memory_order_relaxed);
  entry.mark.store(mark, std::memory_order_relaxed);
  entry.flags.store(mark != 0 ? kServiceByMark : 0, std::memory_order_relaxed);
  if (mark != 0) {
    if (!services.add(id, {key.family, 0, 0, {{mark, 0, 0, 0}}})) return false;
    mark_services.fetch_add(1, std::memory_order_release);
    return true;
  }
  if (!services.add(id, key)) return false;
  if (key.port == 0) all_port_services.fetch_add(1, std::memory_order_release);
  if (key.port == kFtpPort && key.protocol == kProtocolTcp) ftp_services.fetch_add(1, std::memory_order_release);
  return true;
}

void Directory::set_service_flags(uint32_t id, uint8_t flags) {
  std::atomic<uint8_t>& present = service_entries[id].flags;
  const uint8_t before = present.load(std::memory_order_relaxed);
  present.store(static_cast<uint8_t>((flags & ~kServiceByMark) | (before & kServiceByMark)), std::memory_order_release);
  const int change = ((flags & kServiceSip) != 0) - ((before & kServiceSip) != 0);
  sip_services.fetch_add(static_cast<uint32_t>(change), std::memory_order_release);
}

void Directory::remove_service(uint32_t id) {
  set_service_flags(id, 0);
  const ServiceEntry& entry = service_entries[id];
  const bool is_ftp = services.key_at(id).protocol == kProtocolTcp && entry.port == kFtpPort;
  services.remove(id);
  if (entry.mark != 0) {
    mark_services.fetch_sub(1, std::memory_order_relaxed);
  } else if (entry.port == 0) {
    all_port_services.fetch_sub(1, std::memory_order_relaxed);
  } else if (is_ftp) {
    ftp_services.fetch_sub(1, std::memory_order_relaxed);
  }
}

uint32_t Directory::find_service(const FiveTuple& tuple, uint32_t mark) const {
  uint32_t found = ServiceTable::kNoService;
  if (mark != 0 && mark_services.load(std::memory_order_acquire) != 0) {
    found = services.find({tuple.family, 0, 0, {{mark, 0, 0, 0}}});
    if (found != ServiceTable::kNoService) return found;
  }
  const uint16_t port = tuple.destination_port;
  found = services.find({tuple.family, tuple.protocol, port, tuple.destination});
  if (found != ServiceTable::kNoService) return found;
  const bool may_be_ftp_data =
      tuple.protocol == kProtocolTcp && (port == kFtpDataPort || port >= kFirstUnprivilegedPort);
  if (may_be_ftp_data && ftp_services.load(std::memory_order_acquire) != 0) {
    found = services.find({tuple.family, kProtocolTcp, kFtpPort, tuple.destination});
    if (found != ServiceTable::kNoService) return found;
  }
  if (all_port_services.load(std::memory_order_acquire) == 0) return ServiceTable::kNoService;
  return services.find({tuple.family, tuple.protocol, 0, tuple.destination});
}

}  // namespace uipvs
