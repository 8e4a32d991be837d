/**
 * Captured packets dropped by policy rules, for hosts without nftables. See capture.ts.
 *
 *     46  iif A ipproto P lookup V                       one a device and protocol; V holds `blackhole VIP`
 *     47  iif A to VIP ipproto P dport N lookup B        one a device and service on a VIP of the host
 *     61  iif A from RIP ipproto P lookup B              one a device, real server and protocol
 *      B  blackhole default
 *
 * The rules lead to tables instead of having the action blackhole, so that each daemon knows its own. A rule whose
 * device is gone matches nothing, and works again when the device is back.
 */
import { UipvsError } from '../base/error.js';
import type { Family } from '../net/family.js';
import { prefixText } from './box.js';
import type { CaptureMeans, Selections } from './capture.js';
import type { HostContext } from './context.js';
import { changeLine } from './entry.js';
import { portsOfRule } from './family-rules.js';
import {
  listRoutes,
  listRules,
  OWNER,
  PREFERENCE,
  PROTOCOL_NUMBERS,
  type Rule,
  routeText,
  ruleText,
} from './rule.js';
import { isNothing, type Selection } from './selection.js';
import { captureTables } from './table.js';
import { isAlreadyGone } from './undo.js';

function wantedLines(
  devices: readonly string[],
  selection: Selection,
  { table, capturedProtocols }: HostContext,
): Set<string> {
  const lines = new Set<string>();
  if (devices.length === 0 || isNothing(selection)) return lines;
  const { vips: vipTable, all: allTable } = captureTables(table);
  const { vips, sources } = selection;
  const protocols = capturedProtocols.map((name) => PROTOCOL_NUMBERS[name]);
  const ports = selection.ports.filter(({ protocol }) => protocols.includes(protocol));
  const addRule = (lookup: number, rule: Omit<Rule, 'action' | 'owner'>) =>
    lines.add(`rule ${ruleText({ ...rule, action: { lookup }, owner: OWNER })}`);
  // Where a rule leads is there before the rule.
  for (const to of vips) lines.add(`route ${routeText({ to, device: null, table: vipTable })}`);
  if (ports.length + sources.length > 0)
    lines.add(`route ${routeText({ to: 'default', device: null, table: allTable })}`);
  for (const iif of devices) {
    for (const protocol of vips.size > 0 ? protocols : [])
      addRule(vipTable, { preference: PREFERENCE.capturedVip, iif, protocol });
    for (const selector of ports) {
      addRule(allTable, {
        preference: PREFERENCE.capturedService,
        iif,
        to: prefixText(selector),
        protocol: selector.protocol,
        destinationPorts: portsOfRule(selector),
      });
    }
    for (const selector of sources) {
      for (const protocol of protocols) {
        const from = prefixText(selector);
        addRule(allTable, { preference: PREFERENCE.capturedReply, iif, from, protocol });
      }
    }
  }
  return lines;
}

export class CaptureRules implements CaptureMeans {
  readonly #context: HostContext;
  readonly #applied: Readonly<Record<Family, Set<string>>> = { 4: new Set(), 6: new Set() };
  readonly #wanted: Record<Family, ReadonlySet<string>> = { 4: new Set(), 6: new Set() };

  constructor(context: HostContext) {
    this.#context = context;
  }

  /** What is in the kernel. */
  linesOf(family: Family): Iterable<string> {
    return this.#applied[family];
  }

  async apply(devices: readonly string[], selections: Selections): Promise<void> {
    for (const family of [4, 6] as const) {
      this.#wanted[family] = wantedLines(devices, selections[family], this.#context);
      await this.#reconcile(family);
    }
  }

  async verify(): Promise<void> {
    for (const family of [4, 6] as const) {
      if (this.#applied[family].size === 0) continue;
      const { system, log } = this.#context;
      const present = new Set([
        ...(await listRules(system, family)).map((rule) => `rule ${ruleText(rule)}`),
        ...(await listRoutes(system, family)).map((route) => `route ${routeText(route)}`),
      ]);
      for (const line of [...this.#applied[family]].filter((other) => !present.has(other))) {
        log('warn', `Somebody else removed "${line}" for captured packets; putting it back`);
        this.#applied[family].delete(line);
      }
      await this.#reconcile(family);
    }
  }

  async #reconcile(family: Family): Promise<void> {
    const applied = this.#applied[family];
    const wanted = this.#wanted[family];
    const fresh = [...wanted].filter((line) => !applied.has(line));
    // Rules before the routes that they lead to.
    const gone = [...applied].filter((line) => !wanted.has(line)).reverse();
    const additions = fresh.map((line) => changeLine('add', line));
    const lines = [...additions, ...gone.map((line) => changeLine('del', line))];
    const failures = await this.#context.system.change(family, lines, 'all');
    const failed = failures.filter(({ line, reason }) => {
      return line < fresh.length ? !/File exists/.test(reason) : !isAlreadyGone(reason);
    });
    const refused = new Set(failed.map(({ line }) => line));
    for (const [index, line] of fresh.entries()) if (!refused.has(index)) applied.add(line);
    for (const [index, line] of gone.entries()) if (!refused.has(fresh.length + index)) applied.delete(line);
    const [first] = failed;
    if (first === undefined) return;
    const code = /not permitted/.test(first.reason) ? 'EPERM' : 'EIO';
    throw new UipvsError(code, `The kernel refused "ip ${lines[first.line]}": ${first.reason}`);
  }
}
