/**
 * Networks that all captured packets are for or from, so that no others need to be captured. While the kernel goes from
 * one selection to the next it may drop what either selects: then both are told. What a daemon before has left in force is
 * not known: until that is gone nothing is told, and everything is captured.
 */
import type { Network } from '../net/prefix.js';
import { addressText, type Box } from './box.js';
import type { Selection } from './selection.js';

/** Each packet is for one of the one or from one of the other. */
export interface CapturedNetworks {
  readonly destinations: readonly Network[];
  readonly sources: readonly Network[];
}

export function networkOf({ family, words, length }: Box): Network {
  return { family, address: addressText(words, family), length };
}

/** Each once. */
function once(networks: readonly Network[]): readonly Network[] {
  return [...new Map(networks.map((each) => [`${each.address}/${each.length}`, each])).values()];
}

export class NetworksInForce {
  readonly #tell: (networks: CapturedNetworks) => void;
  /** Null until the kernel drops no more than was asked for here. */
  #inForce: CapturedNetworks | null = null;
  #told = '';

  constructor(tell: (networks: CapturedNetworks) => void) {
    this.#tell = tell;
  }

  /** Before the kernel is told; whether it takes the change is not known yet. */
  begin(selections: readonly Selection[]): void {
    if (this.#inForce === null) return;
    const next = networksOf(selections);
    this.#inForce = {
      destinations: once([...this.#inForce.destinations, ...next.destinations]),
      sources: once([...this.#inForce.sources, ...next.sources]),
    };
    this.#tellIfNew(this.#inForce);
  }

  /** The kernel drops what these select, and no more. */
  end(selections: readonly Selection[]): void {
    this.#inForce = networksOf(selections);
    this.#tellIfNew(this.#inForce);
  }

  #tellIfNew(networks: CapturedNetworks): void {
    const text = JSON.stringify(networks);
    if (text !== this.#told) this.#tell(networks);
    this.#told = text;
  }
}

function networksOf(selections: readonly Selection[]): CapturedNetworks {
  return {
    destinations: once(
      selections.flatMap(({ vipNetworks, ports }) => [...vipNetworks, ...ports].map(networkOf)),
    ),
    sources: once(selections.flatMap(({ sources }) => sources.map(networkOf))),
  };
}
