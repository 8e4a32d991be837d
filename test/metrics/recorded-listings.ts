/** The services, connections and totals behind recorded-proc-files.ts, in the order of the kernel's lists. */
import { CALL_ID_BYTES, type ConnectionRows } from '../../src/engine/connection-rows.js';
import type { DestinationListing, Info, ServiceListing, Totals } from '../../src/ipvs/listing.js';
import type { ForwardingMethod, Persistence, ServiceKey } from '../../src/ipvs/specification.js';
import { addressWords } from '../../src/net/address.js';
import { parseEndpoint } from '../../src/net/endpoint.js';
import type { Family, ProtocolName } from '../../src/net/family.js';

const NO_FIGURES = { connections: 0, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 0 };

export const INFO: Info = { version: '1.2.1', connectionTableSize: 4096 };

export interface ServiceOptions {
  readonly isOnePacket?: boolean;
  /** Seconds and netmask. */
  readonly persistent?: readonly [timeoutSeconds: number, netmask: number];
}

/** A service at `address:port` or of `mark` (a number, with its family) with the scheduler and destinations given. */
export function service(
  key: ServiceKey,
  scheduler: string,
  options: ServiceOptions,
  destinations: readonly DestinationListing[],
): ServiceListing {
  const [timeoutSeconds = 0, netmask = 0] = options.persistent ?? [];
  const persistence: Persistence | null = options.persistent ? { timeoutSeconds, netmask } : null;
  const { isOnePacket = false } = options;
  return {
    key,
    scheduler,
    schedulerFlags: 0,
    isOnePacket,
    persistence,
    persistenceEngine: null,
    masquerade: null,
    clientAddress: null,
    counters: NO_FIGURES,
    rates: NO_FIGURES,
    destinations,
  };
}

export function at(protocol: ProtocolName, endpoint: string): ServiceKey {
  return { kind: 'address', protocol, ...parseEndpoint(endpoint) };
}

export function marked(mark: number, family: Family = 4): ServiceKey {
  return { kind: 'fwmark', mark, family };
}

export function destination(
  endpoint: string,
  figures: readonly [weight: number, active: number, inactive: number] = [1, 0, 0],
  forwarding: ForwardingMethod = 'masquerading',
): DestinationListing {
  const [weight, activeConnections, inactiveConnections] = figures;
  return {
    ...parseEndpoint(endpoint),
    forwarding,
    tunnel: forwarding === 'tunneling' ? { type: 'ipip', port: 0, checksum: 'none' } : null,
    weight,
    upperThreshold: 0,
    lowerThreshold: 0,
    activeConnections,
    inactiveConnections,
    persistentConnections: 0,
    counters: NO_FIGURES,
    rates: NO_FIGURES,
  };
}

const HOST = 0xffffffff;

/** Of SERVICES. */
export const SERVICE_LISTINGS: readonly ServiceListing[] = [
  service(at('sctp', '10.9.0.1:90'), 'sh', {}, [destination('10.1.0.11:90', [1, 0, 1])]),
  service(at('udp', '10.9.0.1:5060'), 'wlc', { persistent: [60, HOST] }, [destination('10.1.0.11:5060')]),
  service(at('tcp', '[fd09::1]:82'), 'wrr', { persistent: [100, 64] }, [
    destination('10.1.0.11:82', [1, 0, 0], 'tunneling'),
  ]),
  service(at('tcp', '10.9.0.1:82'), 'wrr', { persistent: [600, 0xffffff00] }, [
    destination('10.1.0.12:82', [1, 1, 0]),
  ]),
  service(at('tcp', '[fd09::1]:81'), 'wrr', { persistent: [100, 128] }, [
    destination('[fd01::11]:81', [1, 1, 0]),
  ]),
  service(at('tcp', '10.9.0.1:81'), 'wrr', { persistent: [600, HOST] }, [
    destination('10.1.0.11:81', [1, 1, 0]),
  ]),
  service(at('tcp', '[fd09::1]:80'), 'lblcr', {}, [
    destination('[fd01::12]:80', [5, 1, 0], 'direct-routing'),
    destination('[fd01::11]:80', [5, 0, 0]),
  ]),
  service(at('tcp', '10.9.0.1:80'), 'rr', {}, [
    destination('10.1.0.1:80', [3, 0, 1]),
    destination('10.1.0.14:80', [2147483647, 1, 0], 'tunneling'),
    destination('10.1.0.13:80', [0, 0, 0], 'direct-routing'),
    destination('10.1.0.12:8080', [100000, 0, 0]),
    destination('10.1.0.11:80'),
  ]),
  service(at('udp', '[fd09::1]:83'), 'wrr', { persistent: [100, 64], isOnePacket: true }, []),
  service(at('udp', '[fd09::1]:53'), 'wlc', { isOnePacket: true }, [destination('[fd01::11]:53')]),
  service(at('udp', '10.9.0.1:53'), 'wlc', { isOnePacket: true }, [destination('10.1.0.11:53')]),
  service(at('udp', '10.9.0.1:54'), 'wlc', {}, [destination('10.1.0.11:54', [1, 0, 1])]),
  service(at('udp', '10.9.0.1:55'), 'wlc', { persistent: [60, HOST], isOnePacket: true }, []),
  service(at('tcp', '10.9.0.99:99'), 'fo', {}, []),
  service(at('tcp', '10.9.0.1:0'), 'wrr', { persistent: [2678400, HOST] }, [
    destination('[fd01::11]:0', [1, 0, 0], 'tunneling'),
  ]),
  service(marked(0xffffffff), 'wlc', { persistent: [360, HOST] }, []),
  service(marked(1), 'mh', {}, [destination('10.1.0.11:0')]),
  service(marked(2), 'wlc', { persistent: [100, HOST], isOnePacket: true }, []),
  service(marked(3, 6), 'wlc', { persistent: [100, 64] }, []),
];

/** Of MORE_SERVICES. */
export const MORE_SERVICE_LISTINGS: readonly ServiceListing[] = [
  service(at('tcp', '[::ffff:10.9.0.1]:80'), 'rr', {}, [destination('[::10.1.0.11]:80')]),
  service(at('udp', '10.9.0.1:5060'), 'wlc', { persistent: [60, HOST], isOnePacket: true }, [
    destination('10.1.0.11:5060'),
  ]),
  service(at('tcp', '[fd09::1:0:0:1]:80'), 'rr', {}, [
    destination('[fd01:0:1:1:1:1:1:11]:80'),
    destination('[fd01:0:0:1::11]:80'),
  ]),
  service(at('tcp', '10.9.0.1:80'), 'rr', {}, [destination('10.1.0.11:80', [1, 1, 0])]),
  service(marked(1, 6), 'rr', { persistent: [300, 64] }, [
    destination('10.1.0.12:0', [3, 0, 0], 'tunneling'),
    destination('[fd01::11]:0'),
  ]),
  service(marked(1), 'rr', { persistent: [300, HOST] }, [destination('10.1.0.11:0')]),
];

const PROTOCOLS: Readonly<Record<string, number>> = { TCP: 6, UDP: 17, SCTP: 132 };
/** The flag of a template, above the state. Source: linux/ip_vs.h, IP_VS_CONN_F_TEMPLATE. */
const TEMPLATE = 0x1000_0000;

/** A connection as the native table lists it. */
function connection(
  protocol: string,
  endpoints: readonly [client: string, virtual: string, real: string],
  stateAndFlags: number,
  expiresSeconds: number,
): readonly number[] {
  const ends = endpoints.map(parseEndpoint);
  const isIpv6 = endpoints[0].startsWith('[');
  const words = ends.map(({ address }) => [...addressWords(address), 0, 0, 0].slice(0, 4));
  const ports = ends.map(({ port }) => port);
  const [family, number] = [isIpv6 ? 6 : 4, PROTOCOLS[protocol] ?? 0];
  return [family, number, stateAndFlags, expiresSeconds * 64 + 63, ...ports, 0, ...words.flat()];
}

/** @param callIds of the first connections; none: '' */
export function rowsOf(
  connections: readonly (readonly number[])[],
  callIds: readonly string[] = [],
): ConnectionRows {
  const bytes = Buffer.alloc(connections.length * CALL_ID_BYTES);
  for (const [index, callId] of callIds.entries()) {
    bytes[index * CALL_ID_BYTES] = callId.length;
    bytes.write(callId, index * CALL_ID_BYTES + 1, 'latin1');
  }
  return { count: connections.length, words: Uint32Array.from(connections.flat()), callIds: bytes };
}

/** Of CONNECTIONS. */
export const CONNECTION_ROWS: readonly (readonly number[])[] = [
  connection('UDP', ['10.0.0.2:5007', '10.9.0.1:54', '10.1.0.11:54'], 0, 296),
  connection('TCP', ['10.0.0.3:5002', '10.9.0.1:80', '10.1.0.14:80'], 3, 52),
  connection('TCP', ['10.0.0.0:0', '10.9.0.1:82', '10.1.0.12:82'], TEMPLATE + 1, 592),
  connection('TCP', ['10.0.0.2:5004', '10.9.0.1:82', '10.1.0.12:82'], 1, 892),
  connection('TCP', ['[fd00::2]:5006', '[fd09::1]:81', '[fd01::11]:81'], 1, 896),
  connection('TCP', ['[fd00::2]:0', '[fd09::1]:81', '[fd01::11]:81'], TEMPLATE + 1, 96),
  connection('TCP', ['10.0.0.2:5003', '10.9.0.1:81', '10.1.0.11:81'], 1, 892),
  connection('TCP', ['10.0.0.2:5001', '10.9.0.1:80', '10.1.0.1:80'], 6, 2),
  connection('TCP', ['[fd00::2]:5005', '[fd09::1]:80', '[fd01::12]:80'], 3, 55),
  connection('TCP', ['10.0.0.2:0', '10.9.0.1:81', '10.1.0.11:81'], TEMPLATE + 1, 592),
  connection('SCTP', ['10.0.0.2:6001', '10.9.0.1:90', '10.1.0.11:90'], 12, 3),
];

/** Of STATS and STATS_PER_PROCESSOR. */
export const TOTALS: Totals = {
  counters: { connections: 9, inPackets: 17, outPackets: 11, inBytes: 1022, outBytes: 644 },
  rates: { connections: 0, inPackets: 1, outPackets: 1, inBytes: 48, outBytes: 30 },
};
