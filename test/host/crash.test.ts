/** What is left of a daemon that died, and what the next one makes of it. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { execute } from '../lab/exec.js';
import { DEVICE, NamespacePair, type Plumbing, rip, SKIP, TABLE, vip } from './namespace-pair.js';
import type { Call } from './plumbing-child.js';

const SERVICES = [vip('10.9.9.9', 80), vip('10.0.0.1', 80), vip('2001:db8:9::9', 80), vip('2001:db8::1', 80)];
const SERVERS = [rip('10.0.0.2'), rip('2001:db8::2'), rip('10.0.0.1', { protocol: 'tcp', port: 8080 })];

const addAll: Call[] = [
  ...SERVICES.map((argument): Call => ({ method: 'addVirtualService', argument })),
  ...SERVERS.map((argument): Call => ({ method: 'addRealServer', argument })),
];
const removeFirst: Call[] = [
  ...SERVICES.slice(0, 3).map((argument): Call => ({ method: 'removeVirtualService', argument })),
  ...SERVERS.map((argument): Call => ({ method: 'removeRealServer', argument })),
];

/** A daemon's life in a few words; false when it died on the way. */
async function live(plumbing: Plumbing): Promise<boolean> {
  const turns: Call[][] = [[], [{ method: 'attachDevice' }], addAll, removeFirst, [{ method: 'close' }]];
  for (const turn of turns) {
    const answers = await plumbing.call(...turn);
    if (answers === null) return false;
    assert.deepEqual(
      answers.filter(({ code }) => code !== null),
      [],
    );
  }
  return true;
}

describe('after a crash', { skip: SKIP }, () => {
  let pair: NamespacePair;
  beforeEach(async () => {
    pair = await NamespacePair.make();
  });
  afterEach(() => pair.remove());

  /** Opens again and compares. */
  async function assertRestored(before: string, when: string): Promise<void> {
    const successor = pair.plumbing();
    await successor.do();
    assert.equal(await pair.snapshot(), before, when);
    await successor.do({ method: 'close' });
    await successor.kill();
  }

  for (const [isDeviceLost, stride, what] of [
    [false, 1, 'whose device stayed, wherever between two steps it died'],
    [true, 4, 'whose device went with it'],
  ] as const) {
    it(`the next daemon undoes one ${what}`, async () => {
      const before = await pair.snapshot();
      let killAfter = 0;
      for (let isDone = false; !isDone; killAfter += stride) {
        const plumbing = pair.plumbing({ killAfter });
        isDone = await live(plumbing);
        await plumbing.kill();
        for (const family of ['-4', '-6']) {
          assert.match(
            await pair.ip(pair.director, `${family} rule`),
            /from all lookup local/,
            `step ${killAfter}`,
          );
        }
        if (isDeviceLost) {
          await pair.ip(pair.director, `link del ${DEVICE}`);
          await pair.addTun(DEVICE);
        }
        await assertRestored(before, `died after step ${killAfter}`);
      }
      assert.ok(killAfter > 60, `Expected more than 60 steps but received ${killAfter}`);
    });
  }

  it('the next daemon undoes what a dead one\'s "ip" is still doing', async () => {
    const before = await pair.snapshot();
    const plumbing = await pair.attached();
    const calls = Array.from({ length: 4000 }, (_, index): Call => {
      return { method: 'addRealServer', argument: rip(`10.1.${index >> 8}.${index & 255}`) };
    });
    plumbing.process.stdin.write(`${JSON.stringify(calls)}\n`);
    let rules = '';
    while (!rules.includes('from 10.1.')) rules = await pair.ip(pair.director, 'rule');
    await plumbing.kill();
    await assertRestored(before, 'died in a batch');
  });

  it('a second daemon with the journal of a living one is refused', async () => {
    const first = await pair.attached();
    await first.do(...addAll);
    const before = await pair.snapshot();
    const second = pair.plumbing();
    const [answer] = (await second.call()) ?? [];
    const journalPath = `${pair.directory}/journal.json`;
    assert.deepEqual(answer, {
      code: 'EBUSY',
      message: `The journal ${journalPath} belongs to process ${first.process.pid}, which is running`,
    });
    assert.equal(await pair.snapshot(), before);
  });

  it('another daemon removes rules whose device is gone, and only those', async () => {
    const before = await pair.ip(pair.director, 'rule');
    const other = { device: 'uipvs1', table: TABLE + 1, journalPath: `${pair.directory}/other.json` };
    await pair.addTun('uipvs1');
    const dead = await pair.attached(other);
    await dead.do(...addAll);
    await dead.kill();
    const whole = await pair.ip(pair.director, 'rule');
    const first = pair.plumbing();
    await first.do();
    assert.equal(await pair.ip(pair.director, 'rule'), whole);
    await first.do({ method: 'close' });
    await pair.ip(pair.director, 'link del uipvs1');
    await pair.plumbing().do();
    assert.equal(await pair.ip(pair.director, 'rule'), before);
  });

  it('a journal that is not ours to read is left alone', async () => {
    writeFileSync(`${pair.directory}/journal.json`, 'something else');
    const [answer] = (await pair.plumbing().call()) ?? [];
    assert.equal(answer?.code, 'EINVAL');
  });

  it('a journal of another boot is of no consequence', async () => {
    const journal = { version: 1, owner: { pid: 1, startTicks: '0' }, bootId: 'another', settings: [] };
    writeFileSync(`${pair.directory}/journal.json`, JSON.stringify(journal));
    const before = await pair.snapshot();
    await pair.plumbing().do();
    assert.equal(await pair.snapshot(), before);
  });

  it('the journal can be read by root only', async () => {
    await pair.plumbing().do();
    const { stdout } = await execute(['stat', '-c', '%a', `${pair.directory}/journal.json`]);
    assert.equal(stdout.trim(), '600');
  });
});
