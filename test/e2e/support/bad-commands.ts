/**
 * Theory of operation: commands that must be refused, drawn by chance, on a table that the caller has made.
 *
 * Each is wrong by construction: it has a value that nothing takes, or it would be right on another table. None is wrong by
 * accident: what is drawn around the fault is what a right command has. They come in two languages: lines for the control
 * socket, which also says what uipvsadm cannot, and words for uipvsadm.
 */
import { type destinationSpec, serviceSpec } from '../../ipvs/specs.js';

/** 0..1, evenly. */
export type Random = () => number;

/** What is there: TCP services on 10.9.0.1 with the destinations 10.1.0.11..13, port 80, to ports FIRST..LAST. */
export interface Table {
  readonly firstPort: number;
  readonly lastPort: number;
  /** An address of the host that is a VIP. */
  readonly localVip: string;
}

type Json = Readonly<Record<string, unknown>>;
type Destination = ReturnType<typeof destinationSpec>;

const NEW_VIP = '10.9.77.7';
const OTHER_NEW_VIP = '10.9.77.8';
const REAL_SERVERS = ['10.1.0.11', '10.1.0.12', '10.1.0.13'] as const;
const WRONG_VALUES: readonly unknown[] = [-1.5, 1e300, 'nonsense', [], {}, [[null]], 'x'.repeat(300)];
const MANY = 2 ** 32;

export function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[Math.floor(random() * items.length)] as Item;
}

function whole(random: Random, least: number, most: number): number {
  return least + Math.floor(random() * (most - least + 1));
}

function vipKey(port: number) {
  return { kind: 'address', protocol: 'tcp', address: '10.9.0.1', port } as const;
}

function destination(address: string, changes: Partial<Destination> = {}): Destination {
  const { weight, upperThreshold, lowerThreshold } = { weight: 1, upperThreshold: 0, lowerThreshold: 0 };
  return {
    address,
    port: 80,
    forwarding: 'masquerading',
    tunnel: null,
    weight,
    upperThreshold,
    lowerThreshold,
    ...changes,
  };
}

/** Right ones, which would change something. */
function rightChanges(random: Random, table: Table): readonly Json[] {
  const key = vipKey(whole(random, table.firstPort, table.lastPort));
  const newKey = { ...key, address: NEW_VIP };
  return [
    { op: 'add-service', service: serviceSpec({ key: newKey }) },
    { op: 'add-destination', key: newKey, destination: destination(pick(random, REAL_SERVERS)) },
    { op: 'edit-service', service: serviceSpec({ key, scheduler: 'sed' }) },
    { op: 'add-destination', key, destination: destination('10.1.0.99') },
    { op: 'edit-destination', key, destination: destination(pick(random, REAL_SERVERS), { weight: 77 }) },
    { op: 'delete-destination', key, destination: { address: '10.1.0.99', port: 80 } },
    { op: 'delete-service', key: newKey },
  ];
}

/** Right in form, refused because of what is there, what is not, or what the numbers are. */
function refusedChange(random: Random, table: Table): Json {
  const key = vipKey(whole(random, table.firstPort, table.lastPort));
  const unknown = vipKey(whole(random, table.lastPort + 1, 65_535));
  const address = pick(random, REAL_SERVERS);
  const newService = (changes: Json): Json => ({
    op: 'add-service',
    service: { ...serviceSpec({ key: { ...key, address: NEW_VIP } }), ...changes },
  });
  const edited = (changes: Partial<Destination>): Json => ({
    op: pick(random, ['edit-destination', 'add-destination']),
    key,
    destination: destination(address, changes),
  });
  return pick<() => Json>(random, [
    () => ({ op: 'add-service', service: serviceSpec({ key }) }),
    () => ({ op: 'add-destination', key, destination: destination(address) }),
    () => ({ op: pick(random, ['edit-service']), service: serviceSpec({ key: unknown }) }),
    () => ({ op: pick(random, ['delete-service']), key: unknown }),
    () => ({ op: 'add-destination', key: unknown, destination: destination(address) }),
    () => ({ op: 'edit-destination', key, destination: destination(`10.1.1.${whole(random, 1, 254)}`) }),
    () => ({ op: 'delete-destination', key, destination: { address, port: whole(random, 81, 65_535) } }),
    () => edited({ weight: -whole(random, 1, 2 ** 31) }),
    () => edited({ weight: whole(random, 2 ** 31, MANY) }),
    () => edited({ upperThreshold: whole(random, MANY, 2 * MANY) }),
    () => edited({ upperThreshold: 7, lowerThreshold: whole(random, 8, MANY - 1) }),
    () => edited({ address: pick(random, ['224.0.0.1', '0.0.0.0', '255.255.255.255', 'fd01::11']) }),
    () => newService({ scheduler: pick(random, ['rrr', 'RR', 'own', ' rr', 'constructor', '__proto__']) }),
    () => newService({ persistenceEngine: pick(random, ['smtp', 'SIP', 'toString']) }),
    () => newService({ schedulerFlags: whole(random, 0x39, MANY) }),
    () => newService({ persistence: { netmask: MANY, timeoutSeconds: 300 } }),
    () =>
      newService({ persistence: { netmask: MANY - 1, timeoutSeconds: pick(random, [0, -1, 2_678_401]) } }),
    () => newService({ masquerade: { except: ['fd00::/8'] } }),
    () => newService({ masquerade: { except: ['10.0.0.0/33'] } }),
    () => newService({ clientAddress: 'toa', key: { ...key, protocol: 'udp', address: NEW_VIP } }),
    () => newService({ key: { kind: 'fwmark', mark: pick(random, [0, -1, MANY]), family: 4 } }),
    () => newService({ key: { ...key, address: pick(random, ['10.9.0', '10.9.0.256', '', 'vip', '::g']) } }),
    () => newService({ key: { ...key, address: NEW_VIP, port: whole(random, 65_536, MANY) } }),
    // The host is asked for this one, and what was done for it taken back.
    () => newService({ key: { ...key, address: table.localVip, port: 65_535 } }),
  ])();
}

/** A right request with one value of it changed to what nothing takes. */
function damaged(random: Random, table: Table): Json {
  const request = structuredClone(pick(random, rightChanges(random, table))) as Record<string, unknown>;
  let at = request;
  for (;;) {
    const name = pick(random, Object.keys(at));
    const value = at[name];
    if (typeof value !== 'object' || value === null || random() < 0.2) {
      at[name] = pick(random, WRONG_VALUES);
      return request;
    }
    at = value as Record<string, unknown>;
  }
}

function garbage(random: Random): Buffer {
  const bytes = Buffer.from(Array.from({ length: whole(random, 1, 200) }, () => whole(random, 0, 255)));
  return bytes.map((byte) => (byte === 0x0a ? 0x0b : byte)) as Buffer;
}

/** Right changes, and somewhere among them a wrong one. */
function batch(random: Random, table: Table): Json {
  const requests = [...rightChanges(random, table)];
  if (random() < 0.3) requests.unshift({ op: 'flush' }, ...rightChanges(random, table).slice(0, 2));
  const bad = pick(random, [
    () => damaged(random, table),
    () => ({ op: 'delete-service', key: vipKey(whole(random, table.lastPort + 1, 65_535)) }),
    () => ({ op: 'batch', requests: [] }),
    () => ({ op: 'info' }),
    () => ({ op: 'set-timeouts', timeouts: { tcp: 1, tcpFin: 1, udp: 1 } }),
  ])();
  requests.splice(whole(random, 0, requests.length), 0, bad);
  return { op: 'batch', requests };
}

/** A line for the control socket, without its end. */
export function badLine(random: Random, table: Table): Buffer {
  const json = pick<() => unknown>(random, [
    () => refusedChange(random, table),
    () => refusedChange(random, table),
    () => damaged(random, table),
    () => batch(random, table),
    () => ({ op: pick(random, ['', 'reboot', 'Flush', 'constructor', '__proto__', 7, null, ['flush']]) }),
    () => pick<unknown>(random, [null, true, 0, 'flush', [], [{ op: 'flush' }], {}]),
    () => ({ op: 'set-sysctl', name: pick(random, ['nosuch', 'constructor', 7]), value: '1' }),
    () => ({
      op: 'set-sysctl',
      name: 'drop_entry',
      value: pick(random, ['4', '-1', 'x', '', 7, '99999999999']),
    }),
    () => ({
      op: 'set-timeouts',
      timeouts: { tcp: pick(random, [-1, MANY, 1.5, '9', null]), tcpFin: 0, udp: 9 },
    }),
    () => ({ op: pick(random, ['zero', 'list']), key: vipKey(whole(random, table.lastPort + 1, 65_535)) }),
    () => ({ op: 'stop-sync-daemon', role: pick(random, ['master', 'backup', 'both']) }),
    () => null,
  ])();
  if (json === null) return garbage(random);
  const text = Buffer.from(JSON.stringify(json));
  // Cut in the middle: the end of the line is there all the same.
  return random() < 0.1 ? text.subarray(0, whole(random, 1, text.length - 1)) : text;
}

/** Words for uipvsadm. */
export function badWords(random: Random, table: Table): readonly string[] {
  const service = ['-t', `10.9.0.1:${whole(random, table.firstPort, table.lastPort)}`];
  const server = ['-r', `${pick(random, REAL_SERVERS)}:80`];
  const big = String(whole(random, 2 ** 31, 2 ** 40));
  return pick<() => readonly string[]>(random, [
    () => ['-A', ...service, '-s', 'wlc'],
    () => ['-A', '-t', `${NEW_VIP}:80`, '-s', 'nosuch'],
    () => ['-A', '-t', `${NEW_VIP}:${whole(random, 65_536, 99_999)}`],
    () => ['-A', '-t', NEW_VIP],
    () => ['-A', '-t', `${NEW_VIP}:80`, '-s', 'sh', '-b', 'mh-port'],
    () => ['-A', '-t', `${NEW_VIP}:80`, '-p', pick(random, ['0', '-1', 'x', '2678401'])],
    () => ['-A', '-t', `${NEW_VIP}:80`, '-p', '300', '-M', pick(random, ['255.0.255.0.1', 'x'])],
    () => ['-A', '-t', `${NEW_VIP}:80`, '--pe', 'smtp', '-p', '9'],
    () => ['-A', '-f', pick(random, ['0', '-1', 'x'])],
    () => ['-A', '-u', `${NEW_VIP}:80`, '-t', `${NEW_VIP}:80`],
    () => ['-A', ...service, ...server],
    () => ['-E', '-t', `${NEW_VIP}:80`, '-s', 'rr'],
    () => ['-D', '-t', `${NEW_VIP}:80`],
    () => ['-D', ...service, '-s', 'rr'],
    () => ['-a', ...service, ...server, '-m'],
    () => ['-a', ...service, '-r', '10.1.0.99:80', '-m', '-w', pick(random, [big, '-1', 'x', ''])],
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
    () => ['--set', '1', '2', pick(random, ['x', '-1', big])],
    () => ['--sysctl', pick(random, ['nosuch=1', 'drop_entry=9', 'drop_entry=', 'drop_entry=x'])],
    () => ['--start-daemon', 'master'],
    () => ['--stop-daemon', 'backup'],
    () => [pick(random, ['--clea', '--no-such', '-Q', '-AD', 'word'])],
  ])();
}

/** Lines for `uipvsadm -R --atomic`: right ones, and a wrong one about what these leave alone. */
export function badRestore(random: Random, table: Table): readonly string[] {
  const { lastPort } = table;
  const lines = [
    `-A -t ${OTHER_NEW_VIP}:80 -s rr`,
    `-a -t ${OTHER_NEW_VIP}:80 -r 10.1.0.11:80 -m -w 3`,
    `-E -t 10.9.0.1:${lastPort} -s lc`,
    `-D -t 10.9.0.1:${lastPort}`,
    `-A -t 10.9.0.1:${lastPort} -s sed`,
  ];
  const wrong = badWords(random, { ...table, lastPort: lastPort - 1 }).join(' ');
  lines.splice(whole(random, 0, lines.length), 0, wrong);
  return lines;
}
