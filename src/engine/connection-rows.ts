/** Connections as the native table lists them: rows of words. Source: native/napi, ListConnections. */
import { connectionStateName, templateStateName } from '../ipvs/connection-state.js';

export const ROW_WORDS = 20;
/** A length and a text. */
export const CALL_ID_BYTES = 256;
/** Where a row has what, in words. An address has four of them, of which IPv4 uses the first. */
export const ROW = {
  /** 4 or 6. */
  family: 0,
  protocol: 1,
  /** The state in the lower half, IP_VS_CONN_F_* in the upper. */
  stateAndFlags: 2,
  /** Signed: one that has expired and that the clock hand has not reached yet comes out negative. */
  expiresTicks: 3,
  clientPort: 4,
  virtualPort: 5,
  realPort: 6,
  clientAddress: 8,
  virtualAddress: 12,
  realAddress: 16,
} as const;

const TICKS_PER_SECOND = 64;
/** Source: net/netfilter/ipvs/ip_vs_core.c, ip_vs_proto_name. */
const PROTOCOL_NAMES: Readonly<Record<number, string>> = { 0: 'IP', 6: 'TCP', 17: 'UDP', 132: 'SCTP' };
/** Source: linux/ip_vs.h, IP_VS_CONN_F_TEMPLATE. */
const TEMPLATE_FLAG = 0x1000;

/** Their memory is used again for the next ones. */
export interface ConnectionRows {
  readonly count: number;
  /** {@link ROW_WORDS} a connection. */
  readonly words: Uint32Array;
  /** {@link CALL_ID_BYTES} a connection. */
  readonly callIds: Uint8Array;
}

export function protocolNameOf(protocol: number): string {
  return PROTOCOL_NAMES[protocol] ?? `IP_${protocol}`;
}

/** @param stateAndFlags as a row has it */
export function stateNameOf(protocol: number, stateAndFlags: number): string {
  const state = stateAndFlags & 0xffff;
  const isTemplate = ((stateAndFlags >>> 16) & TEMPLATE_FLAG) !== 0;
  return isTemplate ? templateStateName(state) : connectionStateName(protocol, state);
}

/** Seconds; negative of one that has expired. @param expiresTicks as a row has it */
export function secondsOf(expiresTicks: number): number {
  return Math.floor((expiresTicks | 0) / TICKS_PER_SECOND);
}

/** Letters beyond ASCII are of ISO 8859-1: native/core/sip.h. */
export function callIdOf({ callIds }: ConnectionRows, index: number): string {
  const at = index * CALL_ID_BYTES;
  const bytes = callIds[at] ?? 0;
  if (bytes === 0) return '';
  return Buffer.from(callIds.subarray(at + 1, at + 1 + bytes)).toString('latin1');
}
