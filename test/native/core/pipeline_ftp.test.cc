// Stories of FTP's control connection, and of the data connections that it announces.
#include <doctest/doctest.h>

#include <string>

#include "core/bytes.h"
#include "core/pipeline.h"
#include "support/rig.h"
#include "support/slow_checksum.h"

namespace uipvs::test {
namespace {

const Address kDirector = address4(10, 0, 0, 1);
const Address kOtherReal = address4(10, 0, 0, 4);
constexpr uint32_t kClientStart = 1000;
constexpr uint32_t kServerStart = 5000;
constexpr uint32_t kService = 7;

// A service for FTP; destinations 5 and 6.
std::unique_ptr<Rig> make_ftp_rig(bool is_masqueraded) {
  auto rig = make_rig();
  rig->add_service(kService, {Family::ipv4, kProtocolTcp, kFtpPort, kVip});
  rig->directory.masquerade_first_port = 61000;
  rig->directory.masquerade_last_port = 61999;
  rig->add_destination(5, kReal, kFtpPort);
  rig->add_destination(6, kOtherReal, kFtpPort);
  for (const uint32_t id : {5u, 6u}) rig->directory.destinations[id].source.store(kDirector);
  rig->directory.service_entries[kService].flags = is_masqueraded ? kServiceMasquerade : uint8_t{0};
  rig->next_destination = 5;
  return rig;
}

// One control connection, each end with its own count.
class Control {
 public:
  Control(Rig& rig, uint16_t port) : rig_(rig), client_(client_tuple(kProtocolTcp, port, kFtpPort)) {
    const Fed syn = send(client_, kTcpSyn, client_next_, 0);
    REQUIRE(syn.action == Action::transmit);
    server_ = tuple_of(syn.packet).reversed();
    client_next_ += 1;
    REQUIRE(from_server(kTcpSyn | kTcpAck, "").action == Action::transmit);
    REQUIRE(from_client(kTcpAck, "").action == Action::transmit);
  }

  Fed from_client(uint8_t flags, const std::string& text) {
    const Fed fed = send(client_, flags, client_next_, server_next_, text);
    client_next_ += length_of(flags, text);
    return fed;
  }

  // Acknowledges all that came, as it came.
  Fed from_server(uint8_t flags, const std::string& text) {
    const Fed fed = send(server_, flags, server_next_, client_next_ + grown, text);
    server_next_ += length_of(flags, text);
    return fed;
  }

  uint32_t grown = 0;  // by what edits have made the client's text longer

 private:
  static uint32_t length_of(uint8_t flags, const std::string& text) {
    return static_cast<uint32_t>(text.size()) + ((flags & (kTcpSyn | kTcpFin)) != 0);
  }

  Fed send(const FiveTuple& tuple, uint8_t flags, uint32_t sequence, uint32_t acknowledgment,
           const std::string& text = "") {
    PacketSpec spec;
    spec.tuple = tuple;
    spec.tcp_flags = flags;
    spec.sequence = sequence;
    spec.acknowledgment = acknowledgment;
    spec.payload.assign(text.begin(), text.end());
    return rig_.feed(build_packet(spec));
  }

  Rig& rig_;
  FiveTuple client_;
  FiveTuple server_;
  uint32_t client_next_ = kClientStart;
  uint32_t server_next_ = kServerStart;
};

std::string text_of(const MemoryPacket& packet) { return {packet.bytes.begin() + 40, packet.bytes.end()}; }

// Port 40961 of the client.
const std::string kPort = "PORT 198,51,100,7,160,1\r\n";
constexpr uint16_t kAnnounced = 40961;

// The SYN of a real server to where a command of `text` says, and where it comes to.
FiveTuple called_back(Rig& rig, const Address& real, const std::string& text) {
  int bytes[6] = {};
  REQUIRE(std::sscanf(text.c_str(), "PORT %d,%d,%d,%d,%d,%d", &bytes[0], &bytes[1], &bytes[2], &bytes[3], &bytes[4],
                      &bytes[5]) == 6);
  const auto byte = [&bytes](int index) { return static_cast<uint8_t>(bytes[index]); };
  FiveTuple tuple = {Family::ipv4, kProtocolTcp, kFtpDataPort, 0, real, {}};
  tuple.destination = address4(byte(0), byte(1), byte(2), byte(3));
  tuple.destination_port = static_cast<uint16_t>(bytes[4] << 8 | bytes[5]);
  const Fed fed = rig.feed(tcp_segment(tuple, kTcpSyn));
  REQUIRE(fed.action == Action::transmit);
  CHECK(transport_checksum(fed.packet) == ChecksumState::right);
  return tuple_of(fed.packet);
}

const FiveTuple kDataToClient = {Family::ipv4, kProtocolTcp, kFtpDataPort, kAnnounced, kVip, kClient};

}  // namespace

TEST_CASE("ftp control: a client's port is announced as the director's where it is masqueraded") {
  for (const bool is_masqueraded : {false, true}) {
    const auto rig = make_ftp_rig(is_masqueraded);
    Control control(*rig, 4001);
    const std::string text = text_of(control.from_client(kTcpAck, kPort).packet);
    CHECK((text == kPort) != is_masqueraded);
    CHECK(text.starts_with(is_masqueraded ? "PORT 10,0,0,1," : "PORT 198,51,100,7,"));
    CHECK(called_back(*rig, kReal, text) == kDataToClient);
  }
}

TEST_CASE("ftp control: a port that a connection had with another real server is announced anew") {
  const auto rig = make_ftp_rig(true);
  Control former(*rig, 4001);
  former.from_client(kTcpAck, kPort);
  rig->next_destination = 6;
  Control latter(*rig, 4002);
  const std::string text = text_of(latter.from_client(kTcpAck, kPort).packet);
  CHECK(called_back(*rig, kOtherReal, text) == kDataToClient);
  CHECK(rig->counts_agree());
}

TEST_CASE(
    "ftp control: a port that a connection had before the service was masqueraded is announced as the director's") {
  const auto rig = make_ftp_rig(false);
  Control former(*rig, 4001);
  called_back(*rig, kReal, text_of(former.from_client(kTcpAck, kPort).packet));
  rig->feed(tcp_segment(kDataToClient.reversed(), kTcpSyn | kTcpAck));
  rig->feed(tcp_segment({Family::ipv4, kProtocolTcp, kFtpDataPort, kAnnounced, kReal, kClient}, kTcpAck));
  for (const bool is_over : {false, true}) {
    CAPTURE(is_over);
    if (is_over) rig->feed(tcp_segment(kDataToClient.reversed(), kTcpRst | kTcpAck));
    rig->directory.service_entries[kService].flags = kServiceMasquerade;
    Control latter(*rig, is_over ? 4003 : 4002);
    const std::string text = text_of(latter.from_client(kTcpAck, kPort).packet);
    // One that is in use keeps its port.
    CHECK(text.starts_with(is_over ? "PORT 10,0,0,1," : "PORT 198,51,100,7,"));
    if (is_over) CHECK(called_back(*rig, kReal, text) == kDataToClient);
  }
  CHECK(rig->counts_agree());
}

TEST_CASE("ftp control: what is said after a FIN passes, the other end's FIN and its acknowledgment") {
  const auto rig = make_ftp_rig(true);
  Control control(*rig, 4001);
  const std::string text = text_of(control.from_client(kTcpAck, kPort).packet);
  control.grown = static_cast<uint32_t>(text.size() - kPort.size());
  CHECK(control.from_server(kTcpAck, "200 ok\r\n").action == Action::transmit);
  CHECK(control.from_server(kTcpFin | kTcpAck, "221 bye\r\n").action == Action::transmit);
  CHECK(control.from_client(kTcpFin | kTcpAck, "").action == Action::transmit);
  CHECK(control.from_server(kTcpAck, "").action == Action::transmit);
  CHECK(control.from_client(kTcpAck, "").action == Action::transmit);
  CHECK(rig->counted(Counter::drop_ftp_waiting) == 0);
}

}  // namespace uipvs::test
