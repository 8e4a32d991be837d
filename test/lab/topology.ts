/** A machine of a lab; real servers are numbered from 1. */
export type Host = 'client' | 'director' | `rs${number}`;

/** How the real servers are joined to the director: see the head of lab.ts. */
export type Lan = 'bridge' | 'cables';

/** Addresses of the lab's networks. Virtual addresses are in 10.9.0.0/16 and fd09::/16: routed, on no machine. */
export const CLIENT = { ipv4: '10.0.0.2', ipv6: 'fd00::2' } as const;
export const DIRECTOR = {
  ipv4: '10.0.0.1',
  ipv6: 'fd00::1',
  lanIpv4: '10.1.0.1',
  lanIpv6: 'fd01::1',
} as const;
export const VIP = { ipv4: '10.9.0.1', ipv6: 'fd09::1' } as const;

/**
 * The director's devices: towards the client, and the bridge of the real servers, whose ports (with `cables`: whose
 * devices, instead of the bridge) are `rs1`, `rs2` and so on. All others have `eth0`.
 */
export const CLIENT_DEVICE = 'client0';
export const LAN_DEVICE = 'lan0';

/** More would leave the range of host numbers. */
const MAX_REAL_SERVERS = 200;

/** Addresses of real server `index`, counted from 1: 10.1.0.11 and fd01::11, and so on (decimal digits in both). */
export function realServer(index: number): {
  readonly host: Host;
  readonly ipv4: string;
  readonly ipv6: string;
} {
  return { host: `rs${index}`, ipv4: `10.1.0.${10 + index}`, ipv6: `fd01::${10 + index}` };
}

/** All machines of a lab with `realServers` real servers, 0..200. Throws RangeError outside. */
export function hostsOf(realServers: number): Host[] {
  if (!Number.isInteger(realServers) || realServers < 0 || realServers > MAX_REAL_SERVERS) {
    throw new RangeError(`Expected 0..${MAX_REAL_SERVERS} real servers but received ${realServers}`);
  }
  const servers = Array.from({ length: realServers }, (_, index) => realServer(index + 1).host);
  return ['client', 'director', ...servers];
}

/** `ip -batch` lines, run in the host's own namespace, that only make namespaces and the cables between them. */
export function cables(hosts: readonly Host[], namespaceOf: (host: Host) => string): string[] {
  const director = namespaceOf('director');
  const lines = hosts.map((host) => `netns add ${namespaceOf(host)}`);
  for (const host of hosts.filter((name) => name !== 'director')) {
    const far = host === 'client' ? CLIENT_DEVICE : host;
    lines.push(`link add eth0 netns ${namespaceOf(host)} type veth peer name ${far} netns ${director}`);
  }
  return lines;
}

/** `ip -batch` lines for the inside of one machine. */
export function wiring(host: Host, hosts: readonly Host[], lan: Lan): string[] {
  if (host === 'director') return directorWiring(hosts, lan);
  const isClient = host === 'client';
  const own = isClient ? CLIENT : realServer(Number(host.slice(2)));
  const gateway = isClient ? DIRECTOR : { ipv4: DIRECTOR.lanIpv4, ipv6: DIRECTOR.lanIpv6 };
  return [
    'link set lo up',
    'link set eth0 up',
    `address add ${own.ipv4}/24 dev eth0`,
    `address add ${own.ipv6}/64 dev eth0 nodad`,
    `route add default via ${gateway.ipv4}`,
    `route add ::/0 via ${gateway.ipv6}`,
  ];
}

function directorWiring(hosts: readonly Host[], lan: Lan): string[] {
  const ports = hosts.filter((host) => host.startsWith('rs'));
  return [
    'link set lo up',
    `link set ${CLIENT_DEVICE} up`,
    `address add ${DIRECTOR.ipv4}/24 dev ${CLIENT_DEVICE}`,
    `address add ${DIRECTOR.ipv6}/64 dev ${CLIENT_DEVICE} nodad`,
    ...(lan === 'bridge' ? bridge(ports) : ports.flatMap((_, index) => cable(index + 1))),
  ];
}

function bridge(ports: readonly Host[]): string[] {
  return [
    `link add ${LAN_DEVICE} type bridge forward_delay 0 mcast_snooping 0`,
    `link set ${LAN_DEVICE} up`,
    ...ports.flatMap((port) => [`link set ${port} master ${LAN_DEVICE}`, `link set ${port} up`]),
    `address add ${DIRECTOR.lanIpv4}/24 dev ${LAN_DEVICE}`,
    `address add ${DIRECTOR.lanIpv6}/64 dev ${LAN_DEVICE} nodad`,
  ];
}

function cable(index: number): string[] {
  const { host, ipv4, ipv6 } = realServer(index);
  return [
    `link set ${host} up`,
    `address add ${DIRECTOR.lanIpv4}/32 dev ${host}`,
    `address add ${DIRECTOR.lanIpv6}/128 dev ${host} nodad`,
    `route add ${ipv4}/32 dev ${host} src ${DIRECTOR.lanIpv4}`,
    `route add ${ipv6}/128 dev ${host} src ${DIRECTOR.lanIpv6}`,
  ];
}

/** Kernel settings of one machine, to be made before it has devices. */
export function settings(host: Host): Record<string, number> {
  const forwarding = host === 'director' ? 1 : 0;
  return {
    'net.ipv6.conf.all.disable_ipv6': 0,
    'net.ipv6.conf.default.disable_ipv6': 0,
    'net.ipv6.conf.all.accept_dad': 0,
    'net.ipv6.conf.default.accept_dad': 0,
    'net.ipv6.conf.default.accept_ra': 0,
    'net.ipv4.conf.all.rp_filter': 0,
    'net.ipv4.conf.default.rp_filter': 0,
    'net.ipv4.ip_forward': forwarding,
    'net.ipv6.conf.all.forwarding': forwarding,
  };
}
