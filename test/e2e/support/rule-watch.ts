import type { Child } from '../../lab/child.js';
import type { Lab } from '../../lab/lab.js';
import { until } from '../../lab/poll.js';

/** Sources of rules that catch nothing here: they only show that the watch sees. Source: RFC 5737, RFC 3849. */
const MARKERS = { '-4': '192.0.2.1', '-6': '2001:db8::1' } as const;
const LOCAL_RULE = /from all .*lookup local\b/;

/**
 * Follows every change of a director's policy rules for one family, in the kernel's own order, so that not even a
 * moment without a rule for table local goes unnoticed.
 */
export class RuleWatch {
  readonly #lab: Lab;
  readonly #family: '-4' | '-6';
  readonly #child: Child;
  readonly #rulesBefore: string;

  private constructor(lab: Lab, family: '-4' | '-6', child: Child, rulesBefore: string) {
    this.#lab = lab;
    this.#family = family;
    this.#child = child;
    this.#rulesBefore = rulesBefore;
  }

  /** Returns when every later change will be seen. */
  static async start(lab: Lab, family: '-4' | '-6'): Promise<RuleWatch> {
    const rulesBefore = await lab.run('director', ['ip', family, 'rule']);
    const child = lab.spawn('director', ['ip', family, 'monitor', 'rule']);
    const watch = new RuleWatch(lab, family, child, rulesBefore);
    await until('ip monitor to see a rule', 5000, () => watch.#seesMarker());
    return watch;
  }

  /** The least number of rules for table local at any moment since the start, and how many changes were seen. */
  async finish(): Promise<{ readonly leastLocalRules: number; readonly changes: number }> {
    await until('ip monitor to see the last rule', 5000, () => this.#seesMarker());
    await this.#child.stop();
    let localRules = this.#rulesBefore.split('\n').filter((line) => LOCAL_RULE.test(line)).length;
    let leastLocalRules = localRules;
    const lines = this.#child.log
      .split('\n')
      .filter((line) => line !== '' && !line.includes(MARKERS[this.#family]));
    for (const line of lines) {
      if (!LOCAL_RULE.test(line)) continue;
      localRules += line.startsWith('Deleted') ? -1 : 1;
      leastLocalRules = Math.min(leastLocalRules, localRules);
    }
    return { leastLocalRules, changes: lines.length };
  }

  async #seesMarker(): Promise<boolean> {
    const seen = this.#markersSeen();
    for (const change of ['add', 'delete']) {
      const rule = ['from', MARKERS[this.#family], 'lookup', 'main'];
      await this.#lab.run('director', ['ip', this.#family, 'rule', change, ...rule]);
    }
    return this.#markersSeen() > seen;
  }

  #markersSeen(): number {
    return this.#child.log.split(MARKERS[this.#family]).length;
  }
}
