/**
 * A clock that jumps. Connections age by the time since the host was started, in which it may have slept; a time
 * namespace of its own has the daemon's successor find that clock ahead, as after a sleep.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { VIP } from '../lab/topology.js';
import type { Peer } from './support/peer.js';
import { Scene } from './support/scene.js';

/** Longer than UDP's 300 s, shorter than the 900 s of an established TCP connection. */
const ASLEEP_S = 600;
const UDP_PORT = 53;

const SKIP = existsSync('/proc/self/ns/time') ? false : 'this kernel has no time namespaces (Linux 5.6)';

describe(`a clock that is ${ASLEEP_S} s ahead`, { skip: SKIP }, () => {
  let scene: Scene;
  let client: Peer;

  before(async () => {
    scene = await Scene.open({ realServers: 1 });
    client = await scene.peer();
    await scene.balance('tcp', VIP.ipv4, 7, { to: 7 });
    await scene.balance('udp', VIP.ipv4, UDP_PORT, { to: 7 });
  });
  after(() => scene.close());

  test('ends what would have ended meanwhile, and nothing else', async () => {
    const connection = await client.connect(VIP.ipv4, 7);
    const flow = await client.datagrams(VIP.ipv4, UDP_PORT);
    assert.equal(await connection.exchange('before'), 'before');
    await flow.ask('before');
    assert.equal((await scene.connections()).length, 2);
    await scene.uipvs.kill9();
    await scene.restartUipvs({ prefix: ['unshare', '--time', '--boottime', String(ASLEEP_S)] });
    const left = await scene.adm('-Lcn');
    // What is left of 15 minutes.
    assert.match(left, /^TCP 0[45]:\d\d +ESTABLISHED/m);
    assert.doesNotMatch(left, /^UDP/m);
    assert.equal(await connection.exchange('after'), 'after');
    await flow.ask('after');
    await connection.abort();
  });

  test('leaves the daemon to take new connections and to end as ever', async () => {
    const connection = await client.connect(VIP.ipv4, 7);
    assert.equal(await connection.exchange('new'), 'new');
    await connection.abort();
    assert.deepEqual(await scene.uipvs.stop(), { status: 0, signal: null });
  });
});
