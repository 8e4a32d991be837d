import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { MAX_REQUEST_BYTES } from '../../src/control/protocol.js';
import { VIP } from '../lab/topology.js';
import { ControlClient } from './support/control-client.js';
import { Scene } from './support/scene.js';

/** How soon another client must be answered, in milliseconds: far more than it takes, far less than for ever. */
const SOON_MS = 2000;

describe('the control socket', () => {
  let scene: Scene;
  before(async () => {
    scene = await Scene.open({ realServers: 1 });
    await scene.balance('tcp', VIP.ipv4, 80, { to: 80 });
  });
  after(() => scene.close());

  test('is for its owner and its group', () => {
    assert.equal(statSync(scene.uipvs.socketPath).mode & 0o777, 0o660);
  });

  async function assertAlive(): Promise<void> {
    const startedAt = performance.now();
    assert.match(await scene.adm('-Ln'), /10\.9\.0\.1:80 rr/);
    assert.ok(performance.now() - startedAt < SOON_MS);
    assert.ok(scene.uipvs.isRunning);
  }

  for (const { name, line, isRight = false } of [
    { name: 'an empty line', line: '' },
    { name: 'no JSON', line: 'list please' },
    { name: 'half of a request', line: '{"op":"list"' },
    { name: 'bytes that are no UTF-8', line: Buffer.from([0xff, 0xfe, 0x00, 0x80]) },
    { name: 'a null', line: 'null' },
    { name: 'an array', line: '[]' },
    { name: 'a number', line: '1e999' },
    { name: 'an object without an operation', line: '{}' },
    { name: 'an unknown operation', line: '{"op":"reboot"}' },
    { name: 'an operation named as a property of every object', line: '{"op":"constructor"}' },
    { name: 'a prototype in the request', line: '{"op":"timeouts","__proto__":{"key":1}}', isRight: true },
    { name: 'a request without what it needs', line: '{"op":"add-service"}' },
    { name: 'a service that is a string', line: '{"op":"add-service","service":"10.9.0.2:80"}' },
    {
      name: 'an address that is none',
      line: '{"op":"delete-service","key":{"kind":"address","protocol":"tcp","address":"10.9.0","port":80}}',
    },
    {
      name: 'a port out of range',
      line: '{"op":"delete-service","key":{"kind":"address","protocol":"tcp","address":"10.9.0.1","port":65616}}',
    },
    {
      name: 'a port that is no integer',
      line: '{"op":"delete-service","key":{"kind":"address","protocol":"tcp","address":"10.9.0.1","port":80.5}}',
    },
    { name: 'timeouts that are none', line: '{"op":"set-timeouts","timeouts":{"tcp":"never"}}' },
    { name: 'very deep nesting', line: `${'['.repeat(200_000)}${']'.repeat(200_000)}` },
  ] as readonly { name: string; line: string | Buffer; isRight?: boolean }[]) {
    test(`answers ${name} with one reply, and the next request too`, async () => {
      const client = await ControlClient.open(scene.uipvs.socketPath);
      client.send(Buffer.concat([Buffer.from(line), Buffer.from('\n{"op":"info"}\n')]));
      const replies = (await client.replies(2)) as { ok: boolean; message?: string }[];
      assert.equal(replies.length, 2);
      assert.equal(replies[0]?.ok, isRight);
      if (!isRight) {
        assert.doesNotMatch(replies[0]?.message ?? '', /\n|at .*\.js|undefined|TypeError/);
      }
      assert.equal(replies[1]?.ok, true);
      client.destroy();
      await assertAlive();
    });
  }

  test('hangs up on a line that is too long, with one reply', async () => {
    const client = await ControlClient.open(scene.uipvs.socketPath);
    client.send('x'.repeat(MAX_REQUEST_BYTES + 100_000));
    await client.hungUp();
    const replies = (await client.replies(1)) as { ok: boolean }[];
    assert.deepEqual(
      replies.map(({ ok }) => ok),
      [false],
    );
    await assertAlive();
  });

  test('refuses a line that is too long even when it comes whole', async () => {
    const client = await ControlClient.open(scene.uipvs.socketPath);
    client.send(`{"op":"list","padding":"${'x'.repeat(2 * MAX_REQUEST_BYTES)}"}\n`);
    const [reply] = (await client.replies(1)) as { ok: boolean }[];
    assert.equal(reply?.ok, false);
    client.destroy();
    await assertAlive();
  });

  test('answers requests that come in one piece, in order', async () => {
    const client = await ControlClient.open(scene.uipvs.socketPath);
    client.send('{"op":"info"}\n{"op":"reboot"}\n{"op":"timeouts"}\n');
    const replies = (await client.replies(3)) as { ok: boolean }[];
    assert.deepEqual(
      replies.map(({ ok }) => ok),
      [true, false, true],
    );
    client.destroy();
  });

  test('answers a request that comes byte by byte', async () => {
    const client = await ControlClient.open(scene.uipvs.socketPath);
    for (const byte of '{"op":"info"}\n') client.send(byte);
    const [reply] = (await client.replies(1)) as { ok: boolean }[];
    assert.equal(reply?.ok, true);
    client.destroy();
  });

  test('outlives a client that hangs up in the middle of a request, and of an answer', async () => {
    const half = await ControlClient.open(scene.uipvs.socketPath);
    half.send('{"op":"li');
    half.end();
    await half.hungUp();
    const gone = await ControlClient.open(scene.uipvs.socketPath);
    gone.send('{"op":"list"}\n'.repeat(1000));
    gone.destroy();
    await assertAlive();
  });

  test('is not blocked by a client that never reads', async () => {
    const deaf = await ControlClient.openDeaf(scene.uipvs.socketPath);
    deaf.send('{"op":"list"}\n'.repeat(50_000));
    await assertAlive();
    await assertAlive();
    deaf.destroy();
  });

  test('serves another while many clients are connected and say nothing', async () => {
    const silent = await Promise.all(
      Array.from({ length: 60 }, () => ControlClient.open(scene.uipvs.socketPath)),
    );
    await assertAlive();
    for (const client of silent) client.destroy();
  });

  test('works again after more clients than it takes', async () => {
    const crowd = await Promise.all(
      Array.from({ length: 100 }, () => ControlClient.open(scene.uipvs.socketPath)),
    );
    for (const client of crowd) client.destroy();
    await assertAlive();
  });
});
