/**
 * Theory of operation: the control protocol between uipvsadm (or any client) and uipvsd.
 *
 * A Unix stream socket carries newline-delimited JSON. The client writes one {@link Request} a line and may
 * pipeline; the daemon answers every request in order with exactly one {@link Reply} line, except `list` and
 * `connections`, which may be answered by any number of `{"part": [...]}` lines before its final reply: such an answer
 * may be of any length, and is made while it is read. A refused request changes nothing. `errno` names what kernel IPVS
 * would have returned, so that a client can print ipvsadm's own words; `message` is set where uipvs has something better
 * to say than the kernel.
 *
 * A client that may not use the socket is refused with EPERM in one line, whatever it asks or before it does, and hung up
 * on: see credentials.ts. On a read-only socket every change is refused so: see read-only.ts.
 *
 * Two requests are of several changes: a `batch`, all of them or none, and a `sequence`, which is no more than its changes
 * one after another with a common answer, for less: each is refused by itself, and other clients may come in between.
 *
 * Addresses travel as text in canonical form (IPv4 dotted quad; IPv6 as RFC 5952), ports in host order.
 */
import type { ErrorCode } from '../base/error.js';
import type { ConnectionListing, Info, ListItem, SysctlListing, Timeouts } from '../ipvs/listing.js';
import type { DestinationKey, DestinationSpec, ServiceKey, ServiceSpec } from '../ipvs/specification.js';

/** What changes services and destinations, and so can be part of a batch or a sequence. */
export type Change = Extract<
  Request,
  {
    readonly op:
      | 'flush'
      | 'add-service'
      | 'edit-service'
      | 'delete-service'
      | 'add-destination'
      | 'edit-destination'
      | 'delete-destination';
  }
>;

export type Request =
  | { readonly op: 'info' }
  | { readonly op: 'list'; readonly key?: ServiceKey }
  | { readonly op: 'connections' }
  | { readonly op: 'timeouts' }
  | { readonly op: 'set-timeouts'; readonly timeouts: Timeouts }
  | { readonly op: 'sysctls' }
  | { readonly op: 'drops' }
  | { readonly op: 'set-sysctl'; readonly name: string; readonly value: string }
  | { readonly op: 'stop-sync-daemon'; readonly role: 'master' | 'backup' }
  | { readonly op: 'batch'; readonly requests: readonly Change[] }
  | { readonly op: 'sequence'; readonly requests: readonly Change[] }
  | { readonly op: 'flush' }
  | { readonly op: 'zero'; readonly key?: ServiceKey }
  | { readonly op: 'add-service'; readonly service: ServiceSpec }
  | { readonly op: 'edit-service'; readonly service: ServiceSpec }
  | { readonly op: 'delete-service'; readonly key: ServiceKey }
  | { readonly op: 'add-destination'; readonly key: ServiceKey; readonly destination: DestinationSpec }
  | { readonly op: 'edit-destination'; readonly key: ServiceKey; readonly destination: DestinationSpec }
  | { readonly op: 'delete-destination'; readonly key: ServiceKey; readonly destination: DestinationKey };

/** What each operation's parts hold, of those that have any. */
export interface Items {
  readonly list: ListItem;
  readonly connections: ConnectionListing;
}

/** One of a sequence's changes that was refused: the others were made all the same. */
export interface SequenceRefusal {
  /** Which one, from 0. */
  readonly index: number;
  readonly errno: ErrorCode;
  readonly message?: string;
}

/** What each operation's `result` is; operations not named here answer null. */
export interface Results {
  /** In the order of the changes. */
  readonly sequence: readonly SequenceRefusal[];
  readonly info: Info;
  readonly timeouts: Timeouts;
  /** All of net.ipv4.vs in the order of their names. */
  readonly sysctls: readonly SysctlListing[];
  /**
   * The workers' counters since the start, all of them by name and in their order: packets by verdict
   * (`received_packets`, ...), drops by reason (`drop_...`), and others; and `scheduler_errors`.
   */
  readonly drops: Readonly<Record<string, number>>;
}

export type Reply =
  | { readonly ok: true; readonly result: unknown }
  | {
      readonly ok: false;
      readonly errno: ErrorCode;
      readonly message?: string;
      /** Of a refused batch: which of its requests was refused, from 0. Nothing of the batch was done. */
      readonly index?: number;
    };

/** A piece of a long answer, before its final {@link Reply}. */
export interface Part<Item> {
  readonly part: readonly Item[];
}

/** Where uipvsd listens unless `--socket` or UIPVS_SOCKET says otherwise. */
export const DEFAULT_SOCKET_PATH = '/run/uipvs/uipvsd.sock';

/** Most requests of a batch. */
export const MAX_BATCH_CHANGES = 200_000;

/** Most requests of a sequence: some milliseconds' work. */
export const MAX_SEQUENCE_CHANGES = 512;

/** How a batch's line must begin for the daemon to accept more than MAX_SHORT_REQUEST_BYTES of it. */
export const BATCH_BEGINNING = '{"op":"batch"';

/** Longest line of a batch the daemon accepts, in bytes: room for some 200,000 destinations. */
export const MAX_REQUEST_BYTES = 1 << 26;

/** Longest line of any other request, in bytes. */
export const MAX_SHORT_REQUEST_BYTES = 1 << 20;
