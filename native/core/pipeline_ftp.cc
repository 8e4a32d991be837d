// FTP through NAT.
//
// Theory of operation: the control connection's text says where a data connection will come from or go to. A real
// server's answer to PASV or EPSV makes a connection that expects the client, whose port is not known yet, at the same
// port of the VIP, and the text names the VIP; a client's PORT or EPRT makes the one that the real server will open, and
// with full NAT the text names the director. Such a connection is held by the control connection, which so outlives it.
// An edit changes the text's length: sequence.h. Only a control connection's own two ends are believed, so that nobody
// can have a connection made to a third host (RFC 2577).
// Source: RFC 959, RFC 2428; net/netfilter/ipvs/ip_vs_ftp.c.
#include <array>

#include "core/connection_state.h"
#include "core/payload.h"
#include "core/pipeline.h"

namespace uipvs {

bool Pipeline::follow_ftp(Packet& packet, PacketView& view, const Found& found, const ConnectionEnds& ends) {
  SequenceRecord& record = table_.sequence(found.id);
  const Direction direction = found.direction;
  const uint32_t sequence = tcp_sequence(packet, view);
  const std::span<const uint8_t> payload = payload_of(packet, view);
  const uint32_t flag_bytes = ((view.tcp_flags & kTcpSyn) != 0) + ((view.tcp_flags & kTcpFin) != 0);
  const uint32_t bytes = static_cast<uint32_t>(payload.size()) + flag_bytes;
  const bool is_established = found.head->state.load(std::memory_order_relaxed) == state_number(TcpState::established);

  FtpEndpoint endpoint;
  uint32_t text_bytes = 0;
  std::array<uint8_t, kMaxFtpTextBytes> text;
  if (is_established && !payload.empty() && direction == Direction::to_server) {
    const FtpCommand command = parse_ftp_command(payload, ends.family);
    if (command.mode != FtpMode::none) record.ftp_mode = static_cast<uint8_t>(command.mode);
    ConnectionEnds data;
    const bool is_active = command.mode == FtpMode::active || command.mode == FtpMode::extended_active;
    if (is_active && expect_active(found, ends, command.endpoint, data) && data.is_masqueraded) {
      endpoint = command.endpoint;
      text_bytes = write_ftp_endpoint(command.mode, ends.family, data.masquerade, data.masquerade_port, text);
    }
  } else if (is_established && !payload.empty()) {
    const FtpMode awaited = static_cast<FtpMode>(record.ftp_mode);
    const bool is_reply = parse_ftp_reply(payload, awaited, ends.family, endpoint);
    const bool is_own = is_reply && (!endpoint.has_address || endpoint.address == ends.real);
    if (is_own && expect_passive(found, ends, endpoint.port)) {
      text_bytes = write_ftp_endpoint(awaited, ends.family, ends.virtual_, endpoint.port, text);
    }
  }

  shift_sequence(packet, view, record, direction);
  if (is_early(record, direction, sequence)) return false;
  const int32_t change = text_bytes != 0 ? static_cast<int32_t>(text_bytes - endpoint.length) : 0;
  if (bytes != 0 && !note_segment(record, direction, sequence, bytes, change)) return false;
  if (text_bytes == 0) return true;
  return replace_payload(packet, view, endpoint.offset, endpoint.length, {text.data(), text_bytes}) == EditError::none;
}

// Whether the one that is there, with the same client's and VIP's ports, is the connection to come. One that is over is
// not, nor one towards another real server, of another control connection, or of before an edit of the service: it gives
// way, unless it is in use.
bool Pipeline::is_as_expected(const Found& present, const ConnectionEnds& wanted, ConnectionEnds& there) {
  if (present.head == nullptr || is_outlived(present.id, *present.head)) return false;
  there = table_.ends(present.id);
  const bool is_same =
      there.real == wanted.real && there.real_port == wanted.real_port && there.is_masqueraded == wanted.is_masqueraded;
  if (is_same && !is_over(*present.head)) return true;
  const bool is_unused = present.head->state.load(std::memory_order_relaxed) == state_number(TcpState::listen);
  if (is_unused || is_over(*present.head)) remove(present.id, *present.head);
  return false;
}

// The real server will open it from the port below its control port, as the VIP's port below.
bool Pipeline::expect_active(const Found& found, const ConnectionEnds& ends, const FtpEndpoint& endpoint,
                             ConnectionEnds& data) {
  if (endpoint.address != ends.client) return false;
  data = ends;
  data.client_port = endpoint.port;
  data.virtual_port = static_cast<uint16_t>(ends.virtual_port - 1);
  data.real_port = static_cast<uint16_t>(ends.real_port - 1);
  const Found present = table_.find(data.from_client(), table_.hash(data.from_client()));
  ConnectionEnds there;
  if (is_as_expected(present, data, there)) {
    data = there;
    return true;
  }
  Counter reason = Counter::drop_masquerade_source;
  if (ends.is_masqueraded && !choose_source(data, 0, found.head->destination_id, reason)) return false;
  return expect(found, data, 0);
}

bool Pipeline::expect_passive(const Found& found, const ConnectionEnds& ends, uint16_t port) {
  ConnectionEnds data = ends;
  data.client_port = 0;
  data.virtual_port = port;
  data.real_port = port;
  data.is_masqueraded = false;
  const Found present = table_.find(data.from_client(), table_.hash(data.from_client()));
  ConnectionEnds there;
  return is_as_expected(present, data, there) || expect(found, data, kConnectionNoClientPort);
}

bool Pipeline::expect(const Found& found, const ConnectionEnds& ends, uint16_t flags) {
  NewConnection fresh;
  fresh.ends = ends;
  fresh.destination_id = found.head->destination_id;
  fresh.state = state_number(TcpState::listen);
  fresh.flags = static_cast<uint16_t>(kConnectionInactive | flags);
  fresh.expires = now_ + timeout_of(kProtocolTcp, fresh.state);
  fresh.controller = found.id;
  hold(found.id, 1);
  Found created;
  Counter reason = Counter::drop_table_full;
  if (!create(fresh, created, reason)) {
    hold(found.id, -1);
    count(reason);
    return false;
  }
  add_relaxed(lanes_.own_lane(fresh.destination_id).inactive, 1);
  bind(fresh.destination_id);
  return true;
}

bool Pipeline::take_expected(Packet& packet, PacketView& view, Action& action) {
  if (view.tuple.protocol != kProtocolTcp || (view.tcp_flags & kTcpSyn) == 0) return false;
  FiveTuple tuple = view.tuple;
  tuple.source_port = 0;
  const Found expected = table_.find(tuple, table_.hash(tuple));
  if (expected.head == nullptr || is_outlived(expected.id, *expected.head)) return false;
  if ((expected.head->flags.load(std::memory_order_relaxed) & kConnectionNoClientPort) == 0) return false;
  const ConnectionId control = expected.head->controller;
  const Found controller = {control, &table_.head(control), Direction::to_server};
  const ConnectionEnds of_control = table_.ends(control);
  ConnectionEnds ends = table_.ends(expected.id);
  ends.client_port = view.tuple.source_port;
  // Real servers take data connections only from where the control connection comes from.
  ends.is_masqueraded = of_control.is_masqueraded;
  ends.masquerade = of_control.masquerade;
  hold(control, 1);
  remove(expected.id, *expected.head);
  Counter reason = Counter::drop_masquerade_source;
  const bool has_source = !ends.is_masqueraded || choose_source(ends, 0, controller.head->destination_id, reason);
  const bool is_made = has_source && expect(controller, ends, 0);
  hold(control, -1);
  if (!has_source) count(reason);
  const Found made = is_made ? table_.find(view.tuple, table_.hash(view.tuple)) : Found{};
  action = made.head != nullptr ? forward(packet, view, made) : Action::drop;
  return true;
}

}  // namespace uipvs
