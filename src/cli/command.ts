/** What a command line asks for, after every check that needs no daemon. */
import type { Change, Request } from '../control/protocol.js';
import type { ServiceKey } from '../ipvs/specification.js';

/** Which columns a listing has. */
export type ListFormat = 'connections' | 'stats' | 'rate' | 'thresholds' | 'persistent-conn' | 'tun-info';

export interface ListOptions {
  readonly format: ListFormat;
  readonly isNumeric: boolean;
  /** Large numbers in full. */
  readonly isExact: boolean;
  readonly isSorted: boolean;
}

/** The requests of one command that change something and answer nothing. */
export type ChangeRequest = Exclude<
  Request,
  {
    op:
      | 'info'
      | 'list'
      | 'connections'
      | 'timeouts'
      | 'sysctls'
      | 'set-sysctl'
      | 'drops'
      | 'batch'
      | 'sequence';
  }
>;

/** Whether it is of services or destinations. */
export function isTableChange(request: ChangeRequest): request is Change {
  return request.op !== 'set-timeouts' && request.op !== 'zero' && request.op !== 'stop-sync-daemon';
}

export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'uipvs-help' }
  | { readonly kind: 'change'; readonly request: ChangeRequest }
  | { readonly kind: 'list'; readonly key: ServiceKey | undefined; readonly options: ListOptions }
  | { readonly kind: 'list-connections'; readonly isNumeric: boolean; readonly hasEngineColumns: boolean }
  | { readonly kind: 'list-timeouts' }
  | { readonly kind: 'list-daemons' }
  | { readonly kind: 'drops'; readonly isExact: boolean }
  | { readonly kind: 'save'; readonly isNumeric: boolean }
  | { readonly kind: 'restore'; readonly isAtomic: boolean }
  /** One or, where `name` is undefined, all. */
  | { readonly kind: 'list-sysctls'; readonly name: string | undefined }
  | { readonly kind: 'set-sysctl'; readonly name: string; readonly value: string };

export type SyncRole = 'master' | 'backup';
