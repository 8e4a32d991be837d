/**
 * SCTP between two kernels that speak it. Its checksum is theirs: the receiver drops what is wrong, and counts it. The
 * sender's leaves it to the cable, and cuts nothing itself (SCTP's super-packets), as long as the offloads are on.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ListedConnection } from '../e2e/support/listing.js';
import { endpoint } from '../e2e/support/scene.js';
import type { Child } from '../lab/child.js';
import type { Lab } from '../lab/lab.js';
import { until } from '../lab/poll.js';
import type { Host } from '../lab/topology.js';
import {
  CLIENT_PLACES,
  type Link,
  portFor,
  SERVER_PLACES,
  SERVER_PORTS,
  type Stage,
  vipsOf,
} from './lab-stage.js';

/** Programs are data: they stay in the source tree, which is beside `dist`. */
const program = (name: string) => fileURLToPath(new URL(`../../../test/uml/${name}`, import.meta.url));

const ASSOCIATIONS = 3;
const MESSAGES = 8;
const MESSAGE_BYTES = 6000;
const EXCHANGED_MS = 15_000;
const FAMILIES = [4, 6] as const;

async function startServer(lab: Lab, link: Link): Promise<Child> {
  const { host, addresses } = SERVER_PLACES[link];
  const server = lab.spawn(host, [
    'python3',
    program('sctp_server.py'),
    `${SERVER_PORTS.sctp}`,
    ...addresses,
  ]);
  await server.ready(`SCTP on ${host}`, EXCHANGED_MS, () => server.log.includes('ready'));
  return server;
}

/** Packets whose checksum was wrong, by a machine's kernel. Source: net/sctp/proc.c. */
async function wrongChecksums(lab: Lab, host: Host): Promise<number> {
  const text = await lab.run(host, ['cat', '/proc/net/sctp/snmp']);
  return Number(/^SctpChecksumErrors\s+(\d+)$/m.exec(text)?.[1]);
}

export function tellSctpStories(stage: () => Stage): void {
  describe('SCTP', () => {
    const servers: Child[] = [];
    before(async () => {
      for (const link of ['plain', 'VLAN'] as const) servers.push(await startServer(stage().scene.lab, link));
    });
    after(() => Promise.all(servers.splice(0).map((server) => server.stop())));

    /** The associations that are not over. */
    async function listed(vip: string, port: number): Promise<readonly ListedConnection[]> {
      const all = await stage().scene.connections();
      return all.filter(({ virtual, state }) => virtual === endpoint(vip, port) && state !== 'CLOSED');
    }

    async function assertCarried(link: Link, family: 4 | 6): Promise<void> {
      const { lab } = stage().scene;
      const index = FAMILIES.indexOf(family);
      const port = portFor('sctp', link);
      const [source = '', vip = ''] = [CLIENT_PLACES[link].addresses[index], vipsOf(link)[index]];
      const numbers = [port, ASSOCIATIONS, MESSAGES, MESSAGE_BYTES].map(String);
      const client = lab.spawn('client', ['python3', program('sctp_client.py'), source, vip, ...numbers]);
      try {
        await client.ready('data to come back', EXCHANGED_MS, () => client.log.includes('}'));
        assert.deepEqual(JSON.parse(client.log), { unchanged: ASSOCIATIONS });
        const server = SERVER_PLACES[link];
        const open = await listed(vip, port);
        assert.deepEqual(
          open.map(({ protocol, state }) => `${protocol} ${state}`),
          Array.from({ length: ASSOCIATIONS }, () => 'SCTP ESTABLISHED'),
        );
        for (const { destination } of open) assert.ok(destination.includes(server.addresses[index] ?? '-'));
      } finally {
        await client.stop();
      }
      await until(
        'the associations to be closed',
        EXCHANGED_MS,
        async () => (await listed(vip, port)).length === 0,
      );
      for (const host of ['client', SERVER_PLACES[link].host] as const)
        assert.equal(await wrongChecksums(lab, host), 0, `wrong checksums at ${host}`);
    }

    test('over IPv4 is carried both ways, listed with its states, and ended in an orderly way', () =>
      assertCarried('plain', 4));

    test('over IPv6, in VLANs, is carried', () => assertCarried('VLAN', 6));

    test('with checksums that the ends complete themselves is carried', async () => {
      const { lab } = stage().scene;
      const set = async (isOn: boolean) => {
        for (const host of ['client', 'rs1'] as const)
          await lab.ethtool(host, 'eth0', { 'tx-checksum-sctp': isOn });
      };
      await set(false);
      try {
        await assertCarried('plain', 4);
      } finally {
        await set(true);
      }
    });
  });
}
