/** What a user says of a virtual service and of a destination. Addresses are canonical text, ports host order. */
import type { Family, ProtocolName } from '../net/family.js';

export type ForwardingMethod = 'masquerading' | 'local' | 'tunneling' | 'direct-routing';

/** What identifies a virtual service: protocol, VIP and port, or a firewall mark and family. */
export type ServiceKey =
  | {
      readonly kind: 'address';
      readonly protocol: ProtocolName;
      readonly address: string;
      readonly port: number;
    }
  | { readonly kind: 'fwmark'; readonly mark: number; readonly family: Family };

/** Scheduler flags as the kernel numbers them: SCHED1..3 are bits 3..5 of the service flags. Source: linux/ip_vs.h. */
export const SCHEDULER_FLAG_1 = 0x08;
export const SCHEDULER_FLAG_2 = 0x10;
export const SCHEDULER_FLAG_3 = 0x20;

export interface Persistence {
  /** 1..2678400. */
  readonly timeoutSeconds: number;
  /**
   * What groups clients, as the kernel keeps it. IPv4: a mask as an unsigned 32-bit number in host order, contiguous or
   * not; 0xffffffff means single hosts. IPv6: a prefix length of 1..128.
   */
  readonly netmask: number;
}

/** Most CIDRs that a service can except from masquerading. */
export const MAX_MASQUERADE_EXCEPTIONS = 8;

/** Full NAT: the source address towards the real server becomes the director's, so that it need not be its route. */
export interface Masquerade {
  /** Clients inside these keep their address: at most MAX_MASQUERADE_EXCEPTIONS of the service's family, canonical. */
  readonly except: readonly string[];
}

/** How a real server is told the client's address: TCP option 254 (TOA), or PROXY protocol v2 ahead of the data. */
export type ClientAddressMethod = 'toa' | 'proxy';

export interface ServiceSpec {
  readonly key: ServiceKey;
  readonly scheduler: string;
  /** Bit set of SCHEDULER_FLAG_1..3. */
  readonly schedulerFlags: number;
  readonly isOnePacket: boolean;
  readonly persistence: Persistence | null;
  readonly persistenceEngine: string | null;
  /** Null: the real server sees the client's address. Not in kernel IPVS, nor is the next. */
  readonly masquerade: Masquerade | null;
  /** Of a TCP service, or of a mark's for its TCP packets. */
  readonly clientAddress: ClientAddressMethod | null;
}

export interface DestinationKey {
  readonly address: string;
  readonly port: number;
}

export type TunnelType = 'ipip' | 'gue' | 'gre';

/** How the tunnel header is checksummed: not at all, over the whole packet, or as a remote checksum offload. */
export type TunnelChecksum = 'none' | 'full' | 'remote';

export interface Tunnel {
  readonly type: TunnelType;
  /** UDP port of GUE; 0 for the other types. */
  readonly port: number;
  readonly checksum: TunnelChecksum;
}

export interface DestinationSpec extends DestinationKey {
  readonly forwarding: ForwardingMethod;
  /** Of a tunneling destination; null for the other methods. */
  readonly tunnel: Tunnel | null;
  /** 0..2147483647; 0 is quiesced. Negative weights reach the daemon and are refused with ERANGE, as by the kernel. */
  readonly weight: number;
  readonly upperThreshold: number;
  readonly lowerThreshold: number;
}
