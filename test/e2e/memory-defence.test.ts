/** Memory that runs short, as the sysctl amemthresh says: the defence acts by itself, and rests when there is memory again. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ControlClient } from '../../src/control/client.js';
import { until } from '../lab/poll.js';
import { VIP } from '../lab/topology.js';
import { FrameSender } from './support/frame-sender.js';
import { synFlood } from './support/malformed-packets.js';
import type { Connection } from './support/peer.js';
import { Scene } from './support/scene.js';

/** More pages than any machine has, and as good as none. */
const SHORT = String(2 ** 31 - 1);
const PLENTY = '0';
const HALF_OPEN = 2000;
const ESTABLISHED = 20;
/** The defence looks once a second, at one of 32 places in the table; the memory is compared as often. */
const PATIENCE_MS = 60_000;

describe('when memory runs short', () => {
  let scene: Scene;
  let sender: FrameSender;
  let connections: readonly Connection[];

  const set = (name: string, value: string): Promise<string> => scene.adm('--sysctl', `${name}=${value}`);
  const value = async (name: string): Promise<string> =>
    /= *(\S+)/.exec(await scene.adm('--sysctl', name))?.[1] ?? '';
  async function defended(): Promise<number> {
    const control = await ControlClient.connect(scene.uipvs.socketPath);
    const counters = await control.request({ op: 'drops' });
    control.close();
    return counters.connections_defended ?? 0;
  }

  before(async () => {
    scene = await Scene.open({ realServers: 1 });
    await scene.balance('tcp', VIP.ipv4, 7, { to: 7 });
    await scene.balance('tcp', VIP.ipv4, 80, { to: 80 });
    const client = await scene.peer();
    connections = await Promise.all(Array.from({ length: ESTABLISHED }, () => client.connect(VIP.ipv4, 7)));
    sender = await FrameSender.start(scene.lab);
    await set('amemthresh', PLENTY);
    await set('drop_entry', '1');
    await sender.send(4, synFlood(HALF_OPEN));
    await until('the half-open ones to be there', 10_000, async () => {
      return (await scene.connections()).length >= HALF_OPEN;
    });
  });
  after(() => scene.close());

  test('nothing is dropped while there is plenty', async () => {
    assert.equal(await value('drop_entry'), '1');
    assert.equal(await defended(), 0);
  });

  test('half-open connections give way, established ones stay', async (context) => {
    await set('amemthresh', SHORT);
    await until('drop_entry to be on', PATIENCE_MS, async () => (await value('drop_entry')) === '2');
    await until('the defence to act', PATIENCE_MS, async () => (await defended()) > 50);
    context.diagnostic(`${await defended()} of ${HALF_OPEN} gave way`);
    const texts = connections.map((_, index) => `connection ${index}`);
    assert.deepEqual(
      await Promise.all(connections.map((connection, index) => connection.exchange(texts[index] ?? ''))),
      texts,
    );
    const [destination] = await scene.destinations('tcp', VIP.ipv4, 7);
    assert.equal(destination?.active, ESTABLISHED);
  });

  test('the defence rests when there is memory again', async () => {
    await set('amemthresh', PLENTY);
    await until('drop_entry to be off', PATIENCE_MS, async () => (await value('drop_entry')) === '1');
    const before = await defended();
    await sender.send(4, synFlood(HALF_OPEN));
    const client = await scene.peer('client', 'later');
    const connection = await client.connect(VIP.ipv4, 7);
    assert.equal(await connection.exchange('afterwards'), 'afterwards');
    await connection.abort();
    assert.equal(await defended(), before);
  });
});
