/**
 * What all rules of one address family need: the table with its default route, the jumps, the moved local rule. It comes with the first rule and goes with the last, and so does the room in front of table local.
 */
import { UipvsError } from '../base/error.js';
import type { Family } from '../net/family.js';
import type { HostContext } from './context.js';
import { changeLine } from './entry.js';
import { devicesOf } from './journal.js';
import { moveLocalRule } from './local-rule.js';
import {
  errorRules,
  isLocalRule,
  type ListedRule,
  listRoutes,
  OWNER,
  PREFERENCE,
  routeText,
  ruleText,
  sharedRules,
} from './rule.js';
import { disableEarlyDemux, findStrictFilter } from './settings.js';
import { undoFamily } from './undo.js';

export class FamilyBase {
  readonly #family: Family;
  readonly #context: HostContext;
  #isLaid = false;
  #laid: readonly string[] = [];

  constructor(family: Family, context: HostContext) {
    this.#family = family;
    this.#context = context;
  }

  /** Lays the base, or what is missing of it. Errors: EEXIST when the table is another's; EBUSY, EIO. */
  async lay(): Promise<void> {
    if (this.#isLaid) return;
    const { system, journal, log, device, withLock } = this.#context;
    await disableEarlyDemux(this.#context);
    await withLock(async () => this.#add(await moveLocalRule(system, this.#family)));
    this.#isLaid = true;
    log('info', `The IPv${this.#family} rule for table local now stands behind the rules for ${device}`);
    const strict = this.#family === 4 ? await findStrictFilter(system, devicesOf(journal.content)) : null;
    if (strict === null) return;
    const effect =
      'the kernel drops what clients there send to real servers directly, past the virtual service';
    log('warn', `rp_filter is 1 on ${strict}: ${effect}; 2 lets it pass`, { device: strict });
  }

  /** Takes note of what is in the kernel: `present` holds the lines of all rules and of our routes. */
  check(rules: readonly ListedRule[], present: ReadonlySet<string>): void {
    const local = rules.find(isLocalRule);
    const isMoved = local !== undefined && local.preference >= PREFERENCE.movedLocal;
    if (!isMoved || !this.#lines(local.preference).every((line) => present.has(line))) this.#isLaid = false;
  }

  /** Takes the base and the last rules away; the local rule goes back unless another daemon needs the room. */
  async remove(): Promise<void> {
    if (!this.#isLaid) return;
    const { system, journal, withLock } = this.#context;
    this.#isLaid = false;
    await withLock(() => undoFamily(system, this.#family, journal.content, 'rules'));
  }

  /** What is in the kernel of it, as lines. */
  get laid(): readonly string[] {
    return this.#isLaid ? this.#laid : [];
  }

  /** Takes away the base of a daemon before, where this one needs none. */
  async removeInherited(): Promise<void> {
    this.#isLaid = true;
    await this.remove();
  }

  #lines(localPreference: number): readonly string[] {
    const { device, table } = this.#context;
    const jump = {
      preference: PREFERENCE.reinjected,
      iif: device,
      action: { goto: localPreference },
      owner: OWNER,
    };
    const rules = [jump, ...errorRules(this.#family, table), ...sharedRules(this.#family, localPreference)];
    return [
      `route ${routeText({ to: 'default', device, table })}`,
      ...rules.map((rule) => `rule ${ruleText(rule)}`),
    ];
  }

  async #add(localPreference: number): Promise<void> {
    const { system, device, table } = this.#context;
    this.#laid = this.#lines(localPreference);
    const changes = this.#laid.map((line) => changeLine('add', line));
    for (const { line, reason } of await system.change(this.#family, changes, 'all')) {
      if (!/File exists/.test(reason)) {
        throw new UipvsError('EIO', `The kernel refused "ip ${changes[line]}": ${reason}`);
      }
      // An equal rule is ours or shared; an equal route, line 0, may lead to another device.
      const routes = line === 0 ? await listRoutes(system, this.#family) : null;
      if (routes?.every((route) => route.table !== table || route.device !== device)) {
        throw new UipvsError('EEXIST', `Routing table ${table} has a default route that is not to ${device}`);
      }
    }
  }
}
