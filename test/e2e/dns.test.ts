/**
 * A DNS service of three real servers, on UDP and TCP, whose servers ask another DNS server on the client's side themselves:
 * each name's answer says who gave it.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Child } from '../lab/child.js';
import { requirements } from '../lab/requirements.js';
import { CLIENT, realServer, VIP } from '../lab/topology.js';
import { dissect } from './support/dissection.js';
import { askedBy, dig, startDnsServer } from './support/dns.js';
import { readPackets } from './support/packets.js';
import { endpoint, Scene } from './support/scene.js';

const PORT = 5353;
const SERVERS = [1, 2, 3] as const;
const QUERIES = 60;
/** Of the long answer: more than a packet of 1500 bytes holds, less than a UDP answer may have. */
const STRINGS = 14;
const MORE_FRAGMENTS = 0x2000;
const UDP = 17;

/** A TXT string of 250 bytes. */
function text(index: number, at: number): string {
  return `rs${index} ${'x'.repeat(244)}${String(at).padStart(2, '0')}`;
}

describe('a DNS service', () => {
  let scene: Scene;
  let upstream: Child;
  before(async () => {
    const missing = requirements(['dnsmasq', 'dig']);
    if (missing !== null) throw new Error(missing);
    scene = await Scene.open({ serverPorts: null });
    upstream = await startDnsServer(scene.lab, 'client', {
      port: 53,
      options: ['--address=/up.test/192.0.2.7'],
    });
    for (const index of SERVERS) {
      const long = Array.from({ length: STRINGS }, (_, at) => text(index, at));
      const options = [
        `--txt-record=name.test,rs${index}`,
        `--txt-record=long.test,${long.join(',')}`,
        `--server=/up.test/${CLIENT.ipv4}`,
      ];
      await startDnsServer(scene.lab, realServer(index).host, { port: PORT, options });
    }
    for (const vip of [VIP.ipv4, VIP.ipv6]) {
      for (const protocol of ['udp', 'tcp'] as const) await scene.balance(protocol, vip, 53, { to: PORT });
    }
  });
  after(() => scene.close());

  for (const [family, vip] of Object.entries(VIP) as ['ipv4' | 'ipv6', string][]) {
    const assertLong = (answers: readonly string[]): void => {
      const [answer = ''] = answers;
      const server = SERVERS.find((index) => answer.startsWith(`"rs${index} `));
      assert.ok(server !== undefined, `the answer begins with ${answer.slice(0, 20)}`);
      const strings = Array.from({ length: STRINGS }, (_, at) => `"${text(server, at)}"`);
      assert.equal(answer, strings.join(' '));
    };

    for (const { transport, option } of [
      { transport: '+notcp', option: '-u' },
      { transport: '+tcp', option: '-t' },
    ]) {
      test(`answers ${QUERIES} queries in turn, ${family} ${transport}`, async () => {
        const queries = Array.from({ length: QUERIES }, () => ['TXT', 'name.test']).flat();
        const answers = await dig(scene.lab, 'client', `@${vip}`, transport, ...queries);
        assert.equal(answers.length, QUERIES);
        assert.deepEqual([...new Set(answers)].toSorted(), ['"rs1"', '"rs2"', '"rs3"']);
        // A port that dig takes twice is one connection.
        const listed = await scene.adm('-Ln', '--stats', '--exact', option, endpoint(vip, 53));
        const counts = [...listed.matchAll(/^ {2}-> \S+ +(\d+)/gm)].map(([, count]) => Number(count));
        assert.equal(counts.length, SERVERS.length, listed);
        assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, listed);
        assert.ok(Math.min(...counts) >= QUERIES / SERVERS.length - 3, listed);
      });
    }

    test(`an answer that is too long is cut, and whole by TCP, ${family}`, async () => {
      const words = [`@${vip}`, '+bufsize=512', 'TXT', 'long.test'];
      const cut = await scene.lab.run('client', ['dig', '+ignore', '+noall', '+comments', ...words]);
      assert.match(cut, /flags: qr aa tc/);
      const retried = await scene.lab.run('client', ['dig', '+noall', '+comments', '+stats', ...words]);
      assert.match(retried, /Truncated, retrying in TCP mode/);
      assertLong(await dig(scene.lab, 'client', ...words));
    });

    test(`an answer of more than a packet comes by UDP in fragments, whole, ${family}`, async () => {
      const file = path.join(scene.lab.directory, `long-${family}.pcap`);
      const capture = await scene.lab.capture('client', 'eth0', file);
      const words = [`@${vip}`, '+notcp', '+ignore', '+bufsize=4096', 'TXT', 'long.test'];
      assertLong(await dig(scene.lab, 'client', ...words));
      await capture.stop();
      const packets = (await readPackets(file))
        .map((frame) => dissect(frame))
        .filter((each) => each !== null);
      const fragments = packets.filter(({ protocol, fragment }) =>
        family === 'ipv4' ? protocol === UDP && (fragment & MORE_FRAGMENTS) !== 0 : fragment !== 0,
      );
      assert.ok(fragments.length >= 2, `${fragments.length} fragments came`);
    });

    test(`its real servers resolve names elsewhere under their own addresses, ${family}`, async () => {
      const own = `own-${family}.up.test`;
      const forwarded = `forwarded-${family}.up.test`;
      const ask = (at: string, name: string) =>
        Array.from({ length: QUERIES }, () => ['A', name])
          .flat()
          .toSpliced(0, 0, `@${at}`);
      const answers = await Promise.all([
        // Through the service, whose servers forward the query, and at the same time from a real server itself.
        dig(scene.lab, 'client', ...ask(vip, forwarded)),
        dig(scene.lab, 'rs1', ...ask(CLIENT[family], own)),
      ]);
      assert.deepEqual([...new Set(answers.flat())], ['192.0.2.7']);
      assert.deepEqual(new Set(askedBy(upstream, own)), new Set([realServer(1)[family]]));
      const servers = new Set(SERVERS.map((index) => realServer(index).ipv4));
      assert.deepEqual(new Set(askedBy(upstream, forwarded)), servers);
      assert.deepEqual(
        answers.map(({ length }) => length),
        [QUERIES, QUERIES],
      );
    });
  }
});
