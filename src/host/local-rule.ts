/**
 * The rule `from all lookup local` stands first, at preference 0, and hides every later rule for addresses of the
 * host. It is moved back to make room, always by adding the new one before the old one is deleted, so that a death at
 * any point leaves the host with one such rule or with two. Callers hold the host lock.
 */
import { UipvsError } from '../base/error.js';
import type { Family } from '../net/family.js';
import { isLocalRule, LOCAL_TABLE, listRules, OWNER, PREFERENCE, type Rule, ruleText } from './rule.js';
import type { HostSystem } from './system.js';

const KERNEL_OWNER = 2;
const ORIGINAL: Rule = { preference: 0, action: { lookup: LOCAL_TABLE }, owner: KERNEL_OWNER };
const MOVED: Rule = { ...ORIGINAL, preference: PREFERENCE.movedLocal, owner: OWNER };

async function run(system: HostSystem, family: Family, lines: readonly string[]): Promise<void> {
  const [failure] = await system.change(family, lines, 'until-failure');
  if (failure === undefined) return;
  const line = lines[failure.line];
  throw new UipvsError(
    'EIO',
    `The IPv${family} rule for table local was not moved: "ip ${line}": ${failure.reason}`,
  );
}

/**
 * Makes room in front of the local rule.
 * Returns the preference of the local rule, ours or the one another program has moved there before.
 * Errors: EBUSY when another program has put it between 1 and 99, among our own preferences; EIO.
 */
export async function moveLocalRule(system: HostSystem, family: Family): Promise<number> {
  const found = (await listRules(system, family)).filter(isLocalRule);
  const obstacle = found.find(({ preference }) => preference > 0 && preference < PREFERENCE.movedLocal);
  if (obstacle !== undefined) {
    const sentence = `Expected the IPv${family} rule for table local at preference 0 or from ${PREFERENCE.movedLocal} on but found it at ${obstacle.preference}`;
    throw new UipvsError('EBUSY', sentence);
  }
  const behind = found.find(({ preference }) => preference >= PREFERENCE.movedLocal);
  const lines = behind === undefined ? [`rule add ${ruleText(MOVED)}`] : [];
  if (found.some(({ preference }) => preference === 0)) lines.push(`rule del pref 0 lookup ${LOCAL_TABLE}`);
  await run(system, family, lines);
  return behind?.preference ?? PREFERENCE.movedLocal;
}

/** Puts the local rule back where the kernel had it, if a uipvs daemon moved it. Errors: EIO. */
export async function restoreLocalRule(system: HostSystem, family: Family): Promise<void> {
  const found = (await listRules(system, family)).filter(isLocalRule);
  if (!found.some(({ owner }) => owner === OWNER)) return;
  const lines = found.some(({ preference }) => preference === 0) ? [] : [`rule add ${ruleText(ORIGINAL)}`];
  await run(system, family, [...lines, `rule del ${ruleText(MOVED)}`]);
}
