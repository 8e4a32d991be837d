/**
 * Theory of operation: commands that must be refused, drawn by chance, on a table that the caller has made.
 *
 * Each is wrong by construction: it has a value that nothing takes, or it would be right on another table. None is wrong by
 * accident: what is drawn around the fault is what a right command has. They come in two languages: lines for the control
 * socket, which also says what uipvsadm cannot, and words for uipvsadm.
 */
import type { DestinationSpec } from '../../../src/ipvs/specification.js';
import { destinationSpec, serviceSpec, tcpKey } from '../../ipvs/specs.js';
import type { Dice } from '../../lab/dice.js';

/** What is there: TCP services on 10.9.0.1 with the destinations 10.1.0.11..13, port 80, to ports FIRST..LAST. */
export interface Table {
  readonly firstPort: number;
  readonly lastPort: number;
  /** An address of the host that is a VIP. */
  readonly localVip: string;
}

type Json = Readonly<Record<string, unknown>>;

const NEW_VIP = '10.9.77.7';
const OTHER_NEW_VIP = '10.9.77.8';
const REAL_SERVERS = ['10.1.0.11', '10.1.0.12', '10.1.0.13'] as const;
const WRONG_VALUES: readonly unknown[] = [-1.5, 1e300, 'nonsense', [], {}, [[null]], 'x'.repeat(300)];
const MANY = 2 ** 32;

function whole(dice: Dice, least: number, most: number): number {
  return least + dice.roll(most - least + 1);
}

function destination(address: string, changes: Partial<DestinationSpec> = {}): DestinationSpec {
  return destinationSpec(1, { address, ...changes });
}

/** Right ones, which would change something. */
function rightChanges(dice: Dice, table: Table): readonly Json[] {
  const port = whole(dice, table.firstPort, table.lastPort);
  const [key, newKey] = [tcpKey(port), tcpKey(port, NEW_VIP)];
  return [
    { op: 'add-service', service: serviceSpec({ key: newKey }) },
    { op: 'add-destination', key: newKey, destination: destination(dice.pick(REAL_SERVERS)) },
    { op: 'edit-service', service: serviceSpec({ key, scheduler: 'sed' }) },
    { op: 'add-destination', key, destination: destination('10.1.0.99') },
    { op: 'edit-destination', key, destination: destination(dice.pick(REAL_SERVERS), { weight: 77 }) },
    { op: 'delete-destination', key, destination: { address: '10.1.0.99', port: 80 } },
    { op: 'delete-service', key: newKey },
  ];
}

/** Right in form, refused because of what is there, what is not, or what the numbers are. */
function refusedChange(dice: Dice, table: Table): Json {
  const port = whole(dice, table.firstPort, table.lastPort);
  const key = tcpKey(port);
  const unknown = tcpKey(whole(dice, table.lastPort + 1, 65_535));
  const address = dice.pick(REAL_SERVERS);
  const newService = (changes: Json): Json => ({
    op: 'add-service',
    service: { ...serviceSpec({ key: tcpKey(port, NEW_VIP) }), ...changes },
  });
  const edited = (changes: Partial<DestinationSpec>): Json => ({
    op: dice.pick(['edit-destination', 'add-destination']),
    key,
    destination: destination(address, changes),
  });
  return dice.pick<() => Json>([
    () => ({ op: 'add-service', service: serviceSpec({ key }) }),
    () => ({ op: 'add-destination', key, destination: destination(address) }),
    () => ({ op: dice.pick(['edit-service']), service: serviceSpec({ key: unknown }) }),
    () => ({ op: dice.pick(['delete-service']), key: unknown }),
    () => ({ op: 'add-destination', key: unknown, destination: destination(address) }),
    () => ({ op: 'edit-destination', key, destination: destination(`10.1.1.${whole(dice, 1, 254)}`) }),
    () => ({ op: 'delete-destination', key, destination: { address, port: whole(dice, 81, 65_535) } }),
    () => edited({ weight: -whole(dice, 1, 2 ** 31) }),
    () => edited({ weight: whole(dice, 2 ** 31, MANY) }),
    () => edited({ upperThreshold: whole(dice, MANY, 2 * MANY) }),
    () => edited({ upperThreshold: 7, lowerThreshold: whole(dice, 8, MANY - 1) }),
    () => edited({ address: dice.pick(['224.0.0.1', '0.0.0.0', '255.255.255.255', 'fd01::11']) }),
    () => newService({ scheduler: dice.pick(['rrr', 'RR', 'own', ' rr', 'constructor', '__proto__']) }),
    () => newService({ persistenceEngine: dice.pick(['smtp', 'SIP', 'toString']) }),
    () => newService({ schedulerFlags: whole(dice, 0x39, MANY) }),
    () => newService({ persistence: { netmask: MANY, timeoutSeconds: 300 } }),
    () => newService({ persistence: { netmask: MANY - 1, timeoutSeconds: dice.pick([0, -1, 2_678_401]) } }),
    () => newService({ masquerade: { except: ['fd00::/8'] } }),
    () => newService({ masquerade: { except: ['10.0.0.0/33'] } }),
    () => newService({ clientAddress: 'toa', key: { ...key, protocol: 'udp', address: NEW_VIP } }),
    () => newService({ key: { kind: 'fwmark', mark: dice.pick([0, -1, MANY]), family: 4 } }),
    () => newService({ key: tcpKey(port, dice.pick(['10.9.0', '10.9.0.256', '', 'vip', '::g'])) }),
    () => newService({ key: tcpKey(whole(dice, 65_536, MANY), NEW_VIP) }),
    // The host is asked for this one, and what was done for it taken back.
    () => newService({ key: tcpKey(65_535, table.localVip) }),
  ])();
}

/** A right request with one value of it changed to what nothing takes. */
function damaged(dice: Dice, table: Table): Json {
  const request = structuredClone(dice.pick(rightChanges(dice, table))) as Record<string, unknown>;
  let at = request;
  for (;;) {
    const name = dice.pick(Object.keys(at));
    const value = at[name];
    if (typeof value !== 'object' || value === null || dice.chance(20)) {
      at[name] = dice.pick(WRONG_VALUES);
      return request;
    }
    at = value as Record<string, unknown>;
  }
}

function garbage(dice: Dice): Buffer {
  const bytes = Buffer.from(Array.from({ length: whole(dice, 1, 200) }, () => whole(dice, 0, 255)));
  return bytes.map((byte) => (byte === 0x0a ? 0x0b : byte)) as Buffer;
}

/** Right changes, and somewhere among them a wrong one. */
function batch(dice: Dice, table: Table): Json {
  const requests = [...rightChanges(dice, table)];
  if (dice.chance(30)) requests.unshift({ op: 'flush' }, ...rightChanges(dice, table).slice(0, 2));
  const bad = dice.pick([
    () => damaged(dice, table),
    () => ({ op: 'delete-service', key: tcpKey(whole(dice, table.lastPort + 1, 65_535)) }),
    () => ({ op: 'batch', requests: [] }),
    () => ({ op: 'info' }),
    () => ({ op: 'set-timeouts', timeouts: { tcp: 1, tcpFin: 1, udp: 1 } }),
  ])();
  requests.splice(whole(dice, 0, requests.length), 0, bad);
  return { op: 'batch', requests };
}

/** A line for the control socket, without its end. */
export function badLine(dice: Dice, table: Table): Buffer {
  const json = dice.pick<() => unknown>([
    () => refusedChange(dice, table),
    () => refusedChange(dice, table),
    () => damaged(dice, table),
    () => batch(dice, table),
    () => ({ op: dice.pick(['', 'reboot', 'Flush', 'constructor', '__proto__', 7, null, ['flush']]) }),
    () => dice.pick<unknown>([null, true, 0, 'flush', [], [{ op: 'flush' }], {}]),
    () => ({ op: 'set-sysctl', name: dice.pick(['nosuch', 'constructor', 7]), value: '1' }),
    () => ({
      op: 'set-sysctl',
      name: 'drop_entry',
      value: dice.pick(['4', '-1', 'x', '', 7, '99999999999']),
    }),
    () => ({
      op: 'set-timeouts',
      timeouts: { tcp: dice.pick([-1, MANY, 1.5, '9', null]), tcpFin: 0, udp: 9 },
    }),
    () => ({ op: dice.pick(['zero', 'list']), key: tcpKey(whole(dice, table.lastPort + 1, 65_535)) }),
    () => ({ op: 'stop-sync-daemon', role: dice.pick(['master', 'backup', 'both']) }),
    () => null,
  ])();
  if (json === null) return garbage(dice);
  const text = Buffer.from(JSON.stringify(json));
  // Cut in the middle: the end of the line is there all the same.
  return dice.chance(10) ? text.subarray(0, whole(dice, 1, text.length - 1)) : text;
}

/** Words for uipvsadm. */
export function badWords(dice: Dice, table: Table): readonly string[] {
  const service = ['-t', `10.9.0.1:${whole(dice, table.firstPort, table.lastPort)}`];
  const server = ['-r', `${dice.pick(REAL_SERVERS)}:80`];
  const big = String(whole(dice, 2 ** 31, 2 ** 40));
  return dice.pick<() => readonly string[]>([
    () => ['-A', ...service, '-s', 'wlc'],
    () => ['-A', '-t', `${NEW_VIP}:80`, '-s', 'nosuch'],
    () => ['-A', '-t', `${NEW_VIP}:${whole(dice, 65_536, 99_999)}`],
    () => ['-A', '-t', NEW_VIP],
    () => ['-A', '-t', `${NEW_VIP}:80`, '-s', 'sh', '-b', 'mh-port'],
    () => ['-A', '-t', `${NEW_VIP}:80`, '-p', dice.pick(['0', '-1', 'x', '2678401'])],
    () => ['-A', '-t', `${NEW_VIP}:80`, '-p', '300', '-M', dice.pick(['255.0.255.0.1', 'x'])],
    () => ['-A', '-t', `${NEW_VIP}:80`, '--pe', 'smtp', '-p', '9'],
    () => ['-A', '-f', dice.pick(['0', '-1', 'x'])],
    () => ['-A', '-u', `${NEW_VIP}:80`, '-t', `${NEW_VIP}:80`],
    () => ['-A', ...service, ...server],
    () => ['-E', '-t', `${NEW_VIP}:80`, '-s', 'rr'],
    () => ['-D', '-t', `${NEW_VIP}:80`],
    () => ['-D', ...service, '-s', 'rr'],
    () => ['-a', ...service, ...server, '-m'],
    () => ['-a', ...service, '-r', '10.1.0.99:80', '-m', '-w', dice.pick([big, '-1', 'x', ''])],
    () => ['-a', ...service, '-r', '10.1.0.99:80', '-m', '-x', '3', '-y', '4'],
    () => ['-a', ...service, '-r', '10.1.0.99:80', '-m', '-i'],
    () => ['-a', ...service, '-r', '224.0.0.1:80', '-m'],
    () => ['-a', ...service, '-r', '[fd01::11]:80', '-m'],
    () => ['-e', ...service, '-r', '10.1.0.99:80', '-m'],
    () => ['-d', ...service, '-r', '10.1.0.99:80'],
    () => ['-d', '-t', `${NEW_VIP}:80`, ...server],
    () => ['-C', ...service],
    () => ['-L', '-t', `${NEW_VIP}:80`],
    () => ['-Z', '-t', `${NEW_VIP}:80`],
    () => ['--set', '1', '2'],
    () => ['--set', '1', '2', dice.pick(['x', '-1', big])],
    () => ['--sysctl', dice.pick(['nosuch=1', 'drop_entry=9', 'drop_entry=', 'drop_entry=x'])],
    () => ['--start-daemon', 'master'],
    () => ['--stop-daemon', 'backup'],
    () => [dice.pick(['--clea', '--no-such', '-Q', '-AD', 'word'])],
  ])();
}

/** Lines for `uipvsadm -R --atomic`: right ones, and a wrong one about what these leave alone. */
export function badRestore(dice: Dice, table: Table): readonly string[] {
  const { lastPort } = table;
  const lines = [
    `-A -t ${OTHER_NEW_VIP}:80 -s rr`,
    `-a -t ${OTHER_NEW_VIP}:80 -r 10.1.0.11:80 -m -w 3`,
    `-E -t 10.9.0.1:${lastPort} -s lc`,
    `-D -t 10.9.0.1:${lastPort}`,
    `-A -t 10.9.0.1:${lastPort} -s sed`,
  ];
  const wrong = badWords(dice, { ...table, lastPort: lastPort - 1 }).join(' ');
  lines.splice(whole(dice, 0, lines.length), 0, wrong);
  return lines;
}
