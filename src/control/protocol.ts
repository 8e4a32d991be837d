/**
 * Theory of operation: the control protocol between uipvsadm (or any client) and uipvsd.
 *
 * A Unix stream socket carries newline-delimited JSON. The client writes one {@link Request} a line and may
 * pipeline; the daemon answers every request in order with exactly one {@link Reply} line, except `connections`,
 * which may be answered by any number of `{"part": [...]}` lines before its final reply. A refused request changes
 * nothing. `errno` names what kernel IPVS would have returned, so that a client can print ipvsadm's own words;
 * `message` is set where uipvs has something better to say than the kernel.
 *
 * Addresses travel as text in canonical form (IPv4 dotted quad; IPv6 as RFC 5952), ports in host order.
 */
import type { ErrorCode } from '../base/error.js';
import type { Info, ServiceListing, Timeouts } from '../ipvs/listing.js';
import type { DestinationKey, DestinationSpec, ServiceKey, ServiceSpec } from '../ipvs/specification.js';

export type Request =
  | { readonly op: 'info' }
  | { readonly op: 'list'; readonly key?: ServiceKey }
  | { readonly op: 'connections' }
  | { readonly op: 'timeouts' }
  | { readonly op: 'set-timeouts'; readonly timeouts: Timeouts }
  | { readonly op: 'flush' }
  | { readonly op: 'zero'; readonly key?: ServiceKey }
  | { readonly op: 'add-service'; readonly service: ServiceSpec }
  | { readonly op: 'edit-service'; readonly service: ServiceSpec }
  | { readonly op: 'delete-service'; readonly key: ServiceKey }
  | { readonly op: 'add-destination'; readonly key: ServiceKey; readonly destination: DestinationSpec }
  | { readonly op: 'edit-destination'; readonly key: ServiceKey; readonly destination: DestinationSpec }
  | { readonly op: 'delete-destination'; readonly key: ServiceKey; readonly destination: DestinationKey };

/** What each operation's `result` is; operations not named here answer null. */
export interface Results {
  readonly info: Info;
  readonly list: readonly ServiceListing[];
  readonly timeouts: Timeouts;
}

export type Reply =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly errno: ErrorCode; readonly message?: string };

/** A piece of a long answer, before its final {@link Reply}. */
export interface Part<Item> {
  readonly part: readonly Item[];
}

/** Where uipvsd listens unless `--socket` or UIPVS_SOCKET says otherwise. */
export const DEFAULT_SOCKET_PATH = '/run/uipvs/uipvsd.sock';

/** Longest request line the daemon accepts, in bytes. */
export const MAX_REQUEST_BYTES = 1 << 20;
