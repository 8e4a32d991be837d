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

const DEVICES: Readonly<Record<Place, readonly (readonly [Host, string])[]>> = {
  client: [['client', 'eth0']],
  director: [
    ['director', CLIENT_DEVICE],
    ['director', 'rs1'],
  ],
  server: [['rs1', 'eth0']],
};

/** Makes the cables of client and real server 1 as the row says. */
export async function setOffloadRow(lab: Lab, { off }: OffloadRow): Promise<void> {
  await Promise.all(
    PLACES.flatMap((place) =>
      DEVICES[place].map(([host, device]) => {
        const features = FEATURES.map((feature) => [feature, !(off[place] ?? []).includes(feature)] as const);
        return lab.ethtool(host, device, Object.fromEntries(features));
      }),
    ),
  );
}
