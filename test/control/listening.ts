/** A control server on a socket of a directory of its own, and clients that say anything. Of one test file. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach } from 'node:test';
import type { Handler } from '../../src/control/outcome.js';
import { ControlServer } from '../../src/control/server.js';
import { loadAddon } from '../../src/engine/addon.js';

const directory = mkdtempSync(join(tmpdir(), 'uipvs-server-'));
export const path = join(directory, 'sock');
export const DONE = { result: null };
let server: ControlServer | undefined;

export async function listen(handler: Handler, failures: string[] = [], idleLimitMs = 60_000): Promise<void> {
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
export async function answerTo(...texts: readonly (string | Buffer)[]): Promise<string> {
  const socket = createConnection(path);
  // A server that hangs up while the client still sends is no error here.
  socket.on('error', () => {});
  await once(socket, 'connect');
  const heard = hear(socket);
  for (const text of texts) if (!socket.destroyed) socket.write(text);
  socket.end();
  return await heard;
}

export async function hear(socket: Socket): Promise<string> {
  const pieces: Buffer[] = [];
  socket.on('data', (piece) => pieces.push(piece));
  // Not once(): that would reject where the socket errs first.
  await new Promise((resolve) => socket.on('close', resolve));
  return Buffer.concat(pieces).toString();
}
