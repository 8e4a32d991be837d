/** Two network namespaces joined by a veth pair: a director with a TUN device, and a peer that plays all others. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { execute, executeOk } from '../lab/exec.js';
import { requirements } from '../lab/requirements.js';
import type { Answer, Call, ChildOptions } from './plumbing-child.js';

/** Why the tests of this folder cannot run here, or false. */
export const SKIP: string | false = requirements(['nft', 'python3', 'ping']) ?? false;

export const DEVICE = 'uipvs0';
export const TABLE = 7117;

const CHILD = fileURLToPath(new URL('./plumbing-child.js', import.meta.url));
const READER = fileURLToPath(new URL('../../../test/host/tun-reader.py', import.meta.url));

const WRITER = fileURLToPath(new URL('../../../test/host/tun-writer.py', import.meta.url));

const SENDER = fileURLToPath(new URL('../../../test/host/send-packet.py', import.meta.url));

/** Lines from a process, one at a time. */
class Lines {
  readonly #iterator: AsyncIterableIterator<string>;

  constructor(process: ChildProcessWithoutNullStreams) {
    this.#iterator = createInterface({ input: process.stdout })[Symbol.asyncIterator]();
  }

  /** Null at the end. */
  async next(): Promise<string | null> {
    const { value, done } = await this.#iterator.next();
    return done ? null : value;
  }
}

/** A process in the director's namespace that holds a HostPlumbing. */
export class Plumbing {
  readonly process: ChildProcessWithoutNullStreams;
  readonly #lines: Lines;
  /** Everything logged so far. */
  readonly logged: string[] = [];

  constructor(namespace: string, options: ChildOptions) {
    const argv = ['netns', 'exec', namespace, process.execPath, CHILD, JSON.stringify(options)];
    this.process = spawn('ip', argv);
    this.process.stderr.pipe(process.stderr);
    this.process.stdin.on('error', () => {});
    this.#lines = new Lines(this.process);
  }

  /** The answers to the calls, made at once; null when the process has died. Without calls: the answer of open. */
  async call(...calls: readonly Call[]): Promise<readonly Answer[] | null> {
    if (calls.length > 0) this.process.stdin.write(`${JSON.stringify(calls)}\n`);
    const line = await this.#lines.next();
    if (line === null) return null;
    const { answers, logged } = JSON.parse(line) as { answers: Answer[]; logged: string[] };
    this.logged.push(...logged);
    return answers;
  }

  /** As {@link call} for calls that must succeed. */
  async do(...calls: readonly Call[]): Promise<void> {
    for (const answer of (await this.call(...calls)) ?? [{ code: 'died', message: 'The process died' }]) {
      if (answer.code !== null) throw new Error(`${answer.code}: ${answer.message}`);
    }
  }

  async kill(): Promise<void> {
    const ended = new Promise((resolve) => this.process.once('close', resolve));
    if (!this.process.kill('SIGKILL')) return;
    await ended;
  }
}

/** What came out of the TUN device, a line a packet: protocol, source, port, destination, port. */
export class Reader {
  readonly process: ChildProcessWithoutNullStreams;
  readonly lines: Lines;

  /** @param argv the instrument and its arguments */
  constructor(namespace: string, argv: readonly string[]) {
    this.process = spawn('ip', ['netns', 'exec', namespace, 'python3', ...argv]);
    this.process.stderr.pipe(process.stderr);
    this.lines = new Lines(this.process);
  }

  /** Writes a datagram into the device, if the instrument is the writer. */
  write(source: string, sport: number, destination: string, dport: number, payloadBytes: number): void {
    this.process.stdin.write(`${source} ${sport} ${destination} ${dport} ${payloadBytes}\n`);
  }

  /** All lines up to the end; to be called once the process has been told to end. */
  async rest(): Promise<string[]> {
    const lines: string[] = [];
    for (let line = await this.lines.next(); line !== null; line = await this.lines.next()) lines.push(line);
    return lines;
  }
}

export class NamespacePair {
  readonly director: string;
  readonly peer: string;
  readonly directory: string;
  readonly #processes: ChildProcessWithoutNullStreams[] = [];

  private constructor() {
    const id = `uh-${process.pid}-${randomBytes(2).toString('hex')}`;
    this.director = `${id}-d`;
    this.peer = `${id}-p`;
    this.directory = mkdtempSync(`${tmpdir()}/${id}-`);
  }

  /** Director 10.0.0.1, 2001:db8::1; peer 10.0.0.2, 2001:db8::2, default routes through the director. */
  static async make(): Promise<NamespacePair> {
    const pair = new NamespacePair();
    const { director, peer } = pair;
    for (const name of [director, peer]) await executeOk(['ip', 'netns', 'add', name]);
    const veth = ['ip', 'link', 'add', 'eth0', 'netns', director, 'type', 'veth'];
    await executeOk([...veth, 'peer', 'name', 'eth0', 'netns', peer]);
    for (const [name, number] of [
      [director, 1],
      [peer, 2],
    ] as const) {
      await pair.ip(name, 'link set lo up');
      await pair.ip(name, 'link set eth0 addrgenmode none');
      await pair.ip(name, 'link set eth0 up');
      await pair.ip(name, `addr add 10.0.0.${number}/24 dev eth0`);
      await pair.ip(name, `addr add 2001:db8::${number}/64 dev eth0 nodad`);
    }
    await pair.ip(peer, 'route add default via 10.0.0.1');
    await pair.ip(peer, 'route add default via 2001:db8::1');
    await pair.addTun(DEVICE);
    return pair;
  }

  /** Another veth pair between the two, by which they are 10.0.N.1 and 2, 2001:db8:N::1 and 2. */
  async addVeth(number: number): Promise<string> {
    const device = `eth${number}`;
    await this.ip(this.director, `link add ${device} type veth peer name ${device} netns ${this.peer}`);
    for (const [name, host] of [
      [this.director, 1],
      [this.peer, 2],
    ] as const) {
      await this.ip(name, `link set ${device} addrgenmode none`);
      await this.ip(name, `link set ${device} up`);
      await this.ip(name, `addr add 10.0.${number}.${host}/24 dev ${device}`);
      await this.ip(name, `addr add 2001:db8:${number}::${host}/64 dev ${device} nodad`);
    }
    return device;
  }

  /** A device that stays when nobody holds it open: the harder case for undo. */
  addTun(device: string): Promise<string> {
    return this.ip(this.director, `tuntap add mode tun name ${device}`);
  }

  ip(namespace: string, command: string): Promise<string> {
    return executeOk(['ip', '-n', namespace, ...command.split(' ')]);
  }

  exec(namespace: string, argv: readonly string[]): Promise<string> {
    return executeOk(['ip', 'netns', 'exec', namespace, ...argv]);
  }

  async ping(namespace: string, address: string): Promise<boolean> {
    const argv = ['ip', 'netns', 'exec', namespace, 'ping', '-c1', '-W2', address];
    return (await execute(argv)).status === 0;
  }

  /** What the kernel decides in the director: the device, or `local`, or the refusal. */
  async decide(command: string): Promise<string> {
    const argv = ['ip', '-n', this.director, 'route', 'get', ...command.split(' ')];
    const { status, stdout, stderr } = await execute(argv);
    if (status !== 0) return stderr.trim();
    return stdout.startsWith('local ') ? 'local' : (/ dev (\S+)/.exec(stdout)?.[1] ?? stdout);
  }

  /** All rules, routes and settings of the director, as the programs print them. */
  async snapshot(): Promise<string> {
    const commands = [
      ...['-4', '-6'].flatMap((family) => [`ip ${family} rule show`, `ip ${family} route show table all`]),
      ...['-4', '-6'].flatMap((family) => [`ip ${family} neigh show proxy`, `ip ${family} addr show`]),
      'ip -details link show',
      'nft list ruleset',
      'cd /proc/sys/net && grep -rs "" ipv4/conf ipv4/ip_* ipv4/neigh ipv6/conf ipv6/neigh | sort',
    ];
    const text = await this.exec(this.director, ['sh', '-c', commands.join(';')]);
    // A device gets its queueing discipline when it is first set up, and keeps it.
    return text.replace(/^\d+: (uipvs\w+: .*) qdisc \S+/gm, '$1');
  }

  /** A daemon's host plumbing, opened; `options` may differ from those of the one daemon most tests have. */
  plumbing(options: Partial<ChildOptions> = {}): Plumbing {
    const journalPath = `${this.directory}/journal.json`;
    const child = new Plumbing(this.director, { device: DEVICE, table: TABLE, journalPath, ...options });
    this.#processes.push(child.process);
    return child;
  }

  /** As {@link plumbing}, once it is open and the device attached. */
  async attached(options: Partial<ChildOptions> = {}): Promise<Plumbing> {
    const child = this.plumbing(options);
    await child.do();
    await child.do({ method: 'attachDevice' });
    return child;
  }

  /** A program in a namespace, once it has printed something. */
  async start(namespace: string, argv: readonly string[]): Promise<ChildProcessWithoutNullStreams> {
    const child = spawn('ip', ['netns', 'exec', namespace, ...argv]);
    child.stderr.pipe(process.stderr);
    this.#processes.push(child);
    await new Promise((resolve) => child.stdout.once('data', resolve));
    return child;
  }

  /** Sends a packet without payload to each port, its protocol's header made by hand; whether it is well formed is not the point. */
  async send(
    namespace: string,
    protocol: 'tcp' | 'udp' | 'sctp' | 'gre',
    address: string,
    ports: readonly number[],
    source = '',
  ): Promise<void> {
    await this.exec(namespace, ['python3', SENDER, protocol, address, ports.join(), source]);
  }

  /** Makes a table of nftables with these chains in the director. */
  async nft(...chains: readonly string[]): Promise<void> {
    await this.exec(this.director, ['nft', `table inet test {\n${chains.join('\n')}\n}`]);
  }

  async reader(mode: 'count' | 'pass', device: string = DEVICE): Promise<Reader> {
    return this.#instrument([READER, device, mode]);
  }

  /** Writes datagrams into the TUN device, and tells what comes out of it, see tun-writer.py. */
  writer(device: string = DEVICE): Promise<Reader> {
    return this.#instrument([WRITER, device]);
  }

  async #instrument(argv: readonly string[]): Promise<Reader> {
    const reader = new Reader(this.director, argv);
    this.#processes.push(reader.process);
    await reader.lines.next();
    return reader;
  }

  async remove(): Promise<void> {
    for (const child of this.#processes) child.kill('SIGKILL');
    for (const name of [this.director, this.peer]) await execute(['ip', 'netns', 'delete', name]);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export const vip = (address: string, port: number, protocol = 'tcp') => ({
  family: address.includes(':') ? 6 : 4,
  address,
  protocol,
  port,
});

export const mark = (number: number, device: string, family: 4 | 6 = 4) => ({
  family,
  mark: number,
  device,
});

export const rip = (address: string, rest: object = {}) => ({
  family: address.includes(':') ? 6 : 4,
  address,
  ...rest,
});
