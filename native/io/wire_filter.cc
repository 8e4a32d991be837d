#include "io/wire_filter.h"

#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstddef>

#include "core/packet_view.h"

namespace uipvs {
namespace {

constexpr uint32_t kEthernetBytes = 14;
constexpr uint32_t kProtocolAt = kEthernetBytes + 9;
// Where the addresses are.
constexpr uint32_t kSourceAt4 = kEthernetBytes + 12;
constexpr uint32_t kDestinationAt4 = kEthernetBytes + 16;
constexpr uint32_t kSourceAt6 = kEthernetBytes + 8;
constexpr uint32_t kDestinationAt6 = kEthernetBytes + 24;
constexpr uint32_t kNextHeaderAt6 = kEthernetBytes + 6;
constexpr uint32_t kTransportAt6 = kEthernetBytes + 40;
constexpr uint32_t kWhole = UINT32_MAX;
// Specification: IEEE 802.1Q. A tag with VLAN 0 has a priority only.
constexpr uint32_t kVlanIdMask = 0xfff;

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

// What is not of a protocol that is taken is refused.
void pass_protocols4(Program& program, OnWire protocols) {
  load(program, BPF_B, kProtocolAt);
  if (protocols == OnWire::tcp_and_udp) {
    program.push_back(BPF_JUMP(static_cast<uint16_t>(BPF_JMP | BPF_JEQ | BPF_K), kProtocolUdp, 2, 0));
  }
  refuse_unless(program, kProtocolTcp);
}

// The same of IPv6, behind extension headers too. A fragment is none of those that must be refused, whatever is in it.
void pass_protocols6(Program& program, OnWire protocols) {
  constexpr auto kIf = static_cast<uint16_t>(BPF_JMP | BPF_JEQ | BPF_K);
  constexpr auto kAlways = static_cast<uint16_t>(BPF_JMP | BPF_JA);
  std::vector<size_t> passing;
  load(program, BPF_B, kNextHeaderAt6);
  program.push_back(BPF_STMT(static_cast<uint16_t>(BPF_LDX | BPF_W | BPF_IMM), kTransportAt6));
  for (int header = 0; header <= kMaxExtensionHeaders; ++header) {
    // Here the accumulator holds what comes next, and the index register where.
    for (const uint8_t protocol : {kProtocolTcp, kProtocolFragment, kProtocolUdp}) {
      if (protocol == kProtocolUdp && protocols != OnWire::tcp_and_udp) continue;
      program.push_back(BPF_JUMP(kIf, protocol, 0, 1));
      passing.push_back(program.size());
      program.push_back(BPF_STMT(kAlways, 0));
    }
    if (header == kMaxExtensionHeaders) break;
    program.push_back(BPF_JUMP(kIf, kProtocolHopByHop, 3, 0));
    program.push_back(BPF_JUMP(kIf, kProtocolRouting, 2, 0));
    refuse_unless(program, kProtocolDestinationOptions);
    program.push_back(BPF_STMT(static_cast<uint16_t>(BPF_LD | BPF_B | BPF_IND), 0));
    program.push_back(BPF_STMT(BPF_ST, 0));
    program.push_back(BPF_STMT(static_cast<uint16_t>(BPF_LD | BPF_B | BPF_IND), 1));
    program.push_back(BPF_STMT(static_cast<uint16_t>(BPF_ALU | BPF_ADD | BPF_K), 1));
    program.push_back(BPF_STMT(static_cast<uint16_t>(BPF_ALU | BPF_LSH | BPF_K), 3));
    program.push_back(BPF_STMT(static_cast<uint16_t>(BPF_ALU | BPF_ADD | BPF_X), 0));
    program.push_back(BPF_STMT(static_cast<uint16_t>(BPF_MISC | BPF_TAX), 0));
    program.push_back(BPF_STMT(static_cast<uint16_t>(BPF_LD | BPF_MEM), 0));
  }
  // A longer chain the kernel walks to its end, and drops what is behind; the data plane counts it. No host sends one.
  for (const uint8_t protocol : {kProtocolHopByHop, kProtocolRouting, kProtocolDestinationOptions}) {
    program.push_back(BPF_JUMP(kIf, protocol, 0, 1));
    passing.push_back(program.size());
    program.push_back(BPF_STMT(kAlways, 0));
  }
  give(program, 0);
  for (const size_t at : passing) program[at].k = static_cast<uint32_t>(program.size() - at - 1);
}

// Of the device's own packets those that `four` and `six` let pass, by their family.
Program of_device(const Program& four, const Program& six) {
  Program program;
  // What has a tag of a VLAN is a packet of that VLAN's device, by which it comes again, without it. (Of a packet that has
  // lost its tag some kernels remember what was in it.)
  load(program, BPF_W, static_cast<uint32_t>(SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT));
  program.push_back(BPF_JUMP(static_cast<uint16_t>(BPF_JMP | BPF_JEQ | BPF_K), 0, 4, 0));
  load(program, BPF_W, static_cast<uint32_t>(SKF_AD_OFF + SKF_AD_VLAN_TAG));
  program.push_back(BPF_STMT(static_cast<uint16_t>(BPF_ALU | BPF_AND | BPF_K), kVlanIdMask));
  refuse_unless(program, 0);
  load(program, BPF_B, static_cast<uint32_t>(SKF_AD_OFF + SKF_AD_PKTTYPE));
  refuse_unless(program, PACKET_HOST);
  load(program, BPF_H, offsetof(ether_header, ether_type));
  program.push_back(BPF_JUMP(static_cast<uint16_t>(BPF_JMP | BPF_JEQ | BPF_K), ETHERTYPE_IP, 0, 1));
  // A jump that may have to be long: past the question for IPv6 and all that follows from it.
  program.push_back(BPF_STMT(static_cast<uint16_t>(BPF_JMP | BPF_JA), static_cast<uint32_t>(2 + six.size())));
  refuse_unless(program, ETHERTYPE_IPV6);
  program.insert(program.end(), six.begin(), six.end());
  program.insert(program.end(), four.begin(), four.end());
  return program;
}

bool attach_program(int socket, const Program& program) {
  const sock_fprog attached = {static_cast<uint16_t>(program.size()), const_cast<sock_filter*>(program.data())};
  return ::setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &attached, sizeof attached) == 0;
}

}  // namespace

WireFilter::WireFilter(OnWire protocols) {
  Program four, six;
  pass_protocols4(four, protocols);
  pass_protocols6(six, protocols);
  give(four, kWhole);
  give(six, kWhole);
  any_address_ = of_device(four, six);
}

WireFilter::WireFilter(OnWire protocols, std::span<const Network> destinations, std::span<const Network> sources)
    : WireFilter(protocols) {
  Program four, six;
  pass_protocols4(four, protocols);
  pass_family(four, Family::ipv4, destinations, kDestinationAt4);
  pass_family(four, Family::ipv4, sources, kSourceAt4);
  give(four, 0);
  pass_protocols6(six, protocols);
  pass_family(six, Family::ipv6, destinations, kDestinationAt6);
  pass_family(six, Family::ipv6, sources, kSourceAt6);
  give(six, 0);
  Program program = of_device(four, six);
  if (program.size() <= BPF_MAXINSNS) of_networks_ = std::move(program);
}

bool WireFilter::attach(int socket) const {
  if (!of_networks_.empty() && attach_program(socket, of_networks_)) return true;
  return attach_program(socket, any_address_);
}

}  // namespace uipvs
