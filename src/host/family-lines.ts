/** One address family's rules and routes as the kernel has them: what is asked of it, and what its refusals mean. */
import { UipvsError } from '../base/error.js';
import type { Family } from '../net/family.js';
import type { HostContext } from './context.js';
import { changeLine, type Entry } from './entry.js';
import type { FamilyRules } from './family-rules.js';
import { devicesOf, tablesOf } from './journal.js';
import { describeRoute } from './location.js';
import { isRuleOf, listRoutes, listRules, routeText, ruleText } from './rule.js';
import { takenError } from './taken.js';
import { isAlreadyGone } from './undo.js';

/** Entries that cannot have what they want, and why. */
export type Refusals = Map<Entry, UipvsError>;

export interface Step {
  /** Null: of the rules that entries have in common. */
  readonly entry: Entry | null;
  readonly verb: 'add' | 'del';
  readonly line: string;
}

export class FamilyLines {
  readonly #family: Family;
  readonly #context: HostContext;
  readonly #rules: FamilyRules;
  /** Lines that a daemon before left in the kernel, until they are asked for. */
  readonly #inherited = new Set<string>();

  constructor(family: Family, context: HostContext, rules: FamilyRules) {
    this.#family = family;
    this.#context = context;
    this.#rules = rules;
  }

  get hasInherited(): boolean {
    return this.#inherited.size > 0;
  }

  /** Takes note of what a daemon before, whose journal is ours now, left in the kernel: {@link run} does not add it again. */
  async inherit(): Promise<void> {
    const { system, journal, device } = this.#context;
    const [devices, tables] = [devicesOf(journal.content), tablesOf(journal.content)];
    for (const rule of await listRules(system, this.#family))
      if (isRuleOf(rule, device, tables)) this.#inherited.add(`rule ${ruleText(rule)}`);
    for (const route of await listRoutes(system, this.#family)) {
      const isOurs = route.device === null ? tables.includes(route.table) : devices.includes(route.device);
      if (isOurs) this.#inherited.add(`route ${routeText(route)}`);
    }
  }

  /** Forgets what was inherited and nothing has asked for; takes those lines of it away that are named. */
  async disown(isToGo: (line: string) => boolean): Promise<void> {
    const gone = [...this.#inherited].filter(isToGo);
    this.#inherited.clear();
    await this.#context.system.change(
      this.#family,
      gone.map((line) => changeLine('del', line)),
      'all',
    );
  }

  /** Carries the steps out; where the kernel refuses one, the entries that want it are refused with its reason. */
  async run(all: readonly Step[], contributors: readonly Entry[], refusals: Refusals): Promise<void> {
    const { system } = this.#context;
    const steps = all.filter((step) => {
      const isThere = step.verb === 'add' && this.#inherited.delete(step.line);
      if (isThere) this.#noteDone(step);
      return !isThere;
    });
    const lines = steps.map(({ verb, line }) => changeLine(verb, line));
    const failures = await system.change(this.#family, lines, 'all');
    const reasons = new Map(failures.map(({ line, reason }) => [line, reason]));
    for (const [index, step] of steps.entries()) {
      const reason = reasons.get(index);
      const refusal = reason === undefined ? null : await this.#explain(step, reason);
      const { entry } = step;
      if (refusal === null) this.#noteDone(step);
      else for (const each of entry === null ? contributors : [entry]) refusals.set(each, refusal);
    }
  }

  #noteDone({ entry, verb, line }: Step): void {
    if (entry === null) this.#rules.note(verb, line);
    else if (verb === 'add') entry.applied = [...entry.applied, line];
    else entry.applied = entry.applied.filter((other) => other !== line);
  }

  /** What a refused line means; null when it leaves the kernel as wanted all the same. */
  async #explain({ entry, verb, line }: Step, reason: string): Promise<UipvsError | null> {
    const { system, device } = this.#context;
    if (verb === 'del' && isAlreadyGone(reason)) return null;
    if (verb === 'add' && /File exists/.test(reason)) {
      if (entry === null || line.startsWith('rule ')) return null;
      const { target } = entry;
      const where = target === undefined ? ['exact', entry.address] : ['table', String(target.table)];
      const [route = null] = await system.list(this.#family, ['route', 'show', ...where]);
      if (route !== null && route.dev === (target?.device ?? device)) return null;
      return takenError(entry, route === null ? 'another route' : describeRoute(route));
    }
    const code = /not permitted/.test(reason) ? 'EPERM' : 'EIO';
    const whom = entry === null ? '' : ` for ${entry.kind} ${entry.address}`;
    return new UipvsError(code, `The kernel refused "ip ${changeLine(verb, line)}"${whom}: ${reason}`);
  }
}
