/** Routes to many addresses by few questions: the answers must be those that the kernel gives for each. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { lookUpAll } from '../../src/host/route-lookup.js';
import { type HostSystem, realSystem } from '../../src/host/system.js';
import { execute } from '../lab/exec.js';
import { NamespacePair, SKIP } from './namespace-pair.js';

const PROGRAM = `#!/bin/sh
exec ip netns exec NAMESPACE ip "$@"
`;

describe('routes to many addresses', { skip: SKIP }, () => {
  let pair: NamespacePair;
  let system: HostSystem;
  let asked = 0;
  beforeEach(async () => {
    pair = await NamespacePair.make();
    const program = `${pair.directory}/ip`;
    await writeFile(program, PROGRAM.replace('NAMESPACE', pair.director), { mode: 0o755 });
    const real = realSystem(program);
    asked = 0;
    system = {
      ...real,
      // /proc is that of this process; the namespace has as few routes.
      readSetting: async () => 'Prefixes: 10',
      listEach: (family, lines) => {
        asked += lines.length;
        return real.listEach(family, lines);
      },
    };
    await pair.addVeth(1);
  });
  afterEach(() => pair.remove());

  const addresses = (of: (index: number) => string) => Array.from({ length: 1024 }, (_, index) => of(index));

  /** Compares with the kernel's answer for each; that names the address itself, which another's cannot. */
  async function assertRight(family: 4 | 6, all: readonly string[]): Promise<void> {
    const options = `ipproto ${family === 4 ? 1 : 58}`;
    const shared = await lookUpAll(system, family, all, options);
    const count = asked;
    const each = await system.listEach(
      family,
      all.map((address) => `route get ${address} ${options}`),
    );
    for (const [index, address] of all.entries()) {
      const [one, other] = [shared[index], each[index]].map((route) => route && { ...route, dst: null });
      assert.deepEqual(one, other, address);
    }
    assert.ok(count < 20, `${count} questions`);
  }

  it('are right where routes and rules lie within one another', async () => {
    for (const route of [
      '10.5.0.0/16 via 10.0.0.2',
      '10.5.1.0/24 via 10.0.1.2 mtu 1300',
      '10.5.1.7/32 via 10.0.0.2 mtu 1400',
      'blackhole 10.5.2.0/25',
      'unreachable 10.5.2.128/25',
      '10.5.3.0/24 via 10.0.1.2 table 77',
    ])
      await pair.ip(pair.director, `route add ${route}`);
    await pair.ip(pair.director, 'rule add pref 7 to 10.5.3.128/25 lookup 77');
    await pair.ip(pair.director, 'addr add 10.5.1.9/32 dev lo');
    await assertRight(
      4,
      addresses((index) => `10.5.${index >> 8}.${index & 255}`),
    );
  });

  it('are right for IPv6', async () => {
    for (const route of ['2001:db8:5::/48 via 2001:db8::2', '2001:db8:5:1::/64 via 2001:db8:1::2 mtu 1300'])
      await pair.ip(pair.director, `-6 route add ${route}`);
    await pair.ip(pair.director, 'addr add 2001:db8:5:1::9/128 dev lo nodad');
    await assertRight(
      6,
      addresses((index) => `2001:db8:5:${index & 3}::${(1 + (index >> 2)).toString(16)}`),
    );
  });

  it('are asked for one by one where a route has several next hops', async () => {
    const hops = 'nexthop via 10.0.0.2 nexthop via 10.0.1.2';
    await execute(['ip', '-n', pair.director, 'route', 'add', '10.5.0.0/16', ...hops.split(' ')]);
    await lookUpAll(
      system,
      4,
      addresses((index) => `10.5.${index >> 8}.${index & 255}`),
      'ipproto 1',
    );
    assert.equal(asked, 1024);
  });
});
