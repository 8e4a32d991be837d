/** What the kernel's reverse-path filter does to marked packets. Real ones, in network namespaces. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { mark, NamespacePair, SKIP } from './namespace-pair.js';
import type { Call } from './plumbing-child.js';

const MARK_DEVICE = 'uipvs0m1';

const add = (argument: unknown): Call => ({ method: 'addFirewallMark', argument });

describe('reverse-path filters and firewall marks', { skip: SKIP }, () => {
  let pair: NamespacePair;
  beforeEach(async () => {
    pair = await NamespacePair.make();
    await pair.addTun(MARK_DEVICE);
  });
  afterEach(() => pair.remove());

  for (const [filter, srcValidMark, isDropped] of [
    [0, 1, false],
    [1, 0, false],
    [1, 1, true],
    [2, 1, false],
  ] as const) {
    it(`rp_filter ${filter} with src_valid_mark ${srcValidMark} ${isDropped ? 'drops marked packets, with a warning' : 'lets them pass'}`, async () => {
      const conf = 'net.ipv4.conf.eth0';
      const settings = [`${conf}.rp_filter=${filter}`, `${conf}.src_valid_mark=${srcValidMark}`];
      await pair.exec(pair.director, ['sysctl', '-w', ...settings]);
      const plumbing = await pair.attached();
      await plumbing.do(add(mark(1, MARK_DEVICE)));
      await pair.nft(
        'chain in { type filter hook prerouting priority mangle; udp dport 80-81 meta mark set 1; }',
      );
      const reader = await pair.reader('count', MARK_DEVICE);
      await pair.send(pair.peer, 'udp', '203.0.113.5', [80]);
      // What tells that the first one was dropped: the second, after the filter is out of the way.
      await pair.exec(pair.director, ['sysctl', '-w', `${conf}.rp_filter=0`]);
      await pair.send(pair.peer, 'udp', '203.0.113.5', [81]);
      const expected = `17 10.0.0.2 5000 203.0.113.5 ${isDropped ? 81 : 80}`;
      assert.equal(await reader.lines.next(), expected);
      reader.process.kill();
      const warning = `warn: rp_filter and src_valid_mark are 1 on eth0: the kernel drops packets with firewall mark 1 there; rp_filter 2 or src_valid_mark 0 lets them pass`;
      assert.equal(plumbing.logged.includes(warning), isDropped);
    });
  }
});
