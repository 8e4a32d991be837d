/**
 * Taking away what a daemon did, its own or a dead one's. One code path for both: it asks the kernel what is there
 * rather than a memory what should be, so parts that are gone already do no harm.
 */
import { UipvsError } from '../base/error.js';
import type { Family } from '../net/family.js';
import { filterTable, listFilters, removeFilter } from './capture-filter.js';
import type { Log } from './context.js';
import { restoreLink } from './device.js';
import { devicesOf, type JournalContent, tablesOf } from './journal.js';
import { restoreLocalRule } from './local-rule.js';
import { removeProxies } from './neighbour.js';
import {
  isRuleOf,
  isSharedRule,
  listRoutes,
  listRules,
  OWNER,
  type Rule,
  routeText,
  ruleText,
} from './rule.js';
import { restoreSettings } from './settings.js';
import type { HostSystem } from './system.js';
import { captureTables } from './table.js';

/** A dying daemon's `ip` may still be at work for a moment; rounds of looking again before giving up. */
const MAX_ROUNDS = 20;

/** The daemon, as far as rules and routes tell it from others. */
type Owner = Pick<JournalContent, 'device' | 'table' | 'marks'>;

/** Deletes the daemon's rules, its tables' routes and, if wanted, its routes to VIPs. Returns how many it found. */
async function removeOwn(
  system: HostSystem,
  family: Family,
  owner: Owner,
  scope: 'rules' | 'rules and routes',
): Promise<number> {
  const [devices, tables] = [devicesOf(owner), tablesOf(owner)];
  const rules = (await listRules(system, family)).filter((rule) => isRuleOf(rule, owner.device, tables));
  const routes = (await listRoutes(system, family)).filter((route) => {
    const isOfVip = scope === 'rules and routes' && route.device === owner.device;
    const isOfDaemon = route.device === null || devices.includes(route.device);
    return isOfVip || (tables.includes(route.table) && isOfDaemon);
  });
  // Rules by falling preference: the jump over them, which prevents loops, goes last; then what they led to.
  const lines = [
    ...rules.reverse().map((rule) => `rule del ${ruleText(rule)}`),
    ...routes.map((route) => `route del ${routeText(route)}`),
  ];
  const failures = await system.change(family, lines, 'all');
  const failure = failures.find(({ reason }) => !isAlreadyGone(reason));
  if (failure !== undefined) {
    throw new UipvsError('EIO', `"ip ${lines[failure.line]}" failed: ${failure.reason}`);
  }
  return lines.length;
}

export function isAlreadyGone(reason: string): boolean {
  return /No such (process|file|device)|Cannot find device|does not exist/.test(reason);
}

/** Takes away what all daemons share, unless another one has rules left. */
async function removeShared(system: HostSystem, family: Family): Promise<void> {
  const rules = (await listRules(system, family)).filter(({ owner }) => owner === OWNER);
  if (!rules.every(isSharedRule)) return;
  await restoreLocalRule(system, family);
  const rest = (await listRules(system, family)).filter(isSharedRule);
  await system.change(
    family,
    rest.map((rule) => `rule del ${ruleText(rule)}`),
    'all',
  );
}

/** Undoes the daemon's rules of one family. The caller holds the host lock. Errors: EIO. */
export async function undoFamily(
  system: HostSystem,
  family: Family,
  owner: Owner,
  scope: 'rules' | 'rules and routes',
): Promise<void> {
  let round = 0;
  while ((await removeOwn(system, family, owner, scope)) > 0) {
    round += 1;
    if (round === MAX_ROUNDS)
      throw new UipvsError('EBUSY', `Rules for table ${owner.table} keep coming back`);
  }
  await removeShared(system, family);
}

/** Undoes everything a journal speaks of. The caller holds the host lock. Errors: EIO. */
export async function undoAll(system: HostSystem, log: Log, content: JournalContent): Promise<void> {
  const devices = devicesOf(content);
  if (content.hasFilter) {
    const reason = await removeFilter(system, content.table);
    if (reason !== null) log('warn', `Table ${filterTable(content.table)} of nftables stays: ${reason}`);
  }
  for (const family of [4, 6] as const) {
    await removeProxies(system, family, devices);
    await undoFamily(system, family, content, 'rules and routes');
  }
  await restoreSettings(system, log, content.settings, devices);
  for (const { device, link } of content.marks) await restoreLink(system, device, link);
  if (content.link !== null) await restoreLink(system, content.device, content.link);
}

/** The routing tables that lead to devices, and with them those of captured packets, see capture-rules.ts. */
async function livingTables(system: HostSystem, family: Family): Promise<ReadonlySet<number>> {
  const routes = await listRoutes(system, family);
  const tables = routes.filter(({ device }) => device !== null).map(({ table }) => table);
  return new Set(tables.flatMap((table) => [table, ...Object.values(captureTables(table))]));
}

/**
 * Removes rules marked as ours that lead nowhere, their table empty or their device gone, what dropped packets for daemons
 * that are gone, and answers for nobody.
 */
export async function removeOrphans(system: HostSystem, log: Log): Promise<void> {
  const links = await system.list(4, ['link', 'show']);
  const devices = new Set(links.map((link) => link.ifname));
  const allLiving = new Set<number>();
  for (const family of [4, 6] as const) {
    const living = await livingTables(system, family);
    for (const table of living) allLiving.add(table);
    const isOrphan = (rule: Rule) =>
      'goto' in rule.action ? !devices.has(rule.iif) : !living.has(rule.action.lookup);
    const rules = (await listRules(system, family)).filter((rule) => rule.owner === OWNER);
    const routes = (await listRoutes(system, family)).filter(({ device, table }) => {
      return device === null && !living.has(table);
    });
    const lines = [
      ...rules
        .filter((rule) => !isSharedRule(rule) && isOrphan(rule))
        .map((rule) => `rule del ${ruleText(rule)}`),
      ...routes.map((route) => `route del ${routeText(route)}`),
    ];
    await system.change(family, lines, 'all');
    const proxyCount = await removeProxies(system, family, []);
    if (proxyCount > 0)
      log('info', `Removed ${proxyCount} IPv${family} proxy entries of uipvs daemons that are gone`);
    if (lines.length > 0)
      log('info', `Removed ${lines.length} IPv${family} rules and routes of uipvs daemons that are gone`);
    if (rules.length > 0) await removeShared(system, family);
  }
  for (const table of await listFilters(system)) {
    if (allLiving.has(table)) continue;
    const reason = await removeFilter(system, table);
    if (reason === null) log('info', `Removed table ${filterTable(table)} of a uipvs daemon that is gone`);
    else log('warn', `Table ${filterTable(table)} of nftables stays: ${reason}`);
  }
}
