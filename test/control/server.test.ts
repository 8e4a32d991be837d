import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createConnection, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { UipvsError } from '../../src/base/error.js';
import { BatchRefusal } from '../../src/control/batch-refusal.js';
import { ControlClient } from '../../src/control/client.js';
import type { Handler } from '../../src/control/outcome.js';
import { type Change, MAX_REQUEST_BYTES, MAX_SHORT_REQUEST_BYTES } from '../../src/control/protocol.js';
import { ControlServer } from '../../src/control/server.js';
import { loadAddon } from '../../src/engine/addon.js';
import { destinationSpec, tcpKey } from '../ipvs/specs.js';

const directory = mkdtempSync(join(tmpdir(), 'uipvs-server-'));
const path = join(directory, 'sock');
const DONE = { result: null };
let server: ControlServer | undefined;

async function listen(handler: Handler, failures: string[] = [], idleLimitMs = 60_000): Promise<void> {
  server = await ControlServer.listen(path, handler, {
    idleLimitMs,
    onFailure: ({ message }) => failures.push(message),
    onRefused: (credentials) => assert.fail(`refused ${JSON.stringify(credentials)}`),
    peerCredentials: loadAddon().peerCredentials,
  });
}

afterEach(async () => {
  await server?.close();
  server = undefined;
});
after(() => rmSync(directory, { recursive: true }));

/** All that the server says to a client that sends these, until it hangs up. */
async function answerTo(...texts: readonly (string | Buffer)[]): Promise<string> {
  const socket = createConnection(path);
  // A server that hangs up while the client still sends is no error here.
  socket.on('error', () => {});
  await once(socket, 'connect');
  const heard = hear(socket);
  for (const text of texts) if (!socket.destroyed) socket.write(text);
  socket.end();
  return await heard;
}

async function hear(socket: Socket): Promise<string> {
  const pieces: Buffer[] = [];
  socket.on('data', (piece) => pieces.push(piece));
  // Not once(): that would reject where the socket errs first.
  await new Promise((resolve) => socket.on('close', resolve));
  return Buffer.concat(pieces).toString();
}

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

  /** Pieces that are noted as they are made, and whether the maker was told to end. */
  function noted(count: number): { made: number; hasEnded: boolean; pieces: Iterable<readonly string[]> } {
    const note = { made: 0, hasEnded: false, pieces: [] as Iterable<readonly string[]> };
    note.pieces = (function* () {
      try {
        for (; note.made < count; note.made += 1) yield ['x'.repeat(10_000)];
      } finally {
        note.hasEnded = true;
      }
    })();
    return note;
  }

  it('makes a long answer while it is read, and ends it when the client goes away', async () => {
    const note = noted(100_000);
    await listen(async ({ op }) => (op === 'list' ? { pieces: note.pieces } : DONE));
    const deaf = createConnection(path);
    deaf.write('{"op":"list"}\n');
    deaf.pause();
    for (let before = -1; note.made === 0 || note.made !== before; await delay(50)) before = note.made;
    assert.ok(note.made < 1000, `${note.made} pieces were made for a client that reads nothing`);
    const other = await ControlClient.connect(path);
    assert.equal(await other.request({ op: 'flush' }), null);
    other.close();
    deaf.destroy();
    while (!note.hasEnded) await delay(1);
  });

  it('makes one piece for all clients in a turn of the event loop', async () => {
    const notes = [noted(50), noted(50), noted(50)];
    const asked = [...notes];
    await listen(async () => ({ pieces: asked.shift()!.pieces }));
    const clients = await Promise.all(notes.map(() => ControlClient.connect(path)));
    const made = (): number => notes.reduce((sum, note) => sum + note.made, 0);
    let most = 0;
    let before = 0;
    const watch = (): void => {
      most = Math.max(most, made() - before);
      before = made();
      if (before < 150) setImmediate(watch);
    };
    setImmediate(watch);
    for (const result of await Promise.all(clients.map((client) => all(client)))) assert.equal(result, 50);
    // The first piece comes with the request.
    assert.ok(most <= 1 + notes.length, `${most} pieces in a turn`);
    for (const client of clients) client.close();
  });

  it('begins no request after one for a long answer before that was given', async () => {
    const begun: string[] = [];
    await listen(async ({ op }) => {
      begun.push(op);
      if (op !== 'list') return DONE;
      return {
        pieces: (function* () {
          for (let count = 0; count < 3; count += 1) yield [begun.join()];
        })(),
      };
    });
    const heard = await answerTo('{"op":"info"}\n{"op":"list"}\n{"op":"flush"}\n');
    assert.equal(heard.match(/info,list"/g)?.length, 3);
    assert.equal(begun.join(), 'info,list,flush');
  });

  it('gives all of a long answer to a client that says that it has no more to ask', async () => {
    await listen(async () => ({ pieces: noted(500).pieces }));
    assert.equal((await answerTo('{"op":"list"}\n')).match(/"part"/g)?.length, 500);
  });

  it('answers a client that says that it has no more to ask, however late', async () => {
    const held = { release: () => {} };
    const isReleased = new Promise<void>((resolve) => {
      held.release = resolve;
    });
    await listen(async () => {
      await isReleased;
      return DONE;
    });
    const socket = createConnection(path);
    socket.end('{"op":"flush"}\n{"op":"flush"}\n');
    const heard = hear(socket);
    // Whatever else has come is read by then.
    const other = await ControlClient.connect(path);
    await delay(20);
    other.close();
    held.release();
    assert.equal(await heard, '{"ok":true,"result":null}\n'.repeat(2));
  });

  it('hangs up on a client that has sent no whole request for long, and says why', async () => {
    await listen(async () => DONE, [], 100);
    const idle = createConnection(path);
    idle.write('{"op":"flush"}\n{"op":"fl');
    const message = 'No whole request has come for 0 s';
    assert.equal(
      await hear(idle),
      `{"ok":true,"result":null}\n${JSON.stringify({ ok: false, errno: 'EIO', message })}\n`,
    );
  });

  it('does not hang up on a client that waits for an answer, however long', async () => {
    await listen(
      async () => {
        await delay(500);
        return DONE;
      },
      [],
      50,
    );
    const client = await ControlClient.connect(path);
    assert.equal(await client.request({ op: 'flush' }), null);
    client.close();
  });

  async function all(client: ControlClient): Promise<number> {
    let parts = 0;
    for await (const _part of client.stream({ op: 'list' })) parts += 1;
    return parts;
  }
});
