/**
 * The program of a {@link Peer}: sockets on a machine of a lab, worked from the test by calls over a Unix socket.
 *
 *   node peer-program.js SOCKET
 *
 * One JSON object a line: `{seq, op, args}` is answered by `{seq, result}` or `{seq, error: {code, message}}`. Unix
 * sockets cross network namespaces, so the test needs no address on the machine. Times are taken here, beside the
 * sockets, in milliseconds of the wall clock (`Date`), which all processes of the machine share.
 */
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { Arguments, Operation, Operations } from './peer-operations.js';

class Failure extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** What has arrived on a connection and was not yet taken. */
interface Held {
  readonly socket: Socket;
  received: Buffer;
  end: string | null;
}

const connections = new Map<number, Held>();
const datagramSockets = new Map<number, DatagramSocket>();
let lastId = 0;

function held(id: number): Held {
  const connection = connections.get(id);
  if (connection === undefined) throw new Failure('EBADF', `there is no connection ${id}`);
  return connection;
}

/** Waits until `probe` gives something on a connection; ECONNRESET and the like, or ETIMEDOUT, end the wait. */
async function receive<Answer>(id: number, timeoutMs: number, probe: (connection: Held) => Answer | null) {
  const connection = held(id);
  const signal = AbortSignal.timeout(timeoutMs);
  for (;;) {
    const answer = probe(connection);
    if (answer !== null) return answer;
    if (connection.end !== null) throw new Failure(connection.end, `the connection ended: ${connection.end}`);
    try {
      await once(connection.socket, 'progress', { signal });
    } catch {
      throw new Failure('ETIMEDOUT', `nothing came within ${timeoutMs} ms`);
    }
  }
}

/** Takes a whole HTTP answer with a content-length off the front of what was received. */
function takeAnswer(connection: Held): string | null {
  const text = connection.received.toString('latin1');
  const bodyAt = text.indexOf('\r\n\r\n') + 4;
  const length = /content-length: (\d+)/i.exec(text.slice(0, Math.max(bodyAt, 0)))?.[1];
  if (bodyAt < 4 || length === undefined || text.length < bodyAt + Number(length)) return null;
  connection.received = connection.received.subarray(bodyAt + Number(length));
  return text.slice(bodyAt, bodyAt + Number(length));
}

interface Opening {
  readonly address: string;
  readonly port: number;
  readonly localPort: number | undefined;
  readonly timeoutMs: number;
}

/** A port of the last connection is free only when the kernel has the last ACK of it, which nobody is told. */
async function openSocket(opening: Opening): Promise<{ socket: Socket; startedAtMs: number }> {
  const { address, port, localPort, timeoutMs } = opening;
  const signal = AbortSignal.timeout(timeoutMs);
  for (;;) {
    const startedAtMs = Date.now();
    const socket = connect({ host: address, port, ...(localPort === undefined ? {} : { localPort }) });
    socket.setNoDelay(true);
    try {
      await once(socket, 'connect', { signal });
      return { socket, startedAtMs };
    } catch (thrown) {
      socket.destroy();
      const { code } = thrown as NodeJS.ErrnoException;
      if (code === 'ABORT_ERR') {
        throw new Failure('ETIMEDOUT', `no connection to ${address} port ${port} within ${timeoutMs} ms`);
      }
      if (code !== 'EADDRNOTAVAIL' || localPort === undefined) throw thrown;
      await delay(1);
    }
  }
}

const operations: Operations = {
  async connect({ address, port, localPort, timeoutMs = 5000 }) {
    const { socket, startedAtMs } = await openSocket({ address, port, localPort, timeoutMs });
    const connection: Held = { socket, received: Buffer.alloc(0), end: null };
    socket.on('data', (chunk) => {
      connection.received = Buffer.concat([connection.received, chunk]);
      socket.emit('progress');
    });
    const ended = (how: string) => {
      connection.end ??= how;
      socket.emit('progress');
    };
    socket.on('end', () => ended('EOF'));
    socket.on('error', (error: NodeJS.ErrnoException) => ended(error.code ?? 'EIO'));
    socket.on('close', () => ended('ECANCELED')); // by this end
    const id = ++lastId;
    connections.set(id, connection);
    return { id, localPort: socket.localPort ?? 0, startedAtMs, connectedAtMs: Date.now() };
  },

  async exchange({ id, text, timeoutMs = 5000 }) {
    held(id).socket.write(text);
    const length = Buffer.byteLength(text);
    return await receive(id, timeoutMs, (connection) => {
      if (connection.received.length < length) return null;
      const echoed = connection.received.subarray(0, length).toString();
      connection.received = connection.received.subarray(length);
      return echoed;
    });
  },

  async ask({ id, path = '/', isLast = false, timeoutMs = 5000 }) {
    held(id).socket.write(
      `GET ${path} HTTP/1.1\r\nHost: vip\r\n${isLast ? 'Connection: close\r\n' : ''}\r\n`,
    );
    return await receive(id, timeoutMs, takeAnswer);
  },

  async ended({ id, timeoutMs = 5000 }) {
    return await receive(id, timeoutMs, (connection) => connection.end);
  },

  async close({ id }) {
    const { socket } = held(id);
    connections.delete(id);
    if (socket.destroyed) return;
    const closed = once(socket, 'close');
    socket.end();
    socket.resume();
    await closed;
  },

  async abort({ id }) {
    held(id).socket.resetAndDestroy();
    connections.delete(id);
  },

  async pingPong({ id, durationMs }) {
    const roundTrips = [];
    const end = Date.now() + durationMs;
    for (let atMs = Date.now(); atMs < end; atMs = Date.now()) {
      await operations.exchange({ id, text: 'ping', timeoutMs: durationMs + 5000 });
      roundTrips.push({ atMs, durationMs: Date.now() - atMs });
      await delay(1);
    }
    return roundTrips;
  },

  async openDatagrams({ address, port, localPort }) {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    if (localPort !== undefined) await new Promise<void>((resolve) => socket.bind(localPort, resolve));
    await new Promise<void>((resolve) => socket.connect(port, address, () => resolve()));
    const id = ++lastId;
    socket.on('error', () => undefined); // told to whoever asks next
    datagramSockets.set(id, socket);
    return { id };
  },

  async closeDatagrams({ id }) {
    datagramSockets.get(id)?.close();
    datagramSockets.delete(id);
  },

  async askDatagram({ id, text, timeoutMs = 2000 }) {
    const socket = datagramSockets.get(id);
    if (socket === undefined) throw new Failure('EBADF', `there is no datagram socket ${id}`);
    const signal = AbortSignal.timeout(timeoutMs);
    const answer = once(socket, 'message', { signal });
    socket.send(text);
    try {
      const [message] = (await answer) as [Buffer];
      return message.toString();
    } catch (thrown) {
      const { code } = thrown as NodeJS.ErrnoException;
      throw new Failure(code === 'ABORT_ERR' ? 'ETIMEDOUT' : (code ?? 'EIO'), `no answer to "${text}"`);
    }
  },

  async sampleBytes({ device, everyMs, durationMs }) {
    const samples = [];
    const end = Date.now() + durationMs;
    for (let atMs = Date.now(); atMs < end; atMs = Date.now()) {
      const line = readFileSync('/proc/self/net/dev', 'latin1')
        .split('\n')
        .find((row) => row.trim().startsWith(`${device}:`));
      const fields = (line ?? '').split(':')[1]?.trim().split(/\s+/) ?? [];
      samples.push({ atMs, receivedBytes: Number(fields[0]), sentBytes: Number(fields[8]) });
      await delay(everyMs);
    }
    return samples;
  },
};

async function answer<Op extends Operation>(op: Op, args: Arguments<Op>): Promise<unknown> {
  const run = operations[op] as (args: Arguments<Op>) => Promise<unknown>;
  return (await run(args)) ?? null;
}

const [socketPath = ''] = process.argv.slice(2);
const server = createServer((test) => {
  test.on('close', () => process.exit());
  createInterface({ input: test }).on('line', (line) => {
    const { seq, op, args } = JSON.parse(line) as { seq: number; op: Operation; args: Arguments<Operation> };
    answer(op, args)
      .then((result) => ({ seq, result }))
      .catch((thrown: NodeJS.ErrnoException) => ({
        seq,
        error: { code: thrown.code ?? 'EIO', message: thrown.message },
      }))
      .then((reply) => test.write(`${JSON.stringify(reply)}\n`));
  });
});
await once(server.listen(socketPath), 'listening');
process.stdout.write('ready\n');
