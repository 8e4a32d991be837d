/** What makes the kernel drop captured packets: it follows devices and services, and goes when they go. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { captureTables } from '../../src/host/table.js';
import { execute } from '../lab/exec.js';
import { ASK, add, addReal, MEANS, setDevices } from './capture-calls.js';
import { DEVICE, NamespacePair, type Reader, rip, SKIP, TABLE, vip } from './namespace-pair.js';
import type { Call } from './plumbing-child.js';

const close: Call = { method: 'close' };
const refresh: Call = { method: 'refresh' };

for (const { means, filterProgram } of MEANS) {
  describe(`the plumbing of capture devices by ${means}`, { skip: SKIP }, () => {
    let pair: NamespacePair;
    beforeEach(async () => {
      pair = await NamespacePair.make();
      await pair.addVeth(1);
    });
    afterEach(() => pair.remove());

    const services = ['10.9.9.9', '10.0.0.1', '2001:db8:9::9', '2001:db8::1'].map((each) =>
      add(vip(each, 80)),
    );
    const servers = [addReal(rip('10.0.0.2')), addReal(rip('2001:db8::2'))];
    /** Whether SYNs from the peer are dropped, which must otherwise come out of the device; a ping never is. */
    async function isDropped(address: string, reader: Reader): Promise<boolean> {
      await pair.send(pair.peer, 'tcp', address, [80]);
      await execute(['ip', 'netns', 'exec', pair.peer, 'ping', '-c1', '-W0.05', address]);
      const isFirst = (await reader.lines.next())?.startsWith('6 ') ?? false;
      if (isFirst) await reader.lines.next();
      return !isFirst;
    }

    it('is gone with the devices, with the services and on close, byte for byte', async () => {
      const before = await pair.snapshot();
      const plumbing = await pair.attached({ filterProgram });
      const idle = await pair.snapshot();
      await plumbing.do(setDevices('eth0', 'eth1'));
      await plumbing.do(...services, ...servers);
      const with2 = await pair.snapshot();
      await plumbing.do(setDevices('eth0'));
      assert.notEqual(await pair.snapshot(), with2);
      await plumbing.do(setDevices('eth1', 'eth0'));
      const sorted = (text: string) => text.split('\n').sort().join('\n');
      assert.equal(sorted(await pair.snapshot()), sorted(with2));
      await plumbing.do(
        ...services.map(({ argument }): Call => ({ method: 'removeVirtualService', argument })),
        ...servers.map(({ argument }): Call => ({ method: 'removeRealServer', argument })),
      );
      const rules = async () =>
        pair.exec(pair.director, ['sh', '-c', 'ip rule; ip -6 rule; nft list ruleset']);
      assert.doesNotMatch(await rules(), /117|uipvs/);
      await plumbing.do(...services, ...servers);
      await plumbing.do(close);
      assert.equal(await pair.snapshot(), before);
      assert.notEqual(idle, before);
    });

    it('is put back when somebody takes it away', async () => {
      const reader = await pair.reader('count');
      const plumbing = await pair.attached({ filterProgram });
      await plumbing.do(setDevices('eth0', 'eth1'), ...services, ...servers);
      const before = await pair.snapshot();
      await pair.exec(pair.director, ['nft', 'flush', 'ruleset']);
      for (const preference of [46, 46, 47, 61]) {
        await execute(['ip', '-n', pair.director, 'rule', 'del', 'pref', String(preference)]);
      }
      await execute([
        'ip',
        '-n',
        pair.director,
        'route',
        'flush',
        'table',
        String(captureTables(TABLE).vips),
      ]);
      assert.notEqual(await pair.snapshot(), before);
      await plumbing.do(refresh);
      const sorted = (text: string) => text.split('\n').sort().join('\n');
      assert.equal(sorted(await pair.snapshot()), sorted(before));
      assert.equal(await isDropped('10.9.9.9', reader), true);
    });

    it('follows devices that go and come, and services', async () => {
      const reader = await pair.reader('count');
      const plumbing = await pair.attached({ filterProgram });
      await plumbing.do(setDevices('eth0', 'eth1'), ...services);
      await pair.ip(pair.peer, 'route add 10.9.9.9 via 10.0.1.1');
      assert.equal(await isDropped('10.9.9.9', reader), true);
      await pair.ip(pair.director, 'link del eth1');
      await plumbing.do(refresh);
      assert.equal(await isDropped('2001:db8:9::9', reader), true);
      await plumbing.do(add(vip('10.9.9.8', 80)), ...servers);
      await pair.addVeth(1);
      await plumbing.do(refresh);
      await pair.ip(pair.peer, 'route add 10.9.9.8 via 10.0.1.1');
      await pair.ip(pair.peer, 'route add 10.9.9.9 via 10.0.1.1');
      for (const address of ['10.9.9.9', '10.9.9.8'])
        assert.equal(await isDropped(address, reader), true, address);
      await plumbing.do({ method: 'removeVirtualService', argument: vip('10.9.9.8', 80) });
      // As if it were still routed to the device: only the drop is asked about.
      await pair.ip(pair.director, `route add 10.9.9.8 dev ${DEVICE}`);
      assert.equal(await isDropped('10.9.9.8', reader), false);
    });

    it('follows a VIP that becomes an address of the host', async () => {
      const plumbing = await pair.attached({ filterProgram });
      await plumbing.do(setDevices('eth0'), add(vip('10.0.0.50', 80)));
      await pair.ip(pair.director, 'addr add 10.0.0.50/32 dev lo');
      await plumbing.do(refresh);
      await pair.ip(pair.peer, 'addr add 10.0.0.77/24 dev eth0');
      const ask = async (port: string) =>
        (await pair.exec(pair.peer, ['python3', '-c', ASK, 'tcp', '10.0.0.50', port, '10.0.0.77'])).trim();
      assert.deepEqual([await ask('80'), await ask('81')], ['silence', 'refused']);
    });

    it('tells first what it drops beyond what was asked for, and drops it', async () => {
      const reader = await pair.reader('count');
      const plumbing = await pair.attached({ filterProgram });
      const numbers = Array.from({ length: 40 }, (_, index) => index);
      await plumbing.do(setDevices('eth0'), ...services);
      await plumbing.do(
        ...numbers.map((number) => addReal(rip(`10.5.0.${number}`))),
        ...numbers.map((number) => add(vip('10.0.0.1', 8000 + 2 * number))),
      );
      const told = () => plumbing.logged.splice(0).filter((line) => line.startsWith('capture: '));
      const sources = [{ family: 4, address: '10.5.0.0', length: 26 }];
      const port = { family: 4, address: '10.0.0.1', length: 32, protocol: 'tcp' };
      const ports = [{ ...port, first: 8000, last: 8078 }];
      assert.deepEqual(told(), [`capture: ${JSON.stringify({ sources, ports })}`]);
      await pair.ip(pair.peer, 'addr add 10.5.0.50/24 dev eth0');
      await pair.ip(pair.peer, 'addr add 10.0.0.77/24 dev eth0');
      await pair.send(pair.peer, 'tcp', '10.9.9.9', [80], '10.5.0.50');
      await pair.send(pair.peer, 'tcp', '203.0.113.5', [80], '10.5.0.50');
      await pair.send(pair.peer, 'tcp', '10.0.0.1', [8001], '10.0.0.77');
      assert.equal(await isDropped('10.9.9.9', reader), true);
      const rules = await pair.ip(pair.director, 'rule');
      assert.ok(rules.split('\n').length < 40, rules);
      await plumbing.do(
        ...numbers.map((number): Call => {
          return { method: 'removeRealServer', argument: rip(`10.5.0.${number}`) };
        }),
      );
      assert.deepEqual(told(), [`capture: ${JSON.stringify({ sources: [], ports })}`]);
    });

    it('of two daemons concerns each one its own', async () => {
      await pair.addTun('uipvs1');
      const reader = await pair.reader('count');
      const other = await pair.reader('count', 'uipvs1');
      const journalPath = `${pair.directory}/second.json`;
      const first = await pair.attached({ filterProgram });
      const second = await pair.attached({ filterProgram, device: 'uipvs1', table: TABLE + 1, journalPath });
      await second.do(setDevices('eth1'), add(vip('10.9.9.8', 80)), add(vip('10.9.9.6', 80)));
      const own = (text: string) => text.split('\n').filter((line) => /7118|7225|device|vips/.test(line));
      const alone = await pair.snapshot();
      await first.do(setDevices('eth0', 'eth1'), add(vip('10.9.9.9', 80)), add(vip('10.0.0.1', 80)));
      await pair.ip(pair.peer, 'route add 10.9.9.6 via 10.0.1.1');
      assert.equal(await isDropped('10.9.9.9', reader), true);
      assert.equal(await isDropped('10.9.9.8', other), false);
      assert.equal(await isDropped('10.9.9.6', other), true);
      await first.do(close);
      assert.equal(await isDropped('10.9.9.6', other), true);
      assert.deepEqual(own(await pair.snapshot()), own(alone));
    });

    it('left by a dead daemon is removed by any other', async () => {
      await pair.addTun('uipvs1');
      const journalPath = `${pair.directory}/second.json`;
      const dead = await pair.attached({ filterProgram, device: 'uipvs1', table: TABLE + 1, journalPath });
      await dead.do(setDevices('eth0'), ...services, ...servers);
      await dead.kill();
      const survivor = pair.plumbing();
      await survivor.do();
      assert.match(
        await pair.exec(pair.director, ['sh', '-c', 'ip rule; nft list ruleset']),
        /uipvs_7118|46:/,
      );
      await survivor.do(close);
      await pair.ip(pair.director, 'link del uipvs1');
      await pair.plumbing({ journalPath: `${pair.directory}/third.json` }).do();
      const rules = await pair.exec(pair.director, [
        'sh',
        '-c',
        'ip rule; ip -6 rule; ip route show table all proto 117; ip -6 route show table all proto 117; nft list ruleset',
      ]);
      assert.doesNotMatch(rules, /117|7118/);
    });

    it('refuses names that are none and devices of its own, and changes nothing', async () => {
      const plumbing = await pair.attached({ filterProgram });
      await plumbing.do(setDevices('eth0'), ...services);
      const before = await pair.snapshot();
      for (const name of ['', 'eth0;drop', 'lo', 'all', DEVICE]) {
        const [answer] = (await plumbing.call(setDevices('eth1', name))) ?? [];
        assert.deepEqual(answer, {
          code: 'EINVAL',
          message: `Expected the name of a device to capture from but received "${name}"`,
        });
      }
      assert.equal(await pair.snapshot(), before);
    });
  });
}

describe('routing tables of captured packets', { skip: SKIP }, () => {
  it('are those of no mark and of no other daemon', () => {
    const tables = [1, 117, 118, 7117, 32_767].flatMap((table) => Object.values(captureTables(table)));
    assert.equal(new Set(tables).size, tables.length);
    assert.ok(tables.every((table) => table > 0xffff && table <= 0xffffffff));
  });

  it('that somebody uses are refused', async () => {
    const pair = await NamespacePair.make();
    try {
      const plumbing = await pair.attached();
      const { all } = captureTables(TABLE);
      await pair.ip(pair.director, `route add 10.1.1.1/32 dev eth0 table ${all}`);
      const [answer] = (await plumbing.call(setDevices('eth0'))) ?? [];
      assert.deepEqual(answer, {
        code: 'EEXIST',
        message: `Routing table ${all} for captured packets already holds routes of eth0`,
      });
    } finally {
      await pair.remove();
    }
  });
});
