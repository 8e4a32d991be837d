#include "io/wire_filter.h"

#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstddef>

namespace uipvs {
namespace {

constexpr uint32_t kEthernetBytes = 14;
constexpr uint32_t kProtocolAt = kEthernetBytes + 9;
// Where the addresses are.
constexpr uint32_t kSourceAt4 = kEthernetBytes + 12;
constexpr uint32_t kDestinationAt4 = kEthernetBytes + 16;
constexpr uint32_t kSourceAt6 = kEthernetBytes + 8;
constexpr uint32_t kDestinationAt6 = kEthernetBytes + 24;
constexpr uint32_t kWhole = UINT32_MAX;

using Program = std::vector<sock_filter>;

void load(Program& program, uint16_t size, uint32_t offset) {
  program.push_back(BPF_STMT(static_cast<uint16_t>(BPF_LD | BPF_ABS | size), offset));
}

void give(Program& program, uint32_t bytes) {
  program.push_back(BPF_STMT(static_cast<uint16_t>(BPF_RET | BPF_K), bytes));
}

// Jumps reach 255 instructions, so no program is jumped through: what is decided returns where it stands.
void refuse_unless(Program& program, uint32_t value) {
  program.push_back(BPF_JUMP(static_cast<uint16_t>(BPF_JMP | BPF_JEQ | BPF_K), value, 1, 0));
  give(program, 0);
}

void pass_if_within(Program& program, const Network& network, uint32_t offset) {
  struct Word {
    uint32_t value;
    uint32_t mask;
  };
  std::vector<Word> words;
  for (uint32_t bits = network.prefix_length, i = 0; bits != 0; ++i) {
    const uint32_t compared = std::min(bits, 32u);
    const uint32_t mask = static_cast<uint32_t>(~uint64_t{0} << (32 - compared));
    words.push_back({network.address.words[i] & mask, mask});
    bits -= compared;
  }
  // Each word that differs jumps behind the whole; the way there is counted from the end.
  Program test;
  give(test, kWhole);
  for (size_t i = words.size(); i-- > 0;) {
    const auto behind = static_cast<uint8_t>(test.size());
    Program one;
    load(one, BPF_W, offset + static_cast<uint32_t>(i) * 4);
    if (words[i].mask != UINT32_MAX)
      one.push_back(BPF_STMT(static_cast<uint16_t>(BPF_ALU | BPF_AND | BPF_K), words[i].mask));
    one.push_back(BPF_JUMP(static_cast<uint16_t>(BPF_JMP | BPF_JEQ | BPF_K), words[i].value, 0, behind));
    test.insert(test.begin(), one.begin(), one.end());
  }
  program.insert(program.end(), test.begin(), test.end());
}

void pass_family(Program& program, Family family, std::span<const Network> networks, uint32_t offset) {
  for (const Network& network : networks) {
    if (network.family == family) pass_if_within(program, network, offset);
  }
}

}  // namespace

WireFilter::WireFilter(std::span<const Network> destinations, std::span<const Network> sources) {
  Program six;
  pass_family(six, Family::ipv6, destinations, kDestinationAt6);
  pass_family(six, Family::ipv6, sources, kSourceAt6);
  give(six, 0);
  Program four;
  load(four, BPF_B, kProtocolAt);
  // Of these one, or it is refused.
  four.push_back(BPF_JUMP(static_cast<uint16_t>(BPF_JMP | BPF_JEQ | BPF_K), IPPROTO_TCP, 3, 0));
  four.push_back(BPF_JUMP(static_cast<uint16_t>(BPF_JMP | BPF_JEQ | BPF_K), IPPROTO_UDP, 2, 0));
  refuse_unless(four, IPPROTO_SCTP);
  pass_family(four, Family::ipv4, destinations, kDestinationAt4);
  pass_family(four, Family::ipv4, sources, kSourceAt4);
  give(four, 0);

  Program program;
  load(program, BPF_B, static_cast<uint32_t>(SKF_AD_OFF + SKF_AD_PKTTYPE));
  refuse_unless(program, PACKET_HOST);
  load(program, BPF_H, offsetof(ether_header, ether_type));
  program.push_back(BPF_JUMP(static_cast<uint16_t>(BPF_JMP | BPF_JEQ | BPF_K), ETHERTYPE_IP, 0, 1));
  // The one jump that may have to be long: past the question for IPv6 and all that follows from it.
  program.push_back(BPF_STMT(static_cast<uint16_t>(BPF_JMP | BPF_JA), static_cast<uint32_t>(2 + six.size())));
  refuse_unless(program, ETHERTYPE_IPV6);
  program.insert(program.end(), six.begin(), six.end());
  program.insert(program.end(), four.begin(), four.end());
  if (program.size() <= BPF_MAXINSNS) program_ = std::move(program);
}

void WireFilter::attach(int socket) const {
  const sock_fprog program = {static_cast<uint16_t>(program_.size()), const_cast<sock_filter*>(program_.data())};
  const bool is_attached =
      !program_.empty() && ::setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
  if (is_attached) return;
  const int unused = 0;
  // Where there was none before, it fails.
  ::setsockopt(socket, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused);
}

}  // namespace uipvs
