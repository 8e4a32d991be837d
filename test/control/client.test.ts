import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ControlClient, RefusedError } from '../../src/control/client.js';

let directory: string;
let path: string;
let server: Server;
/** What the server does with a new connection; set by each test. */
let serve: (socket: Socket) => void = () => {};

before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'uipvs-client-'));
  path = join(directory, 'sock');
  server = createServer((socket) => {
    socket.on('error', () => {});
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
});
after(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(directory, { recursive: true });
});

/** Answers the n-th request line with the n-th text, as it is. */
function answering(...texts: readonly string[]): string[] {
  const lines: string[] = [];
  serve = (socket) => {
    let rest = '';
    socket.setEncoding('utf8').on('data', (chunk) => {
      const pieces = (rest + chunk).split('\n');
      rest = pieces.pop() ?? '';
      for (const line of pieces) {
        lines.push(line);
        socket.write(texts[lines.length - 1] ?? '');
      }
    });
  };
  return lines;
}

describe('the control client', () => {
  it('writes one request a line and gives back its result', async () => {
    const lines = answering('{"ok":true,"result":{"version":"1.2.1","connectionTableSize":4096}}\n');
    const client = await ControlClient.connect(path);
    const info = await client.request({ op: 'info' });
    client.close();
    assert.deepEqual(info, { version: '1.2.1', connectionTableSize: 4096 });
    assert.deepEqual(lines, ['{"op":"info"}']);
  });
  it('pipelines: answers go to requests in order', async () => {
    const refusal = '{"ok":false,"errno":"ESRCH"}\n';
    answering('', '', `{"ok":true,"result":1}\n${refusal}{"ok":true,"result":3}\n`);
    const client = await ControlClient.connect(path);
    const [first, second, third] = await Promise.allSettled([
      client.request({ op: 'flush' }),
      client.request({ op: 'delete-service', key: { kind: 'fwmark', mark: 1, family: 4 } }),
      client.request({ op: 'flush' }),
    ]);
    client.close();
    assert.deepEqual(
      [first, third],
      [
        { status: 'fulfilled', value: 1 },
        { status: 'fulfilled', value: 3 },
      ],
    );
    assert.equal(second?.status, 'rejected');
    const { reason } = second;
    assert.ok(reason instanceof RefusedError);
    assert.deepEqual([reason.operation, reason.code, reason.detail], ['delete-service', 'ESRCH', undefined]);
  });
  it("keeps the daemon's own words of a refusal", async () => {
    answering('{"ok":false,"errno":"ENOTSUP","message":"not yet"}\n');
    const client = await ControlClient.connect(path);
    const refusal = { name: 'RefusedError', code: 'ENOTSUP', detail: 'not yet', message: 'not yet' };
    await assert.rejects(client.request({ op: 'flush' }), refusal);
    client.close();
  });
  it('puts lines together that come in pieces, within a character too', async () => {
    const bytes = Buffer.from('{"ok":false,"errno":"EINVAL","message":"grün"}\n');
    serve = (socket) => {
      socket.setNoDelay(true).once('data', async () => {
        for (const byte of bytes) {
          socket.write(Buffer.of(byte));
          await new Promise((resolve) => setImmediate(resolve));
        }
      });
    };
    const client = await ControlClient.connect(path);
    await assert.rejects(client.request({ op: 'flush' }), { message: 'grün' });
    client.close();
  });
  it('streams connections part by part, and later answers after them', async () => {
    const parts = Array.from({ length: 50 }, (_, index) => `{"part":[${index * 2},${index * 2 + 1}]}\n`);
    answering(`${parts.join('')}{"ok":true,"result":null}\n`, '{"ok":true,"result":null}\n');
    const client = await ControlClient.connect(path);
    const seen: unknown[] = [];
    for await (const part of client.stream({ op: 'connections' })) {
      seen.push(...part);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(await client.request({ op: 'flush' }), null);
    client.close();
    assert.deepEqual(
      seen,
      Array.from({ length: 100 }, (_, index) => index),
    );
  });
  it('puts services together that come in pieces, as many destinations as they have', async () => {
    const service = (port: number, ...destinations: number[]) => ({ key: { port }, destinations });
    const parts = [
      [service(1, 10, 11), service(2)],
      [{ more: [20, 21] }],
      [{ more: [22] }, service(3, 30), service(4)],
      [],
    ];
    answering(`${parts.map((part) => `${JSON.stringify({ part })}\n`).join('')}{"ok":true,"result":null}\n`);
    const client = await ControlClient.connect(path);
    const seen: unknown[] = [];
    for await (const one of client.services()) seen.push(one);
    client.close();
    assert.deepEqual(seen, [service(1, 10, 11), service(2, 20, 21, 22), service(3, 30), service(4)]);
  });
  it('can leave a stream in the middle and go on', async () => {
    const parts = Array.from({ length: 50 }, () => '{"part":[0]}\n');
    answering(`${parts.join('')}{"ok":true,"result":null}\n`, '{"ok":true,"result":null}\n');
    const client = await ControlClient.connect(path);
    for await (const _part of client.stream({ op: 'connections' })) break;
    assert.equal(await client.request({ op: 'flush' }), null);
    client.close();
  });
  it('throws a refused stream', async () => {
    answering('{"part":[0]}\n{"ok":false,"errno":"EIO"}\n');
    const client = await ControlClient.connect(path);
    await assert.rejects(
      async () => {
        for await (const _part of client.stream({ op: 'connections' }));
      },
      { name: 'RefusedError', code: 'EIO' },
    );
    client.close();
  });
  it('rejects what is under way, and what comes after, when the daemon goes away', async () => {
    serve = (socket) => socket.once('data', () => socket.destroy());
    const client = await ControlClient.connect(path);
    const lost = { name: 'UipvsError', code: 'EIO', message: /^(Lost the|The) connection to '.*sock'/ };
    await assert.rejects(client.request({ op: 'info' }), lost);
    await assert.rejects(client.request({ op: 'info' }), lost);
    client.close();
  });
  it('rejects when it is closed with a request under way, and may be closed twice', async () => {
    answering();
    const client = await ControlClient.connect(path);
    const answer = client.request({ op: 'info' });
    client.close();
    client.close();
    await assert.rejects(answer, { code: 'EIO', message: `The connection to '${path}' was closed` });
  });
  for (const garbage of ['no JSON', '[]', 'null', '{"ok":false}', '{"part":3}', '{}']) {
    it(`takes ${garbage} for no answer`, async () => {
      answering(`${garbage}\n`);
      const client = await ControlClient.connect(path);
      const message = `Expected an answer of uipvsd from '${path}' but received '${garbage}'`;
      await assert.rejects(client.request({ op: 'info' }), { code: 'EIO', message });
      client.close();
    });
  }
  it('says what is wrong where it cannot connect', async () => {
    const missing = join(directory, 'missing');
    await assert.rejects(ControlClient.connect(missing), {
      name: 'UipvsError',
      code: 'ENOENT',
      message: `There is no socket '${missing}'`,
    });
    await assert.rejects(ControlClient.connect(directory), {
      code: 'EIO',
      message: `Nobody listens on the socket '${directory}'`,
    });
  });
});
