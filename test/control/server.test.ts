import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { createConnection, type Server } from 'node:net';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { UipvsError } from '../../src/base/error.js';
import { BatchRefusal } from '../../src/control/batch-refusal.js';
import { ControlClient } from '../../src/control/client.js';
import { type Change, MAX_REQUEST_BYTES, MAX_SHORT_REQUEST_BYTES } from '../../src/control/protocol.js';
import { destinationSpec, tcpKey } from '../ipvs/specs.js';
import { answerTo, DONE, listen, path } from './listening.js';

describe('the control server', () => {
  it('makes a socket of mode 0660', async () => {
    await listen(async () => DONE);
    assert.equal(statSync(path).mode & 0o777, 0o660);
  });

  it('answers requests in their order, whichever is done first', async () => {
    const flushed = { resolve: () => {} };
    await listen(async ({ op }) => {
      if (op === 'flush') {
        await new Promise<void>((resolve) => {
          flushed.resolve = resolve;
        });
      } else flushed.resolve();
      return { result: op };
    });
    const heard = await answerTo('{"op":"flush"}\n{"op":"in', 'fo"}\n');
    assert.equal(heard, '{"ok":true,"result":"flush"}\n{"ok":true,"result":"info"}\n');
  });

  it('puts a character together that comes in two pieces', async () => {
    await listen(async (request) => ({ result: request }));
    const line = Buffer.from('{"op":"set-sysctl","name":"x","value":"grün"}\n');
    const at = line.indexOf('ü') + 1;
    const heard = await answerTo(line.subarray(0, at), line.subarray(at));
    assert.match(heard, /"value":"grün"/);
  });

  it('tells which request of a batch was refused', async () => {
    await listen(async () => {
      throw new BatchRefusal(7, new UipvsError('ENOSPC', 'too many'));
    });
    const client = await ControlClient.connect(path);
    const refusal = { name: 'RefusedError', code: 'ENOSPC', message: 'too many', index: 7 };
    await assert.rejects(client.request({ op: 'batch', requests: [] }), refusal);
    client.close();
  });

  it('tells it with an errno that ipvsadm has words for, too', async () => {
    await listen(async ({ op }) =>
      op === 'batch' ? { refused: 'EEXIST', index: 0 } : { refused: 'EEXIST' },
    );
    assert.equal(
      await answerTo('{"op":"batch","requests":[]}\n{"op":"flush"}\n'),
      '{"ok":false,"errno":"EEXIST","index":0}\n{"ok":false,"errno":"EEXIST"}\n',
    );
  });

  it('tells which request of a batch does not parse', async () => {
    await listen(async () => DONE);
    const heard = JSON.parse(await answerTo('{"op":"batch","requests":[{"op":"flush"},{"op":"info"}]}\n'));
    assert.deepEqual([heard.ok, heard.errno, heard.index], [false, 'EINVAL', 1]);
  });

  it('tells which of a sequence were refused, and why', async () => {
    const refusals = [
      { index: 1, errno: 'EEXIST' },
      { index: 2, errno: 'EIO', message: 'no' },
    ] as const;
    await listen(async () => ({ result: refusals }));
    const client = await ControlClient.connect(path);
    assert.deepEqual(await client.request({ op: 'sequence', requests: [{ op: 'flush' }] }), refusals);
    client.close();
  });

  it('begins no more of a client than some thousand changes, in however few requests', async () => {
    let begun = 0;
    const held = { release: () => {} };
    const isReleased = new Promise<void>((resolve) => {
      held.release = resolve;
    });
    await listen(async (request) => {
      if (request.op === 'sequence') begun += request.requests.length;
      await isReleased;
      return { result: [] };
    });
    const requests = Array.from({ length: 512 }, (): Change => ({ op: 'flush' }));
    const client = await ControlClient.connect(path);
    const answers = Array.from({ length: 40 }, () => client.request({ op: 'sequence', requests }));
    while (begun < 4096) await delay(1);
    // Whatever else has come is read by then.
    const other = await ControlClient.connect(path);
    other.close();
    await delay(50);
    assert.ok(begun < 4096 + 512, `${begun} changes were begun`);
    held.release();
    await Promise.all(answers);
    assert.equal(begun, 40 * 512);
    client.close();
  });

  it('takes a batch of 110,000 destinations', async () => {
    let count = 0;
    await listen(async (request) => {
      if (request.op === 'batch') count = request.requests.length;
      return DONE;
    });
    const requests = Array.from({ length: 110_000 }, (_, index): Change => {
      const address = `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
      return { op: 'add-destination', key: tcpKey(), destination: destinationSpec(1, { address }) };
    });
    const client = await ControlClient.connect(path);
    assert.equal(await client.request({ op: 'batch', requests }), null);
    assert.equal(await client.request({ op: 'flush' }), null);
    client.close();
    assert.equal(count, 110_000);
  });

  it('hangs up on garbage without an end, after 1 MiB of it', async () => {
    await listen(async () => DONE);
    const heard = await answerTo('{"op":"flush"}\n', Buffer.alloc(MAX_SHORT_REQUEST_BYTES + 1, 'x'));
    assert.equal(
      heard,
      '{"ok":true,"result":null}\n' +
        '{"ok":false,"errno":"EINVAL","message":"Expected a request of at most 1048576 bytes but received more"}\n',
    );
  });

  it('hangs up on a batch without an end, after 64 MiB of it', async () => {
    await listen(async () => DONE);
    const heard = await answerTo('{"op":"batch","requests":[', Buffer.alloc(MAX_REQUEST_BYTES, ' '));
    assert.match(heard, /at most 67108864 bytes/);
  });

  it('has room for the batches of a few clients at once, and again when they have gone', async () => {
    await listen(async () => DONE);
    const half = Buffer.alloc(MAX_REQUEST_BYTES - 100, ' ');
    const holders = [0, 1].map(() => createConnection(path));
    for (const holder of holders) {
      holder.write('{"op":"batch"');
      await new Promise<void>((resolve) => holder.write(half, () => resolve()));
    }
    assert.match(await answerTo('{"op":"batch"', half), /"errno":"EBUSY"/);
    for (const holder of holders) {
      holder.destroy();
      await once(holder, 'close');
    }
    let heard = '';
    // The server hears of their going in its own time.
    while (!heard.includes('"ok":true')) heard = await answerTo('{"op":"batch","requests":[]', half, '}\n');
  });

  it('counts a batch that was read to those of other clients until it is answered', async () => {
    const held = { release: () => {} };
    const isReleased = new Promise<void>((resolve) => {
      held.release = resolve;
    });
    let begun = 0;
    await listen(async () => {
      begun += 1;
      await isReleased;
      return DONE;
    });
    const half = Buffer.alloc(MAX_REQUEST_BYTES - 100, ' ');
    const batch = ['{"op":"batch","requests":[]', half, '}\n'] as const;
    const first = [answerTo(...batch), answerTo(...batch)];
    while (begun < 2) await delay(5);
    assert.match(await answerTo(...batch), /"errno":"EBUSY"/);
    held.release();
    for (const answer of await Promise.all(first)) assert.match(answer, /"ok":true/);
    assert.match(await answerTo(...batch), /"ok":true/);
  });

  it('lives on when a client cannot be accepted, and tells it once until one can be', async () => {
    const failures: string[] = [];
    await listen(async () => DONE, failures);
    const request = async (): Promise<Server> => {
      const accepted = new Promise<Server>((resolve) => {
        subscribe('net.server.socket', function take(message) {
          unsubscribe('net.server.socket', take);
          resolve((message as { socket: { server: Server } }).socket.server);
        });
      });
      const client = await ControlClient.connect(path);
      assert.equal(await client.request({ op: 'flush' }), null);
      client.close();
      return accepted;
    };
    // Node's own server, on which accept(2) is tried: what it fails with comes as this event.
    const listening = await request();
    const fail = (): boolean => listening.emit('error', new Error('accept ENOBUFS'));
    for (let attempt = 0; attempt < 3; attempt += 1) assert.ok(fail());
    assert.deepEqual(failures, [`socket ${path} cannot accept a client: accept ENOBUFS`]);
    await request();
    fail();
    assert.equal(failures.length, 2);
  });
});
