/** What becomes of each hand-written packet of malformed-packets.ts where it reaches uipvs as it is, by its name. */
import type { Fate } from './corpus-draft.js';

type Names = Readonly<Partial<Record<Fate, readonly string[]>>>;

const IPV4: Names = {
  malformed_empty: ['nothing behind the Ethernet header'],
  malformed_ip_header: ['one byte', 'half an IP header', 'an IP header longer than the packet'],
  malformed_version: ['version 5'],
  malformed_ip_header_length: ['an IP header length of 0', 'an IP header length of 16'],
  malformed_ip_length: [
    'a total length of 0',
    'a total length shorter than the header',
    'a total length longer than the packet',
  ],
  malformed_ip_checksum: ['a wrong IP checksum'],
  begins: [
    'bytes behind the total length',
    'IP options that end nowhere',
    'a source route',
    'a TTL of 0',
    'a TTL of 1',
    'a wrong TCP checksum',
    'TCP from port 0',
    'UDP from port 0',
    'a wrong UDP checksum',
    'from a real server, but from the wrong side',
  ],
  malformed_transport: [
    'no TCP header',
    'half a TCP header',
    'a TCP header but for one byte',
    'no UDP header',
    'half a UDP header',
    'a fragment so short that it ends in the TCP ports',
    'SCTP',
  ],
  malformed_tcp_offset: [
    'a TCP data offset of 0',
    'a TCP data offset of 4 words',
    'a TCP data offset behind the packet',
  ],
  answered: [
    'TCP to port 0',
    'TCP without flags',
    'an ACK of no connection',
    'UDP to port 0',
    'an unknown protocol',
    'protocol 0',
    'GRE with nothing in it',
    'IP in IP in itself',
  ],
  unanswerable: ['TCP with every flag', 'SYN and RST', 'a RST of no connection'],
  malformed_udp_length: ['a UDP length of 0', 'a UDP length of 7', 'a UDP length behind the packet'],
  kept: ['the first fragment of a TCP segment', 'a fragment that overlaps the TCP header'],
  fragment_malformed: ['the last fragment of the longest datagram and beyond'],
  malformed_icmp: ['an ICMP header cut short', 'an ICMP echo with a wrong checksum'],
  icmp_unmatched: [
    'an ICMP of an unknown type',
    'an ICMP error that quotes nothing',
    'an ICMP error that quotes half a header',
    'an ICMP error that quotes no ports',
    'an ICMP error that quotes an ICMP error',
    'an ICMP error that quotes an absurd header length',
    'an ICMP error that quotes IPv6',
  ],
  from_vip: ['from itself'],
  not_unicast: ['from multicast', 'from broadcast', 'from 0.0.0.0', 'from loopback'],
};

const IPV6: Names = {
  malformed_ip_header: [
    'half an IP header',
    'an option header and then nothing',
    'an option header longer than the packet',
    'half a fragment header',
  ],
  malformed_ip_header_length: ['version 4 in an IPv6 frame'],
  malformed_transport: ['a payload length of 0', 'half a TCP header', 'half a UDP header'],
  malformed_ip_length: ['a payload length behind the packet', 'the greatest payload length'],
  begins: ['a hop limit of 0', 'UDP without a checksum', 'hop-by-hop options at the end', 'a routing header'],
  malformed_tcp_offset: ['a TCP data offset behind the packet'],
  malformed_udp_length: ['a UDP length behind the packet'],
  malformed_extension_chain: ['twenty option headers'],
  fragment_malformed: ['a first fragment', 'a last fragment beyond the longest datagram'],
  kept: ['a middle fragment'],
  unanswerable: ['no next header'],
  answered: ['an unknown protocol'],
  malformed_icmp: ['an ICMPv6 header cut short', 'an ICMPv6 echo with a wrong checksum'],
  icmp_unmatched: [
    'an ICMPv6 error that quotes nothing',
    'an ICMPv6 error that quotes half a header',
    'an ICMPv6 error that quotes no ports',
    'an ICMPv6 error that quotes IPv4',
  ],
  from_vip: ['from itself'],
  not_unicast: ['from multicast', 'from ::', 'from loopback'],
};

/** Throws where there is none of this name. */
export function fateOfMalformed(family: 4 | 6, name: string): Fate {
  const fates = Object.entries(family === 4 ? IPV4 : IPV6) as [Fate, readonly string[]][];
  const found = fates.find(([, names]) => names.includes(name));
  if (found === undefined) throw new Error(`Expected a fate of the packet '${name}', IPv${family}`);
  return found[0];
}
