/** Kernel settings: read first, journal, write only what differs, say so, and give back what is still ours. */
import { readdir } from 'node:fs/promises';
import { messageOf, UipvsError } from '../base/error.js';
import type { Family } from '../net/family.js';
import type { HostContext, Log } from './context.js';
import { isSettingOf, type SettingChange } from './journal.js';
import { listRoutes } from './rule.js';
import type { HostSystem } from './system.js';

export const IPV4 = '/proc/sys/net/ipv4';
export const IPV6 = '/proc/sys/net/ipv6';

export interface WantedSetting {
  readonly path: string;
  readonly value: string;
  /** What does not work without it. */
  readonly purpose: string;
  readonly isRequired: boolean;
  readonly overwrites?: readonly string[];
}

/**
 * Writes one setting if it differs; where the kernel has no such setting, nothing happens.
 * Errors: EPERM when a required one cannot be written; any other is a warning.
 */
export async function changeSetting(
  { system, journal, log }: HostContext,
  wanted: WantedSetting,
): Promise<void> {
  const { path, value, purpose, isRequired } = wanted;
  const before = await system.readSetting(path);
  if (before === null || before === value) return;
  const overwritten = [];
  for (const other of wanted.overwrites ?? []) {
    const text = await system.readSetting(other);
    if (text !== null && text !== before) overwritten.push({ path: other, before: text });
  }
  await journal.addSetting({ path, before, after: value, overwritten });
  try {
    await system.writeSetting(path, value);
    log('info', `Changed ${path} from ${before} to ${value}: ${purpose}`, { path, before, after: value });
  } catch (thrown) {
    const sentence = `${path} is ${before} and cannot be set to ${value} (${messageOf(thrown)}): ${purpose}`;
    if (isRequired) throw new UipvsError('EPERM', sentence, { cause: thrown });
    log('warn', sentence, { path, before });
  }
}

/** The forwarding switch of every device; the family's main switch overwrites them all. */
async function forwardingPaths(directory: string): Promise<string[]> {
  const names = await readdir(`${directory}/conf`).catch(() => []);
  return names.filter((name) => name !== 'all').map((name) => `${directory}/conf/${name}/forwarding`);
}

/** A router that forwards forgets the default routes it learned from advertisements, unless accept_ra is 2. */
async function keepAdvertisedRoutes(context: HostContext): Promise<void> {
  const { system } = context;
  const routes = await system.list(6, ['route', 'show', 'proto', 'ra']);
  for (const device of new Set(routes.map((route) => String(route.dev)))) {
    const path = `${IPV6}/conf/${device}/accept_ra`;
    if ((await system.readSetting(path)) !== '1') continue;
    const purpose = `without it, forwarding makes the host forget the default route learned on ${device}`;
    await changeSetting(context, { path, value: '2', purpose, isRequired: true });
  }
}

/** Lets the host forward packets of the family. Errors: EPERM when it does not and cannot be told to. */
export async function enableForwarding(context: HostContext, family: Family): Promise<void> {
  const { system, device } = context;
  const purpose = `without it, no IPv${family} packet gets to ${device} or on from it`;
  if (family === 4) {
    const overwrites = await forwardingPaths(IPV4);
    await changeSetting(context, {
      path: `${IPV4}/ip_forward`,
      value: '1',
      purpose,
      isRequired: true,
      overwrites,
    });
    return;
  }
  const disabled = { path: `${IPV6}/conf/${device}/disable_ipv6`, value: '0', purpose, isRequired: true };
  await changeSetting(context, disabled);
  const path = `${IPV6}/conf/all/forwarding`;
  if ((await system.readSetting(path)) === '0') await keepAdvertisedRoutes(context);
  const overwrites = await forwardingPaths(IPV6);
  await changeSetting(context, { path, value: '1', purpose, isRequired: true, overwrites });
}

/**
 * The settings of one TUN device alone. The effective rp_filter is the greater of the device's and that of `all`.
 * `isWritten`: packets come in by it, some of them with a source address of the host: of clients on it, of masquerading,
 * of local VIPs and of its ICMP errors. IPv6 needs no permission for these.
 */
export async function setDeviceSettings(context: HostContext, isWritten: boolean): Promise<void> {
  const { system, device } = context;
  const directory = `${IPV4}/conf/${device}`;
  // 0 on both spares the kernel a look-up a packet; a strict `all` needs 2, since clients' routes lead elsewhere.
  const filter = (await system.readSetting(`${IPV4}/conf/all/rp_filter`)) === '0' ? '0' : '2';
  const acceptLocal = [
    'accept_local',
    '1',
    'what leaves the device may have an address of this host',
  ] as const;
  const wanted = [
    ...(isWritten ? [acceptLocal] : []),
    ['send_redirects', '0', 'clients must not be told of a shorter way around the director'],
    ['rp_filter', filter, 'what leaves the device has the source addresses of clients'],
  ] as const;
  for (const [name, value, purpose] of wanted) {
    await changeSetting(context, { path: `${directory}/${name}`, value, purpose, isRequired: false });
  }
}

const ROUTER_GROUP_SETTINGS = [
  ['force_mld_version', '1'],
  ['forwarding', '0'],
] as const;

/** Gives back what a daemon that died in {@link outsideRouterGroups} had changed for that moment. */
export async function restoreRouterGroups({ system, journal, device }: HostContext): Promise<void> {
  const paths = ROUTER_GROUP_SETTINGS.map(([name]) => `${IPV6}/conf/${device}/${name}`);
  for (const change of journal.content.settings.filter(({ path }) => paths.includes(path)).reverse()) {
    if ((await system.readSetting(change.path)) !== null)
      await system.writeSetting(change.path, change.before);
    await journal.removeSetting(change);
  }
}

/**
 * Runs `setUp`, which switches the device's multicast off and sets it up, while the device does not forward IPv6. One
 * that was made while the host forwards is in the groups of routers and would report them, multicast or not; it leaves
 * them when it ceases to forward, and without multicast does not join them again. With version 1 of MLD it leaves
 * without a report of that.
 * Source: linux net/ipv6/addrconf.c, dev_forward_change(), and net/ipv6/mcast.c, igmp6_group_dropped().
 */
export async function outsideRouterGroups(
  { system, journal, device }: HostContext,
  setUp: () => Promise<void>,
): Promise<void> {
  const changes: SettingChange[] = [];
  for (const [name, value] of ROUTER_GROUP_SETTINGS) {
    const path = `${IPV6}/conf/${device}/${name}`;
    const before = await system.readSetting(path);
    if (before === null || before === value) continue;
    const made = { path, before, after: value, overwritten: [] };
    await journal.addSetting(made);
    await system.writeSetting(path, value);
    changes.unshift(made);
  }
  try {
    await setUp();
  } finally {
    for (const made of changes) {
      await system.writeSetting(made.path, made.before);
      await journal.removeSetting(made);
    }
  }
}

/**
 * Lets packets of the host's own sockets through the rules. With early demultiplexing the kernel finds the socket
 * before the route, and drops the packet when the route then leads to a device.
 * Source: linux net/ipv4/ip_input.c ip_rcv_finish_core(), ip_forward.c ip_forward(); IPv6 obeys the same switch.
 */
export async function disableEarlyDemux(context: HostContext): Promise<void> {
  const purpose = 'the host could not talk TCP with its real servers otherwise';
  await changeSetting(context, { path: `${IPV4}/ip_early_demux`, value: '0', purpose, isRequired: false });
}

/** The devices with a strict reverse-path filter, those of the daemon left out. */
async function strictDevices(system: HostSystem, devices: readonly string[]): Promise<string[]> {
  const all = await system.readSetting(`${IPV4}/conf/all/rp_filter`);
  const names = await readdir(`${IPV4}/conf`).catch(() => []);
  const strict: string[] = [];
  for (const name of names.filter((other) => !['all', 'default', 'lo', ...devices].includes(other))) {
    const own = await system.readSetting(`${IPV4}/conf/${name}/rp_filter`);
    if (Math.max(Number(all), Number(own)) === 1) strict.push(name);
  }
  return strict;
}

/** Names a device whose strict reverse-path filter will drop direct access to real servers, or null. */
export async function findStrictFilter(
  system: HostSystem,
  devices: readonly string[],
): Promise<string | null> {
  return (await strictDevices(system, devices))[0] ?? null;
}

/**
 * Names a device on which the kernel drops marked packets as spoofed, or null: with src_valid_mark the reverse-path
 * filter looks the sender up with the packet's mark too, finds the mark's own device, and a strict filter objects.
 * Source: linux net/ipv4, __fib_validate_source(); IPv6 has no such filter of its own.
 */
export async function findMarkFilter(system: HostSystem, devices: readonly string[]): Promise<string | null> {
  const all = await system.readSetting(`${IPV4}/conf/all/src_valid_mark`);
  for (const name of await strictDevices(system, devices)) {
    const own = await system.readSetting(`${IPV4}/conf/${name}/src_valid_mark`);
    if (all === '1' || own === '1') return name;
  }
  return null;
}

/** True when routes of another uipvs daemon are in this namespace. */
async function hasNeighbour(system: HostSystem, devices: readonly string[]): Promise<boolean> {
  for (const family of [4, 6] as const) {
    const routes = await listRoutes(system, family);
    if (routes.some(({ device }) => device !== null && !devices.includes(device))) return true;
  }
  return false;
}

async function restore(
  system: HostSystem,
  log: Log,
  { path, before, after, overwritten }: SettingChange,
): Promise<void> {
  const now = await system.readSetting(path);
  if (now === null || now === before) return;
  if (now !== after) {
    log('warn', `Left ${path} at ${now}: somebody else changed it from our ${after}`, { path, now });
    return;
  }
  await system.writeSetting(path, before);
  for (const other of overwritten) await system.writeSetting(other.path, other.before);
  log('info', `Restored ${path} to ${before}`, { path, before });
}

/**
 * Gives back the journaled settings of a daemon with these devices, last first. Those of the whole host stay while
 * another daemon needs them.
 */
export async function restoreSettings(
  system: HostSystem,
  log: Log,
  changes: readonly SettingChange[],
  devices: readonly string[],
): Promise<void> {
  const isNeeded = await hasNeighbour(system, devices);
  for (const entry of [...changes].reverse()) {
    const isOwn = devices.some((device) => isSettingOf(device, entry));
    if (isNeeded && !isOwn) {
      log('info', `Left ${entry.path} at ${entry.after}: another uipvs daemon is running`, {
        path: entry.path,
      });
      continue;
    }
    try {
      await restore(system, log, entry);
    } catch (thrown) {
      log('warn', `${entry.path} could not be restored to ${entry.before}: ${messageOf(thrown)}`, {
        path: entry.path,
      });
    }
  }
}
