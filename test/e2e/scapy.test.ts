/**
 * Theory of operation: packets that scapy makes, in one process for each sender: fragments in every order and such as
 * contradict each other, segments in pieces, IP options, and source quench about a connection. Each datagram
 * has a port of its own, where a socket of the client's waits for the echo of the whole of it; what is otherwise to be seen
 * is in the captures of the receivers.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { until } from '../lab/poll.js';
import { CLIENT, realServer, VIP } from '../lab/topology.js';
import { internetChecksum } from './support/checksum.js';
import { type Dissection, dissect, portsOf } from './support/dissection.js';
import { addressBytes, PROTOCOL } from './support/frames.js';
import { readPackets } from './support/packets.js';
import type { Connection, Peer } from './support/peer.js';
import { pythonProgram } from './support/program.js';
import { sendByScapy } from './support/scapy.js';
import { Scene } from './support/scene.js';

const VPORT = 7777;
const FIRST_PORT = 20_000;
const [WHOLE_HEADER_PORT, CUT_HEADER_PORT] = [19_998, 19_999];
const DATA = 'overlapping, tiny and out of order: 56 bytes of the data';
/** The datagram's length in units of 8 bytes. */
const UNITS = 1 + DATA.length / 8;
const [SYN_ACK, SOURCE_QUENCH] = [0x12, 4];
const ANSWER_LIMIT_MS = 5000;

interface Case {
  readonly name: string;
  /** cut()'s spans, or null where the datagram is sent whole. */
  readonly spans: readonly string[] | null;
  /** Of IPv4 alone: a list of scapy's options. */
  readonly options?: string;
  readonly isAnswered: boolean;
}

const span = (begin: number, end: number, fill?: string): string =>
  `(${begin}, ${end}${fill === undefined ? '' : `, b"${fill}"`})`;
const SMALLEST = Array.from({ length: UNITS }, (_, unit) => span(unit, unit + 1));
const odd = (_: string, index: number): boolean => index % 2 === 1;

const FRAGMENTS: readonly Case[] = [
  { name: 'the smallest pieces in order', spans: SMALLEST, isAnswered: true },
  { name: 'the smallest pieces backwards', spans: SMALLEST.toReversed(), isAnswered: true },
  {
    name: 'the smallest pieces, every second one first',
    spans: [...SMALLEST.filter(odd), ...SMALLEST.filter((piece, index) => !odd(piece, index))],
    isAnswered: true,
  },
  { name: 'a piece twice', spans: [span(0, 4), span(0, 4), span(4, UNITS)], isAnswered: true },
  {
    name: 'a piece that overlaps both with other bytes',
    spans: [span(0, 4), span(3, 6, '!'), span(4, UNITS)],
    isAnswered: false,
  },
  {
    name: 'a piece that overlaps both with the same bytes',
    spans: [span(0, 4), span(3, 6), span(4, UNITS)],
    isAnswered: false,
  },
  {
    name: 'a piece that would write the header anew',
    spans: [span(0, 2), span(0, 1, '!'), span(2, UNITS)],
    isAnswered: false,
  },
  {
    name: 'an overlap that comes last',
    spans: [span(1, UNITS), span(0, 2)],
    isAnswered: false,
  },
  { name: 'a hole', spans: [span(0, 3), span(4, UNITS)], isAnswered: false },
];

const OPTIONS: readonly Case[] = [
  { name: 'router alert', spans: null, options: '[IPOption_Router_Alert()]', isAnswered: true },
  { name: 'no operation', spans: null, options: '[IPOption(b"\\x01" * 4)]', isAnswered: true },
  {
    name: 'stream identifier',
    spans: null,
    options: '[IPOption(b"\\x88\\x04\\x12\\x34")]',
    isAnswered: true,
  },
  {
    name: 'record route',
    spans: null,
    options: '[IPOption_RR(length=19, routers=["0.0.0.0"] * 4)]',
    isAnswered: true,
  },
  {
    name: 'a loose source route',
    spans: null,
    options: `[IPOption_LSRR(routers=["${realServer(1).ipv4}"])]`,
    isAnswered: false,
  },
  {
    name: 'a strict source route',
    spans: null,
    options: `[IPOption_SSRR(routers=["${realServer(1).ipv4}"])]`,
    isAnswered: false,
  },
];

/** Source: IANA, IP option numbers. */
const OPTION_TYPES: Readonly<Record<string, number>> = {
  'router alert': 0x94,
  'no operation': 1,
  'stream identifier': 0x88,
  'record route': 7,
};

const FAMILIES = [
  { name: 'ipv4', cases: [...FRAGMENTS, ...OPTIONS], firstPort: FIRST_PORT },
  { name: 'ipv6', cases: FRAGMENTS, firstPort: FIRST_PORT + 100 },
] as const;

describe('packets that scapy makes', () => {
  let scene: Scene;
  let connection: Connection;
  /** Local port, length and digest of each echo that came. */
  const answers = new Map<'ipv4' | 'ipv6', readonly string[]>();
  const captured = { client: [] as Dissection[], rs1: [] as Dissection[] };

  /** A datagram of scapy's; the identification, or flow label, is the port. */
  function datagram(family: 'ipv4' | 'ipv6', port: number, { spans, options = '[]' }: Case): string {
    const ends = `src="${CLIENT[family]}", dst="${VIP[family]}"`;
    const header =
      family === 'ipv4' ? `IP(${ends}, id=${port}, options=${options})` : `IPv6(${ends}, fl=${port})`;
    const whole = `${header}/UDP(sport=${port}, dport=${VPORT})/Raw(b"${DATA}")`;
    return spans === null ? whole : `cut(${whole}, ${spans.join(', ')})`;
  }

  /** A SYN of 24 bytes with options, cut after 8 bytes or behind them all. */
  function syn(family: 'ipv4' | 'ipv6', port: number, spans: string): string {
    const ends = `src="${CLIENT[family]}", dst="${VIP[family]}"`;
    const header = family === 'ipv4' ? `IP(${ends}, id=${port})` : `IPv6(${ends}, fl=${port})`;
    const segment = `TCP(sport=${port}, dport=${VPORT}, flags="S", options=[("MSS", 1400)])`;
    return `cut(${header}/${segment}/Raw(b"early data"), ${spans})`;
  }

  /** About a segment that its receiver, to whom this goes, has sent. */
  const quench = (from: string, to: string, segment: string): string =>
    `IP(src="${from}", dst="${to}")/ICMP(type=${SOURCE_QUENCH})/IP(src="${to}", dst="${from}")/TCP(${segment})`;

  before(async () => {
    scene = await Scene.open({ realServers: 1 });
    for (const { name } of FAMILIES) {
      await scene.balance('udp', VIP[name], VPORT, { to: 7 });
      await scene.balance('tcp', VIP[name], VPORT, { to: 7 });
    }
    const client: Peer = await scene.peer();
    connection = await client.connect(VIP.ipv4, VPORT);
    const { localPort } = connection;
    const listeners = await Promise.all(
      FAMILIES.map(async ({ name, cases, firstPort }) => {
        const words = [VIP[name], VPORT, firstPort, cases.length].map(String);
        const child = scene.lab.spawn('client', ['python3', pythonProgram('udp_listen.py'), ...words]);
        await child.ready('the listener', ANSWER_LIMIT_MS, () => child.log.includes('listening'));
        return { name, child, expected: cases.filter(({ isAnswered }) => isAnswered).length };
      }),
    );
    const hosts = ['client', 'rs1'] as const;
    const file = (host: string) => path.join(scene.lab.directory, `${host}.pcap`);
    const captures = await Promise.all(hosts.map((host) => scene.lab.capture(host, 'eth0', file(host))));
    const fromClient = FAMILIES.flatMap(({ name, cases, firstPort }) => [
      ...cases.map((one, index) => datagram(name, firstPort + index, one)),
      syn(name, WHOLE_HEADER_PORT, '(3, 4), (4, 5), (0, 3)'),
      syn(name, CUT_HEADER_PORT, '(0, 1), (1, 5)'),
    ]);
    const rip = realServer(1).ipv4;
    await Promise.all([
      sendByScapy(scene.lab, 'client', [
        ...fromClient,
        quench(CLIENT.ipv4, VIP.ipv4, `sport=${VPORT}, dport=${localPort}`),
      ]),
      sendByScapy(scene.lab, 'rs1', [quench(rip, CLIENT.ipv4, `sport=${localPort}, dport=7`)]),
    ]);
    for (const { name, child, expected } of listeners) {
      const lines = () => child.log.trim().split('\n').slice(1);
      await until(`${expected} answers over ${name}`, ANSWER_LIMIT_MS, () => lines().length >= expected);
      answers.set(name, lines());
    }
    // What was sent before is in the captures when an exchange after it is over.
    await connection.exchange('after all of it');
    await Promise.all(captures.map((capture) => capture.stop()));
    for (const host of hosts) {
      const frames = await readPackets(file(host));
      captured[host] = frames.map((frame) => dissect(frame)).filter((packet) => packet !== null);
    }
  });
  after(() => scene.close());

  for (const { name, cases, firstPort } of FAMILIES) {
    for (const [index, one] of cases.entries()) {
      const what =
        one.spans === null ? `a datagram with the option ${one.name}` : `a datagram in ${one.name}`;
      test(`${what} is ${one.isAnswered ? 'echoed whole, once' : 'refused'}, ${name}`, () => {
        const digest = createHash('sha256').update(DATA).digest('hex');
        const echo = `${firstPort + index} ${DATA.length} ${digest}`;
        const came = (answers.get(name) ?? []).filter((line) => line.startsWith(`${firstPort + index} `));
        assert.deepEqual(came, one.isAnswered ? [echo] : []);
      });
    }

    for (const { what, port, isAnswered } of [
      { what: 'holds all of the header is answered', port: WHOLE_HEADER_PORT, isAnswered: true },
      { what: 'ends in the header is not', port: CUT_HEADER_PORT, isAnswered: false },
    ]) {
      test(`a SYN in pieces of which the first ${what}, ${name}`, () => {
        const came = captured.client.some(
          (packet) =>
            packet.source.equals(addressBytes(VIP[name])) &&
            packet.transport[13] === SYN_ACK &&
            portsOf(packet)?.destination === port,
        );
        assert.equal(came, isAnswered);
      });
    }
  }

  for (const { name, options } of OPTIONS.filter(({ isAnswered }) => isAnswered)) {
    test(`the option ${name} is there at the real server`, () => {
      const index = [...FRAGMENTS, ...OPTIONS].findIndex((one) => one.name === name);
      const [arrived] = captured.rs1.filter((packet) => portsOf(packet)?.source === FIRST_PORT + index);
      assert.ok(arrived !== undefined && options !== undefined);
      assert.equal(arrived.options[0], OPTION_TYPES[name]);
    });
  }

  for (const [host, source, to, from] of [
    ['rs1', CLIENT.ipv4, realServer(1).ipv4, CLIENT.ipv4],
    ['client', VIP.ipv4, CLIENT.ipv4, VIP.ipv4],
  ] as const) {
    test(`source quench arrives at ${host} about what it has sent itself`, () => {
      const ports =
        host === 'rs1'
          ? { source: 7, destination: connection.localPort }
          : { source: connection.localPort, destination: VPORT };
      const [message, ...others] = captured[host].filter(
        ({ protocol, transport, destination }) =>
          protocol === PROTOCOL.icmp &&
          transport[0] === SOURCE_QUENCH &&
          destination.equals(addressBytes(to)),
      );
      assert.ok(message !== undefined && others.length === 0);
      assert.deepEqual([message.source, message.destination], [addressBytes(source), addressBytes(to)]);
      const quoted = message.transport.subarray(8);
      assert.deepEqual(
        [quoted.subarray(12, 16), quoted.subarray(16, 20)],
        [addressBytes(to), addressBytes(from)],
      );
      assert.deepEqual({ source: quoted.readUInt16BE(20), destination: quoted.readUInt16BE(22) }, ports);
      assert.equal(internetChecksum(message.transport), 0);
    });
  }

  test('the connection that it was about goes on', async () => {
    const text = 'and on '.repeat(10_000);
    assert.equal(await connection.exchange(text), text);
  });
});
