/**
 * Theory of operation: two routers are behind the director, and the link between them is narrower than the ends believe.
 * traceroute and tracepath do what people do with them: whoever speaks behind the director, router or real server, speaks
 * as the VIP, whose errors are translated, as ip_vs_nat_icmp() does. The same programs show the same way to the real
 * server itself, so the hops must be as many.
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { requirements } from '../lab/requirements.js';
import { DIRECTOR, realServer, VIP } from '../lab/topology.js';
import { insertNarrowPath, linkAddress } from './support/narrow-path.js';
import { endpoint, Scene } from './support/scene.js';

const MTU_BYTES = 1400;
const HTTP_VPORT = 8080;
const ECHO_VPORT = 7777;
/** A VIP whose service has every port: tracepath takes another one for each hop, the first of them this. */
const ALL_PORTS = { ipv4: '10.9.0.2', ipv6: 'fd09::2' } as const;
const TRACEPATH_PORT = '40000';

/** One probe a hop, one hop after the other, six hops at most. */
const TRACEROUTE = ['traceroute', '-n', '-q', '1', '-w', '2', '-N', '1', '-m', '6'];
const PROBES = [
  { name: 'UDP', option: '-U', vport: ECHO_VPORT, port: 7 },
  { name: 'TCP', option: '-T', vport: HTTP_VPORT, port: 80 },
] as const;

/** Lines such as ` 3  10.9.0.1  0.228 ms F=1400`, without the time. */
function hopsOf(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => /^ *\d/.test(line))
    .map((line) =>
      line
        .trim()
        .replace(/\s+[\d.]+ ?ms/, '')
        .replace(/\s+/g, ' ')
        .trim(),
    );
}

describe('with two routers behind the director and a narrow link between them', () => {
  let scene: Scene;
  before(async () => {
    const missing = requirements(['traceroute', 'tracepath']);
    if (missing !== null) throw new Error(missing);
    scene = await Scene.open({ realServers: 1 });
    await insertNarrowPath(scene.lab, 'rs1', 'middle', MTU_BYTES);
    for (const family of ['ipv4', 'ipv6'] as const) {
      await scene.balance('tcp', VIP[family], HTTP_VPORT, { to: 80 });
      await scene.balance('udp', VIP[family], ECHO_VPORT, { to: 7 });
      const service = endpoint(ALL_PORTS[family], 0);
      const server = scene.destination(VIP[family], 1, 0);
      await scene.uipvs.restore([`-A -u ${service} -s rr -p`, `-a -u ${service} -r ${server} -m`]);
    }
  });
  after(() => scene.close());

  beforeEach(async () => {
    for (const family of ['-4', '-6'])
      await scene.lab.run('client', ['ip', family, 'route', 'flush', 'cache']);
  });

  const trace = async (...argv: readonly string[]): Promise<string[]> =>
    hopsOf(await scene.lab.run('client', argv));

  for (const family of ['ipv4', 'ipv6'] as const) {
    const vip = VIP[family];
    const rip = realServer(1)[family];
    const director = DIRECTOR[family];

    for (const { name, option, vport, port } of PROBES) {
      test(`traceroute by ${name} shows the VIP at each hop behind the director, ${family}`, async () => {
        const hops = await trace(...TRACEROUTE, option, '-p', String(vport), vip);
        assert.deepEqual(hops, [`1 ${director}`, `2 ${vip}`, `3 ${vip}`, `4 ${vip}`]);
      });

      test(`traceroute by ${name} to the real server itself shows as many hops, ${family}`, async () => {
        const routers = [linkAddress('rs1', 'beside', 2), linkAddress('rs1', 'middle', 2)];
        const hops = await trace(...TRACEROUTE, option, '-p', String(port), rip);
        const [first, second] = routers.map((router) => router[family]);
        assert.deepEqual(hops, [`1 ${director}`, `2 ${first}`, `3 ${second}`, `4 ${rip}`]);
      });
    }

    test(`traceroute by pings ends at the director, which answers them, ${family}`, async () => {
      assert.deepEqual(await trace(...TRACEROUTE, '-I', vip), [`1 ${director}`, `2 ${vip}`]);
    });

    test(`traceroute --mtu finds the MTU of the narrow link, ${family}`, async () => {
      const hops = await trace(...TRACEROUTE, '--mtu', '-U', '-p', String(ECHO_VPORT), vip, '1450');
      assert.deepEqual(hops, [`1 ${director}`, `2 ${vip}`, `3 ${vip} F=${MTU_BYTES}`, `4 ${vip}`]);
    });

    test(`tracepath finds the MTU, and the end by the real server's refusal, ${family}`, async () => {
      const target = ALL_PORTS[family];
      const text = await scene.lab.run('client', [
        'tracepath',
        '-n',
        '-m',
        '6',
        '-p',
        TRACEPATH_PORT,
        target,
      ]);
      assert.match(text, new RegExp(`^ 2: +${target} `, 'm'), text);
      assert.match(text, new RegExp(`^ 3: +${target} .* pmtu ${MTU_BYTES}$`, 'm'), text);
      assert.match(text, new RegExp(`^ 4: +${target} .* reached$`, 'm'), text);
      assert.match(text, new RegExp(`Resume: pmtu ${MTU_BYTES} hops 4 `), text);
    });
  }
});
