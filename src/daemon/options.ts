/** uipvsd's command line. */
import { parseArgs } from 'node:util';
import { messageOf, UipvsError } from '../base/error.js';
import { DEFAULT_SOCKET_PATH } from '../control/protocol.js';
import { parseListenAddress } from '../metrics/listen-address.js';
import type { Endpoint } from '../net/endpoint.js';
import {
  DEFAULT_MASQUERADE_PORTS,
  type MasqueradePorts,
  parseMasqueradeAddresses,
  parseMasqueradePorts,
} from './masquerade-options.js';
import {
  DEFAULT_ROUTING_TABLE,
  deviceName,
  group,
  integer,
  LOG_LEVELS,
  type LogLevel,
  logLevel,
  type PacketSource,
  packetSource,
  procDirectory,
  readSocket,
  reinject,
  routingTable,
  type SchedulerFile,
  schedulerFiles,
  stateDirectory,
} from './option-values.js';

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
  readonly io: PacketSource;
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
