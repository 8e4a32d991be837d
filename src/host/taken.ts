/** Services on local VIPs and firewall marks that another daemon in the namespace has rules for. */
import { UipvsError } from '../base/error.js';
import type { Family } from '../net/family.js';
import { type Box, boxOf, MAX_PORT, overlaps } from './box.js';
import type { HostContext } from './context.js';
import { contributionsOf, type Entry } from './entry.js';
import { tablesOf } from './journal.js';
import { isRuleOf, type ListedRule, listRules, OWNER, PREFERENCE, type Rule, ruleText } from './rule.js';

/** Why an entry is refused that somebody else has. */
export function takenError({ kind, address }: Entry, holder: string): UipvsError {
  const what = kind === 'firewall mark' ? 'Firewall mark' : 'Virtual address';
  return new UipvsError('EEXIST', `${what} ${address} is already held by ${holder}`);
}

const SERVICE_PREFERENCES: readonly number[] = [PREFERENCE.virtualService, PREFERENCE.wideService];

/** What a rule for services selects; null for any other rule. */
function serviceBox({ preference, to, protocol, destinationPorts }: Rule): Box | null {
  if (!SERVICE_PREFERENCES.includes(preference) || to === undefined || protocol === undefined) return null;
  const [address = '', length] = to.split('/');
  const { first, last } = destinationPorts ?? { first: 0, last: MAX_PORT };
  const box = boxOf(address, protocol, first, last);
  return { ...box, length: length === undefined ? box.length : Number(length) };
}

/** Whether the entry asks for anything that it has not got yet, and that can be somebody else's. */
function isNew(entry: Entry): boolean {
  if (entry.kind === 'firewall mark') return entry.applied.length === 0;
  return entry.kind === 'virtual address' && contributionsOf(entry).length > entry.contributed.length;
}

/** The rule in the way of the entry, if there is one. */
function obstacleOf(entry: Entry, others: readonly ListedRule[]): ListedRule | undefined {
  if (entry.target !== undefined) return others.find(({ mark }) => mark === entry.target?.mark);
  const services = contributionsOf(entry).filter(({ role }) => role === 'service');
  return others.find((rule) => {
    const box = serviceBox(rule);
    return box !== null && services.some(({ item }) => overlaps(box, item));
  });
}

/** Those of the entries that another daemon has rules for, and why they are refused. One run of `ip`, if any is new. */
export async function findTaken(
  { system, journal, device }: HostContext,
  family: Family,
  entries: readonly Entry[],
): Promise<ReadonlyMap<Entry, UipvsError>> {
  const taken = new Map<Entry, UipvsError>();
  const candidates = entries.filter(isNew);
  if (candidates.length === 0) return taken;
  const tables = tablesOf(journal.content);
  const others = (await listRules(system, family)).filter(
    (rule) => rule.owner === OWNER && !isRuleOf(rule, device, tables),
  );
  for (const entry of candidates) {
    const rule = obstacleOf(entry, others);
    if (rule !== undefined) taken.set(entry, takenError(entry, `another uipvs daemon ("${ruleText(rule)}")`));
  }
  return taken;
}
