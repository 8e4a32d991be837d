/** Uses that come and go with nothing to change in the kernel. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Change, FamilyPlumbing } from '../../src/host/family-plumbing.js';
import { RequestQueue } from '../../src/host/request-queue.js';
import { NamespacePair, type Plumbing, rip, SKIP, TABLE, vip } from './namespace-pair.js';
import type { Call } from './plumbing-child.js';

const RIP = rip('10.0.0.2', { protocol: 'tcp', port: 80 });
const OTHER_PORT = rip('10.0.0.2', { protocol: 'tcp', port: 81 });

describe('addresses that are in place', { skip: SKIP }, () => {
  let pair: NamespacePair;
  let plumbing: Plumbing;
  beforeEach(async () => {
    pair = await NamespacePair.make();
    plumbing = await pair.attached();
  });
  afterEach(() => pair.remove());

  const isLed = async (): Promise<boolean> =>
    (await pair.ip(pair.director, 'rule')).includes(`from 10.0.0.2 lookup ${TABLE}`);

  async function done(method: Call['method'], argument: unknown): Promise<boolean> {
    const [answer] = (await plumbing.call({ method, argument })) ?? [];
    assert.equal(answer?.code, null);
    return answer?.message === 'true';
  }

  it('have their uses counted at once, but for the first and the last use', async () => {
    assert.equal(await done('tryAddRealServer', RIP), false);
    assert.equal(await isLed(), false);
    await plumbing.do({ method: 'addRealServer', argument: RIP });
    assert.equal(await done('tryAddRealServer', RIP), true);
    assert.equal(await done('tryAddRealServer', OTHER_PORT), true);
    for (const use of [RIP, OTHER_PORT]) assert.equal(await done('tryRemoveRealServer', use), true);
    assert.equal(await done('tryRemoveRealServer', OTHER_PORT), false, 'there is no such use');
    assert.equal(await done('tryRemoveRealServer', RIP), false);
    assert.equal(await isLed(), true);
    await plumbing.do({ method: 'removeRealServer', argument: RIP });
    assert.equal(await isLed(), false);
    assert.equal(await done('tryAddRealServer', RIP), false);
  });

  it('of the host itself need rules for each port', async () => {
    const local = rip('10.0.0.1', { protocol: 'tcp', port: 80 });
    await plumbing.do({ method: 'addRealServer', argument: local });
    assert.equal(await done('tryAddRealServer', { ...local, port: 81 }), false);
  });

  it('without a route are looked for again', async () => {
    await plumbing.do({ method: 'addRealServer', argument: rip('192.0.2.7') });
    assert.equal(await done('tryAddRealServer', rip('192.0.2.7')), false);
  });

  it('are nothing to a plumbing that is closed', async () => {
    await plumbing.do({ method: 'addRealServer', argument: RIP }, { method: 'close' });
    assert.equal(await done('tryAddRealServer', RIP), false);
  });

  it('may be virtual ones, whose services are told apart', async () => {
    await plumbing.do({ method: 'addVirtualService', argument: vip('10.9.9.9', 80) });
    await plumbing.do({ method: 'addVirtualService', argument: vip('10.9.9.9', 81) });
    await plumbing.do({ method: 'removeVirtualService', argument: vip('10.9.9.9', 80) });
    const routes = () => pair.ip(pair.director, 'route show table all proto 117');
    assert.match(await routes(), /^10\.9\.9\.9 /);
    await plumbing.do({ method: 'removeVirtualService', argument: vip('10.9.9.9', 81) });
    assert.equal(await routes(), '');
  });
});

describe('the queue of requests', () => {
  const server = (address: string) => ({ family: 4, address }) as const;

  /** A queue for a family that counts at once what it may, what it was told, and whether it may. */
  function queueFor(applies: (queue: RequestQueue, told: string[]) => Promise<void>) {
    const told: string[] = [];
    const may = { beAtOnce: false };
    const family = {
      tryAtOnce: (verb, _kind, address) => may.beAtOnce && told.push(`at once ${verb} ${address}`) > 0,
      apply: async (changes: readonly Change[]) => {
        for (const { verb, address } of changes) told.push(`${verb} ${address}`);
        await applies(queue, told);
        return changes.map(() => null);
      },
    } as Pick<FamilyPlumbing, 'tryAtOnce' | 'apply'> as FamilyPlumbing;
    const queue = new RequestQueue({ 4: family, 6: family }, (task) => Promise.resolve().then(task));
    return { queue, told, may };
  }

  it('counts uses of real servers at once whatever waits, and virtual addresses only in their turn', async () => {
    const { queue, told, may } = queueFor(async (itself, words) => {
      await new Promise(setImmediate);
      words.push(`meanwhile: ${itself.tryAtOnce('add', 'virtual address', server('10.9.0.4'))}`);
      itself.tryAtOnce('add', 'real server', server('10.0.0.4'));
    });
    const waiting = queue.request('add', 'real server', server('10.0.0.2'));
    may.beAtOnce = true;
    assert.equal(queue.tryAtOnce('add', 'virtual address', server('10.9.0.3')), false);
    assert.equal(queue.tryAtOnce('add', 'real server', server('10.0.0.3')), true);
    await waiting;
    await new Promise(setImmediate);
    assert.equal(queue.tryAtOnce('remove', 'real server', server('10.0.0.5')), true);
    await queue.request('add', 'real server', server('10.0.0.6'));
    assert.deepEqual(told, [
      'at once add 10.0.0.3',
      'add 10.0.0.2',
      'meanwhile: false',
      'at once add 10.0.0.4',
      'at once remove 10.0.0.5',
      'at once add 10.0.0.6',
    ]);
  });

  it('does so again after a failure', async () => {
    const { queue, may } = queueFor(async () => {
      throw new Error('no ip');
    });
    await assert.rejects(queue.request('add', 'real server', server('10.0.0.2')), /no ip/);
    may.beAtOnce = true;
    assert.equal(queue.tryAtOnce('add', 'real server', server('10.0.0.2')), true);
  });
});
