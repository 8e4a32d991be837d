/** UDP through full NAT: a DNS server and a resolver as Debian has them, and real servers that call their own VIP. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { requirements } from '../lab/requirements.js';
import { VIP } from '../lab/topology.js';
import { endpoint, Scene } from './support/scene.js';

const DNS_PORT = 53;
const PLAIN_VPORT = 5353;
/** More than a packet of the lab's links holds: the answer comes in fragments. */
const LONG_TEXT_STRINGS = 12;
const LONG_STRING = 'x'.repeat(200);
const ADDRESSES = ['10.1.0.1', '10.1.0.200', 'fd01::1', 'fd01::200'];

describe('DNS over UDP through full NAT', () => {
  let scene: Scene;
  before(async () => {
    const missing = requirements(['dnsmasq', 'dig']);
    if (missing !== null) throw new Error(missing);
    const args = ['--masquerade-addresses', ADDRESSES.join()];
    scene = await Scene.open({ realServers: 2, serverPorts: null, uipvs: { args } });
    for (const host of ['rs1', 'rs2'] as const) {
      const long = Array.from({ length: LONG_TEXT_STRINGS }, () => LONG_STRING).join();
      scene.lab.spawn(host, [
        ...['dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--pid-file=', '--user=root'],
        ...['--no-resolv', '--no-hosts', '--edns-packet-max=4096', '--log-facility=-'],
        ...[`--txt-record=who.test,${host}`, `--txt-record=long.test,${long}`],
      ]);
    }
    for (const host of ['rs1', 'rs2'] as const) await scene.lab.waitForListen(host, 'udp', DNS_PORT);
    for (const vip of [VIP.ipv4, VIP.ipv6]) {
      for (const [vport, options] of [
        [DNS_PORT, ['--masquerade', 'all']],
        [PLAIN_VPORT, []],
      ] as const) {
        await scene.adm('-A', '-u', endpoint(vip, vport), '-s', 'rr', ...options);
        for (const index of [1, 2])
          await scene.adm(
            '-a',
            '-u',
            endpoint(vip, vport),
            '-r',
            scene.destination(vip, index, DNS_PORT),
            '-m',
          );
      }
    }
  });
  after(() => scene.close());

  const dig = async (from: 'client' | 'rs1', vip: string, vport: number, name: string): Promise<string> => {
    const words = ['+short', '+notcp', '+ignore', '+bufsize=4096', '+tries=1', '+timeout=5'];
    return (await scene.lab.run(from, ['dig', `@${vip}`, '-p', String(vport), ...words, name, 'TXT'])).trim();
  };

  for (const vip of [VIP.ipv4, VIP.ipv6]) {
    test(`by ${vip} is answered by every real server`, async () => {
      const answers: string[] = [];
      for (let count = 0; count < 4; count += 1) answers.push(await dig('client', vip, DNS_PORT, 'who.test'));
      assert.deepEqual(answers.toSorted(), ['"rs1"', '"rs1"', '"rs2"', '"rs2"']);
    });

    test(`by ${vip} brings answers that come in fragments`, async () => {
      const expected = Array.from({ length: LONG_TEXT_STRINGS }, () => `"${LONG_STRING}"`).join(' ');
      assert.equal(await dig('client', vip, DNS_PORT, 'long.test'), expected);
    });

    for (const [vport, asked] of [
      [DNS_PORT, 'with --masquerade'],
      [PLAIN_VPORT, 'without being asked'],
    ] as const) {
      test(`by ${vip} a real server that calls it is answered by itself and its neighbour, ${asked}`, async () => {
        const answers: string[] = [];
        for (let count = 0; count < 4; count += 1) answers.push(await dig('rs1', vip, vport, 'who.test'));
        assert.deepEqual(answers.toSorted(), ['"rs1"', '"rs1"', '"rs2"', '"rs2"']);
      });
    }
  }
});
