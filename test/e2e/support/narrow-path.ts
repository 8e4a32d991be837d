/**
 * Theory of operation: two routers on the way between the director and the client, or between the director and real
 * server 1, with a link between them, or beside the director, that is too narrow for what the ends send:
 *
 *   end --1500-- [outer] --middle-- [inner] --beside-- [director]
 *
 * The end keeps its address, its gateway's address and its MTU, so only ICMP can tell it of the narrow link. That is
 * the outer router's word where the end sends, and the inner router's where packets go towards the end; where the link
 * beside the director is the narrow one, it is the inner router's and the director's own.
 */
import type { Lab } from '../../lab/lab.js';
import { CLIENT, CLIENT_DEVICE, DIRECTOR, type Host, realServer } from '../../lab/topology.js';
import { addMachine, joinMachines, moveDevice } from './machine.js';

export type PathEnd = 'client' | 'rs1';
export type NarrowLink = 'middle' | 'beside the director';

export interface NarrowPath {
  readonly outer: Host;
  readonly inner: Host;
  /** The director's device towards the end. */
  readonly directorDevice: string;
}

interface EndNetwork {
  readonly device: string;
  readonly gateway: { readonly ipv4: string; readonly ipv6: string };
  /** As the director and the routers know it. */
  readonly ipv4Route: string;
  readonly ipv6Route: string;
  /** Part of the addresses of the links on this side. */
  readonly number: 1 | 2;
}

const NETWORKS: Readonly<Record<PathEnd, EndNetwork>> = {
  client: {
    device: CLIENT_DEVICE,
    gateway: DIRECTOR,
    ipv4Route: `${CLIENT.ipv4}/32`,
    ipv6Route: `${CLIENT.ipv6}/128`,
    number: 1,
  },
  rs1: {
    device: 'rs1',
    gateway: { ipv4: DIRECTOR.lanIpv4, ipv6: DIRECTOR.lanIpv6 },
    ipv4Route: `${realServer(1).ipv4}/32`,
    ipv6Route: `${realServer(1).ipv6}/128`,
    number: 2,
  },
};

/** Addresses of the links: `beside` joins director (1) and inner router (2), `middle` inner (1) and outer (2). */
export function linkAddress(
  end: PathEnd,
  link: 'beside' | 'middle',
  at: 1 | 2,
): { readonly ipv4: string; readonly ipv6: string } {
  const { number } = NETWORKS[end];
  const net = link === 'beside' ? 2 : 3;
  return { ipv4: `10.${net}.${number}.${at}`, ipv6: `fd0${net}:${number}::${at}` };
}

function addAddress(
  { ipv4, ipv6 }: { readonly ipv4: string; readonly ipv6: string },
  device: string,
): string[] {
  return [`address add ${ipv4}/24 dev ${device}`, `address add ${ipv6}/64 dev ${device} nodad`];
}

function addDefault({ ipv4, ipv6 }: { readonly ipv4: string; readonly ipv6: string }): string[] {
  return [`route add default via ${ipv4}`, `route add ::/0 via ${ipv6}`];
}

/** Puts the two routers in. `mtuBytes` is that of the narrow link, 1280..1499. */
export async function insertNarrowPath(
  lab: Lab,
  end: PathEnd,
  link: NarrowLink,
  mtuBytes: number,
): Promise<NarrowPath> {
  const { device, gateway, ipv4Route, ipv6Route, number } = NETWORKS[end];
  const directorDevice = `wide${number}`;
  const inner = await addMachine(lab, `inner${number}`, 'router');
  const outer = await addMachine(lab, `outer${number}`, 'router');
  await moveDevice(lab, device, 'director', outer);
  await joinMachines(lab, { host: 'director', device: directorDevice }, { host: inner, device: 'beside' });
  await joinMachines(lab, { host: inner, device: 'middle' }, { host: outer, device: 'middle' });

  const at = (where: 'beside' | 'middle', which: 1 | 2) => linkAddress(end, where, which);
  const towardsEnd = (via: { ipv4: string; ipv6: string }): string[] => [
    `route add ${ipv4Route} via ${via.ipv4}`,
    `route add ${ipv6Route} via ${via.ipv6}`,
  ];
  await lab.ip('director', [...addAddress(at('beside', 1), directorDevice), ...towardsEnd(at('beside', 2))]);
  await lab.ip(inner, [
    ...addAddress(at('beside', 2), 'beside'),
    ...addAddress(at('middle', 1), 'middle'),
    ...addDefault(at('beside', 1)),
    ...towardsEnd(at('middle', 2)),
  ]);
  await lab.ip(outer, [
    ...addAddress(at('middle', 2), 'middle'),
    ...addAddress(gateway, device),
    ...addDefault(at('middle', 1)),
  ]);

  const narrow: readonly (readonly [Host, string])[] =
    link === 'middle'
      ? [
          [inner, 'middle'],
          [outer, 'middle'],
        ]
      : [
          ['director', directorDevice],
          [inner, 'beside'],
        ];
  for (const [host, narrowDevice] of narrow) await lab.ip(host, [`link set ${narrowDevice} mtu ${mtuBytes}`]);
  return { outer, inner, directorDevice };
}

/** The path MTU that a machine has learned for an address; null where it knows of none. */
export async function learnedMtu(lab: Lab, host: Host, address: string): Promise<number | null> {
  const text = await lab.run(host, ['ip', '-json', 'route', 'get', address]);
  const [route] = JSON.parse(text) as { metrics?: { mtu?: number }[] }[];
  return route?.metrics?.[0]?.mtu ?? null;
}

/** Makes a machine forget all that it has learned. */
export async function forgetMtus(lab: Lab, host: Host): Promise<void> {
  for (const family of ['-4', '-6']) await lab.run(host, ['ip', family, 'route', 'flush', 'cache']);
}
