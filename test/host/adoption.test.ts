/**
 * A daemon that dies while it adopts what the one before left on the host, and the next one, which adopts that. It is
 * killed after one step in some, another one each time; with `UIPVS_EVERY_STEP=1` in the environment after each of them.
 */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { DEVICE, mark, NamespacePair, type Plumbing, rip, SKIP, vip } from './namespace-pair.js';
import type { Call } from './plumbing-child.js';

const MARK_DEVICE = 'uipvs0m1';

const services = (...argument: ReturnType<typeof vip>[]): Call[] =>
  argument.map((each) => ({ method: 'addVirtualService', argument: each }));
const servers = (...argument: object[]): Call[] =>
  argument.map((each) => ({ method: 'addRealServer', argument: each }));
const marks = (...families: (4 | 6)[]): Call[] =>
  families.map((family) => ({ method: 'addFirewallMark', argument: mark(1, MARK_DEVICE, family) }));
const captureFrom = (...argument: string[]): Call[] => [{ method: 'setCaptureDevices', argument }];

const ATTACH: readonly Call[] = [{ method: 'attachDevice' }];
const DISOWN: readonly Call[] = [{ method: 'disown' }];
const CLOSE: Call = { method: 'close' };

/** What the dead daemon had. */
const BEFORE = [
  ...services(vip('10.9.9.9', 80), vip('10.0.0.1', 80), vip('2001:db8:9::9', 80), vip('2001:db8::1', 80)),
  ...servers(rip('10.0.0.2'), rip('2001:db8::2'), rip('10.0.0.1', { protocol: 'tcp', port: 8080 })),
];
/** What its successor has: some of it, and more. */
const AFTER = [
  ...services(vip('10.9.9.9', 80), vip('10.9.9.10', 80), vip('10.0.0.1', 81), vip('2001:db8::1', 80)),
  ...servers(rip('10.0.0.3'), rip('2001:db8::2'), rip('10.0.0.1', { protocol: 'tcp', port: 8080 })),
];

interface Succession {
  readonly what: string;
  /** Turns of the dead daemon after it has attached its device, and of those who adopt. */
  readonly before: readonly (readonly Call[])[];
  readonly after: readonly (readonly Call[])[];
  readonly stride: number;
  readonly leastSteps: number;
  readonly filterProgram?: string;
}

const SUCCESSIONS: readonly Succession[] = [
  { what: 'the same', before: [BEFORE], after: [BEFORE, DISOWN], stride: 1, leastSteps: 1 },
  { what: 'some of it, and more', before: [BEFORE], after: [AFTER, DISOWN], stride: 3, leastSteps: 10 },
  { what: 'nothing', before: [BEFORE], after: [DISOWN], stride: 3, leastSteps: 10 },
  {
    what: 'a firewall mark of one family less',
    before: [marks(4, 6)],
    after: [marks(4), DISOWN],
    ...{ stride: 3, leastSteps: 5 },
  },
  {
    what: 'what it captured by nftables',
    before: [captureFrom('eth0'), BEFORE],
    after: [AFTER, captureFrom('eth0', 'eth9'), DISOWN],
    ...{ stride: 5, leastSteps: 15 },
  },
  {
    what: 'what it captured by policy rules',
    before: [captureFrom('eth0'), BEFORE],
    after: [AFTER, captureFrom('eth0', 'eth9'), DISOWN],
    ...{ stride: 5, leastSteps: 15, filterProgram: 'no-such-nft' },
  },
];

describe('a daemon that dies while it adopts', { skip: SKIP }, () => {
  let pair: NamespacePair;
  beforeEach(async () => {
    pair = await NamespacePair.make();
    await pair.addTun(MARK_DEVICE);
  });
  afterEach(() => pair.remove());

  /** In any order: rules of one preference stand as they came. */
  const stateNow = async (): Promise<readonly string[]> => (await pair.snapshot()).split('\n').toSorted();

  async function leaveDead({ before, filterProgram }: Succession): Promise<void> {
    const dead = await pair.attached(filterProgram === undefined ? {} : { filterProgram });
    for (const turn of before) await dead.do(...turn);
    await dead.kill();
  }

  /** Adopts and goes through the turns; null when it died on the way. */
  async function adopt({ after, filterProgram }: Succession, killAfter?: number): Promise<Plumbing | null> {
    const plumbing = pair.plumbing({
      adopts: true,
      ...(filterProgram === undefined ? {} : { filterProgram }),
      ...(killAfter === undefined ? {} : { killAfter }),
    });
    for (const turn of [[], ATTACH, ...after]) {
      const answers = await plumbing.call(...turn);
      if (answers === null) return null;
      assert.deepEqual(
        answers.filter(({ code }) => code !== null),
        [],
      );
    }
    return plumbing;
  }

  for (const succession of SUCCESSIONS) {
    it(`leaves the next one what it needs, where that adopts ${succession.what}`, async (context) => {
      const clean = await stateNow();
      await leaveDead(succession);
      const undisturbed = await adopt(succession);
      const expected = await stateNow();
      await undisturbed?.do(CLOSE);
      await undisturbed?.kill();
      assert.deepEqual(await stateNow(), clean);

      const stride = process.env.UIPVS_EVERY_STEP ? 1 : succession.stride;
      const first = Math.floor(Math.random() * stride);
      context.diagnostic(`killed after steps ${first}, ${first + stride}, ...`);
      let killAfter = first;
      for (let isDone = false; !isDone; killAfter += stride) {
        const when = `died after step ${killAfter}`;
        await leaveDead(succession);
        const killed = await adopt(succession, killAfter);
        isDone = killed !== null;
        await killed?.kill();
        for (const family of ['-4', '-6']) {
          assert.match(await pair.ip(pair.director, `${family} rule`), /from all lookup local/, when);
        }
        const next = await adopt(succession);
        assert.deepEqual(await stateNow(), expected, when);
        await next?.do(CLOSE);
        await next?.kill();
        assert.deepEqual(await stateNow(), clean, when);
      }
      assert.ok(killAfter > succession.leastSteps, `only ${killAfter} steps`);
    });
  }

  it('has taken nothing away that its successor asks for', async () => {
    const succession = SUCCESSIONS[0] as Succession;
    await leaveDead(succession);
    const before = await stateNow();
    for (let killAfter = 0; (await adopt(succession, killAfter)) === null; killAfter += 1) {
      assert.deepEqual(await stateNow(), before, `died after step ${killAfter}`);
    }
    assert.ok((await pair.ip(pair.director, 'route')).includes(`10.9.9.9 dev ${DEVICE}`));
  });
});
