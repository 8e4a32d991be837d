import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { UipvsError } from '../../src/base/error.js';
import { MasqueradePool } from '../../src/daemon/masquerade-pool.js';

const ADDRESSES = ['10.1.0.200', 'fd01::200'];

describe('addresses to masquerade with', () => {
  let calls: string[];
  let held: Set<string>;
  let refusal: Error | null;
  let pool: MasqueradePool;
  beforeEach(() => {
    calls = [];
    held = new Set();
    refusal = null;
    const host = {
      addVirtualService: async ({ family, address }: { family: number; address: string }) => {
        calls.push(`host +${address} ipv${family}`);
        if (refusal !== null) throw refusal;
      },
      heldElsewhere: (addresses: readonly string[]) => new Set(addresses.filter((each) => held.has(each))),
    };
    const engine = {
      setUsable: (address: string, isUsable: boolean) =>
        void calls.push(`${address} ${isUsable ? 'usable' : 'not usable'}`),
    };
    const note = (_: object, sentence: string) => void calls.push(sentence);
    pool = new MasqueradePool(ADDRESSES, host, engine, { warn: note, info: note } as never);
  });

  it('are led here as VIPs without a service', async () => {
    await pool.take();
    assert.deepEqual(calls, ['host +10.1.0.200 ipv4', 'host +fd01::200 ipv6']);
  });

  it('are not used while another host has them, which is said once', async () => {
    held.add('10.1.0.200');
    await pool.take();
    calls.length = 0;
    pool.follow();
    assert.deepEqual(calls, []);
    held.add('fd01::200');
    held.delete('10.1.0.200');
    pool.follow();
    assert.deepEqual(calls, [
      '10.1.0.200 usable',
      'Masquerading address 10.1.0.200 is here again',
      'fd01::200 not usable',
      'Masquerading address fd01::200 is not here now: no new connection is given it',
    ]);
  });

  it('end the start where the host refuses one, in one sentence', async () => {
    refusal = new UipvsError('EEXIST', 'Virtual address 10.1.0.200 is already held by a blackhole route');
    await assert.rejects(pool.take(), {
      code: 'EEXIST',
      message:
        '10.1.0.200 of --masquerade-addresses cannot be used: Virtual address 10.1.0.200 is already held by a blackhole route',
    });
  });
});
