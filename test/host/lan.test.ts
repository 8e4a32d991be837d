/** VIPs in a subnet of the director: neighbours, ARP and neighbour discovery, with real kernels at both ends. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { executeOk } from '../lab/exec.js';
import { requirements } from '../lab/requirements.js';
import { NamespacePair, SKIP, vip } from './namespace-pair.js';
import type { Call } from './plumbing-child.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const OTHER_MAC = '02:00:00:00:00:99';

const add = (argument: unknown): Call => ({ method: 'addVirtualService', argument });
const remove = (argument: unknown): Call => ({ method: 'removeVirtualService', argument });
const refresh: Call = { method: 'refresh' };

describe('a VIP on a LAN', { skip: SKIP || (requirements(['g++']) ?? false), timeout: 120_000 }, () => {
  let directory: string;
  let announcer: string;
  before(async () => {
    directory = mkdtempSync(`${tmpdir()}/uh-announce-`);
    announcer = `${directory}/announce`;
    const sources = ['native/io/announce.cc', 'native/core/checksum.cc', 'test/host/announce.cc'];
    const files = sources.map((source) => `${ROOT}${source}`);
    await executeOk(['g++', '-std=c++20', `-I${ROOT}native`, '-o', announcer, ...files]);
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  for (const { family, address, length } of [
    { family: 'IPv4', address: '10.0.0.100', length: 24 },
    { family: 'IPv6', address: '2001:db8::100', length: 64 },
  ] as const) {
    describe(family, () => {
      let pair: NamespacePair;
      let directorMac: string;
      beforeEach(async () => {
        pair = await NamespacePair.make();
        directorMac = await macOf(pair.director);
        for (const version of ['-4', '-6']) await pair.ip(pair.peer, `${version} route del default`);
        // As any IPv6 host has: a kernel that wants to know of its own accord asks from a link-local address.
        for (const [name, number] of [
          [pair.director, 1],
          [pair.peer, 2],
        ] as const) {
          await pair.ip(name, `addr add fe80::${number}/64 dev eth0 nodad`);
        }
      });
      afterEach(() => pair.remove());

      const macOf = async (namespace: string) =>
        (await pair.exec(namespace, ['cat', '/sys/class/net/eth0/address'])).trim();
      const proxies = async () =>
        (await pair.ip(pair.director, `-${family.slice(-1)} neigh show proxy`)).replace(/ *\n/g, '\n').trim();
      /** What the client knows of the VIP. */
      const known = async () => (await pair.ip(pair.peer, `neigh show ${address}`)).trim();
      const entry = `${address} dev eth0 proxy proto 117`;
      const foreign = `addr add ${address}/${length} dev eth0${family === 'IPv6' ? ' nodad' : ''}`;

      it('is reached by a client without any route, with one answer to one question', async () => {
        const plumbing = await pair.attached();
        await plumbing.do(add(vip(address, 80)));
        const reader = await pair.reader('count');
        const startMs = performance.now();
        await pair.send(pair.peer, 'tcp', address, [80]);
        assert.match((await reader.lines.next()) ?? '', new RegExp(` 5000 ${address} 80$`));
        const elapsedMs = performance.now() - startMs;
        assert.ok(elapsedMs < 800, `Expected an answer without proxy_delay but it took ${elapsedMs} ms`);
        assert.match(await known(), new RegExp(`lladdr ${directorMac}`));
      });

      it('goes on being known when the client checks on it', async () => {
        const plumbing = await pair.attached();
        await plumbing.do(add(vip(address, 80)));
        await pair.reader('count');
        await pair.ip(pair.peer, `neigh replace ${address} lladdr ${directorMac} dev eth0 nud probe`);
        for (let look = 0; look < 60 && !/REACHABLE|FAILED/.test(await known()); look++) await delay(100);
        assert.match(await known(), /REACHABLE/);
      });

      it('is announced: a client that had it from another host learns at once', async () => {
        const stale = `neigh replace ${address} lladdr ${OTHER_MAC} dev eth0 nud reachable`;
        const silent = await pair.attached();
        await pair.ip(pair.peer, stale);
        await silent.do(add(vip(address, 80)), { method: 'close' });
        assert.match(await known(), new RegExp(OTHER_MAC), 'what happens without an announcement');
        await silent.kill();
        const plumbing = await pair.attached({ announcer });
        await plumbing.do(add(vip(address, 80)));
        assert.match(await known(), new RegExp(`lladdr ${directorMac}`));
        for (const isAnnounced of [true, true, false]) {
          await pair.ip(pair.peer, stale);
          await plumbing.do(refresh);
          assert.match(await known(), new RegExp(isAnnounced ? directorMac : OTHER_MAC));
        }
      });

      it('leaves nothing behind, and nothing of others out', async () => {
        const other = `${address.replace(/100$/, '200')} dev eth0`;
        await pair.ip(pair.director, `neigh add proxy ${other}`);
        const before = await pair.snapshot();
        const plumbing = await pair.attached();
        await plumbing.do(add(vip(address, 80)), add(vip(address, 443)));
        assert.deepEqual((await proxies()).split('\n').sort(), [entry, `${other} proxy`].sort());
        await plumbing.do(remove(vip(address, 80)));
        assert.ok((await proxies()).includes(entry));
        await plumbing.do(remove(vip(address, 443)));
        assert.equal(await proxies(), `${other} proxy`);
        await plumbing.do(add(vip(address, 80)), { method: 'close' });
        assert.equal(await pair.snapshot(), before);
      });

      it('is answered for again after a flush, and no longer once it is an address of the host', async () => {
        const plumbing = await pair.attached();
        await plumbing.do(add(vip(address, 80)));
        await pair.ip(pair.director, `neigh del proxy ${address} dev eth0`);
        await plumbing.do(refresh);
        assert.equal(await proxies(), entry);
        await pair.ip(pair.director, foreign);
        await plumbing.do(refresh);
        assert.equal(await proxies(), '');
      });

      it('is left to another host that has it, and taken when that one is gone', async () => {
        await pair.ip(pair.peer, foreign);
        const plumbing = await pair.attached();
        await plumbing.do(add(vip(address, 80)));
        assert.equal(await proxies(), '');
        const sentence = `Virtual address ${address} is in use by ${await macOf(pair.peer)} on eth0; not answering for it there`;
        assert.ok(plumbing.logged.includes(`warn: ${sentence}`), plumbing.logged.join('\n'));
        await plumbing.do(refresh);
        await delay(100);
        await plumbing.do(refresh);
        assert.equal(await proxies(), '');
        await pair.ip(pair.peer, `addr del ${address}/${length} dev eth0`);
        await plumbing.do(refresh);
        await plumbing.do(refresh);
        assert.equal(await proxies(), entry);
      });

      it('is given up when another host claims it', async () => {
        const plumbing = await pair.attached();
        await plumbing.do(add(vip(address, 80)));
        assert.equal(await proxies(), entry);
        await pair.ip(pair.peer, foreign);
        await plumbing.do(refresh);
        await delay(100);
        await plumbing.do(refresh);
        assert.equal(await proxies(), '');
      });

      it('is not answered for where that is switched off', async () => {
        const plumbing = await pair.attached({ answersOnLan: false });
        await plumbing.do(add(vip(address, 80)), refresh);
        assert.equal(await proxies(), '');
      });

      it('of a daemon that died is no longer answered for', async () => {
        const before = await pair.snapshot();
        const plumbing = await pair.attached();
        await plumbing.do(add(vip(address, 80)));
        await plumbing.kill();
        assert.equal(await proxies(), entry);
        const another = { device: 'uipvs9', table: 9119, journalPath: `${pair.directory}/9.json` };
        await pair.plumbing(another).do();
        assert.equal(await proxies(), entry, 'while its device is there, its own successor sees to that');
        const successor = pair.plumbing();
        await successor.do();
        await successor.do({ method: 'close' });
        assert.equal(await pair.snapshot(), before);
      });
    });
  }

  it('of a daemon that died with its device is removed by any other', async () => {
    const pair = await NamespacePair.make();
    try {
      const plumbing = await pair.attached();
      await plumbing.do(add(vip('10.0.0.100', 80)));
      await plumbing.kill();
      await pair.ip(pair.director, 'link del uipvs0');
      await pair.plumbing({ device: 'uipvs9', table: 9119, journalPath: `${pair.directory}/9.json` }).do();
      assert.equal(await pair.ip(pair.director, 'neigh show proxy'), '');
    } finally {
      await pair.remove();
    }
  });
});
