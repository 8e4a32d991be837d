/** Which packets for a VIP that is an address of the host come to the device: real packets, of every protocol. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { FTP_DATA_PORTS } from '../../src/host/entry.js';
import { DEVICE, NamespacePair, type Plumbing, rip, SKIP, TABLE, vip } from './namespace-pair.js';
import type { Call } from './plumbing-child.js';

const NUMBERS = { tcp: 6, udp: 17, sctp: 132 } as const;
type Protocol = keyof typeof NUMBERS;

const add = (argument: unknown): Call => ({ method: 'addVirtualService', argument });
const remove = (argument: unknown): Call => ({ method: 'removeVirtualService', argument });

for (const { family, local, client } of [
  { family: 'IPv4', local: '10.0.0.1', client: '10.0.0.2' },
  { family: 'IPv6', local: '2001:db8::1', client: '2001:db8::2' },
] as const) {
  describe(`${family} packets for a VIP that is an address of the host`, { skip: SKIP }, () => {
    let pair: NamespacePair;
    let plumbing: Plumbing;
    beforeEach(async () => {
      pair = await NamespacePair.make();
      plumbing = await pair.attached();
    });
    afterEach(() => pair.remove());

    const ftp = { ...vip(local, 21), alsoPorts: FTP_DATA_PORTS };

    /** Sends packets to the ports from the client; asserts that those of `taken` come to the device, and no others. */
    async function assertTaken(
      protocol: Protocol,
      ports: readonly number[],
      taken: readonly number[],
    ): Promise<void> {
      const reader = await pair.reader('count');
      await pair.send(pair.peer, protocol, local, ports);
      for (const port of taken) {
        assert.equal(await reader.lines.next(), `${NUMBERS[protocol]} ${client} 5000 ${local} ${port}`);
      }
      reader.process.kill();
      assert.deepEqual(await reader.rest(), []);
    }

    for (const protocol of ['tcp', 'udp', 'sctp'] as const) {
      it(`${protocol}: only the port of the service`, async () => {
        await plumbing.do(add(vip(local, 80, protocol)));
        await assertTaken(protocol, [79, 81, 8080, 80], [80]);
      });

      it(`${protocol}: every port of a service with port 0, and no other protocol`, async () => {
        await plumbing.do(add(vip(local, 0, protocol)));
        await assertTaken(protocol, [1, 80, 8080, 65535], [1, 80, 8080, 65535]);
        for (const other of ['tcp', 'udp', 'sctp'] as const) {
          if (other !== protocol) await assertTaken(other, [1, 80, 8080, 65535], []);
        }
      });
    }

    it('of a persistent FTP service: ports 20, 21 and from 1024 on', async () => {
      await plumbing.do(add(ftp));
      await assertTaken('tcp', [19, 22, 80, 1023, 20, 21, 1024, 5000, 65534], [20, 21, 1024, 5000, 65534]);
      await assertTaken('udp', [20, 21, 1024], []);
    });

    it('of an FTP service that begins and ceases to be persistent', async () => {
      await plumbing.do(add(vip(local, 21)));
      await assertTaken('tcp', [20, 1024, 21], [21]);
      await plumbing.do(add(ftp));
      await assertTaken('tcp', [22, 20, 1024, 21], [20, 1024, 21]);
      await plumbing.do(add(vip(local, 21)));
      await assertTaken('tcp', [20, 1024, 21], [21]);
    });

    it('of services that share a port: as long as one of them is there', async () => {
      await plumbing.do(add(ftp), add(vip(local, 20)), add(vip(local, 80)));
      await plumbing.do(remove(vip(local, 20)));
      await assertTaken('tcp', [22, 20, 80, 1024], [20, 80, 1024]);
      await plumbing.do(remove(vip(local, 21)));
      await assertTaken('tcp', [20, 21, 1024, 80], [80]);
    });

    it('sctp: every packet of a real server, of a stranger those for the service, each once', async () => {
      const stranger = client.replace(/2$/, '77');
      await pair.ip(pair.peer, `addr add ${stranger}/${stranger.includes(':') ? '64 nodad' : '24'} dev eth0`);
      await plumbing.do(add(vip(local, 80, 'sctp')), { method: 'addRealServer', argument: rip(client) });
      // What it sends back unchanged stays with the host: it would come again and again otherwise.
      const reader = await pair.reader('pass');
      for (const source of [client, stranger]) await pair.send(pair.peer, 'sctp', local, [81, 80], source);
      for (const packet of [
        `132 ${client} 5000 ${local} 81`,
        `132 ${client} 5000 ${local} 80`,
        `132 ${stranger} 5000 ${local} 80`,
      ]) {
        assert.equal(await reader.lines.next(), packet);
      }
      reader.process.kill();
      assert.deepEqual(await reader.rest(), []);
    });
  });
}

describe('further ports of a service', { skip: SKIP }, () => {
  let pair: NamespacePair;
  beforeEach(async () => {
    pair = await NamespacePair.make();
  });
  afterEach(() => pair.remove());

  it('are one rule a range, put back when somebody takes them away', async () => {
    const plumbing = await pair.attached();
    const service = vip('10.0.0.1', 21);
    const alsoPorts = [
      { first: 20, last: 20 },
      { first: 1024, last: 65535 },
    ];
    await plumbing.do(add({ ...service, alsoPorts }));
    const rules = async () =>
      (await pair.ip(pair.director, 'rule')).split('\n').filter((line) => line.startsWith('50:'));
    const expected = ['21', '20', '1024-65534'].map(
      (ports) => `50:	from all to 10.0.0.1 ipproto tcp dport ${ports} lookup ${TABLE} proto 117`,
    );
    assert.deepEqual(await rules(), expected);
    await pair.ip(pair.director, 'rule del pref 50 to 10.0.0.1 ipproto tcp dport 1024-65534');
    await plumbing.do({ method: 'refresh' });
    assert.deepEqual(await rules(), expected);
  });

  it('matter for no other VIP', async () => {
    const plumbing = await pair.attached();
    await plumbing.do(add({ ...vip('10.9.9.9', 21), alsoPorts: [{ first: 20, last: 20 }] }));
    assert.equal((await pair.ip(pair.director, 'rule')).includes('50:'), false);
    assert.equal(await pair.decide('10.9.9.9 ipproto tcp dport 20'), DEVICE);
  });

  it('are refused where they are no range', async () => {
    const plumbing = await pair.attached();
    for (const [first, last] of [
      [0, 20],
      [21, 20],
      [1024, 65536],
    ]) {
      const [answer] =
        (await plumbing.call(add({ ...vip('10.0.0.1', 21), alsoPorts: [{ first, last }] }))) ?? [];
      assert.deepEqual(answer, {
        code: 'EINVAL',
        message: `Expected a range of ports for virtual address 10.0.0.1 but received ${first}-${last}`,
      });
    }
  });
});
