/** Packets of which a data plane gets copies by AF_PACKET: what the kernel drops, by either means, and what it must not. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { execute } from '../lab/exec.js';
import { ASK, add, addReal, MEANS, setDevices } from './capture-calls.js';
import { mark, NamespacePair, type Plumbing, type Reader, rip, SKIP, vip } from './namespace-pair.js';

const FAMILIES = [
  {
    family: 'IPv4',
    routed: '10.9.9.9',
    local: '10.0.0.1',
    all: '10.0.0.3',
    server: '10.0.0.2',
    stranger: '10.0.0.77',
    nowhere: '203.0.113.5',
    beside: '10.0.1.1',
    echo: '1 10.0.0.77 2048',
  },
  {
    family: 'IPv6',
    routed: '2001:db8:9::9',
    local: '2001:db8::1',
    all: '2001:db8::3',
    server: '2001:db8::2',
    stranger: '2001:db8::77',
    nowhere: '2001:db8:5::5',
    beside: '2001:db8:1::1',
    echo: '58 2001:db8::77 32768',
  },
] as const;

/** Sends one datagram that the peer cuts into fragments. */
const FRAGMENTS = `import socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[2], 0))
s.sendto(bytes(4000), (sys.argv[1], int(sys.argv[3])))`;

for (const { means, filterProgram } of MEANS) {
  for (const { family, routed, local, all, server, stranger, nowhere, beside, echo } of FAMILIES) {
    describe(`captured ${family} packets and ${means}`, { skip: SKIP }, () => {
      let pair: NamespacePair;
      let plumbing: Plumbing;
      let reader: Reader;
      before(async () => {
        pair = await NamespacePair.make();
        await pair.addVeth(1);
        // Open before the device is set up: it drops nothing while its carrier comes up.
        reader = await pair.reader('count');
        const rest = family === 'IPv4' ? '/24 dev eth0' : '/64 dev eth0 nodad';
        await pair.ip(pair.peer, `addr add ${stranger}${rest}`);
        await pair.ip(pair.director, `addr add ${all}${rest}`);
        plumbing = await pair.attached({ filterProgram });
        await plumbing.do(setDevices('eth0', 'eth9'));
        await plumbing.do(
          add(vip(routed, 80)),
          add(vip(local, 80)),
          add(vip(local, 53, 'udp')),
          add(vip(all, 0, 'udp')),
          addReal(rip(server)),
        );
      });
      after(() => pair?.remove());

      const ping = (from: string, to: string) =>
        execute(['ip', 'netns', 'exec', pair.peer, 'ping', '-c1', '-W0.05', '-I', from, to]);

      const ask = async (protocol: 'tcp' | 'udp', address: string, port: number, source: string) =>
        (await pair.exec(pair.peer, ['python3', '-c', ASK, protocol, address, String(port), source])).trim();

      /** Asserts that what `send` sends is dropped: a ping after it, which never is, is the first to come out. */
      async function assertDropped(send: () => Promise<unknown>): Promise<void> {
        await send();
        await ping(stranger, routed);
        const first = await reader.lines.next();
        assert.ok(first?.startsWith(`${echo} ${routed} `), `Expected a ping but received ${first}`);
      }

      it('(a) of each protocol to a routed VIP are dropped, whatever the port', async () => {
        for (const protocol of ['tcp', 'udp'] as const) {
          await assertDropped(() => pair.send(pair.peer, protocol, routed, [80, 81, 65535], stranger));
        }
      });

      it('(a) in fragments are dropped', async () => {
        await assertDropped(() => pair.exec(pair.peer, ['python3', '-c', FRAGMENTS, routed, stranger, '80']));
      });

      it('(b) to services on a local VIP are dropped', async () => {
        await assertDropped(() => pair.send(pair.peer, 'tcp', local, [80], stranger));
        await assertDropped(() => pair.send(pair.peer, 'udp', local, [53], stranger));
        await assertDropped(() => pair.send(pair.peer, 'udp', all, [1, 80, 65535], stranger));
      });

      it('are dropped without a word', async () => {
        for (const [protocol, address, port] of [
          ['tcp', routed, 80],
          ['udp', routed, 80],
          ['tcp', local, 80],
          ['udp', local, 53],
          ['udp', all, 9],
        ] as const) {
          assert.equal(await ask(protocol, address, port, stranger), 'silence', `${protocol} ${address}`);
        }
        await assertDropped(async () => {});
      });

      it('(b) in fragments are dropped for a service of all ports', async () => {
        await assertDropped(() => pair.exec(pair.peer, ['python3', '-c', FRAGMENTS, all, stranger, '80']));
      });

      it('to other ports of a local VIP reach the host', async () => {
        for (const [protocol, port] of [
          ['tcp', 53],
          ['tcp', 81],
          ['udp', 80],
        ] as const) {
          assert.equal(await ask(protocol, local, port, stranger), 'refused', `${protocol} ${port}`);
        }
      });

      it('in fragments to a local VIP come to the device, whatever the port in the first', async () => {
        const ofFragment = new RegExp(`^${family === 'IPv4' ? 17 : 44} ${stranger} \\d+ ${local} `);
        for (const port of ['53', '54']) {
          await pair.exec(pair.peer, ['python3', '-c', FRAGMENTS, local, stranger, port]);
          for (let count = 0; count < 3; count += 1)
            assert.match((await reader.lines.next()) ?? '', ofFragment);
        }
      });

      it('(c) of a real server are dropped, wherever they go', async () => {
        for (const protocol of ['tcp', 'udp'] as const) {
          for (const to of [nowhere, stranger.replace('77', '78'), local]) {
            await assertDropped(() => pair.send(pair.peer, protocol, to, [5000], server));
          }
        }
        await assertDropped(() => pair.exec(pair.peer, ['python3', '-c', FRAGMENTS, nowhere, server, '80']));
      });

      it('with ICMP, or another protocol, come to the device', async () => {
        await ping(server, nowhere);
        const pinged = await reader.lines.next();
        assert.ok(pinged?.startsWith(`${echo.replace(stranger, server)} ${nowhere} `), `${pinged}`);
        await pair.send(pair.peer, 'gre', routed, [1], stranger);
        assert.equal(await reader.lines.next(), `47 ${stranger} 5000 ${routed} 1`);
      });

      it('of SCTP come to the device', async () => {
        await pair.send(pair.peer, 'sctp', routed, [80], stranger);
        assert.equal(await reader.lines.next(), `132 ${stranger} 5000 ${routed} 80`);
        await pair.send(pair.peer, 'sctp', nowhere, [5000], server);
        assert.equal(await reader.lines.next(), `132 ${server} 5000 ${nowhere} 5000`);
      });

      it('ping to a VIP comes to the device, but not to a local one, which answers itself', async () => {
        await ping(stranger, local);
        await ping(stranger, routed);
        const first = await reader.lines.next();
        assert.ok(first?.startsWith(`${echo} ${routed} `), `${first}`);
      });

      it('that come by another device come out of ours', async () => {
        // IPv6 goes another way as long as nobody has answered at the gateway.
        await pair.exec(pair.peer, ['ping', '-c1', '-W2', beside]);
        await pair.ip(pair.peer, `route add ${routed} via ${beside}`);
        await pair.send(pair.peer, 'tcp', routed, [80], stranger);
        await pair.ip(pair.peer, `route del ${routed}`);
        assert.equal(await reader.lines.next(), `6 ${stranger} 5000 ${routed} 80`);
      });

      it('and those of the host itself come out of our device', async () => {
        for (const to of [routed, local]) {
          await pair.exec(pair.director, ['python3', '-c', ASK, 'tcp', to, '80', local]);
          assert.match((await reader.lines.next()) ?? '', new RegExp(`^6 ${local} \\d+ ${to} 80$`));
        }
      });

      it('with the mark of a service come to its device', async () => {
        await pair.addTun('uipvs0m1');
        const ofMark = await pair.reader('count', 'uipvs0m1');
        const argument = mark(1, 'uipvs0m1', family === 'IPv4' ? 4 : 6);
        await plumbing.do({ method: 'addFirewallMark', argument });
        await pair.nft(
          'chain in { type filter hook prerouting priority mangle; tcp dport 80 meta mark set 1; }',
        );
        for (const to of [routed, local]) {
          await pair.send(pair.peer, 'tcp', to, [80], stranger);
          assert.equal(await ofMark.lines.next(), `6 ${stranger} 5000 ${to} 80`);
        }
        // Requests are not taken from the wire while there are marks.
        await pair.send(pair.peer, 'tcp', routed, [81], stranger);
        assert.equal(await reader.lines.next(), `6 ${stranger} 5000 ${routed} 81`);
        await assertDropped(() => pair.send(pair.peer, 'tcp', nowhere, [5000], server));
        ofMark.process.kill();
        await plumbing.do({ method: 'removeFirewallMark', argument });
        await assertDropped(() => pair.send(pair.peer, 'tcp', routed, [80], stranger));
      });

      it('come to our device when there are no capture devices any more', async () => {
        await plumbing.do(setDevices());
        for (const to of [routed, local]) {
          await pair.send(pair.peer, 'tcp', to, [80], stranger);
          assert.equal(await reader.lines.next(), `6 ${stranger} 5000 ${to} 80`);
        }
      });
    });
  }
}
