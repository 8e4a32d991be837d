import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '../lab/poll.js';
import { VIP } from '../lab/topology.js';
import type { Connection, Peer } from './support/peer.js';
import { Scene } from './support/scene.js';

const CONNECTIONS = 1000;
/** rr begins with the newest destination, so the third has the odd one. */
const SHARES = [
  { name: '10.1.0.11:7', share: 333 },
  { name: '10.1.0.12:7', share: 333 },
  { name: '10.1.0.13:7', share: 334 },
];
const PORT = 7;

let scene: Scene;
let client: Peer;
let connections: Connection[] = [];
before(async () => {
  scene = await Scene.open();
  client = await scene.peer();
  await scene.balance('tcp', VIP.ipv4, PORT, { to: 7 });
  connections = await Promise.all(
    Array.from({ length: CONNECTIONS }, () => client.connect(VIP.ipv4, PORT, { timeoutMs: 20_000 })),
  );
});
after(() => scene.close());

/** Waits for the destination table to become what it must be; a failure shows the difference. */
async function expectTable(countOf: (share: number) => { active: number; inactive: number }): Promise<void> {
  const expected = SHARES.map(({ name, share }) => ({ name, weight: 1, ...countOf(share) }));
  let listed = await scene.destinations('tcp', VIP.ipv4, PORT);
  await until('the counts to settle', 5000, async () => {
    listed = await scene.destinations('tcp', VIP.ipv4, PORT);
    return JSON.stringify(listed) === JSON.stringify(expected);
  }).catch(() => undefined);
  assert.deepEqual(listed, expected);
}

test('1,000 connections at once are spread exactly and counted as active', async () => {
  assert.equal(connections.length, CONNECTIONS);
  await expectTable((share) => ({ active: share, inactive: 0 }));
});

test('each of 1,000 connections gets back what it sent, twice, and nothing of another', async () => {
  for (const round of ['first', 'second']) {
    const texts = connections.map((_, index) => `${round} ${index} ${'.'.repeat(index)}`);
    const answers = await Promise.all(
      connections.map((connection, index) => connection.exchange(texts[index] ?? '', 20_000)),
    );
    assert.deepEqual(answers, texts);
  }
});

test('the connection list names every one of 1,000 connections as established', async () => {
  const listed = await scene.connections();
  const ports = connections.map(({ localPort }) => `10.0.0.2:${localPort}`).sort();
  assert.deepEqual(listed.map((connection) => connection.client).sort(), ports);
  assert.deepEqual([...new Set(listed.map(({ state }) => state))], ['ESTABLISHED']);
});

test('1,000 closed connections are counted as inactive', async () => {
  await Promise.all(connections.map((connection) => connection.close()));
  await expectTable((share) => ({ active: 0, inactive: share }));
});
