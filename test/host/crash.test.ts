/**
 * What is left of a daemon that died, and what the next one makes of it. It is killed after one step in some, another one
 * each time; with `UIPVS_EVERY_STEP=1` in the environment after each of them, which takes many minutes.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { execute } from '../lab/exec.js';
import { DEVICE, mark, NamespacePair, type Plumbing, rip, SKIP, TABLE, vip } from './namespace-pair.js';
import type { Call } from './plumbing-child.js';

const MARK_DEVICE = 'uipvs0m1';
const SERVICES = [vip('10.9.9.9', 80), vip('10.0.0.1', 80), vip('2001:db8:9::9', 80), vip('2001:db8::1', 80)];
const SERVERS = [rip('10.0.0.2'), rip('2001:db8::2'), rip('10.0.0.1', { protocol: 'tcp', port: 8080 })];

const addAll: Call[] = [
  ...SERVICES.map((argument): Call => ({ method: 'addVirtualService', argument })),
  ...SERVERS.map((argument): Call => ({ method: 'addRealServer', argument })),
];
const addMarks = (device: string): Call[] =>
  ([4, 6] as const).map((family): Call => {
    return { method: 'addFirewallMark', argument: mark(1, device, family) };
  });
const removeFirst: Call[] = [
  ...SERVICES.slice(0, 3).map((argument): Call => ({ method: 'removeVirtualService', argument })),
  ...SERVERS.map((argument): Call => ({ method: 'removeRealServer', argument })),
];
const ATTACH: Call = { method: 'attachDevice' };
const CLOSE: Call = { method: 'close' };
/** What a daemon does between being opened and its end, a turn at a time. */
const SERVICE_LIFE: readonly (readonly Call[])[] = [[ATTACH], addAll, removeFirst, [CLOSE]];
const MARK_LIFE: readonly (readonly Call[])[] = [
  [ATTACH],
  addMarks(MARK_DEVICE),
  [{ method: 'removeFirewallMark', argument: mark(1, MARK_DEVICE, 4) }],
  [CLOSE],
];
const captureFrom = (...argument: string[]): Call => ({ method: 'setCaptureDevices', argument });
const CAPTURE_LIFE: readonly (readonly Call[])[] = [
  [ATTACH],
  [captureFrom('eth0', 'eth9')],
  addAll,
  [captureFrom('eth0')],
  [captureFrom()],
  [captureFrom('eth0')],
  removeFirst,
  [CLOSE],
];

/** A daemon's life in a few words; false when it died on the way. */
async function live(plumbing: Plumbing, turns: readonly (readonly Call[])[]): Promise<boolean> {
  for (const turn of [[], ...turns]) {
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

  for (const [isDeviceLost, life, sparseStride, leastSteps, what, filterProgram] of [
    [false, SERVICE_LIFE, 5, 60, 'whose device stayed, wherever between two steps it died', 'nft'],
    [true, SERVICE_LIFE, 11, 60, 'whose device went with it', 'nft'],
    [false, MARK_LIFE, 7, 60, 'with a firewall mark, whose devices stayed', 'nft'],
    [true, MARK_LIFE, 13, 60, 'with a firewall mark, whose devices went with it', 'nft'],
    [false, CAPTURE_LIFE, 13, 70, 'that captured packets by nftables', 'nft'],
    [false, CAPTURE_LIFE, 17, 90, 'that captured packets by policy rules', 'no-such-nft'],
    [true, CAPTURE_LIFE, 19, 70, 'that captured packets, whose device went with it', 'nft'],
  ] as const) {
    it(`the next daemon undoes one ${what}`, async (context) => {
      await pair.addTun(MARK_DEVICE);
      const before = await pair.snapshot();
      const stride = process.env.UIPVS_EVERY_STEP ? 1 : sparseStride;
      const first = Math.floor(Math.random() * stride);
      context.diagnostic(`killed after steps ${first}, ${first + stride}, ...`);
      let killAfter = first;
      for (let isDone = false; !isDone; killAfter += stride) {
        const plumbing = pair.plumbing({ killAfter, filterProgram });
        isDone = await live(plumbing, life);
        await plumbing.kill();
        for (const family of ['-4', '-6']) {
          assert.match(
            await pair.ip(pair.director, `${family} rule`),
            /from all lookup local/,
            `step ${killAfter}`,
          );
        }
        if (isDeviceLost) {
          for (const device of [DEVICE, MARK_DEVICE]) await pair.ip(pair.director, `link del ${device}`);
          for (const device of [DEVICE, MARK_DEVICE]) await pair.addTun(device);
        }
        await assertRestored(before, `died after step ${killAfter}`);
      }
      assert.ok(killAfter > leastSteps, `Expected more than ${leastSteps} steps but received ${killAfter}`);
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
    for (const device of ['uipvs1', 'uipvs1m1']) await pair.addTun(device);
    const dead = await pair.attached(other);
    await dead.do(...addAll, ...addMarks('uipvs1m1'));
    await dead.kill();
    const whole = await pair.ip(pair.director, 'rule');
    const first = pair.plumbing();
    await first.do();
    assert.equal(await pair.ip(pair.director, 'rule'), whole);
    await first.do({ method: 'close' });
    for (const device of ['uipvs1', 'uipvs1m1']) await pair.ip(pair.director, `link del ${device}`);
    await pair.plumbing().do();
    assert.equal(await pair.ip(pair.director, 'rule'), before);
  });

  it('a journal that is not ours to read is left alone', async () => {
    writeFileSync(`${pair.directory}/journal.json`, 'something else');
    const [answer] = (await pair.plumbing().call()) ?? [];
    assert.equal(answer?.code, 'EIO');
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
