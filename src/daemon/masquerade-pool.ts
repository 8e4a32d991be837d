/**
 * The addresses that masqueraded connections come from, where some are given.
 *
 * Each is treated as a VIP without services is: one that is an address of the host stays the host's, any other is led to
 * the device, answered for on a LAN, and answered as a host answers where no connection is meant. So nothing has to be
 * configured on the host, and what another program puts on a device, as keepalived does, can be used as well. One whose
 * packets go to another host is used for no new connection until it is back.
 */
import { messageOf, UipvsError } from '../base/error.js';
import type { HostPlumbing } from '../host/host-plumbing.js';
import { familyOf } from '../net/address.js';
import type { Logger } from './logger.js';

/** What the engine offers for them. */
export interface SourceKeeper {
  setUsable(address: string, isUsable: boolean): void;
}

export class MasqueradePool {
  readonly #addresses: readonly string[];
  readonly #host: Pick<HostPlumbing, 'addVirtualService' | 'heldElsewhere'>;
  readonly #engine: SourceKeeper;
  readonly #log: Pick<Logger, 'warn' | 'info'>;
  #lost: ReadonlySet<string> = new Set();

  constructor(
    addresses: readonly string[],
    host: Pick<HostPlumbing, 'addVirtualService' | 'heldElsewhere'>,
    engine: SourceKeeper,
    log: Pick<Logger, 'warn' | 'info'>,
  ) {
    this.#addresses = addresses;
    this.#host = host;
    this.#engine = engine;
    this.#log = log;
  }

  /** Leads their packets here; the engine knows them already. Errors: UipvsError, one sentence for the operator. */
  async take(): Promise<void> {
    await Promise.all(
      this.#addresses.map(async (address) => {
        try {
          await this.#host.addVirtualService({ family: familyOf(address), address });
        } catch (cause) {
          const code = cause instanceof UipvsError ? cause.code : 'EIO';
          const sentence = `${address} of --masquerade-addresses cannot be used: ${messageOf(cause)}`;
          throw new UipvsError(code, sentence, { cause });
        }
      }),
    );
    this.follow();
  }

  /** For a timer, after the host was looked at. */
  follow(): void {
    if (this.#addresses.length === 0) return;
    const lost = this.#host.heldElsewhere(this.#addresses);
    for (const address of this.#addresses) {
      const isLost = lost.has(address);
      if (isLost === this.#lost.has(address)) continue;
      this.#engine.setUsable(address, !isLost);
      const what = `Masquerading address ${address}`;
      if (isLost) this.#log.warn({ address }, `${what} is not here now: no new connection is given it`);
      else this.#log.info({ address }, `${what} is here again`);
    }
    this.#lost = lost;
  }
}
