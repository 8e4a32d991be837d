/** What the kernel decides for packets while services and real servers are there. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { execute } from '../lab/exec.js';
import { DEVICE, NamespacePair, type Plumbing, rip, SKIP, vip } from './namespace-pair.js';

describe('what comes to the TUN device', { skip: SKIP }, () => {
  let pair: NamespacePair;
  let plumbing: Plumbing;
  before(async () => {
    pair = await NamespacePair.make();
    await pair.addVeth(1);
    await pair.ip(pair.director, 'addr add 10.0.0.3/24 dev eth0');
    plumbing = await pair.attached();
    await plumbing.do(
      { method: 'addVirtualService', argument: vip('10.9.9.9', 80) },
      { method: 'addVirtualService', argument: vip('10.0.0.1', 80) },
      { method: 'addVirtualService', argument: vip('10.0.0.1', 53, 'udp') },
      { method: 'addVirtualService', argument: vip('10.0.0.3', 0) },
      { method: 'addVirtualService', argument: vip('2001:db8:9::9', 80) },
      { method: 'addVirtualService', argument: vip('2001:db8::1', 80) },
      { method: 'addRealServer', argument: rip('10.0.0.2') },
      { method: 'addRealServer', argument: rip('2001:db8::2') },
      { method: 'addRealServer', argument: rip('10.0.0.1', { protocol: 'tcp', port: 8080 }) },
      { method: 'addRealServer', argument: rip('10.0.0.1', { protocol: 'udp', port: 53 }) },
    );
  });
  after(() => pair?.remove());

  const client = 'from 10.0.0.77 iif eth0';
  const client6 = 'from 2001:db8::77 iif eth0';
  const decisions: readonly (readonly [string, string, string])[] = [
    ['a request for a VIP that is no address of the host', `10.9.9.9 ${client}`, DEVICE],
    ['a request of the host itself for such a VIP', '10.9.9.9', DEVICE],
    ['a request for a service on a local VIP', `10.0.0.1 ${client} ipproto tcp sport 5 dport 80`, DEVICE],
    ['a request of the host itself for one', '10.0.0.1 ipproto tcp sport 5 dport 80', DEVICE],
    ['ssh to a local VIP', `10.0.0.1 ${client} ipproto tcp sport 5 dport 22`, 'local'],
    [
      'ICMP to a local VIP from where no real server is',
      '10.0.0.1 from 10.0.1.2 iif eth1 ipproto icmp',
      'local',
    ],
    ['ping of the host itself to a local VIP', '10.0.0.1 ipproto icmp', 'local'],
    ['IPv6 ICMP to a local VIP', `2001:db8::1 ${client6} ipproto ipv6-icmp`, 'local'],
    ['a fragment for a local VIP', `10.0.0.1 ${client} ipproto tcp`, DEVICE],
    ['one of a protocol that no service there has', `10.0.0.3 ${client} ipproto udp`, 'local'],
    ['one for another address of the host', '10.0.1.1 from 10.0.1.2 iif eth1 ipproto tcp', 'local'],
    ['an IPv6 fragment for a local VIP', `2001:db8::1 ${client6} ipproto tcp`, DEVICE],
    ['ICMP to a local VIP from where real servers are', `10.0.0.1 ${client} ipproto icmp`, 'local'],
    ['an ICMP error of a router there for a client', '10.0.1.2 from 10.0.0.78 iif eth0 ipproto icmp', DEVICE],
    ['one for the host itself', '10.0.0.1 from 10.0.0.78 iif eth0 ipproto icmp', 'local'],
    ['an ICMP error for a client from elsewhere', '10.0.0.77 from 10.0.1.2 iif eth1 ipproto icmp', 'eth0'],
    ['a ping of the host itself', '10.0.0.77 ipproto icmp', 'eth0'],
    [
      'an IPv6 error of a router there for a client',
      '2001:db8:1::2 from 2001:db8::78 iif eth0 ipproto ipv6-icmp',
      DEVICE,
    ],
    [
      'one for the host itself, for neighbours',
      '2001:db8::1 from 2001:db8::78 iif eth0 ipproto ipv6-icmp',
      'local',
    ],
    ['another protocol at the same port', `10.0.0.1 ${client} ipproto udp sport 5 dport 80`, 'local'],
    ['a udp service on a local VIP', `10.0.0.1 ${client} ipproto udp sport 5 dport 53`, DEVICE],
    ['any port of a service with port 0', `10.0.0.3 ${client} ipproto tcp sport 5 dport 9999`, DEVICE],
    [
      'a reply to a client elsewhere',
      '10.0.0.77 from 10.0.0.2 iif eth0 ipproto tcp sport 80 dport 5',
      DEVICE,
    ],
    [
      'a reply to a client on the director',
      '10.0.0.1 from 10.0.0.2 iif eth0 ipproto tcp sport 80 dport 5',
      DEVICE,
    ],
    [
      'a reply without ports, such as a later fragment',
      '10.0.0.77 from 10.0.0.2 iif eth0 ipproto udp',
      DEVICE,
    ],
    ['an ICMP error of a real server', '10.0.0.77 from 10.0.0.2 iif eth0 ipproto icmp', DEVICE],
    ['a re-injected reply', '10.0.0.77 from 10.0.0.2 iif uipvs0', 'eth0'],
    ['a re-injected reply for the director', '10.0.0.1 from 10.0.0.2 iif uipvs0', 'local'],
    [
      'a re-injected request for a local VIP',
      '10.0.0.1 from 10.0.0.77 iif uipvs0 ipproto tcp sport 5 dport 80',
      'local',
    ],
    ['a re-injected request of the host itself', '10.0.0.2 from 10.0.0.1 iif uipvs0', 'eth0'],
    ['a packet between others', `10.0.0.2 ${client}`, 'eth0'],
    [
      'the reply of a real server on the director',
      '10.0.0.77 from 10.0.0.1 ipproto tcp sport 8080 dport 5',
      DEVICE,
    ],
    ['that of a bound UDP socket there', '10.0.0.77 from 10.0.0.1 ipproto udp sport 53 dport 5', DEVICE],
    ['that of a UDP socket without an address', '10.0.0.77 ipproto udp sport 53 dport 5', 'eth0'],
    ['what else the director sends', '10.0.0.77 from 10.0.0.1 ipproto tcp sport 22 dport 5', 'eth0'],
    ['an IPv6 request for a VIP that is no address of the host', `2001:db8:9::9 ${client6}`, DEVICE],
    ['an IPv6 request for a local VIP', `2001:db8::1 ${client6} ipproto tcp sport 5 dport 80`, DEVICE],
    ['IPv6 ssh to a local VIP', `2001:db8::1 ${client6} ipproto tcp sport 5 dport 22`, 'local'],
    ['an IPv6 reply', '2001:db8::77 from 2001:db8::2 iif eth0 ipproto tcp sport 80 dport 5', DEVICE],
    [
      'an IPv6 reply to the director',
      '2001:db8::1 from 2001:db8::2 iif eth0 ipproto tcp sport 80 dport 5',
      DEVICE,
    ],
    ['a re-injected IPv6 reply', '2001:db8::77 from 2001:db8::2 iif uipvs0', 'eth0'],
    [
      'neighbour discovery from a real server',
      '2001:db8::1 from 2001:db8::2 iif eth0 ipproto ipv6-icmp',
      'local',
    ],
    [
      'an ICMPv6 error of a real server for a client',
      '2001:db8::77 from 2001:db8::2 iif eth0 ipproto ipv6-icmp',
      DEVICE,
    ],
  ];
  for (const [what, command, decision] of decisions) {
    it(`${what}: ${decision}`, async () => {
      assert.equal(await pair.decide(command), decision);
    });
  }

  it('the device is silent by itself, and a local real server answers to it', async () => {
    const reader = await pair.reader('count');
    // Router solicitations and multicast reports would come within a second of the link's having a carrier.
    await delay(1500);
    const server = await pair.start(pair.director, [
      'python3',
      '-c',
      'import socket; s = socket.create_server(("10.0.0.1", 8080)); print("up", flush=True); s.accept()',
    ]);
    await pair.ip(pair.peer, 'addr add 10.0.0.77/24 dev eth0');
    const connect = 'socket.create_connection(("10.0.0.1", 8080), 0.5, ("10.0.0.77", 5555))';
    const refused = await execute([
      'ip',
      'netns',
      'exec',
      pair.peer,
      'python3',
      '-c',
      `import socket; ${connect}`,
    ]);
    server.kill();
    assert.match(refused.stderr, /timed out/);
    assert.equal(await reader.lines.next(), '6 10.0.0.1 8080 10.0.0.77 5555');
    reader.process.kill();
  });
});

describe('a data plane that passes everything on unchanged', { skip: SKIP }, () => {
  let pair: NamespacePair;
  before(async () => {
    pair = await NamespacePair.make();
    const plumbing = await pair.attached();
    await plumbing.do(
      { method: 'addVirtualService', argument: vip('10.0.0.1', 0) },
      { method: 'addRealServer', argument: rip('10.0.0.2') },
      { method: 'addVirtualService', argument: vip('2001:db8::1', 0) },
      { method: 'addRealServer', argument: rip('2001:db8::2') },
    );
  });
  after(() => pair?.remove());

  for (const [what, listener, caller, listenerAddress] of [
    ['a real server call the host by IPv4', 'director', 'peer', '10.0.0.1'],
    ['a real server call the host by IPv6', 'director', 'peer', '2001:db8::1'],
    ['the host call a real server by IPv4', 'peer', 'director', '10.0.0.2'],
    ['the host call a real server by IPv6', 'peer', 'director', '2001:db8::2'],
  ] as const) {
    it(`lets ${what}, each packet once`, async () => {
      const reader = await pair.reader('pass');
      const family = `family=s.AF_INET${listenerAddress.includes(':') ? '6' : ''}`;
      const serve = `import socket as s
l = s.create_server(("${listenerAddress}", 22), ${family})
print("up", flush=True)
c, _ = l.accept()
c.sendall(b"hello")
c.close()`;
      const call = `import socket as s
c = s.create_connection(("${listenerAddress}", 22), 3)
print(c.recv(9).decode(), c.getsockname()[1])`;
      const server = await pair.start(pair[listener], ['python3', '-c', serve]);
      const said = await execute(['ip', 'netns', 'exec', pair[caller], 'python3', '-c', call]);
      server.kill();
      reader.process.kill();
      const packets = await reader.rest();
      const [greeting, port] = said.stdout.trim().split(' ');
      assert.equal(greeting, 'hello', said.stderr);
      const [from, to] = caller === 'peer' ? [port, 22] : [22, port];
      const fromRealServer = `6 10.0.0.2 ${from} 10.0.0.1 ${to}`;
      const expected = listenerAddress.includes(':')
        ? fromRealServer.replace(/10\.0\.0\./g, '2001:db8::')
        : fromRealServer;
      const count = packets.filter((packet) => packet === expected).length;
      // Handshake, data, closing; a loop would make hundreds until the hop limit ended it.
      assert.ok(
        count >= 2 && count <= 8,
        `Expected 2 to 8 times "${expected}" but received ${packets.join('\n')}`,
      );
    });
  }

  for (const [address, protocol] of [
    ['10.7.7.7', 17],
    ['2001:db8:7::7', 44],
  ] as const) {
    it(`gets every fragment of a reply to ${address}`, async () => {
      const reader = await pair.reader('count');
      const family = `s.AF_INET${address.includes(':') ? '6' : ''}`;
      const send = `import socket as s
s.socket(${family}, s.SOCK_DGRAM).sendto(bytes(4000), ("${address}", 9))`;
      await pair.exec(pair.peer, ['python3', '-c', send]);
      const fragments = [await reader.lines.next(), await reader.lines.next(), await reader.lines.next()];
      reader.process.kill();
      for (const fragment of fragments)
        assert.match(fragment ?? '', new RegExp(`^${protocol} .* ${address} `));
    });
  }

  for (const [discovery, director, peer] of [
    ['ARP', '10.0.0.1', '10.0.0.2'],
    ['IPv6 neighbour discovery', '2001:db8::1', '2001:db8::2'],
  ] as const) {
    it(`does not stand in the way of ${discovery} between host and real server`, async () => {
      const reader = await pair.reader('pass');
      for (const [from, to] of [
        [pair.director, peer],
        [pair.peer, director],
      ] as const) {
        for (const side of [pair.director, pair.peer]) await pair.ip(side, 'neigh flush dev eth0');
        assert.equal(await pair.ping(from, to), true, `${from} to ${to}`);
      }
      reader.process.kill();
    });
  }
});
