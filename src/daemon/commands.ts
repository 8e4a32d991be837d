/** Carries out one request on the model, and says how to take it back should the host refuse. */
import { UipvsError } from '../base/error.js';
import type { Request } from '../control/protocol.js';
import type { Outcome } from '../control/server.js';
import type { Director } from '../ipvs/director.js';
import type { ConnectionListing, Info } from '../ipvs/listing.js';

/** The version of kernel IPVS that is mirrored and the size it shows for its default table (ip_vs.conn_tab_bits=12). */
const INFO: Info = { version: '1.2.1', connectionTableSize: 4096 };

export interface Run {
  readonly outcome: Outcome;
  /** Set for what takes new addresses into use: only that can be refused by the host. Never throws. */
  readonly undo?: () => void;
}

const DONE: Run = { outcome: { result: null } };

export class CommandRunner {
  readonly #director: Director;
  readonly #connections: { connections(): Iterable<readonly ConnectionListing[]> };

  constructor(director: Director, engine: { connections(): Iterable<readonly ConnectionListing[]> }) {
    this.#director = director;
    this.#connections = engine;
  }

  /** Throws UipvsError where the model refuses; nothing has changed then. */
  run(request: Request): Run {
    const director = this.#director;
    switch (request.op) {
      case 'info':
        return { outcome: { result: INFO } };
      case 'list':
        return { outcome: { result: director.list(request.key) } };
      case 'connections':
        return { outcome: { pieces: this.#connections.connections() } };
      case 'timeouts':
        return { outcome: { result: director.timeouts } };
      case 'set-timeouts':
        director.setTimeouts(request.timeouts);
        return DONE;
      case 'flush':
        director.flush();
        return DONE;
      case 'zero':
        director.zero(request.key);
        return DONE;
      case 'add-service':
        director.addService(request.service);
        return { ...DONE, undo: () => takeBack(() => director.deleteService(request.service.key)) };
      case 'edit-service':
        director.editService(request.service);
        return DONE;
      case 'delete-service':
        director.deleteService(request.key);
        return DONE;
      case 'add-destination':
        director.addDestination(request.key, request.destination);
        return {
          ...DONE,
          undo: () => takeBack(() => director.deleteDestination(request.key, request.destination)),
        };
      case 'edit-destination':
        director.editDestination(request.key, request.destination);
        return DONE;
      case 'delete-destination':
        director.deleteDestination(request.key, request.destination);
        return DONE;
    }
  }
}

/** Somebody else may have deleted meanwhile what is to be taken back: then it is gone, which is what was wanted. */
function takeBack(undo: () => void): void {
  try {
    undo();
  } catch (thrown) {
    if (!(thrown instanceof UipvsError)) throw thrown;
  }
}
