/**
 * Theory of operation: judges a captured packet from its bytes alone.
 *
 * Every checksum is computed anew over the whole packet. A packet that a machine sends with checksum offload is seen by
 * a capture on a veth before any device has completed it: its field then holds the folded pseudo-header sum, and
 * nothing else is right either. So a transport checksum is `complete`, `partial`, or `wrong`.
 * Source: Linux, Documentation/networking/checksum-offloads.rst (CHECKSUM_PARTIAL).
 */
import { internetChecksum, onesComplementSum, pseudoHeader } from './checksum.js';
import type { CapturedFrame } from './packets.js';

export type ChecksumKind = 'complete' | 'partial' | 'wrong';
export type InspectedProtocol = 'tcp' | 'udp' | 'icmp' | 'icmp6';

export interface Inspection {
  readonly family: 4 | 6;
  readonly protocol: InspectedProtocol;
  readonly source: string;
  readonly destination: string;
  /** 0 for ICMP. */
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** Of ICMP; 0 for others. */
  readonly icmpType: number;
  readonly isIpHeaderRight: boolean;
  readonly checksum: ChecksumKind;
  /** Of the IP packet. */
  readonly bytes: number;
}

interface Network {
  readonly family: 4 | 6;
  readonly source: Buffer;
  readonly destination: Buffer;
  readonly protocol: number;
  readonly payload: Buffer;
  readonly isIpHeaderRight: boolean;
  readonly bytes: number;
}

const ETHERNET_HEADER = 14;
const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
const PROTOCOLS: Readonly<Record<number, InspectedProtocol>> = {
  1: 'icmp',
  6: 'tcp',
  17: 'udp',
  58: 'icmp6',
};
const CHECKSUM_AT: Readonly<Record<InspectedProtocol, number>> = { tcp: 16, udp: 6, icmp: 2, icmp6: 2 };

function readIpv4(packet: Buffer): Network {
  const headerBytes = (packet[0]! & 0x0f) * 4;
  const bytes = packet.readUInt16BE(2);
  return {
    family: 4,
    source: packet.subarray(12, 16),
    destination: packet.subarray(16, 20),
    protocol: packet[9]!,
    payload: packet.subarray(headerBytes, bytes),
    isIpHeaderRight: onesComplementSum(packet.subarray(0, headerBytes)) === 0xffff && bytes <= packet.length,
    bytes,
  };
}

/** Extension headers are not walked: only MLD uses them in a lab, and that is nobody's traffic. */
function readIpv6(packet: Buffer): Network {
  const bytes = 40 + packet.readUInt16BE(4);
  return {
    family: 6,
    source: packet.subarray(8, 24),
    destination: packet.subarray(24, 40),
    protocol: packet[6]!,
    payload: packet.subarray(40, bytes),
    isIpHeaderRight: bytes <= packet.length,
    bytes,
  };
}

function judge(network: Network, protocol: InspectedProtocol): ChecksumKind {
  const { source, destination, payload } = network;
  const pseudo =
    protocol === 'icmp'
      ? new Uint8Array()
      : pseudoHeader(source, destination, network.protocol, payload.length);
  const at = CHECKSUM_AT[protocol];
  const field = payload.readUInt16BE(at);
  const zeroed = Buffer.from(payload);
  zeroed.writeUInt16BE(0, at);
  const right = internetChecksum(pseudo, zeroed);
  if (protocol === 'udp' && field === 0) return 'wrong'; // zero means no checksum: uipvs always sends one
  // Both zeros of one's complement verify; Linux writes 0xffff for 0, of TCP too (net/core/dev.c, skb_checksum_help).
  if (field === right || (right === 0 && field === 0xffff)) return 'complete';
  const hasOffload = protocol === 'tcp' || protocol === 'udp';
  return hasOffload && field === onesComplementSum(pseudo) ? 'partial' : 'wrong';
}

function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return [...bytes].join('.');
  const words = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  return words.join(':').replace(/(^|:)0(:0)+(:|$)/, '::');
}

/** Null for what is neither TCP, UDP nor ICMP over IP: ARP, MLD and the like. */
export function inspect({ data }: CapturedFrame): Inspection | null {
  const type = data.readUInt16BE(12);
  if (type !== ETHERTYPE_IPV4 && type !== ETHERTYPE_IPV6) return null;
  const packet = data.subarray(ETHERNET_HEADER);
  const network = type === ETHERTYPE_IPV4 ? readIpv4(packet) : readIpv6(packet);
  const protocol = PROTOCOLS[network.protocol];
  if (protocol === undefined) return null;
  const hasPorts = protocol === 'tcp' || protocol === 'udp';
  const { payload } = network;
  return {
    family: network.family,
    protocol,
    source: addressText(network.source),
    destination: addressText(network.destination),
    sourcePort: hasPorts ? payload.readUInt16BE(0) : 0,
    destinationPort: hasPorts ? payload.readUInt16BE(2) : 0,
    icmpType: hasPorts ? 0 : payload[0]!,
    isIpHeaderRight: network.isIpHeaderRight,
    checksum: judge(network, protocol),
    bytes: network.bytes,
  };
}

/** Neighbour discovery and router messages between a machine and its link. Source: RFC 4861 4. */
export function isNeighbourDiscovery({ protocol, icmpType }: Inspection): boolean {
  return protocol === 'icmp6' && icmpType >= 133 && icmpType <= 137;
}
