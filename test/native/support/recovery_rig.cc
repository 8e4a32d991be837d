#include "support/recovery_rig.h"

#include "core/connection_state.h"
#include "support/sctp_builder.h"

namespace uipvs::test {
namespace {

const Address kDirector = address4(10, 0, 0, 1);

}  // namespace

std::unique_ptr<Rig> make_varied_rig(uint32_t capacity) {
  auto rig = make_rig(capacity);
  rig->add_service(4, {Family::ipv4, kProtocolSctp, 80, kVip});
  rig->add_service(5, {Family::ipv4, kProtocolTcp, 81, kVip});
  rig->make_persistent(5, 300);
  rig->add_service(6, {Family::ipv4, kProtocolTcp, kFtpPort, kVip});
  rig->add_service(7, {Family::ipv4, kProtocolUdp, 5060, kVip});
  rig->make_persistent(7, 300);
  rig->directory.set_service_flags(7, kServicePersistent | kServiceSip);
  rig->add_service(8, {Family::ipv4, kProtocolUdp, 53, kVip});
  rig->directory.set_service_flags(8, kServiceOnePacket);
  rig->add_service(9, {Family::ipv4, kProtocolTcp, 82, kVip});
  rig->directory.set_service_flags(9, kServiceProxy);
  rig->add_service(10, {Family::ipv4, kProtocolTcp, 83, kVip});
  rig->directory.set_service_flags(10, kServiceMasquerade);
  rig->add_destination(2, kReal, kFtpPort);
  rig->directory.destinations[0].source.store(kDirector);
  rig->directory.masquerade_first_port = 61000;
  rig->directory.masquerade_last_port = 61999;
  return rig;
}

FiveTuple tcp_tuple(uint16_t service_port) {
  return client_tuple(kProtocolTcp, static_cast<uint16_t>(40000 + service_port), service_port);
}

MemoryPacket sip_request(uint16_t port, const std::string& call_id) {
  PacketSpec spec;
  spec.tuple = client_tuple(kProtocolUdp, port, 5060);
  const std::string text = "INVITE sip:a SIP/2.0\r\nCall-ID: " + call_id + "\r\n\r\n";
  spec.payload.assign(text.begin(), text.end());
  return build_packet(spec);
}

void begin_all(Rig& rig) {
  rig.next_destination = 0;
  for (const uint16_t port : {uint16_t{80}, uint16_t{81}, uint16_t{82}, uint16_t{83}}) {
    rig.feed(tcp_segment(tcp_tuple(port), kTcpSyn));
  }
  rig.feed(tcp_segment(server_tuple(kProtocolTcp, 40080), kTcpSyn | kTcpAck));
  rig.feed(tcp_segment(tcp_tuple(80), kTcpAck));
  rig.feed(udp_datagram(client_tuple(kProtocolUdp)));
  rig.feed(udp_datagram(client_tuple(kProtocolUdp, 40053, 53)));
  rig.feed(sctp_packet(client_tuple(kProtocolSctp)));
  rig.feed(sip_request(40001, "one@host"));
  rig.feed(sip_request(40002, std::string(200, 'c')));
  rig.next_destination = 1;
  rig.feed(tcp_segment(client_tuple6(kProtocolTcp), kTcpSyn));
  rig.feed(udp_datagram(client_tuple6(kProtocolUdp)));
  rig.next_destination = 2;
  rig.feed(tcp_segment(tcp_tuple(kFtpPort), kTcpSyn));
}

}  // namespace uipvs::test
