/** uipvsd's command line. */
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf, UipvsError } from '../base/error.js';
import { DEFAULT_SOCKET_PATH } from '../control/protocol.js';
import { parseListenAddress } from '../metrics/listen-address.js';
import type { Endpoint } from '../net/endpoint.js';
import { groupNumber } from './group.js';
import {
  DEFAULT_MASQUERADE_PORTS,
  type MasqueradePorts,
  parseMasqueradeAddresses,
  parseMasqueradePorts,
} from './masquerade-options.js';
import { defaultStateDirectory } from './memory-file-system.js';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A scheduler of the user's own. */
export interface SchedulerFile {
  /** On the ipvsadm command line. */
  readonly name: string;
  readonly path: string;
}

export interface DaemonOptions {
  readonly socketPath: string;
  /** Where only questions are answered; null: nowhere. */
  readonly readSocketPath: string | null;
  /** Numbers of the groups that the two sockets are given to; null: the daemon's own. */
  readonly adminGroup: number | null;
  readonly readGroup: number | null;
  readonly device: string;
  /** Routing table that leads to the device; 1..252 or above 255. */
  readonly routingTable: number;
  readonly connections: number;
  /** Threads that receive and send, 1..64. */
  readonly workers: number;
  readonly logLevel: LogLevel;
  /** How packets come in: by the TUN device alone, or from interfaces; null of these: all Ethernets. */
  readonly io:
    | { readonly kind: 'tun' }
    | { readonly kind: 'packet'; readonly interfaces: readonly string[] | null };
  /** How translated packets leave: straight to their next hop, or by the TUN device; null: straight if that is possible. */
  readonly reinject: 'raw' | 'tun' | null;
  /** Source ports of masqueraded connections. */
  readonly masqueradePorts: MasqueradePorts;
  /** And their source addresses; of a family without any: what the host itself would use. */
  readonly masqueradeAddresses: readonly string[];
  /** Where Prometheus may ask; null: nowhere. */
  readonly metrics: Endpoint | null;
  /** Where the successor of a daemon that dies finds its state; null: nowhere. */
  readonly stateDirectory: string | null;
  /** Wait until the daemon that has it has ended, however it does, and then go on in its place. */
  readonly isStandby: boolean;
  /** Forget what a daemon before has left there. */
  readonly isFresh: boolean;
  readonly schedulers: readonly SchedulerFile[];
  /** Directory for files in the format of /proc/net/ip_vs*; null: none are written. */
  readonly procDirectory: string | null;
}

export type ParsedOptions =
  | { readonly kind: 'run' | 'clean up'; readonly options: DaemonOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' };

const DEFAULT_CONNECTIONS = 1_048_576;
/** Source: native/engine/engine.h, kMostWorkers. */
const MAX_WORKERS = 64;
const MAX_CONNECTIONS = 1_073_741_822;
const DEFAULT_ROUTING_TABLE = 117;
const MAX_DEVICE_NAME = 15;
/** Source: linux/ip_vs.h, IP_VS_SCHEDNAME_MAXLEN less its end. */
const MAX_SCHEDULER_NAME = 15;

export const DAEMON_HELP = `uipvsd: IPVS in user space

Usage: uipvsd [options]

  --socket PATH        listen for uipvsadm on this Unix socket
                       (default: UIPVS_SOCKET, else ${DEFAULT_SOCKET_PATH})
  --admin-group GROUP  the group, by name or number, that may use it besides root and the
                       daemon's own user (default: the daemon's own group)
  --read-socket PATH   listen on this one too: what lists is answered there, what changes
                       anything is refused (default: none)
  --read-group GROUP   the group that may use that one (default: the daemon's own group)
  --io tun|packet      how packets come in: through a TUN device, or straight from the
                       interfaces by packet sockets, which is faster (default: tun)
  --interfaces A,B     with --io packet: the interfaces towards clients and real servers
                       (default: every Ethernet that is up and has an address)
  --reinject raw|tun   how they leave: by packet sockets, straight to the next hop and
                       past netfilter, or through the TUN device again
                       (default: raw where the host has packet sockets)
  --device NAME        name of the TUN device (default: uipvs0)
  --table N            routing table that leads to the device (default: ${DEFAULT_ROUTING_TABLE})
  --masquerade-ports FIRST-LAST
                       source ports of masqueraded connections, for each port of a
                       real server and each source address (default: ${DEFAULT_MASQUERADE_PORTS})
  --masquerade-addresses A,B
                       their source addresses, of either family or both: the host's own,
                       or others, which are answered for as VIPs are (default: the
                       address that the host itself would use)
  --metrics ADDR:PORT  answer Prometheus at http://ADDR:PORT/metrics (default: off)
  --proc-dir DIR       keep /proc/net/ip_vs, ip_vs_conn, ip_vs_stats up to date under DIR/net
                       (default: proc beside the socket; 'none' for none)
  --scheduler NAME=FILE
                       a scheduler of your own for uipvsadm -s NAME: an ES module; may be
                       given several times
  --workers N          threads that receive and send (default: 1)
  --state-dir DIR      keep connections and configuration there, for the next start when
                       the daemon dies (default: state beside the socket, or in
                       /dev/shm where that is on a disk; 'none' for none)
  --standby            wait, ready, until the uipvsd with the same state directory has ended,
                       however it ends, and go on in its place at once
  --fresh              forget what is there
  --cleanup            take away what a daemon that died has left, and end
  --connections N      most connections at once (default: ${DEFAULT_CONNECTIONS})
  --log-level LEVEL    ${LOG_LEVELS.join(', ')} (default: info)
  --help, --version

Runs in the foreground and logs one JSON object a line on standard error.
SIGTERM or SIGINT stops it and leaves the host as it was found. SIGUSR2 ends it and leaves
everything to the next start, as an upgrade wants it: no connection is lost.
`;

function integer(
  name: string,
  text: string | undefined,
  byDefault: number,
  least: number,
  most: number,
): number {
  if (text === undefined) return byDefault;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) {
    throw new UipvsError(
      'EINVAL',
      `Expected an integer from ${least} to ${most} for ${name} but received '${text}'`,
    );
  }
  return value;
}

function deviceName(text: string, option = '--device'): string {
  if (!/^[A-Za-z0-9_.-]+$/.test(text) || text.length > MAX_DEVICE_NAME || text === '.' || text === '..') {
    throw new UipvsError(
      'EINVAL',
      `Expected a device name of 1 to ${MAX_DEVICE_NAME} letters, digits, '.', '_' or '-' for ${option} but received '${text}'`,
    );
  }
  return text;
}

function routingTable(text: string | undefined): number {
  const table = integer('--table', text, DEFAULT_ROUTING_TABLE, 1, 0xffffffff);
  if (table >= 253 && table <= 255) {
    throw new UipvsError(
      'EINVAL',
      `Expected a routing table of its own for --table but received '${table}', which the kernel uses`,
    );
  }
  return table;
}

function logLevel(text: string): LogLevel {
  const level = LOG_LEVELS.find((name) => name === text);
  if (level) return level;
  throw new UipvsError(
    'EINVAL',
    `Expected one of ${LOG_LEVELS.join(', ')} for --log-level but received '${text}'`,
  );
}

interface IoWords {
  readonly io?: string | undefined;
  readonly interfaces?: string | undefined;
  readonly reinject?: string | undefined;
}

function packetSource(words: IoWords): DaemonOptions['io'] {
  const io = words.io ?? 'tun';
  if (io !== 'tun' && io !== 'packet') {
    throw new UipvsError('EINVAL', `Expected 'tun' or 'packet' for --io but received '${io}'`);
  }
  if (io === 'tun') {
    if (words.interfaces === undefined) return { kind: 'tun' };
    throw new UipvsError('EINVAL', `--interfaces '${words.interfaces}' is for --io packet alone`);
  }
  if (words.reinject === 'tun') {
    throw new UipvsError('EINVAL', "--reinject 'tun' is for --io tun alone");
  }
  const interfaces = words.interfaces?.split(',').map((name) => deviceName(name, '--interfaces'));
  return { kind: 'packet', interfaces: interfaces ?? null };
}

function reinject(text: string | undefined): 'raw' | 'tun' | null {
  if (text === undefined) return null;
  if (text === 'raw' || text === 'tun') return text;
  throw new UipvsError('EINVAL', `Expected 'raw' or 'tun' for --reinject but received '${text}'`);
}

function schedulerFiles(texts: readonly string[]): readonly SchedulerFile[] {
  const files = texts.map((text) => {
    const [, name = '', path = ''] = /^([A-Za-z0-9][A-Za-z0-9_-]*)=(.+)$/s.exec(text) ?? [];
    if (name !== '' && name.length <= MAX_SCHEDULER_NAME) return { name, path: resolve(path) };
    throw new UipvsError(
      'EINVAL',
      `Expected NAME=FILE, with a name of 1 to ${MAX_SCHEDULER_NAME} letters, digits, '_' or '-', for --scheduler but received '${text}'`,
    );
  });
  const names = new Set<string>();
  for (const { name } of files) {
    if (names.has(name)) throw new UipvsError('EINVAL', `--scheduler '${name}' is given twice`);
    names.add(name);
  }
  return files;
}

function stateDirectory(text: string | undefined, socketPath: string): string | null {
  if (text === '') throw new UipvsError('EINVAL', "Expected a directory for --state-dir but received ''");
  if (text === 'none') return null;
  return text ?? defaultStateDirectory(socketPath);
}

function procDirectory(text: string | undefined, socketPath: string): string | null {
  if (text === '') throw new UipvsError('EINVAL', "Expected a directory for --proc-dir but received ''");
  if (text === 'none') return null;
  return text ?? join(dirname(socketPath), 'proc');
}

function readSocket(text: string | undefined, socketPath: string): string | null {
  if (text === undefined) return null;
  if (text === '') throw new UipvsError('EINVAL', "Expected a path for --read-socket but received ''");
  if (resolve(text) === resolve(socketPath)) {
    throw new UipvsError('EINVAL', `--read-socket '${text}' is that of --socket`);
  }
  return text;
}

function group(option: string, text: string | undefined): number | null {
  return text === undefined ? null : groupNumber(option, text);
}

/** Parses the words after the program's name. Throws UipvsError EINVAL naming the option and the value. */
export function parseDaemonOptions(
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): ParsedOptions {
  const { values } = parseWords(words);
  if (values.help) return { kind: 'help' };
  if (values.version) return { kind: 'version' };
  const socketPath = values.socket ?? environment.UIPVS_SOCKET ?? DEFAULT_SOCKET_PATH;
  if (socketPath === '') throw new UipvsError('EINVAL', "Expected a path for --socket but received ''");
  const readSocketPath = readSocket(values['read-socket'], socketPath);
  const readGroup = values['read-group'];
  if (readGroup !== undefined && readSocketPath === null) {
    throw new UipvsError('EINVAL', `--read-group '${readGroup}' needs --read-socket`);
  }
  return {
    kind: values.cleanup === true ? 'clean up' : 'run',
    options: {
      socketPath,
      readSocketPath,
      adminGroup: group('--admin-group', values['admin-group']),
      readGroup: group('--read-group', readGroup),
      device: deviceName(values.device ?? 'uipvs0'),
      routingTable: routingTable(values.table),
      connections: integer('--connections', values.connections, DEFAULT_CONNECTIONS, 1, MAX_CONNECTIONS),
      workers: integer('--workers', values.workers, 1, 1, MAX_WORKERS),
      masqueradePorts: parseMasqueradePorts(values['masquerade-ports']),
      masqueradeAddresses: parseMasqueradeAddresses(values['masquerade-addresses']),
      metrics: values.metrics === undefined ? null : parseListenAddress(values.metrics),
      procDirectory: procDirectory(values['proc-dir'], socketPath),
      stateDirectory: stateDirectory(values['state-dir'], socketPath),
      isFresh: values.fresh === true,
      isStandby: values.standby === true,
      io: packetSource(values),
      reinject: reinject(values.reinject),
      schedulers: schedulerFiles(values.scheduler ?? []),
      logLevel: logLevel(values['log-level'] ?? 'info'),
    },
  };
}

function parseWords(words: readonly string[]) {
  const string = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...words],
      strict: true,
      allowPositionals: false,
      options: {
        socket: string,
        'admin-group': string,
        'read-socket': string,
        'read-group': string,
        io: string,
        interfaces: string,
        reinject: string,
        scheduler: { ...string, multiple: true },
        device: string,
        table: string,
        connections: string,
        workers: string,
        metrics: string,
        'masquerade-ports': string,
        'masquerade-addresses': string,
        'proc-dir': string,
        'state-dir': string,
        fresh: flag,
        standby: flag,
        cleanup: flag,
        'log-level': string,
        help: { ...flag, short: 'h' },
        version: { ...flag, short: 'v' },
      },
    });
  } catch (thrown) {
    throw new UipvsError('EINVAL', `${messageOf(thrown).replace(/\. To specify.*$/, '')}: see uipvsd --help`);
  }
}
