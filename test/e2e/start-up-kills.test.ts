/**
 * A daemon that is killed while it starts, at any moment between its first instruction and its first answer, again and
 * again: the next one finds what is half taken over, half adopted, half written, and goes on all the same.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Dice } from '../lab/dice.js';
import { VIP } from '../lab/topology.js';
import { assertUnharmed, type ExchangeReport, RunningExchange } from './support/exchange.js';
import { hostState } from './support/host-state.js';
import { RuleWatch } from './support/rule-watch.js';
import { Scene } from './support/scene.js';

const TURNS = Number(process.env.UIPVS_KILLS ?? 4);
const SEED = Number(process.env.UIPVS_SEED ?? Date.now() % 1_000_000);
/** Begun and killed so often in a turn, before one may live. */
const DEATHS = 3;
const CONNECTIONS = 200;
const INTERVAL_MS = 100;
/** An address of the director's own, of which rules take the ports. */
const LOCAL_VIP = '10.0.0.1';

describe(`killed while it starts, ${TURNS} times ${DEATHS}`, () => {
  const dice = new Dice(SEED);
  let scene: Scene;
  let report: ExchangeReport;
  let hostBefore: string;
  let [savedBefore, savedAfter] = ['', ''];
  let [rulesLost, early] = [0, 0];
  const seen = new Set<string>();

  /** How far one got that was killed, as its log tells. */
  const stageOf = (log: string): string =>
    log.includes('"ready"') ? 'ready' : log.includes('goes on with') ? 'took over' : 'began';

  async function beginAndKill(withinMs: number): Promise<void> {
    scene.beginUipvs();
    await delay(dice.fraction() * withinMs);
    const stage = stageOf(scene.uipvs.log);
    seen.add(stage);
    if (stage !== 'ready') early += 1;
    await scene.uipvs.kill9();
  }

  before(async () => {
    scene = await Scene.open();
    await scene.uipvs.stop();
    hostBefore = await hostState(scene.lab, 'director');
    await scene.restartUipvs();
    for (const vip of [VIP.ipv4, VIP.ipv6, LOCAL_VIP]) await scene.balance('tcp', vip, 7, { to: 7 });
    await scene.adm('-A', '-f', '7', '-s', 'rr');
    savedBefore = await scene.adm('-Sn');
    const exchange = await RunningExchange.start(
      scene.lab,
      { address: VIP.ipv4, port: 7 },
      CONNECTIONS,
      INTERVAL_MS,
    );
    const watches = await Promise.all(
      (['-4', '-6'] as const).map((family) => RuleWatch.start(scene.lab, family)),
    );
    await scene.uipvs.kill9();
    const startedAt = performance.now();
    await scene.restartUipvs();
    const startMs = performance.now() - startedAt;
    for (let turn = 0; turn < TURNS; turn += 1) {
      await scene.uipvs.kill9();
      for (let death = 0; death < DEATHS; death += 1) await beginAndKill(startMs);
      await scene.restartUipvs();
      savedAfter = await scene.adm('-Sn');
      if (savedAfter !== savedBefore) break;
    }
    rulesLost = (await Promise.all(watches.map((watch) => watch.finish()))).reduce(
      (sum, { changes }) => sum + changes,
      0,
    );
    report = await exchange.finish();
  });
  after(() => scene.close());

  test('deaths fall before the first answer', (context) => {
    context.diagnostic(
      `seed ${SEED}, ${early} of ${TURNS * DEATHS} before it was ready: ${[...seen].join(', ')}`,
    );
    assert.ok(early >= TURNS, `only ${early} of ${TURNS * DEATHS}`);
  });

  test('no connection is lost, and each goes on', (context) => {
    const longest = Math.max(0, ...report.slow.map(([, , tookMs]) => tookMs));
    context.diagnostic(`${report.blocks} blocks, the longest stood still for ${longest} ms`);
    assertUnharmed(report, CONNECTIONS);
  });

  test('services and real servers are those of before', () => {
    assert.equal(savedAfter, savedBefore);
  });

  test('no rule is taken away or added for a moment', () => {
    assert.equal(rulesLost, 0);
  });

  test('SIGTERM still leaves the host as it was found', async () => {
    await scene.uipvs.stop();
    assert.equal(await hostState(scene.lab, 'director'), hostBefore);
  });
});
