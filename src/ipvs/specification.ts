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
  /** Prefix length that groups clients; 32 (IPv4) and 128 (IPv6) mean single hosts. */
  readonly prefixLength: number;
}

export interface ServiceSpec {
  readonly key: ServiceKey;
  readonly scheduler: string;
  /** Bit set of SCHEDULER_FLAG_1..3. */
  readonly schedulerFlags: number;
  readonly isOnePacket: boolean;
  readonly persistence: Persistence | null;
  readonly persistenceEngine: string | null;
}

export interface DestinationKey {
  readonly address: string;
  readonly port: number;
}

export interface DestinationSpec extends DestinationKey {
  readonly forwarding: ForwardingMethod;
  /** 0..2147483647; 0 is quiesced. Negative weights reach the daemon and are refused with ERANGE, as by the kernel. */
  readonly weight: number;
  readonly upperThreshold: number;
  readonly lowerThreshold: number;
}
