/**
 * Each offload by itself, at each place, as test data; offloads.ts has the combinations. Names as ethtool -K has them; a
 * row says what is off.
 */
import type { Lab } from '../../lab/lab.js';
import { CLIENT_DEVICE, type Host } from '../../lab/topology.js';

export const PLACES = ['client', 'director', 'server'] as const;
export type Place = (typeof PLACES)[number];

/** What veth has, in the order in which it is switched on: the later ones need the earlier. */
export const FEATURES = ['tx', 'tso', 'gso', 'tx-udp-segmentation', 'gro'] as const;
export type Feature = (typeof FEATURES)[number];

export interface OffloadRow {
  readonly name: string;
  /** What is off at each place; the rest is on, GRO too. */
  readonly off: Readonly<Partial<Record<Place, readonly Feature[]>>>;
}

/** What each feature is for. */
const MEANING: Readonly<Record<Feature, string>> = {
  tx: 'partial checksums',
  tso: 'TCP segmentation',
  gso: 'generic segmentation',
  'tx-udp-segmentation': 'UDP segmentation',
  gro: 'merging on arrival',
};

export const OFFLOAD_ROWS: readonly OffloadRow[] = [
  { name: 'nothing off', off: {} },
  ...FEATURES.flatMap((feature) =>
    PLACES.map((place) => ({ name: `no ${MEANING[feature]} at the ${place}`, off: { [place]: [feature] } })),
  ),
];

/** The ends of the cables of the client and of a real server. */
export function cableEnds(place: Place, server: Host): readonly (readonly [Host, string])[] {
  if (place === 'client') return [['client', 'eth0']];
  if (place === 'server') return [[server, 'eth0']];
  return [
    ['director', CLIENT_DEVICE],
    ['director', server],
  ];
}

/** The cables of the client and of a real server, all of whose offloads are on at first. */
export class OffloadSwitch {
  readonly #lab: Lab;
  readonly #server: Host;
  #off: OffloadRow['off'] = {};

  private constructor(lab: Lab, server: Host) {
    this.#lab = lab;
    this.#server = server;
  }

  static async allOn(lab: Lab, server: Host = 'rs1'): Promise<OffloadSwitch> {
    const made = new OffloadSwitch(lab, server);
    await made.#change(PLACES, {});
    return made;
  }

  /** Makes them as the row says. */
  async set({ off }: OffloadRow): Promise<void> {
    const before = this.#off;
    this.#off = off;
    const changed = PLACES.filter((place) => String(before[place]) !== String(off[place]));
    await this.#change(changed, off);
  }

  async #change(places: readonly Place[], off: OffloadRow['off']): Promise<void> {
    await Promise.all(
      places.flatMap((place) =>
        cableEnds(place, this.#server).map(([host, device]) => {
          const features = FEATURES.map(
            (feature) => [feature, !(off[place] ?? []).includes(feature)] as const,
          );
          return this.#lab.ethtool(host, device, Object.fromEntries(features));
        }),
      ),
    );
  }
}
