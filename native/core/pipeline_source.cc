// Full NAT: where a connection comes from, as its real server sees it.
//
// Theory of operation: an address of the director's and a port that no connection with this port of the real server has:
// all of the range, on every address, is for each such port and protocol, not for all of them together. The connection
// table itself knows which are taken, so nothing is to be given back, and nothing to be recovered. The search begins where
// the client's tuple says, so that nobody can tell one client's port by another's, addresses are used evenly and few
// searches meet; after some vain tries crowded_ports.h leads it. A client that finds all taken is refused, at about the
// same cost as one that does not.
#include <algorithm>

#include "core/answer.h"
#include "core/connection_state.h"
#include "core/pipeline.h"

namespace uipvs {
namespace {

// Implementation: tries before the way back counts as crowded. With half of the ports taken one search in some thousands
// takes more.
constexpr uint32_t kTries = 16;
// A one-packet connection looks for the way back of its last datagram as well, so that a flow does not use ports up: it
// lies where the search ended then.
constexpr uint32_t kOnePacketTries = 256;

}  // namespace

uint32_t Pipeline::sources_of(const ConnectionEnds& ends, uint32_t destination_id, Sources& sources) const {
  uint32_t count = 0;
  const auto add = [&](const Address& address) {
    if (is_unicast(ends.family, address)) sources[count++] = address;
  };
  const MasqueradeAddresses& given = directory_.masquerade_addresses_of(ends.family);
  const uint32_t places = given.count.load(std::memory_order_acquire);
  if (ends.is_masqueraded) {
    add(ends.masquerade);
  } else if (places == 0) {
    add(directory_.destinations[destination_id].source.load());
  } else {
    for (uint32_t place = 0; place < places; ++place) {
      const MasqueradeAddresses::Entry& entry = given.entries[place];
      if (entry.is_usable.load(std::memory_order_relaxed)) add(entry.address.load());
    }
  }
  return count;
}

bool Pipeline::choose_source(ConnectionEnds& ends, uint16_t flags, uint32_t destination_id, Counter& reason) {
  const uint32_t first = directory_.masquerade_first_port.load(std::memory_order_relaxed);
  const uint32_t last = directory_.masquerade_last_port.load(std::memory_order_relaxed);
  Sources sources;
  const uint32_t count = sources_of(ends, destination_id, sources);
  if (count == 0 || first == 0 || last < first) {
    reason = Counter::drop_masquerade_source;
    return false;
  }
  reason = Counter::refused_masquerade_ports;
  const PortRange range{first, last - first + 1};
  const uint32_t all = count * range.count;
  const uint32_t start = static_cast<uint32_t>(table_.hash(ends.from_client()) % all);
  const uint32_t tries = std::min(all, (flags & kConnectionOnePacket) != 0 ? kOnePacketTries : kTries);
  ends.is_masqueraded = true;
  for (uint32_t tried = 0; tried < tries; ++tried) {
    const uint32_t candidate = (start + tried) % all;
    ends.masquerade = sources[candidate / range.count];
    ends.masquerade_port = static_cast<uint16_t>(first + candidate % range.count);
    if (is_source_free(ends)) return true;
  }
  if (tries == all) return false;
  for (uint32_t turn = 0; turn < count; ++turn) {
    ends.masquerade = sources[(start / range.count + turn) % count];
    const auto is_taken = [&](uint16_t port) {
      ends.masquerade_port = port;
      return !is_source_free(ends);
    };
    ends.masquerade_port = crowded_.find_free(ends.from_server(), range, start % range.count, is_taken);
    if (ends.masquerade_port != 0) return true;
  }
  return false;
}

bool Pipeline::is_source_free(const ConnectionEnds& ends) {
  const FiveTuple reply = ends.from_server();
  // A real server that calls the very port: its replies could not be told from its requests.
  if (reply == ends.from_client()) return false;
  const Found present = table_.find(reply, table_.hash(reply));
  if (present.head == nullptr || is_outlived(present.id, *present.head)) return true;
  // The way back of this client's last one-packet datagram serves the next one too.
  return is_one_packet(*present.head) && table_.ends(present.id).from_client() == ends.from_client();
}

// What the table finds a connection by: see ConnectionTable::index().
void Pipeline::note_ports(const ConnectionEnds& ends, uint16_t flags, bool is_taken) {
  if (crowded_.is_empty() || (flags & kConnectionTemplate) != 0) return;
  if ((flags & kConnectionOnePacket) == 0) crowded_.note(ends.from_client(), is_taken);
  if ((flags & kConnectionNoClientPort) == 0) crowded_.note(ends.from_server(), is_taken);
}

}  // namespace uipvs
