/** Packets with addresses of the host itself: its ICMP errors, and masqueraded packets. Real ones, by a TUN device. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { NamespacePair, type Plumbing, type Reader, rip, SKIP, vip } from './namespace-pair.js';

/** Binds to an address, says so, and answers each datagram to its sender. */
const ECHO = `import socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 80))
print("up", flush=True)
while True:
    data, sender = s.recvfrom(9000)
    s.sendto(data, sender)`;

/** Sends big datagrams to a closed port until the path MTU is known, and prints it. */
const PROBE = `import socket, sys, time
is6 = ":" in sys.argv[1]
s = socket.socket(socket.AF_INET6 if is6 else socket.AF_INET, socket.SOCK_DGRAM)
level = socket.IPPROTO_IPV6 if is6 else socket.IPPROTO_IP
s.setsockopt(level, 23 if is6 else 10, 2)
s.connect((sys.argv[1], 9))
for _ in range(20):
    try:
        s.send(bytes(1400))
    except OSError:
        pass
    mtu = s.getsockopt(level, 24 if is6 else 14)
    if mtu < 1500:
        break
    time.sleep(0.1)
print(mtu)`;

const CASES = [
  {
    family: 'IPv4',
    director: '10.0.0.1',
    peer: '10.0.0.2',
    far: '10.5.0.5',
    farNetwork: '10.5.0.0/24',
    routedVip: '10.9.9.9',
    tooBig: '3/4',
    unreachable: '3/1',
    absent: '10.0.0.99',
    protocol: 'icmp',
  },
  {
    family: 'IPv6',
    director: '2001:db8::1',
    peer: '2001:db8::2',
    far: '2001:db8:5::5',
    farNetwork: '2001:db8:5::/64',
    routedVip: '2001:db8:9::9',
    tooBig: '2/0',
    unreachable: '1/3',
    absent: '2001:db8::99',
    protocol: 'ipv6-icmp',
  },
] as const;

for (const { family, director, peer, far, farNetwork, routedVip, tooBig, ...rest } of CASES) {
  describe(`${family} packets with addresses of the host`, { skip: SKIP, timeout: 120_000 }, () => {
    let pair: NamespacePair;
    let plumbing: Plumbing;
    beforeEach(async () => {
      pair = await NamespacePair.make();
      await pair.ip(pair.director, `route add ${farNetwork} via ${peer} mtu 1300`);
      // Without one, a kernel does not look for the neighbours of packets that it forwards.
      await pair.ip(pair.director, 'addr add fe80::1/64 dev eth0 nodad');
    });
    afterEach(() => pair.remove());

    const filter = (value: number) =>
      pair.exec(pair.director, ['sysctl', '-qw', `net.ipv4.conf.all.rp_filter=${value}`]);

    async function addClient(): Promise<string> {
      const client = peer.replace(/2$/, '77');
      const length = family === 'IPv4' ? '24' : '64 nodad';
      await pair.ip(pair.peer, `addr add ${client}/${length} dev eth0`);
      return client;
    }

    async function begin(): Promise<Reader> {
      // Open before it is set up, as the daemon's is: it drops nothing while its carrier comes up.
      const writer = await pair.writer();
      plumbing = await pair.attached();
      await plumbing.do(
        { method: 'addVirtualService', argument: vip(routedVip, 80) },
        { method: 'addVirtualService', argument: vip(director, 80, 'udp') },
        { method: 'addRealServer', argument: rip(peer) },
        { method: 'addRealServer', argument: rip(far) },
      );
      return writer;
    }

    it('the host tells a client of a packet that is too big: the error comes to the device', async () => {
      const writer = await begin();
      writer.write(peer, 5000, far, 80, 1400);
      assert.equal(await writer.lines.next(), `error ${director} ${tooBig} ${peer} about ${peer} ${far}`);
    });

    it('or of a real server that does not answer', async () => {
      const writer = await begin();
      writer.write(peer, 5000, rest.absent, 80, 10);
      const expected = `error ${director} ${rest.unreachable} ${peer} about ${peer} ${rest.absent}`;
      assert.equal(await writer.lines.next(), expected);
    });

    for (const [what, address] of [
      ['a routed VIP', routedVip],
      ['a local VIP, or a masquerading address', director],
    ] as const) {
      it(`an error for ${what} comes to the device too`, async () => {
        const writer = await begin();
        writer.write(address, 80, far, 5000, 1400);
        const expected = `error ${director} ${tooBig} ${address} about ${address} ${far}`;
        assert.equal(await writer.lines.next(), expected);
      });
    }

    it('pings of the host itself stay with it, and their sources are as ever', async () => {
      const writer = await begin();
      assert.equal(await pair.decide(`${peer} ipproto ${rest.protocol}`), 'eth0');
      assert.equal(await pair.ping(pair.director, director), true);
      writer.process.kill();
      assert.deepEqual(await writer.rest(), []);
    });

    it('pings of the host are answered to it alone, whether there is a data plane or not', async () => {
      const writer = await begin();
      writer.process.kill();
      await writer.rest();
      const client = await addClient();
      const reader = await pair.reader('pass');
      assert.equal(await pair.ping(pair.director, client), true);
      reader.process.kill();
      assert.deepEqual(
        (await reader.rest()).filter((line) => line.includes(` ${client} `)),
        [],
      );
      assert.equal(await pair.ping(pair.director, client), true);
    });

    for (const value of [0, 1, 2]) {
      it(`rp_filter ${value} for all: an error that the data plane passes on unchanged arrives`, async () => {
        await filter(value);
        const writer = await begin();
        writer.process.kill();
        await writer.rest();
        await plumbing.do({ method: 'removeRealServer', argument: rip(peer) });
        const reader = await pair.reader('pass');
        // Not a real server's address: a strict filter would drop what goes there directly.
        const other = far.replace(/5$/, '6');
        assert.equal((await pair.exec(pair.peer, ['python3', '-c', PROBE, other])).trim(), '1300');
        reader.process.kill();
        assert.notDeepEqual(await reader.rest(), []);
      });

      it(`rp_filter ${value} for all: what a real server sends elsewhere goes on`, async () => {
        await filter(value);
        const client = await addClient();
        await pair.start(pair.peer, ['python3', '-c', ECHO, client]);
        const writer = await begin();
        writer.write(far, 5000, client, 80, 10);
        // The client's kernel counts it, whatever becomes of the answer.
        const counter = family === 'IPv4' ? 'UdpInDatagrams' : 'Udp6InDatagrams';
        let counted = '';
        for (let look = 0; look < 50 && !/ 1 /.test(counted); look++) {
          counted = await pair.exec(pair.peer, ['nstat', '-asz', counter]);
        }
        assert.match(counted, / 1 /);
      });

      it(`rp_filter ${value} for all: a masqueraded packet arrives, and its reply comes to the device`, async () => {
        await filter(value);
        await pair.start(pair.peer, ['python3', '-c', ECHO, peer]);
        const writer = await begin();
        writer.write(director, 40_000, peer, 80, 10);
        assert.equal(await writer.lines.next(), `17 ${peer} 80 ${director} 40000`);
      });
    }

    it('hairpin: a real server calls a VIP and is told of no shorter way', async () => {
      const writer = await begin();
      await pair.start(pair.peer, ['python3', '-c', ECHO, peer]);
      await pair.send(pair.peer, 'udp', routedVip, [80]);
      assert.equal(await writer.lines.next(), `17 ${peer} 5000 ${routedVip} 80`);
      writer.write(director, 40_000, peer, 80, 10);
      assert.equal(await writer.lines.next(), `17 ${peer} 80 ${director} 40000`);
      writer.write(routedVip, 80, peer, 5000, 10);
      // The last one is refused by the peer, which listens on no such port: so it arrived there.
      assert.match((await writer.lines.next()) ?? '', new RegExp(`^error ${peer} (3/3|1/4) ${routedVip} `));
      const counters = await pair.exec(pair.director, ['nstat', '-asz', '*OutRedirects']);
      assert.deepEqual(
        counters.match(/OutRedirects\s+\d+/g)?.map((text) => text.split(/\s+/)[1]),
        ['0', '0'],
      );
    });
  });
}
