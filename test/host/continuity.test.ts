/** What the host's own traffic notices of services that come and go, and how long it takes. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { NamespacePair, rip, SKIP, vip } from './namespace-pair.js';
import type { Call } from './plumbing-child.js';

const CYCLES = 100;
const ON: Call[] = ['10.0.0.1', '2001:db8::1'].map((address) => ({
  method: 'addVirtualService',
  argument: vip(address, 80),
}));
const OFF: Call[] = ON.map(({ argument }) => ({ method: 'removeVirtualService', argument }));

/** The output of a program in the namespace, once it has been told to end. */
function watch(namespace: string, argv: readonly string[]): () => Promise<string> {
  const child = spawn('ip', ['netns', 'exec', namespace, ...argv]);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  return () =>
    new Promise((resolve) => {
      child.once('close', () => resolve(text));
      child.kill('SIGINT');
    });
}

describe('while services come and go', { skip: SKIP }, () => {
  let pair: NamespacePair;
  beforeEach(async () => {
    pair = await NamespacePair.make();
  });
  afterEach(() => pair.remove());

  it('the host is never without a rule for table local, and its own address always answers', async () => {
    const plumbing = await pair.attached();
    const monitors = ['-4', '-6'].map((family) => watch(pair.director, ['ip', family, 'monitor', 'rule']));
    const pings = ['10.0.0.1', '2001:db8::1'].map((address) => {
      return watch(pair.director, ['ping', '-q', '-i', '0.002', '-W', '1', address]);
    });
    // The programs have no sign that they have begun; the monitors' events are counted below.
    await delay(300);
    for (let cycle = 0; cycle < CYCLES; cycle += 1) {
      await plumbing.do(...ON);
      await plumbing.do(...OFF);
    }
    for (const stop of monitors) {
      let rules = 1;
      let moves = 0;
      for (const line of (await stop()).split('\n')) {
        if (!/from all lookup local/.test(line)) continue;
        rules += line.startsWith('Deleted') ? -1 : 1;
        moves += 1;
        assert.ok(rules >= 1, `No local rule after event ${moves}: ${line}`);
      }
      assert.equal(moves, 4 * CYCLES);
    }
    for (const stop of pings) {
      const summary = await stop();
      assert.match(summary, /, 0% packet loss/);
      assert.ok(Number(/^(\d+) packets transmitted/m.exec(summary)?.[1]) > 100, summary);
    }
  });

  it('two daemons that come and go at once leave the host with its local rule, and with nothing else', async () => {
    await pair.addTun('uipvs1');
    const before = await pair.ip(pair.director, 'rule');
    const first = await pair.attached();
    const second = await pair.attached({
      device: 'uipvs1',
      table: 7118,
      journalPath: `${pair.directory}/second.json`,
    });
    const stop = watch(pair.director, ['ip', '-4', 'monitor', 'rule']);
    await delay(300);
    const own: readonly [typeof first, Call, Call][] = [
      [
        first,
        { method: 'addRealServer', argument: rip('10.0.0.2') },
        { method: 'removeRealServer', argument: rip('10.0.0.2') },
      ],
      [
        second,
        { method: 'addRealServer', argument: rip('10.0.0.3') },
        { method: 'removeRealServer', argument: rip('10.0.0.3') },
      ],
    ];
    await Promise.all(
      own.map(async ([plumbing, on, off]) => {
        for (let cycle = 0; cycle < CYCLES / 2; cycle += 1) {
          await plumbing.do(on);
          await plumbing.do(off);
        }
      }),
    );
    let rules = 1;
    for (const line of (await stop()).split('\n')) {
      if (/from all lookup local/.test(line)) rules += line.startsWith('Deleted') ? -1 : 1;
      assert.ok(rules >= 1, line);
    }
    assert.equal(await pair.ip(pair.director, 'rule'), before);
  });

  it('a thousand real servers and a thousand services take one turn each', async (test) => {
    const plumbing = await pair.attached();
    const numbers = Array.from({ length: 1000 }, (_, index) => `${index >> 8}.${index & 255}`);
    const servers = numbers.map((tail): Call => ({ method: 'addRealServer', argument: rip(`10.1.${tail}`) }));
    const services = numbers.map(
      (tail): Call => ({ method: 'addVirtualService', argument: vip(`10.2.${tail}`, 80) }),
    );
    const timed = async (calls: readonly Call[]) => {
      const start = performance.now();
      await plumbing.do(...calls);
      return performance.now() - start;
    };
    const allMs = await timed([...servers, ...services]);
    const oneMs = await timed([{ method: 'addVirtualService', argument: vip('10.3.0.1', 80) }]);
    const refreshMs = await timed([{ method: 'refresh' }]);
    test.diagnostic(
      `2000 at once ${allMs.toFixed(0)} ms, one more ${oneMs.toFixed(1)} ms, refresh ${refreshMs.toFixed(0)} ms`,
    );
    const lines = async (command: string) => (await pair.ip(pair.director, command)).split('\n').length;
    assert.ok((await lines('rule')) < 60, 'a bounded number of rules');
    assert.ok((await lines('route show proto 117')) > 1000);
    // One by one they would take 2000 times as long as one.
    assert.ok(allMs < 200 * oneMs, `${allMs} ms for 2000, ${oneMs} ms for one`);
  });
});
