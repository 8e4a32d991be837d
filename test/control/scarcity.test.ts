import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ControlClient } from '../../src/control/client.js';

const PROGRAM = fileURLToPath(new URL('./scarce-server.js', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'uipvs-scarce-'));
after(() => rmSync(directory, { recursive: true }));

test('a server without a file descriptor for its clients tells it, lives on, and serves when there is one', async () => {
  const path = join(directory, 'sock');
  const child = spawn('sh', ['-c', 'ulimit -n 64 && exec "$@"', 'sh', process.execPath, PROGRAM, path]);
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => (await lines.next()).value;
  assert.equal(await next(), 'listening');
  child.stdin.write('\n');
  assert.equal(await next(), 'scarce');
  // The first error found a listener even when there was no permanent one; the second did not.
  for (const _attempt of [1, 2, 3]) {
    const client = createConnection(path).on('error', () => undefined);
    assert.match(await next(), /^socket .*sock cannot accept a client: .*EMFILE/);
    client.destroy();
  }
  child.stdin.write('\n');
  for (let line = await next(); line !== 'free'; line = await next()) assert.match(line, /EMFILE/);
  const client = await ControlClient.connect(path);
  assert.equal(await client.request({ op: 'flush' }), null);
  client.close();
  child.stdin.write('\n');
  assert.deepEqual(await exited, [0, null]);
});
