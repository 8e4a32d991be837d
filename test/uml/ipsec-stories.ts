/**
 * ESP between two kernels that speak it, in transport mode, past a director that has no keys.
 *
 * Both ends know the other by the address that they see: the client the VIP, the real server the client. ESP's
 * authentication covers what is behind the IP header, so the addresses may change on the way. What is within may know them
 * too: the checksums of TCP and UDP, and of ICMPv6, are over a pseudo-header with the addresses of the sender's side, and
 * wrong at the receiver, who drops the packet after it has decrypted it (RFC 3948 section 3.1.2 has the ends repair that;
 * they do where they put ESP into UDP). So ICMP is carried within IPv4, and within IPv6 a protocol without a
 * checksum. AH cannot be carried by any address translation: it authenticates the addresses (RFC 4302 section 3.3.3.1). The
 * director passes it on as the kernel's does, ../e2e/ipsec.test.ts, and no receiver will accept it.
 */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { exchangeKeys, KEY_EXCHANGE_PORT } from '../e2e/support/key-exchange.js';
import { endpoint } from '../e2e/support/scene.js';
import type { Lab } from '../lab/lab.js';
import { startServers } from '../lab/servers.js';
import type { Host } from '../lab/topology.js';
import { CLIENT_PLACES, SERVER_PLACES, type Stage, vipsOf } from './lab-stage.js';

/** Programs are data: they stay in the source tree, which is beside `dist`. */
const RAW_PROTOCOL = fileURLToPath(new URL('../../../test/uml/raw_protocol.py', import.meta.url));
const SERVER = SERVER_PLACES.plain;
const COUNT = 3;
const START_MS = 5000;

/** What is carried within ESP, by its number, and the numbers of the two directions. */
const CASES = [
  { family: 4, protocol: 1, there: 0x100, back: 0x101 },
  { family: 4, protocol: 253, there: 0x100, back: 0x101 },
  { family: 6, protocol: 253, there: 0x200, back: 0x201 },
] as const;

const KEYS = `enc cbc(aes) 0x${'5a'.repeat(16)} auth hmac(sha256) 0x${'a5'.repeat(32)}`;

/** `ip` lines for a machine that reaches `far` as `near`; each direction has one number for all that is carried. */
function associations(
  near: string,
  far: string,
  out: number,
  into: number,
  protocols: readonly number[],
): string[] {
  const state = (from: string, to: string, spi: number) =>
    `xfrm state add src ${from} dst ${to} proto esp spi ${spi} mode transport ${KEYS}`;
  const policy = (from: string, to: string, protocol: number, direction: string) =>
    `xfrm policy add src ${from} dst ${to} proto ${protocol} dir ${direction} ` +
    `tmpl src ${from} dst ${to} proto esp mode transport`;
  return [
    state(near, far, out),
    state(far, near, into),
    ...protocols.flatMap((protocol) => [
      policy(near, far, protocol, 'out'),
      policy(far, near, protocol, 'in'),
    ]),
  ];
}

/** Packets that a machine has taken for genuine, or made, by a number. */
async function packetsOf(lab: Lab, host: Host, spi: number): Promise<number> {
  const text = await lab.run(host, ['ip', '-s', 'xfrm', 'state', 'list', 'spi', String(spi)]);
  return Number(/lifetime current:\s+\d+\(bytes\), (\d+)\(packets\)/.exec(text)?.[1]);
}

/** Once for all daemons: associations and servers stay. */
export async function prepareIpsec({ scene: { lab } }: Stage): Promise<void> {
  await startServers(lab, SERVER.host, { udpEcho: KEY_EXCHANGE_PORT });
  for (const family of [4, 6] as const) {
    const own = CASES.filter((each) => each.family === family);
    const [{ there, back }] = own as [(typeof CASES)[number]];
    const protocols = own.map(({ protocol }) => protocol);
    const [client = '', server = '', vip = ''] = [
      CLIENT_PLACES.plain.addresses,
      SERVER.addresses,
      vipsOf('plain'),
    ].map((both) => both[family === 4 ? 0 : 1]);
    await lab.ip('client', associations(client, vip, there, back, protocols));
    await lab.ip(SERVER.host, associations(server, client, back, there, protocols));
    const echo = lab.spawn(SERVER.host, ['python3', RAW_PROTOCOL, 'serve', String(family)]);
    await echo.ready('the echo', START_MS, () => echo.log.includes('ready'));
  }
}

export function tellIpsecStories(stage: () => Stage): void {
  describe('ESP', () => {
    before(async () => {
      const { scene } = stage();
      await scene.uipvs.restore(
        vipsOf('plain').flatMap((vip, index) => [
          `-A -u ${endpoint(vip, KEY_EXCHANGE_PORT)} -s rr`,
          `-a -u ${endpoint(vip, KEY_EXCHANGE_PORT)} -r ${endpoint(SERVER.addresses[index] ?? '', KEY_EXCHANGE_PORT)} -m`,
        ]),
      );
      for (const vip of vipsOf('plain')) await exchangeKeys(scene.lab, vip);
    });

    async function answered(vip: string, family: 4 | 6, protocol: number): Promise<number> {
      const { lab } = stage().scene;
      if (protocol === 1) {
        const said = await lab.run('client', ['ping', '-c', String(COUNT), '-i', '0.2', vip]);
        return Number(/(\d+) received/.exec(said)?.[1]);
      }
      return Number(await lab.run('client', ['python3', RAW_PROTOCOL, 'ask', `${family}`, vip, `${COUNT}`]));
    }

    for (const { family, protocol, there, back } of CASES) {
      const name = protocol === 1 ? 'a ping' : `protocol ${protocol}`;
      test(`with ${name} in it, over IPv${family}, is genuine to the real server that has the keys, and back`, async () => {
        const { lab } = stage().scene;
        const genuine = async () => [
          await packetsOf(lab, SERVER.host, there),
          await packetsOf(lab, 'client', back),
        ];
        const before = await genuine();
        const [ipv4, ipv6] = vipsOf('plain');
        assert.equal(await answered(family === 4 ? ipv4 : ipv6, family, protocol), COUNT);
        assert.deepEqual(
          await genuine(),
          before.map((packets) => packets + COUNT),
        );
      });
    }
  });
}
