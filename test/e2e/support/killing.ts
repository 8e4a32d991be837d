/** Kills uipvsd again and again while connections exchange data, and tells what they felt of it. */
import type { Dice } from '../../lab/dice.js';
import { until } from '../../lab/poll.js';
import { type ExchangeReport, RunningExchange } from './exchange.js';
import type { Scene } from './scene.js';
import { killManaged } from './service-manager.js';

/**
 * One is started when the daemon is dead, or another one stands by, or a service manager keeps its devices open and
 * starts one: then it is the manager that the scene runs.
 */
export type Successor = 'started' | 'standby' | 'managed';

export interface KillingPlan {
  readonly address: string;
  readonly port: number;
  readonly connections: number;
  readonly intervalMs: number;
  readonly kills: number;
  readonly dice: Dice;
  /** Arguments of the daemons that are started. */
  readonly args: readonly string[];
  readonly successor: Successor;
}

export interface KillingReport extends ExchangeReport {
  /** From each kill to the moment at which the next daemon answers, in ms. */
  readonly restartsMs: readonly number[];
  /** For each kill and connection, how long data stood still, in ms; 0 for what nobody feels. In rising order. */
  readonly stallsMs: readonly number[];
}

const MAX_PAUSE_MS = 1500;
const PATIENCE_MS = 60_000;

/** The value that so many of all, which are in rising order, do not exceed. */
export function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.max(Math.ceil(sorted.length * part) - 1, 0)] ?? 0;
}

export async function killAgainAndAgain(scene: Scene, plan: KillingPlan): Promise<KillingReport> {
  const { lab } = scene;
  const exchange = await RunningExchange.start(lab, plan, plan.connections, plan.intervalMs);
  const kills: number[] = [];
  const restartsMs: number[] = [];
  for (let kill = 0; kill < plan.kills; kill += 1) {
    const before = scene.uipvs;
    if (plan.successor === 'standby') await scene.standBy({ args: plan.args });
    await pause(plan.dice.fraction() * MAX_PAUSE_MS);
    const killedAt = Date.now();
    kills.push(killedAt);
    if (plan.successor === 'managed') {
      await killManaged(scene);
    } else {
      await before.kill9();
      if (plan.successor === 'standby') await scene.uipvs.answers();
      else await scene.restartUipvs({ args: plan.args });
    }
    restartsMs.push(Date.now() - killedAt);
  }
  const report = await exchange.finish();
  return { ...report, restartsMs, stallsMs: stallsOf(report, kills) };
}

/** The longest of a connection's slow blocks that were under way between a kill and the next one. */
function stallsOf({ connections, slow }: ExchangeReport, kills: readonly number[]): readonly number[] {
  const stalls: number[] = [];
  for (const [index, killedAt] of kills.entries()) {
    const nextAt = kills[index + 1] ?? Number.POSITIVE_INFINITY;
    const longest = new Map<number, number>();
    for (const [connection, sentAt, tookMs] of slow) {
      if (sentAt >= nextAt || sentAt + tookMs < killedAt) continue;
      longest.set(connection, Math.max(longest.get(connection) ?? 0, tookMs));
    }
    stalls.push(...longest.values(), ...Array.from({ length: connections - longest.size }, () => 0));
  }
  return stalls.sort((one, other) => one - other);
}

async function pause(ms: number): Promise<void> {
  const endsAt = Date.now() + ms;
  await until('a pause to end', ms + PATIENCE_MS, () => Date.now() >= endsAt);
}
