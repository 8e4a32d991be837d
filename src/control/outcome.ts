import type { ErrorCode } from '../base/error.js';
import type { ReceivedRequest } from './request.js';

/** A result; for long answers the pieces of it; or the errno of a refusal that ipvsadm has its own words for. */
export type Outcome =
  | { readonly result: unknown }
  /** Each an array of items, about a millisecond's work or less; the next is made when it is needed. */
  | { readonly pieces: Iterable<readonly unknown[]> }
  | {
      readonly refused: ErrorCode;
      /** Of a refused batch: which of its requests, from 0. */
      readonly index?: number;
    };

/**
 * What answers a request. A UipvsError that it throws is told to the client in its own words and, where it is a
 * BatchRefusal, with its index.
 */
export type Handler = (request: ReceivedRequest) => Promise<Outcome>;
