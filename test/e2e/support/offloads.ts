/**
 * Which offloads a lab's cables have, as test data.
 *
 * Each end of a veth pair sends with its own offloads: without `tx` it completes checksums before a packet leaves,
 * without `tso` and `gso` it cuts super-packets, with `gro` the other end merges what arrives.
 */
import type { Lab } from '../../lab/lab.js';
import { CLIENT_DEVICE } from '../../lab/topology.js';

export interface OffloadCase {
  readonly name: string;
  readonly client: Features;
  readonly director: Features;
  readonly server: Features;
}

export type Features = Readonly<Partial<Record<'tx' | 'tso' | 'gso' | 'gro', boolean>>>;

const ON: Features = { tx: true, tso: true, gso: true, gro: false };
const OFF: Features = { tx: false, tso: false, gso: false, gro: false };

export const OFFLOAD_CASES: readonly OffloadCase[] = [
  { name: 'everything on, as veth is by itself', client: ON, director: ON, server: ON },
  { name: 'everything off', client: OFF, director: OFF, server: OFF },
  { name: 'off at the client', client: OFF, director: ON, server: ON },
  { name: 'off at the server', client: ON, director: ON, server: OFF },
  { name: 'off at client and server', client: OFF, director: ON, server: OFF },
  { name: 'off at the director', client: ON, director: OFF, server: ON },
  {
    name: 'checksums on, segmentation off',
    client: { tx: true, tso: false, gso: false, gro: false },
    director: { tx: true, tso: false, gso: false, gro: false },
    server: { tx: true, tso: false, gso: false, gro: false },
  },
  {
    name: 'everything on and merging on arrival',
    client: { ...ON, gro: true },
    director: { ...ON, gro: true },
    server: { ...ON, gro: true },
  },
  {
    name: 'off at client and server, merging on arrival at the director',
    client: OFF,
    director: { ...ON, gro: true },
    server: OFF,
  },
];

/** Gives the cables of client and real server 1 the offloads of `wanted`. */
export async function setOffloads(lab: Lab, wanted: OffloadCase): Promise<void> {
  await lab.ethtool('client', 'eth0', wanted.client as Record<string, boolean>);
  await lab.ethtool('rs1', 'eth0', wanted.server as Record<string, boolean>);
  for (const device of [CLIENT_DEVICE, 'rs1']) {
    await lab.ethtool('director', device, wanted.director as Record<string, boolean>);
  }
}
