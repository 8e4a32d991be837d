/**
 * Taking away what a daemon did, its own or a dead one's. One code path for both: it asks the kernel what is there
 * rather than a memory what should be, so parts that are gone already do no harm.
 */
import { UipvsError } from '../base/error.js';
import type { Family } from '../net/family.js';
import type { Log } from './context.js';
import { restoreLink } from './device.js';
import { devicesOf, type JournalContent, tablesOf } from './journal.js';
import { restoreLocalRule } from './local-rule.js';
import { removeProxies } from './neighbour.js';
import { isRuleOf, isSharedRule, listRoutes, listRules, OWNER, routeText, ruleText } from './rule.js';
import { restoreSettings } from './settings.js';
import type { HostSystem } from './system.js';

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
    return isOfVip || (tables.includes(route.table) && devices.includes(route.device));
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
  for (const family of [4, 6] as const) {
    await removeProxies(system, family, devices);
    await undoFamily(system, family, content, 'rules and routes');
  }
  await restoreSettings(system, log, content.settings, devices);
  for (const { device, link } of content.marks) await restoreLink(system, device, link);
  if (content.link !== null) await restoreLink(system, content.device, content.link);
}

/** Removes rules marked as ours that lead nowhere, their table empty or their device gone, and answers for nobody. */
export async function removeOrphans(system: HostSystem, log: Log): Promise<void> {
  const links = await system.list(4, ['link', 'show']);
  const devices = new Set(links.map((link) => link.ifname));
  for (const family of [4, 6] as const) {
    const rules = (await listRules(system, family)).filter((rule) => rule.owner === OWNER);
    const tables = new Map<number, boolean>();
    const lines: string[] = [];
    for (const rule of rules.filter((candidate) => !isSharedRule(candidate))) {
      if ('goto' in rule.action) {
        if (!devices.has(rule.iif)) lines.push(`rule del ${ruleText(rule)}`);
        continue;
      }
      const table = rule.action.lookup;
      const isEmpty =
        tables.get(table) ??
        (await system.list(family, ['route', 'show', 'table', String(table)])).length === 0;
      tables.set(table, isEmpty);
      if (isEmpty) lines.push(`rule del ${ruleText(rule)}`);
    }
    await system.change(family, lines, 'all');
    const proxyCount = await removeProxies(system, family, []);
    if (proxyCount > 0)
      log('info', `Removed ${proxyCount} IPv${family} proxy entries of uipvs daemons that are gone`);
    if (lines.length > 0)
      log('info', `Removed ${lines.length} IPv${family} rules of uipvs daemons that are gone`);
    if (rules.length > 0) await removeShared(system, family);
  }
}
