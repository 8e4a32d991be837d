/**
 * One address family's rules and routes: what is wanted, what is in the kernel, and the difference. Callers serialise.
 */
import { messageOf, UipvsError } from '../base/error.js';
import type { Family, ProtocolName } from '../net/family.js';
import type { Capture } from './capture.js';
import type { HostContext } from './context.js';
import { changeLine, Entry, type EntryKind, selectionOf, wantedLines } from './entry.js';
import { FamilyBase } from './family-base.js';
import { type MarkRecord, tablesOf } from './journal.js';
import { LanAnswers } from './lan-answers.js';
import { describeRoute, type Finding, isSameRoute, locate } from './location.js';
import {
  isRuleOf,
  type ListedRule,
  listRoutes,
  listRules,
  OWNER,
  type PortRange,
  routeText,
  ruleText,
} from './rule.js';
import type { Selection } from './selection.js';
import { enableForwarding } from './settings.js';
import { isAlreadyGone } from './undo.js';

export interface Change {
  readonly verb: 'add' | 'remove';
  readonly kind: EntryKind;
  readonly address: string;
  readonly protocol: ProtocolName | undefined;
  readonly port: number;
  readonly alsoPorts?: readonly PortRange[] | undefined;
  /** Of a firewall mark. */
  readonly target?: MarkRecord;
}

type Refusals = Map<Entry, UipvsError>;

interface Step {
  readonly entry: Entry;
  readonly verb: 'add' | 'del';
  readonly line: string;
}

/** What a rule's line selects, whatever it does with it. */
function selectorOf(line: string): string {
  return line.replace(/ (lookup|goto) .*/, '');
}

export class FamilyPlumbing {
  readonly #family: Family;
  readonly #context: HostContext;
  readonly #base: FamilyBase;
  readonly #lan: LanAnswers;
  readonly #entries = new Map<string, Entry>();
  readonly #capture: Capture;
  #isForwarding = false;

  constructor(family: Family, context: HostContext, capture: Capture) {
    this.#family = family;
    this.#context = context;
    this.#capture = capture;
    this.#base = new FamilyBase(family, context);
    this.#lan = new LanAnswers(family, context);
  }

  /** Applies changes together; the outcome of each is null or why it was refused, and then it changed nothing. */
  async apply(changes: readonly Change[]): Promise<(UipvsError | null)[]> {
    const steps = changes.map((change) => this.#take(change));
    const touched = [...new Set(steps.map((step) => step.entry))];
    try {
      const refusals = await this.#reconcile(touched);
      const refused = steps.filter(({ entry, takeBack }) => takeBack !== null && refusals.has(entry));
      for (const { takeBack } of refused) takeBack?.();
      if (refusals.size > 0) await this.#reconcile([...refusals.keys()]);
      await this.#tidy(touched);
      if (touched.some(({ kind }) => kind === 'virtual address')) await this.#followLan(false);
      const outcomes: (UipvsError | null)[] = [];
      for (const step of steps) {
        const refusal = refused.includes(step) ? (refusals.get(step.entry) ?? null) : null;
        // The refusal is that of the whole address: alone, a change shows whether it was the cause.
        const isCause = refusal === null || steps.length === 1;
        outcomes.push(isCause ? refusal : ((await this.apply([step.change]))[0] ?? null));
      }
      return outcomes;
    } catch (thrown) {
      for (const { takeBack } of steps) takeBack?.();
      throw thrown;
    }
  }

  /** Notes a change in its entry, before the kernel hears of it. */
  #take(change: Change): {
    readonly change: Change;
    readonly entry: Entry;
    readonly takeBack: (() => void) | null;
  } {
    const { protocol, port, alsoPorts } = change;
    const entry = this.#entryFor(change);
    if (change.verb === 'add') return { change, entry, takeBack: entry.add(protocol, port, alsoPorts) };
    entry.remove(protocol, port);
    return { change, entry, takeBack: null };
  }

  /** Makes capture devices and their absence felt. */
  async followCapture(): Promise<void> {
    await this.#reconcile([]);
    await this.#tidy([]);
  }

  /** Compares with the kernel, puts back what somebody took away, and follows addresses that came or went. */
  async refresh(): Promise<void> {
    if (this.#entries.size === 0) return;
    const { system, log } = this.#context;
    const rules = await listRules(system, this.#family);
    const routes = await listRoutes(system, this.#family);
    const present = new Set([
      ...rules.map((rule) => `rule ${ruleText(rule)}`),
      ...routes.map((route) => `route ${routeText(route)}`),
    ]);
    this.#base.check(rules, present);
    if (this.#isForwarding) await enableForwarding(this.#context, this.#family);
    for (const entry of this.#entries.values()) {
      const lost = [...entry.applied].filter((line) => !present.has(line));
      for (const line of lost) {
        log('warn', `Somebody else removed "${line}" for ${entry.kind} ${entry.address}; putting it back`);
        entry.applied.delete(line);
      }
    }
    const refusals = await this.#reconcile([...this.#entries.values()]);
    for (const entry of this.#entries.values()) {
      const trouble = refusals.get(entry)?.message ?? null;
      if (trouble !== null && trouble !== entry.trouble) log('warn', trouble);
      entry.trouble = trouble;
    }
    await this.#tidy([...this.#entries.values()]);
    await this.#followLan(true);
  }

  #entryFor({ kind, address, target }: Change): Entry {
    const key = `${kind} ${address}`;
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    const entry = new Entry(kind, address, target);
    this.#entries.set(key, entry);
    return entry;
  }

  /** Brings the kernel to what the entries want; the refusals name the entries of which something is missing. */
  async #reconcile(entries: readonly Entry[]): Promise<Refusals> {
    const { system, device, table } = this.#context;
    const refusals: Refusals = new Map();
    const used = entries.filter((entry) => entry.uses.size > 0);
    const located = used.filter((entry) => entry.kind !== 'firewall mark');
    const findings = await locate(system, this.#family, located, device);
    for (const [index, entry] of located.entries()) this.#settle(entry, findings[index], refusals);
    await this.#refuseTakenSelectors(used, refusals);

    const additions: Step[] = [];
    const deletions: Step[] = [];
    for (const entry of entries) {
      if (refusals.has(entry)) continue;
      const wanted = wantedLines(entry, device, table);
      for (const line of wanted) if (!entry.applied.has(line)) additions.push({ entry, verb: 'add', line });
      for (const line of entry.applied)
        if (!wanted.includes(line)) deletions.push({ entry, verb: 'del', line });
    }
    if (additions.length > 0 && !this.#isForwarding) {
      await enableForwarding(this.#context, this.#family);
      this.#isForwarding = true;
    }
    const needsBase = additions.some(({ line }) => line.startsWith('rule '));
    if (needsBase || this.#hasRules() || this.#isCaptured()) await this.#base.lay();
    if (this.#capture.isOn) await this.#capture.setSelection(this.#family, this.#selection(refusals));

    await this.#run([...additions, ...deletions], refusals);
    return refusals;
  }

  async #run(steps: readonly Step[], refusals: Refusals): Promise<void> {
    const { system } = this.#context;
    const lines = steps.map(({ verb, line }) => changeLine(verb, line));
    const failures = await system.change(this.#family, lines, 'all');
    const reasons = new Map(failures.map(({ line, reason }) => [line, reason]));
    for (const [index, step] of steps.entries()) {
      const reason = reasons.get(index);
      const refusal = reason === undefined ? null : await this.#explain(step, reason);
      if (refusal !== null) refusals.set(step.entry, refusal);
      else if (step.verb === 'add') step.entry.applied.add(step.line);
      else step.entry.applied.delete(step.line);
    }
  }

  /** Takes in what the kernel says of the entry's address; says so once if that means trouble. */
  #settle(entry: Entry, finding: Finding | undefined, refusals: Refusals): void {
    if (finding === undefined) return;
    const { log } = this.#context;
    const { kind, address } = entry;
    if (kind === 'real server' && (entry.route === undefined || !isSameRoute(entry.route, finding.route))) {
      entry.route = finding.route;
      this.#context.onRoute(address, finding.route);
    }
    if (finding.holder !== null && kind === 'virtual address') {
      refusals.set(entry, this.#taken(entry, finding.holder));
      return;
    }
    if (finding.location === entry.location) return;
    if (finding.location === 'unreachable' && kind === 'real server') {
      log('warn', `There is no route to real server ${address}`, { address });
    }
    if (finding.location === 'loopback') {
      log(
        'warn',
        `Packets for ${kind} ${address} are not captured: the kernel keeps loopback addresses to itself`,
        { address },
      );
    }
    entry.location = finding.location;
    if (kind === 'virtual address') this.#context.onVipLocation(address, finding.location === 'local');
  }

  /** Refuses a service on a local VIP, or a firewall mark, that another daemon has rules for. */
  async #refuseTakenSelectors(entries: readonly Entry[], refusals: Refusals): Promise<void> {
    const { system, journal, device, table } = this.#context;
    const isNew = (entry: Entry) =>
      (entry.kind === 'firewall mark' || (entry.kind === 'virtual address' && entry.location === 'local')) &&
      wantedLines(entry, device, table).some((line) => !entry.applied.has(line));
    const candidates = entries.filter((entry) => !refusals.has(entry) && isNew(entry));
    if (candidates.length === 0) return;
    const tables = tablesOf(journal.content);
    const others = new Map<string, ListedRule>();
    for (const rule of await listRules(system, this.#family)) {
      if (rule.owner !== OWNER || isRuleOf(rule, device, tables)) continue;
      others.set(selectorOf(`rule ${ruleText(rule)}`), rule);
    }
    for (const entry of candidates) {
      const rule = wantedLines(entry, device, table)
        .map((line) => others.get(selectorOf(line)))
        .find((found) => found !== undefined);
      if (rule === undefined) continue;
      refusals.set(entry, this.#taken(entry, `another uipvs daemon ("${ruleText(rule)}")`));
    }
  }

  #taken({ kind, address }: Entry, holder: string): UipvsError {
    const what = kind === 'firewall mark' ? 'Firewall mark' : 'Virtual address';
    return new UipvsError('EEXIST', `${what} ${address} is already held by ${holder}`);
  }

  /** What a refused line means; null when it leaves the kernel as wanted all the same. */
  async #explain({ entry, verb, line }: Step, reason: string): Promise<UipvsError | null> {
    const { system, device } = this.#context;
    if (verb === 'del' && isAlreadyGone(reason)) return null;
    if (verb === 'add' && /File exists/.test(reason)) {
      if (line.startsWith('rule ')) return null;
      const { target } = entry;
      const where = target === undefined ? ['exact', entry.address] : ['table', String(target.table)];
      const [route = null] = await system.list(this.#family, ['route', 'show', ...where]);
      if (route !== null && route.dev === (target?.device ?? device)) return null;
      return this.#taken(entry, route === null ? 'another route' : describeRoute(route));
    }
    const code = /not permitted/.test(reason) ? 'EPERM' : 'EIO';
    const what = `"ip ${changeLine(verb, line)}" for ${entry.kind} ${entry.address}`;
    return new UipvsError(code, `The kernel refused ${what}: ${reason}`);
  }

  /** For virtual addresses that are no addresses of the host. Trouble there is no reason to refuse a service. */
  async #followLan(isRefresh: boolean): Promise<void> {
    const routed = [...this.#entries.values()].filter(({ kind, applied }) => {
      return kind === 'virtual address' && [...applied].some((line) => line.startsWith('route '));
    });
    try {
      await this.#lan.follow(
        routed.map(({ address }) => address),
        isRefresh,
      );
    } catch (thrown) {
      this.#context.log('warn', `Virtual addresses on a LAN: ${messageOf(thrown)}`);
    }
  }

  #hasRules(): boolean {
    return [...this.#entries.values()].some((entry) =>
      [...entry.applied].some((line) => line.startsWith('rule ')),
    );
  }

  /** Forgets entries without use, and takes the base away when no rule needs it any more. */
  async #tidy(entries: readonly Entry[]): Promise<void> {
    for (const entry of entries) {
      if (entry.uses.size === 0 && entry.applied.size === 0)
        this.#entries.delete(`${entry.kind} ${entry.address}`);
    }
    if (!this.#hasRules() && !this.#isCaptured()) await this.#base.remove();
  }

  /** A living daemon is known by its base, and what drops captured packets for a dead one is removed by the next. */
  #isCaptured(): boolean {
    return this.#capture.isOn && this.#entries.size > 0;
  }

  #selection(refusals: Refusals): Selection {
    const entries = [...this.#entries.values()].filter(
      (entry) => entry.uses.size > 0 && !refusals.has(entry),
    );
    return selectionOf(entries);
  }
}
