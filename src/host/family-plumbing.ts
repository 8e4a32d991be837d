/**
 * One address family's rules and routes: what is wanted, what is in the kernel, and the difference. Callers serialise.
 */
import { messageOf, type UipvsError } from '../base/error.js';
import type { Family, ProtocolName } from '../net/family.js';
import type { Capture } from './capture.js';
import type { HostContext } from './context.js';
import { Entry, type EntryKind, isElsewhere, wantedLines } from './entry.js';
import { FamilyBase } from './family-base.js';
import { FamilyLines, type Refusals, type Step } from './family-lines.js';
import { FamilyRules } from './family-rules.js';
import type { MarkRecord } from './journal.js';
import { LanAnswers } from './lan-answers.js';
import { locate, type Thoroughness } from './location.js';
import type { PortRange } from './port-range.js';
import { RoutedVips } from './routed-vips.js';
import { listRoutes, listRules, routeText, ruleText } from './rule.js';
import { enableForwarding } from './settings.js';
import { LOCATED_FOR_MS, refuseUnselectable, settle } from './settling.js';
import { findTaken } from './taken.js';

/** Real servers whose routes a refresh compares with the kernel's; all of them in turn. */
const MAX_LOCATED_A_REFRESH = 2048;
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

export class FamilyPlumbing {
  readonly #family: Family;
  readonly #context: HostContext;
  readonly #base: FamilyBase;
  readonly #lan: LanAnswers;
  readonly #entries = new Map<string, Entry>();
  readonly #capture: Capture;
  readonly #rules: FamilyRules;
  readonly #lines: FamilyLines;
  /** VIPs that are no addresses of the host. */
  readonly #routed = new RoutedVips();
  /** Firewall marks in use. */
  readonly #marks = new Set<Entry>();
  /** Real servers whose turn it is not yet. */
  #turn: Entry[] = [];
  #isForwarding = false;
  /** The VIPs to be answered for may not be those of the last look. */
  #isLanBehind = false;

  constructor(family: Family, context: HostContext, capture: Capture) {
    this.#family = family;
    this.#context = context;
    this.#capture = capture;
    this.#base = new FamilyBase(family, context);
    this.#rules = new FamilyRules(family, context.device, context.table);
    this.#lines = new FamilyLines(family, context, this.#rules);
    this.#lan = new LanAnswers(family, context);
  }

  /** Applies changes together; the outcome of each is null or why it was refused, and then it changed nothing. */
  async apply(changes: readonly Change[]): Promise<(UipvsError | null)[]> {
    const steps = changes.map((change) => this.#take(change));
    const touched = [...new Set(steps.map((step) => step.entry))];
    try {
      const refusals = await this.#reconcile(touched, 'shared', true);
      const refused = new Set(
        steps.filter(({ entry, takeBack }) => takeBack !== null && refusals.has(entry)),
      );
      for (const { takeBack } of refused) takeBack?.();
      if (refusals.size > 0) await this.#reconcile([...refusals.keys()]);
      await this.#tidy(touched);
      if (this.#isLanBehind) await this.#followLan(false);
      const outcomes: (UipvsError | null)[] = [];
      for (const step of steps) {
        const refusal = refused.has(step) ? (refusals.get(step.entry) ?? null) : null;
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

  /** See {@link HostPlumbing.heldElsewhere}. */
  heldElsewhere(addresses: readonly string[]): readonly string[] {
    const unanswered = this.#lan.unanswered();
    const entries = addresses.flatMap((address) => this.#entries.get(`virtual address ${address}`) ?? []);
    const isGone = ({ hasBeenLocal, address }: Entry) => hasBeenLocal || unanswered.has(address);
    return entries.filter((entry) => isElsewhere(entry) && isGone(entry)).map(({ address }) => address);
  }

  /** Makes a change that leaves the kernel as it is; false, and nothing was done: it has to be applied. */
  tryAtOnce(
    verb: Change['verb'],
    kind: EntryKind,
    address: string,
    protocol: ProtocolName | undefined,
    port: number,
    alsoPorts: readonly PortRange[] | undefined,
  ): boolean {
    const entry = this.#entries.get(`${kind} ${address}`);
    if (entry === undefined || kind === 'firewall mark' || !entry.isIndifferentToUses) return false;
    if (verb === 'remove') {
      if (!entry.hasSpare(protocol, port)) return false;
      entry.remove(protocol, port);
      return true;
    }
    if (performance.now() - entry.locatedAtMs >= LOCATED_FOR_MS[kind]) return false;
    entry.add(protocol, port, alsoPorts);
    return true;
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

  /** Takes note of what a daemon before, whose journal is ours now, left in the kernel: it is not added again. */
  inherit(): Promise<void> {
    return this.#lines.inherit();
  }

  /** Takes away what was inherited and nothing here has asked for. */
  async disown(): Promise<void> {
    if (!this.#lines.hasInherited) return;
    const used = new Set([...this.#base.laid, ...this.#capture.linesOf(this.#family)]);
    // Where the base is not needed it goes as a whole, in the right order.
    const isNeeded = this.#needsBase();
    await this.#lines.disown((line) => !used.has(line) && (isNeeded || line.startsWith('route ')));
    if (!isNeeded) await this.#base.removeInherited();
  }

  /** Makes capture devices and their absence felt. */
  async followCapture(): Promise<void> {
    await this.#reconcile([]);
    await this.#tidy([]);
  }

  /**
   * Compares with the kernel, puts back what somebody took away, and follows addresses that came or went.
   * `isFull`: looks after all real servers, however many there are.
   */
  async refresh(isFull: boolean): Promise<void> {
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
    for (const line of this.#rules.forgetAllBut(present))
      log('warn', `Somebody else removed "${line}"; putting it back`);
    for (const entry of this.#entries.values()) {
      if (entry.applied.length === 0) continue;
      for (const line of entry.applied.filter((other) => !present.has(other)))
        log('warn', `Somebody else removed "${line}" for ${entry.kind} ${entry.address}; putting it back`);
      entry.applied = entry.applied.filter((line) => present.has(line));
    }
    const entries = this.#entriesToRefresh(isFull);
    const refusals = await this.#reconcile(entries, isFull ? 'shared' : 'each');
    for (const entry of entries) {
      const trouble = refusals.get(entry)?.message ?? null;
      if (trouble !== null && trouble !== entry.trouble) log('warn', trouble);
      entry.trouble = trouble;
    }
    await this.#tidy(entries);
    await this.#followLan(true);
  }

  #entriesToRefresh(isFull: boolean): readonly Entry[] {
    const all = [...this.#entries.values()];
    const servers = all.filter(({ kind }) => kind === 'real server');
    if (isFull || servers.length <= MAX_LOCATED_A_REFRESH) return all;
    this.#turn = this.#turn.filter((entry) => this.#entries.get(`${entry.kind} ${entry.address}`) === entry);
    if (this.#turn.length === 0) this.#turn = servers;
    const others = all.filter(({ kind }) => kind !== 'real server');
    return [...others, ...this.#turn.splice(0, MAX_LOCATED_A_REFRESH)];
  }

  #entryFor({ kind, address, target }: Change): Entry {
    const key = `${kind} ${address}`;
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    const entry = new Entry(kind, address, target);
    this.#entries.set(key, entry);
    return entry;
  }

  /**
   * Brings the kernel to what the entries want; the refusals name the entries of which something is missing.
   *
   * @param isTrusting whether it is believed for a while where an address is
   */
  async #reconcile(
    entries: readonly Entry[],
    thoroughness: Thoroughness = 'shared',
    isTrusting = false,
  ): Promise<Refusals> {
    const { system, device } = this.#context;
    const refusals: Refusals = new Map();
    for (const entry of entries) entry.isInPlace = false;
    const used = entries.filter((entry) => entry.uses.size > 0);
    const startedAt = performance.now();
    const located = used.filter(
      ({ kind, locatedAtMs }) =>
        kind !== 'firewall mark' && !(isTrusting && startedAt - locatedAtMs < LOCATED_FOR_MS[kind]),
    );
    if (located.length > 0) {
      const findings = await locate(system, this.#family, located, device, thoroughness);
      for (const [index, entry] of located.entries())
        settle(this.#context, entry, findings[index], startedAt, refusals);
    }
    for (const entry of used) if (!refusals.has(entry)) refuseUnselectable(entry, refusals);
    const candidates = used.filter((entry) => !refusals.has(entry));
    for (const [entry, refusal] of await findTaken(this.#context, this.#family, candidates))
      refusals.set(entry, refusal);

    const accepted = entries.filter((entry) => !refusals.has(entry));
    const contributors = this.#rules.contribute(accepted);
    const [additions, deletions]: [Step[], Step[]] = [[], []];
    for (const entry of accepted) {
      this.#note(entry);
      const wanted = wantedLines(entry, device);
      for (const line of wanted)
        if (!entry.applied.includes(line)) additions.push({ entry, verb: 'add', line });
      for (const line of entry.applied)
        if (!wanted.includes(line)) deletions.push({ entry, verb: 'del', line });
    }
    additions.push(...this.#rules.additions.map((line): Step => ({ entry: null, verb: 'add', line })));
    deletions.unshift(...this.#rules.deletions.map((line): Step => ({ entry: null, verb: 'del', line })));
    if (additions.length > 0 && !this.#isForwarding) {
      await enableForwarding(this.#context, this.#family);
      this.#isForwarding = true;
    }
    if (this.#needsBase()) await this.#base.lay();
    if (this.#capture.isOn)
      await this.#capture.setSelection(this.#family, this.#rules.selection(this.#routed));
    await this.#lines.run([...additions, ...deletions], contributors, refusals);
    for (const entry of used) entry.isInPlace = !refusals.has(entry);
    return refusals;
  }

  /** Keeps the lists of entries of a kind. */
  #note(entry: Entry): void {
    const { kind, address } = entry;
    if (kind === 'virtual address') {
      const isRouted = entry.uses.size > 0 && isElsewhere(entry);
      if (this.#routed.note(address, isRouted)) this.#isLanBehind = true;
    }
    if (kind !== 'firewall mark') return;
    if (entry.uses.size > 0) this.#marks.add(entry);
    else this.#marks.delete(entry);
  }

  /** For virtual addresses that are no addresses of the host. Trouble there is no reason to refuse a service. */
  async #followLan(isRefresh: boolean): Promise<void> {
    this.#isLanBehind = false;
    try {
      // One that another program puts on a device and takes away again is answered for by that program alone.
      const isOurs = (address: string) => !this.#entries.get(`virtual address ${address}`)?.hasBeenLocal;
      await this.#lan.follow([...this.#routed.addresses].filter(isOurs), isRefresh);
    } catch (thrown) {
      this.#context.log('warn', `Virtual addresses on a LAN: ${messageOf(thrown)}`);
    }
  }

  /** A living daemon is known by its base, and what drops captured packets for a dead one is removed by the next. */
  #needsBase(): boolean {
    const isCaptured = this.#capture.isOn && this.#entries.size > 0;
    return this.#rules.isAny || this.#marks.size > 0 || isCaptured;
  }

  /** Forgets entries without use, and takes the base away when no rule needs it any more. */
  async #tidy(entries: readonly Entry[]): Promise<void> {
    for (const entry of entries) {
      if (entry.uses.size === 0 && entry.applied.length === 0)
        this.#entries.delete(`${entry.kind} ${entry.address}`);
    }
    if (!this.#needsBase()) await this.#base.remove();
  }
}
