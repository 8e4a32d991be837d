/**
 * Theory of operation: only the first fragment of a datagram has ports, so a balancer must know, or learn, what the
 * others belong to. The echo shows that whole datagrams come through both ways; fragments in orders that no kernel sends
 * are sent as bytes past the client's IP, while a socket on the client waits for the echo.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Child } from '../lab/child.js';
import { until } from '../lab/poll.js';
import { CLIENT, VIP } from '../lab/topology.js';
import { fragment, type Piece, pieces, wholeDatagram } from './support/fragmentation.js';
import { FrameSender } from './support/frame-sender.js';
import { addressBytes } from './support/frames.js';
import type { Connection, Peer } from './support/peer.js';
import { pythonProgram } from './support/program.js';
import { Scene } from './support/scene.js';

const VPORT = 7000;
const DATA_BYTES = 6000;
/** The listener's: one for each order of fragments, and three more. */
const FIRST_PORT = 20_000;
const ANSWER_LIMIT_MS = 1500;
/** How long nothing must come, in milliseconds, where nothing may. An echo takes less than one. */
const SILENCE_MS = 150;

/** Addresses of the director, where rules select a service's packets by their ports, which fragments do not show. */
const LOCAL_VIP = { ipv4: '10.9.0.5', ipv6: 'fd09::5' } as const;

const VIPS = [
  { family: 4, vip: VIP.ipv4, cip: CLIENT.ipv4, what: 'IPv4' },
  { family: 6, vip: VIP.ipv6, cip: CLIENT.ipv6, what: 'IPv6' },
  { family: 4, vip: LOCAL_VIP.ipv4, cip: CLIENT.ipv4, what: 'IPv4, to an address of the director' },
  { family: 6, vip: LOCAL_VIP.ipv6, cip: CLIENT.ipv6, what: 'IPv6, to an address of the director' },
] as const;

interface Order {
  readonly name: string;
  readonly arrange: (inOrder: readonly Piece[]) => readonly Piece[];
  /** How many datagrams come back. */
  readonly answers: 0 | 1;
}

const middle = (inOrder: readonly Piece[]): number => Math.floor(inOrder.length / 2);

/** The piece again, `shift` bytes earlier: it overlaps the one before. */
function shifted({ offset, bytes, hasMore }: Piece, shift: number, fill: number): Piece {
  return { offset: offset - shift, bytes: Buffer.concat([Buffer.alloc(shift, fill), bytes]), hasMore };
}

const ORDERS: readonly Order[] = [
  { name: 'in order', arrange: (all) => all, answers: 1 },
  { name: 'in reverse order', arrange: (all) => all.toReversed(), answers: 1 },
  { name: 'the first one last', arrange: ([first, ...rest]) => [...rest, first!], answers: 1 },
  { name: 'the last one first', arrange: (all) => [all.at(-1)!, ...all.slice(0, -1)], answers: 1 },
  {
    name: 'the odd ones first',
    arrange: (all) => [
      ...all.filter((_, index) => index % 2 === 1),
      ...all.filter((_, index) => index % 2 === 0),
    ],
    answers: 1,
  },
  { name: 'each one twice', arrange: (all) => all.flatMap((piece) => [piece, piece]), answers: 1 },
  { name: 'the first one twice', arrange: (all) => [all[0]!, ...all], answers: 1 },
  { name: 'one missing in the middle', arrange: (all) => all.toSpliced(middle(all), 1), answers: 0 },
  { name: 'the first one missing', arrange: (all) => all.slice(1), answers: 0 },
  { name: 'the last one missing', arrange: (all) => all.slice(0, -1), answers: 0 },
  {
    // RFC 5722; for IPv4 Linux does the same since 4.20.
    name: 'two that overlap',
    arrange: (all) => all.map((piece, index) => (index === middle(all) ? shifted(piece, 8, 0xff) : piece)),
    answers: 0,
  },
  {
    // Differs from the kernel, which takes it for a copy, whatever it says: RFC 5722 refuses what overlaps.
    name: 'one within another',
    arrange: (all) => [all[0]!, { offset: 8, bytes: Buffer.alloc(16, 0xff), hasMore: true }, ...all.slice(1)],
    answers: 0,
  },
  {
    name: 'two that both say they are the last',
    arrange: (all) => [{ ...all[1]!, hasMore: false }, ...all.filter((_, index) => index !== 1)],
    answers: 0,
  },
  {
    name: 'one that is no multiple of 8 bytes',
    arrange: (all) => [{ ...all[0]!, bytes: all[0]!.bytes.subarray(0, 1395) }, ...all.slice(1)],
    answers: 0,
  },
  {
    name: 'one beyond the longest datagram',
    arrange: (all) => [...all.slice(0, -1), { offset: 65_528, bytes: Buffer.alloc(800), hasMore: false }],
    answers: 0,
  },
];

const PORTS = ORDERS.length + 3;

/** Of a VIP's listener, by the VIP's place in the list. */
function firstPort(index: number): number {
  return FIRST_PORT + index * PORTS;
}

describe('a UDP service takes datagrams in fragments', () => {
  let scene: Scene;
  let client: Peer;
  let sender: FrameSender;
  let live: Connection;
  const listeners = new Map<string, Child>();
  before(async () => {
    scene = await Scene.open();
    for (const [family, address] of Object.entries(LOCAL_VIP))
      await scene.lab.ip('director', [`address add ${address}/${family === 'ipv4' ? 32 : 128} dev lo`]);
    for (const { vip } of VIPS) await scene.balance('udp', vip, VPORT, { to: 7 });
    await scene.balance('tcp', VIP.ipv4, 7, { to: 7 });
    client = await scene.peer();
    sender = await FrameSender.start(scene.lab);
    live = await client.connect(VIP.ipv4, 7);
    for (const [index, { vip }] of VIPS.entries()) {
      const argv = [
        'python3',
        pythonProgram('udp_listen.py'),
        vip,
        String(VPORT),
        String(firstPort(index)),
        String(PORTS),
      ];
      const listener = scene.lab.spawn('client', argv);
      await listener.ready('the listener', 5000, () => listener.log.includes('listening'));
      listeners.set(vip, listener);
    }
  });
  after(() => scene.close());

  for (const [number, { family, vip, cip, what }] of VIPS.entries()) {
    const first = firstPort(number);
    const ip = { source: addressBytes(cip), destination: addressBytes(vip) };

    for (const bytes of [1473, 1500, 2000, 4000, 9000, 30_000, 60_000]) {
      test(`of ${bytes} bytes, and its answer goes back, ${what}`, async () => {
        const text = `${bytes} `.repeat(20_000).slice(0, bytes);
        assert.equal(await (await client.datagrams(vip, VPORT)).ask(text, ANSWER_LIMIT_MS), text);
      });
    }

    test(`of 60,000 bytes, fifty one after the other on one flow, ${what}`, async () => {
      const flow = await client.datagrams(vip, VPORT);
      for (let turn = 0; turn < 50; turn += 1) {
        const text = String.fromCharCode(65 + (turn % 26)).repeat(60_000);
        assert.equal(await flow.ask(text, ANSWER_LIMIT_MS), text);
      }
    });

    test(`of one flow among small ones, and all are answered by one real server, ${what}`, async () => {
      const flow = await client.datagrams(vip, VPORT);
      const name = await flow.ask('name?');
      for (const bytes of [10, 5000, 20, 60_000]) {
        const text = 'x'.repeat(bytes);
        assert.equal(await flow.ask(text, ANSWER_LIMIT_MS), text);
        assert.equal(await flow.ask('name?'), name);
      }
    });

    function expected(data: Buffer): string {
      return `${data.length} ${createHash('sha256').update(data).digest('hex')}`;
    }

    function answersAt(port: number): string[] {
      const lines = listeners.get(vip)?.log.split('\n') ?? [];
      return lines
        .filter((line) => line.startsWith(`${port} `))
        .map((line) => line.slice(line.indexOf(' ') + 1));
    }

    /** Asserts that exactly `wanted` come, in any order; of nothing, that nothing does for a while. */
    async function assertAnswers(port: number, wanted: readonly string[]): Promise<void> {
      if (wanted.length > 0) {
        await until(
          `${wanted.length} answers`,
          ANSWER_LIMIT_MS,
          () => answersAt(port).length >= wanted.length,
        );
      } else {
        await assert.rejects(
          until('an answer', SILENCE_MS, () => answersAt(port).length > 0),
          { code: 'EBUSY' },
        );
      }
      assert.deepEqual(answersAt(port).sort(), [...wanted].sort());
      assert.equal(await live.exchange('the others go on'), 'the others go on');
    }

    for (const [index, { name, arrange, answers }] of ORDERS.entries()) {
      test(`${name}: ${answers === 1 ? 'one answer' : 'no answer'}, ${what}`, async () => {
        const port = first + index;
        const data = Buffer.from(`${name} `.repeat(1000).slice(0, DATA_BYTES));
        const all = pieces(wholeDatagram(ip, port, VPORT, data));
        await sender.send(
          family,
          arrange(all).map((piece) => fragment(ip, port, piece)),
        );
        await assertAnswers(port, answers === 1 ? [expected(data)] : []);
      });
    }

    test(`two datagrams mixed: both are answered, ${what}`, async () => {
      const port = first + ORDERS.length;
      const [one, two] = ['one ', 'two '].map((text) => Buffer.from(text.repeat(1500)));
      const [former, latter] = [one!, two!].map((data, index) =>
        pieces(wholeDatagram(ip, port, VPORT, data)).map((piece) => fragment(ip, port + 1000 + index, piece)),
      );
      await sender.send(
        family,
        former!.flatMap((packet, index) => [packet, latter![index]!]),
      );
      await assertAnswers(port, [expected(one!), expected(two!)]);
    });

    test(`in the smallest pieces there are: answered, ${what}`, async () => {
      const port = first + ORDERS.length + 1;
      const data = Buffer.from('small '.repeat(60));
      const all = pieces(wholeDatagram(ip, port, VPORT, data), 8);
      await sender.send(
        family,
        all.map((piece) => fragment(ip, port, piece)),
      );
      await assertAnswers(port, [expected(data)]);
    });

    // RFC 6946: an atomic fragment. IPv4 has nothing of the kind.
    if (family === 6) {
      test(`whole, but with a fragment header: one answer, ${what}`, async () => {
        const port = first + ORDERS.length + 2;
        const data = Buffer.from('whole');
        const [whole] = pieces(wholeDatagram(ip, port, VPORT, data));
        await sender.send(family, [fragment(ip, port, whole!)]);
        await assertAnswers(port, [expected(data)]);
        await delay(SILENCE_MS); // another would have come
        assert.deepEqual(answersAt(port), [expected(data)]);
      });
    }
  }

  test('ten thousand first fragments that are never followed: the service goes on', async () => {
    const ip = { source: addressBytes(CLIENT.ipv4), destination: addressBytes(VIP.ipv4) };
    const first = pieces(wholeDatagram(ip, 30_000, VPORT, Buffer.alloc(3000)))[0]!;
    const flood = Array.from({ length: 10_000 }, (_, index) => fragment(ip, index, first));
    await sender.send(4, flood);
    assert.equal(await live.exchange('still here'), 'still here');
    assert.equal(await (await client.datagrams(VIP.ipv4, VPORT)).ask('small'), 'small');
    assert.ok(scene.uipvs.isRunning);
  });
});
