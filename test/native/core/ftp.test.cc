#include "core/ftp.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/packet_builder.h"
#include "support/random.h"

namespace uipvs::test {
namespace {

std::vector<uint8_t> bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

FtpCommand command_of(const std::string& text, Family family = Family::ipv4) {
  return parse_ftp_command(bytes_of(text), family);
}

// What `endpoint` takes of `text`, or nothing.
std::string part(const std::string& text, const FtpEndpoint& endpoint) {
  return text.substr(endpoint.offset, endpoint.length);
}

std::string written(FtpMode mode, Family family, const Address& address, uint16_t port) {
  std::array<uint8_t, kMaxFtpTextBytes> text;
  const uint32_t bytes = write_ftp_endpoint(mode, family, address, port, text);
  return {text.begin(), text.begin() + bytes};
}

const Address kTen = address4(10, 0, 0, 2);

}  // namespace

TEST_CASE("ftp: what a client's segment asks for, as a kernel says") {
  struct Row {
    std::string text;
    FtpMode mode;
    std::string endpoint;
    uint16_t port;
  };
  const std::vector<Row> rows{
      {"PASV\r\n", FtpMode::passive, "", 0},
      {"pasv\r\n", FtpMode::passive, "", 0},
      {"NOOP\r\nPASV\r\n", FtpMode::passive, "", 0},
      {"PASV\n", FtpMode::none, "", 0},
      {"PASV\r", FtpMode::none, "", 0},
      {"EPSV\r\n", FtpMode::extended_passive, "", 0},
      {"EPSV 1\r\n", FtpMode::extended_passive, "", 0},
      {"EPSV\rx", FtpMode::extended_passive, "", 0},
      {"EPSV\r", FtpMode::none, "", 0},
      {"EPSV\n", FtpMode::none, "", 0},
      {"NOOP\r\nEPSV\r\n", FtpMode::extended_passive, "", 0},
      {"XEPSV\r\n", FtpMode::extended_passive, "", 0},
      {"EPSVX\r\n", FtpMode::none, "", 0},
      {"EPSV\r\nPASV\r\n", FtpMode::extended_passive, "", 0},
      {"PASV\r\nEPSV\r\n", FtpMode::passive, "", 0},
      {"PORT 10,0,0,2,160,1\r\nPASV\r\n", FtpMode::passive, "", 0},
      {"EPSV 2\r\n", FtpMode::none, "", 0},
      {"EPSV 12\r\n", FtpMode::none, "", 0},
      {"EPSV 1\n", FtpMode::none, "", 0},
      {"EPSV 1", FtpMode::none, "", 0},
      {"EPSV  1\r\n", FtpMode::none, "", 0},
      {"EPSV \r\n", FtpMode::none, "", 0},
      {"EPSV ALL\r\n", FtpMode::none, "", 0},
      {"EPSV ALL\r\nEPSV\r\n", FtpMode::none, "", 0},
      {"PORT 10,0,0,2,160,1\r\n", FtpMode::active, "10,0,0,2,160,1", 40961},
      {"port 10,0,0,2,160,2\r\n", FtpMode::active, "10,0,0,2,160,2", 40962},
      {"PORT 10,0,0,2,160,3\n", FtpMode::active, "10,0,0,2,160,3", 40963},
      {"PORT 10,0,0,2,160,4", FtpMode::none, "", 0},
      {"PORT   10,0,0,2,160,5\r\n", FtpMode::active, "10,0,0,2,160,5", 40965},
      {"PORT\t10,0,0,2,160,6\r\n", FtpMode::active, "10,0,0,2,160,6", 40966},
      {"PORT 10,0,0,2,160,7 \r\n", FtpMode::active, "10,0,0,2,160,7", 40967},
      {"PORT10,0,0,2,160,8\r\n", FtpMode::active, "10,0,0,2,160,8", 40968},
      {"NOOP\r\nPORT 10,0,0,2,160,9\r\n", FtpMode::none, "", 0},
      {" PORT 10,0,0,2,160,10\r\n", FtpMode::none, "", 0},
      {"PORT (10,0,0,2,160,12)\r\n", FtpMode::none, "", 0},
      {"PORT x 10,0,0,2,160,13\r\n", FtpMode::none, "", 0},
      {"EPRT |1|10.0.0.2|41001|\r\n", FtpMode::extended_active, "|1|10.0.0.2|41001|", 41001},
      {"eprt |1|10.0.0.2|41002|\r\n", FtpMode::extended_active, "|1|10.0.0.2|41002|", 41002},
      {"EPRT |1|10.0.0.2|41003\r\n", FtpMode::none, "", 0},
      {"EPRT !1!10.0.0.2!41004!\r\n", FtpMode::extended_active, "!1!10.0.0.2!41004!", 41004},
      {"EPRT |2|10.0.0.2|41005|\r\n", FtpMode::none, "", 0},
      {"EPRT |||41006|\r\n", FtpMode::none, "", 0},
      {"EPRT |1|10.0.0.2|41007|", FtpMode::extended_active, "|1|10.0.0.2|41007|", 41007},
      {"EPRT |1|10.0.0.256|41008|\r\n", FtpMode::none, "", 0},
      {"EPRT |1|10.0.2|41009|\r\n", FtpMode::none, "", 0},
      {"EPRT |1|010.0.0.02|041010|\r\n", FtpMode::extended_active, "|1|010.0.0.02|041010|", 41010},
      {"EPRT A1A10.0.0.2A41012A\r\n", FtpMode::extended_active, "A1A10.0.0.2A41012A", 41012},
      {"EPRT 0101\r\n", FtpMode::none, "", 0},
      {"EPRT |1|10.0.0.2|0|\r\n", FtpMode::none, "", 0},
      {"EPRT |12|10.0.0.2|41014|\r\n", FtpMode::none, "", 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const FtpCommand command = command_of(row.text);
    CHECK(command.mode == row.mode);
    CHECK(part(row.text, command.endpoint) == row.endpoint);
    CHECK(command.endpoint.port == row.port);
    if (row.port != 0) CHECK(command.endpoint.address == kTen);
  }
}

TEST_CASE("ftp: EPSV may name the connection's family") {
  CHECK(command_of("EPSV 2\r\n", Family::ipv6).mode == FtpMode::extended_passive);
  CHECK(command_of("EPSV 1\r\n", Family::ipv6).mode == FtpMode::none);
}

TEST_CASE("ftp: what a server's segment answers to PASV, as a kernel says") {
  struct Row {
    std::string text, endpoint;
    uint16_t port;
  };
  const std::vector<Row> rows{
      {"227 Entering Passive Mode (10,0,0,2,200,1).\r\n", "10,0,0,2,200,1", 51201},
      {"227 Entering Passive Mode 10,0,0,2,200,6\r\n", "10,0,0,2,200,6", 51206},
      {"227 =10,0,0,2,200,7\r\n", "10,0,0,2,200,7", 51207},
      {"200 ok\r\n227 x (10,0,0,2,200,8)\r\n", "", 0},
      {"227-x (10,0,0,2,200,9)\r\n", "", 0},
      {"227 x (10,0,0,2,200,10)", "10,0,0,2,200,10", 51210},
      {"227 x 10,0,0,2,200,11", "", 0},
      {"227 x ( 10,0,0,2,200,12)\r\n", "", 0},
      {"227 x ((10,0,0,2,200,13)\r\n", "10,0,0,2,200,13", 51213},
      {"227 x (10, 0, 0, 2, 200, 14)\r\n", "", 0},
      {"227 x (10,0,0,2,200,15,1)\r\n", "10,0,0,2,200,15", 51215},
      {"227 x (010,000,0,002,200,018)\r\n", "010,000,0,002,200,018", 51218},
      {"227 4 Passive (10,0,0,2,200,20)\r\n", "", 0},
      // Not as the kernel, which takes each of these.
      {"227 x (10,0,0,2,456,16)\r\n", "", 0},
      {"227 x (10,0,,2,200,17)\r\n", "", 0},
      {"227 x (10,0,0,2,0,0)\r\n", "", 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    FtpEndpoint endpoint;
    CHECK(parse_ftp_reply(bytes_of(row.text), FtpMode::passive, Family::ipv4, endpoint) == (row.port != 0));
    CHECK(part(row.text, endpoint) == row.endpoint);
    CHECK(endpoint.port == row.port);
    if (row.port != 0) CHECK(endpoint.address == kTen);
    CHECK(!parse_ftp_reply(bytes_of(row.text), FtpMode::none, Family::ipv4, endpoint));
    CHECK(!parse_ftp_reply(bytes_of(row.text), FtpMode::extended_passive, Family::ipv4, endpoint));
    CHECK(!parse_ftp_reply(bytes_of(row.text), FtpMode::passive, Family::ipv6, endpoint));
  }
}

TEST_CASE("ftp: what a server's segment answers to EPSV, as a kernel says") {
  struct Row {
    std::string text, endpoint;
    bool has_address;
    uint16_t port;
  };
  const std::vector<Row> rows{
      {"229 Entering Extended Passive Mode (|||51201|)\r\n", "|||51201|", false, 51201},
      {"229 x (!!!51205!)\r\n", "!!!51205!", false, 51205},
      {"229 x (|1|10.0.0.2|51206|)\r\n", "|1|10.0.0.2|51206|", true, 51206},
      {"229 x (|||51210|\r\n", "|||51210|", false, 51210},
      {"229 x |||51207|\r\n", "", false, 0},
      {"229 x (|||51208)\r\n", "", false, 0},
      {"229 x ( |||51209|)\r\n", "", false, 0},
      {"229 x (|2|fd01::11|51214|)\r\n", "", false, 0},
      {"229 x (||10.0.0.2|51214|)\r\n", "", false, 0},
      // Not as the kernel, which takes it modulo 65536.
      {"229 x (|||151212|)\r\n", "", false, 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    FtpEndpoint endpoint;
    CHECK(parse_ftp_reply(bytes_of(row.text), FtpMode::extended_passive, Family::ipv4, endpoint) == (row.port != 0));
    CHECK(part(row.text, endpoint) == row.endpoint);
    CHECK(endpoint.port == row.port);
    CHECK(endpoint.has_address == row.has_address);
  }
}

TEST_CASE("ftp: IPv6 addresses are read in every form, and nothing else for one") {
  struct Row {
    std::string address;
    bool is_one;
    Address expected;
  };
  const std::vector<Row> rows{
      {"2001:db8::7", true, {{0x20010db8, 0, 0, 7}}},
      {"::", true, {{0, 0, 0, 0}}},
      {"::1", true, {{0, 0, 0, 1}}},
      {"1::", true, {{0x10000, 0, 0, 0}}},
      {"1:2:3:4:5:6:7:8", true, {{0x10002, 0x30004, 0x50006, 0x70008}}},
      {"1:2:3::6:7:8", true, {{0x10002, 0x30000, 6, 0x70008}}},
      {"FFFF::AbCd", true, {{0xffff0000, 0, 0, 0xabcd}}},
      {"::ffff:10.0.0.2", true, {{0, 0, 0xffff, 0x0a000002}}},
      {"1:2:3:4:5:6:10.0.0.2", true, {{0x10002, 0x30004, 0x50006, 0x0a000002}}},
      {"1:2:3:4:5:6:7:10.0.0.2", false, {}},
      {"1:2:3:4:5:6:7", false, {}},
      {"1:2:3:4:5:6:7:8:9", false, {}},
      {"1:2:3:4::5:6:7:8", false, {}},
      {"1::2::3", false, {}},
      {"12345::", false, {}},
      {":1", false, {}},
      {"1:", false, {}},
      {":::", false, {}},
      {"", false, {}},
      {"g::", false, {}},
      {"::10.0.0.256", false, {}},
      {"::1.2.3", false, {}},
      {"::1%eth0", false, {}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.address);
    const std::string text = "EPRT |2|" + row.address + "|4000|\r\n";
    const FtpCommand command = command_of(text, Family::ipv6);
    CHECK(command.mode == (row.is_one ? FtpMode::extended_active : FtpMode::none));
    if (row.is_one) CHECK(command.endpoint.address == row.expected);
    CHECK(command_of(text, Family::ipv4).mode == FtpMode::none);
  }
}

TEST_CASE("ftp: what is written is what is read") {
  Random random(test_seed());
  for (int round = 0; round < 5000; ++round) {
    const Family family = random.one_in(2) ? Family::ipv4 : Family::ipv6;
    Address address;
    for (int i = 0; i < (family == Family::ipv6 ? 4 : 1); ++i) address.words[i] = static_cast<uint32_t>(random.word());
    const uint16_t port = static_cast<uint16_t>(1 + random.below(65535));
    const std::string eprt = "EPRT " + written(FtpMode::extended_active, family, address, port) + "\r\n";
    const FtpCommand extended = command_of(eprt, family);
    CAPTURE(eprt);
    REQUIRE(extended.mode == FtpMode::extended_active);
    REQUIRE(extended.endpoint.address == address);
    REQUIRE(extended.endpoint.port == port);
    const std::string epsv = "229 (" + written(FtpMode::extended_passive, family, address, port) + ")";
    FtpEndpoint endpoint;
    REQUIRE(parse_ftp_reply(bytes_of(epsv), FtpMode::extended_passive, family, endpoint));
    REQUIRE(endpoint.port == port);
    if (family == Family::ipv6) continue;
    const std::string active = "PORT " + written(FtpMode::active, family, address, port) + "\r\n";
    const FtpCommand command = command_of(active);
    REQUIRE(command.mode == FtpMode::active);
    REQUIRE(command.endpoint.address == address);
    REQUIRE(command.endpoint.port == port);
    REQUIRE(part(active, command.endpoint) == written(FtpMode::passive, family, address, port));
  }
}

TEST_CASE("ftp: the longest text fits") {
  const Address longest{{UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX}};
  CHECK(written(FtpMode::extended_active, Family::ipv6, longest, 65535) ==
        "|2|ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff|65535|");
  CHECK(written(FtpMode::extended_active, Family::ipv6, longest, 65535).size() == kMaxFtpTextBytes);
}

TEST_CASE("ftp: a command that is cut anywhere before the end of its text is none") {
  for (const std::string text : {"PORT 10,0,0,2,160,1", "EPRT |1|10.0.0.2|41001"}) {
    for (size_t length = 0; length <= text.size(); ++length) {
      CHECK(command_of(text.substr(0, length)).mode == FtpMode::none);
    }
  }
}

}  // namespace uipvs::test
