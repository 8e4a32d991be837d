/**
 * The lab of the stories: a scene with two real servers and, beside its plain cables, two VLANs on the same ones.
 *
 *   client eth0     10.0.0.2   fd00::2 ----- client0    [director] lan0    ---- rs1 eth0     10.1.0.11  fd01::11
 *          eth0.10  10.10.0.2  fd10::2 ----- client0.10 [director] lan0.20 ---- rs2 eth0.20  10.11.0.12 fd11::12
 *
 * By which of them the client speaks its route to the VIP says; real server 2 is on its VLAN alone. So all four ways
 * through the director are there at once: what is for one must not be taken on another.
 */

import type { ArrivalPlace, OffloadPath } from '../e2e/support/offload-trial.js';
import type { Peer } from '../e2e/support/peer.js';
import { endpoint, Scene } from '../e2e/support/scene.js';
import { CLIENT, CLIENT_DEVICE, LAN_DEVICE, realServer, VIP } from '../lab/topology.js';
import type { UipvsOptions } from '../lab/uipvs-process.js';

/** VIPs that the client's route leads into its VLAN to. */
export const VLAN_VIP = { ipv4: '10.9.0.2', ipv6: 'fd09::2' } as const;

export const CLIENT_PLACES = {
  plain: { host: 'client', device: 'eth0', addresses: [CLIENT.ipv4, CLIENT.ipv6] },
  VLAN: { host: 'client', device: 'eth0.10', addresses: ['10.10.0.2', 'fd10::2'] },
} as const satisfies Readonly<Record<string, ArrivalPlace>>;

export const SERVER_PLACES = {
  plain: { host: 'rs1', device: 'eth0', addresses: [realServer(1).ipv4, realServer(1).ipv6] },
  VLAN: { host: 'rs2', device: 'eth0.20', addresses: ['10.11.0.12', 'fd11::12'] },
} as const satisfies Readonly<Record<string, ArrivalPlace>>;

/** Whether a side is in a VLAN. */
export type Link = keyof typeof CLIENT_PLACES;
export const LINKS: readonly Link[] = ['plain', 'VLAN'];

/** What a service is for; each has one port for every kind of server. */
const PURPOSES = { echo: 7100, counted: 7200, sctp: 7300 } as const;
export type Purpose = keyof typeof PURPOSES;
/** What the real servers listen on. */
export const SERVER_PORTS: Readonly<Record<Purpose, number>> = { echo: 7, counted: 7000, sctp: 7001 };

export function portFor(purpose: Purpose, server: Link): number {
  return PURPOSES[purpose] + LINKS.indexOf(server);
}

export function vipsOf(client: Link): readonly [string, string] {
  const { ipv4, ipv6 } = client === 'plain' ? VIP : VLAN_VIP;
  return [ipv4, ipv6];
}

export function pathOf(client: Link, server: Link): OffloadPath {
  return {
    vips: vipsOf(client),
    port: portFor('echo', server),
    client: CLIENT_PLACES[client],
    server: SERVER_PLACES[server],
  };
}

const PROTOCOLS: Readonly<Record<Purpose, readonly string[]>> = {
  echo: ['-t', '-u'],
  counted: ['-u'],
  sctp: ['--sctp-service'],
};

/** Every service of the stories, as `uipvsadm -R` takes it. */
function services(): readonly string[] {
  const lines: string[] = [];
  for (const purpose of Object.keys(PURPOSES) as Purpose[]) {
    for (const client of LINKS) {
      for (const server of LINKS) {
        for (const [family, vip] of vipsOf(client).entries()) {
          for (const option of PROTOCOLS[purpose]) {
            const service = `${option} ${endpoint(vip, portFor(purpose, server))}`;
            const to = endpoint(SERVER_PLACES[server].addresses[family] ?? '', SERVER_PORTS[purpose]);
            lines.push(`-A ${service} -s rr`, `-a ${service} -r ${to} -m`);
          }
        }
      }
    }
  }
  return lines;
}

async function wireVlans({ lab }: Scene): Promise<void> {
  const server = realServer(2);
  await lab.ip('director', [
    `link add link ${CLIENT_DEVICE} name ${CLIENT_DEVICE}.10 type vlan id 10`,
    `link set ${CLIENT_DEVICE}.10 up`,
    `address add 10.10.0.1/24 dev ${CLIENT_DEVICE}.10`,
    `address add fd10::1/64 dev ${CLIENT_DEVICE}.10 nodad`,
    `link add link ${LAN_DEVICE} name ${LAN_DEVICE}.20 type vlan id 20`,
    `link set ${LAN_DEVICE}.20 up`,
    `address add 10.11.0.1/24 dev ${LAN_DEVICE}.20`,
    `address add fd11::1/64 dev ${LAN_DEVICE}.20 nodad`,
  ]);
  await lab.ip('client', [
    'link add link eth0 name eth0.10 type vlan id 10',
    'link set eth0.10 up',
    'address add 10.10.0.2/24 dev eth0.10',
    'address add fd10::2/64 dev eth0.10 nodad',
    `route add ${VLAN_VIP.ipv4}/32 via 10.10.0.1`,
    `route add ${VLAN_VIP.ipv6}/128 via fd10::1`,
  ]);
  await lab.ip('rs2', [
    'link add link eth0 name eth0.20 type vlan id 20',
    'link set eth0.20 up',
    `address del ${server.ipv4}/24 dev eth0`,
    `address del ${server.ipv6}/64 dev eth0`,
    'address add 10.11.0.12/24 dev eth0.20',
    'address add fd11::12/64 dev eth0.20 nodad',
    'route replace default via 10.11.0.1',
    'route replace ::/0 via fd11::1',
  ]);
}

export interface Stage {
  readonly scene: Scene;
  /** Sockets on the client. */
  readonly client: Peer;
}

/** Opens the stage; a daemon runs on it, with services. */
export async function openStage(uipvs: UipvsOptions): Promise<Stage> {
  const scene = await Scene.open({ realServers: 2, serverPorts: { tcpEcho: 7, udpEcho: 7 }, uipvs });
  await wireVlans(scene);
  const stage = { scene, client: await scene.peer() };
  await scene.uipvs.restore(services());
  return stage;
}

/** Another daemon in place of the one before, with the same services. */
export async function changeDaemon({ scene }: Stage, uipvs: UipvsOptions): Promise<void> {
  await scene.uipvs.stop();
  await scene.restartUipvs(uipvs);
  await scene.uipvs.restore(services());
}
