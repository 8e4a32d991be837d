import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { until } from '../lab/poll.js';
import { CLIENT, VIP } from '../lab/topology.js';
import { isOnWire } from '../lab/uipvs-process.js';
import { type CorpusPacket, corpus } from './support/corpus.js';
import { type Balance, balanceOf, countAll } from './support/corpus-balance.js';
import { CORPUS_VPORT } from './support/corpus-draft.js';
import { brokenPackets } from './support/corpus-sequels.js';
import { type Dissection, dissect, portsOf } from './support/dissection.js';
import { FrameSender } from './support/frame-sender.js';
import { addressBytes, PROTOCOL } from './support/frames.js';
import { MALFORMED_PACKETS } from './support/malformed-packets.js';
import { readPackets } from './support/packets.js';
import type { Connection, Datagrams, Peer } from './support/peer.js';
import { pythonProgram } from './support/program.js';
import { endpoint, Scene } from './support/scene.js';
import { type PacketCounts, packetCounts } from './support/worker-counters.js';

const METRICS = '127.0.0.1:9100';
const UDP_PORT = 9007;
const LEAST_CASES = 500;
/** Within this, in milliseconds, uipvsd must have judged all that was sent. */
const REST_LIMIT_MS = 3000;
const FIRST_FLOW_PORT = 9100;
/** A traffic class that nothing else has here. */
const MARK = 0x2c;
const SERVERS = ['rs1', 'rs2', 'rs3'] as const;
const VIPS = [VIP.ipv4, VIP.ipv6] as const;
/** Drops that come after another verdict: the packet was translated, and then did not leave. */
const LATE_DROPS: readonly string[] = ['transmit_again', 'transmit_refused'];
/**
 * Packets that the kernel drops without a word, before they are ours: martian sources, and source routes. With --io packet
 * only what is no TCP, UDP or SCTP comes by its IP before; options that it refuses it then sees when they are translated.
 */
const UNCOUNTED: Readonly<Record<string, number>> = isOnWire() ? { sources: 7 } : { sources: 21, options: 2 };
const REFUSED_LATER: Readonly<Record<string, number>> = isOnWire() ? { options: 12 } : {};
/** Replies to strange sources are answered by errors of other machines. */
const FATES_OF_OTHERS: Readonly<Record<string, readonly string[]>> = { sources: ['icmp_unmatched'] };

describe('the corpus of malformed packets', () => {
  const packets = corpus();
  const groups = [...new Set(packets.map(({ group }) => group))];
  const byPort = new Map(packets.filter(({ isSequel }) => !isSequel).map((packet) => [packet.port, packet]));
  let scene: Scene;
  let client: Peer;
  let sender: FrameSender;
  let connections: Connection[] = [];
  let flows: { readonly flow: Datagrams; readonly name: string }[] = [];
  const arrived = new Map<string, Dissection[]>();
  const balances = new Map<string, Balance>();

  /** The counts, once the daemon has no more packets to judge. */
  async function countsAtRest(): Promise<PacketCounts> {
    let last: PacketCounts | null = null;
    return until('packets to come no more', REST_LIMIT_MS, async () => {
      const [before, now] = [last, await packetCounts(scene.lab, METRICS)];
      last = now;
      return before?.received === now.received ? now : null;
    });
  }

  async function assertLiveOnes(after: string): Promise<void> {
    for (const connection of connections) assert.equal(await connection.exchange(after), after);
    for (const { flow, name } of flows) assert.equal(await flow.ask('name?'), name, after);
  }

  before(async () => {
    scene = await Scene.open({ uipvs: { args: ['--metrics', METRICS] } });
    client = await scene.peer();
    for (const server of SERVERS) {
      const echo = scene.lab.spawn(server, ['python3', pythonProgram('udp_echo.py'), String(UDP_PORT)]);
      await echo.ready('the UDP echo', 10_000, () => echo.log.includes('ready'));
    }
    for (const vip of VIPS) {
      await scene.balance('tcp', vip, CORPUS_VPORT, { to: 80 });
      await scene.balance('udp', vip, CORPUS_VPORT, { to: UDP_PORT });
      await scene.balance('tcp', vip, 7, { to: 7 });
      await scene.balance('udp', vip, 7, { to: 7 });
      await scene.adm('-A', '--sctp-service', endpoint(vip, CORPUS_VPORT), '-s', 'rr');
      for (const index of [1, 2, 3]) {
        const destination = scene.destination(vip, index, CORPUS_VPORT);
        await scene.adm('-a', '--sctp-service', endpoint(vip, CORPUS_VPORT), '-r', destination, '-m');
      }
    }
    sender = await FrameSender.start(scene.lab);
    const live = VIPS.flatMap((vip) => [vip, vip, vip]);
    connections = await Promise.all(live.map((vip) => client.connect(vip, 7)));
    flows = await Promise.all(
      live.map(async (vip, index) => {
        const flow = await client.datagrams(vip, 7, FIRST_FLOW_PORT + index);
        return { flow, name: await flow.ask('name?') };
      }),
    );
  });
  after(() => scene.close());

  test(`has at least ${LEAST_CASES} packets, no two of them equal`, () => {
    const different = new Set([...packets, ...MALFORMED_PACKETS].map(({ packet }) => packet.toString('hex')));
    assert.ok(different.size >= LEAST_CASES, `there are ${different.size}`);
  });

  describe('sent to VIPs with services of TCP, UDP and SCTP', () => {
    before(async () => {
      const file = (server: string) => path.join(scene.lab.directory, `${server}.pcap`);
      const captures = await Promise.all(
        SERVERS.map((server) => scene.lab.capture(server, 'eth0', file(server))),
      );
      for (const [index, group] of groups.entries()) {
        const countedBefore = await countAll(scene.lab, METRICS);
        for (const family of [4, 6] as const) {
          const chosen = packets.filter((packet) => packet.group === group && packet.family === family);
          // Once: the second SYN of a connection that its real server has refused may go to another.
          await sender.send(
            family,
            chosen.map(({ packet }) => packet),
          );
        }
        await countsAtRest();
        const ofGroup = packets.filter((packet) => packet.group === group);
        const countedAfter = await countAll(scene.lab, METRICS);
        const ignored = FATES_OF_OTHERS[group];
        balances.set(group, balanceOf(ofGroup, countedBefore, countedAfter, ignored));
        await assertLiveOnes(`group ${index}, ${group}`);
      }
      // Captures are complete when what came after the corpus is in them.
      for (const server of SERVERS) await scene.lab.run(server, ['ping', '-c', '1', '-q', CLIENT.ipv4]);
      await Promise.all(captures.map((capture) => capture.stop()));
      for (const server of SERVERS) {
        const frames = await readPackets(file(server));
        arrived.set(
          server,
          frames.map((frame) => dissect(frame)).filter((packet) => packet !== null),
        );
      }
    });

    /** The packets of the corpus, or of connections that came of it, that a real server has seen. */
    function seen(server: string): { readonly packet: Dissection; readonly of: CorpusPacket }[] {
      return (arrived.get(server) ?? []).flatMap((packet) => {
        const ports = portsOf(packet);
        const of = ports && ports.source !== 7 ? byPort.get(ports.source) : undefined;
        return of === undefined ? [] : [{ packet, of }];
      });
    }

    test('leaves the daemon alive, without a complaint', async () => {
      assert.ok(scene.uipvs.isRunning);
      const complaints = scene.uipvs.log.split('\n').filter((line) => /"level":[56]0/.test(line));
      assert.deepEqual(complaints, []);
    });

    test('leaves established connections and flows as they were', () => assertLiveOnes('afterwards'));

    test('leaves new clients served', async () => {
      for (const vip of VIPS) {
        assert.match(await client.whoAnswers(vip), /^rs[123]$/);
        assert.equal(await (await client.datagrams(vip, CORPUS_VPORT)).ask('new'), 'new');
      }
    });

    test('lets nothing through to a real server that begins no connection', () => {
      const intruders = SERVERS.flatMap((server) =>
        seen(server)
          .filter(({ of }) => of.fate !== 'begins')
          .map(({ packet, of }) => `${server} saw "${of.name}" IPv${of.family}, protocol ${packet.protocol}`),
      );
      assert.deepEqual([...new Set(intruders)], []);
    });

    test('takes each to one real server at most, and to the port of its service', () => {
      const places = new Map<string, Set<string>>();
      for (const server of SERVERS) {
        for (const { packet, of } of seen(server)) {
          const key = `IPv${of.family} protocol ${packet.protocol} from ${of.port} (${of.name})`;
          const place = `${server} port ${portsOf(packet)?.destination}`;
          places.set(key, (places.get(key) ?? new Set<string>()).add(place));
        }
      }
      assert.ok(places.size > 50, `only ${places.size} came through, though many may`);
      const wrong = [...places].filter(([key, where]) => {
        const port = key.includes(`protocol ${PROTOCOL.udp} `) ? UDP_PORT : CORPUS_VPORT;
        return where.size > 1 || ![...where][0]?.endsWith(` port ${port}`);
      });
      assert.deepEqual(wrong, []);
    });

    test('reaches no real server under the address of a VIP', () => {
      const vips = VIPS.map((vip) => addressBytes(vip));
      const wrong = SERVERS.flatMap((server) => arrived.get(server) ?? []).filter((packet) =>
        vips.some((vip) => vip.equals(packet.source) || vip.equals(packet.destination)),
      );
      // One packet from the service to itself would go round for ever.
      const ports = wrong.map((packet) => portsOf(packet)?.source ?? 'none');
      assert.equal(wrong.length, 0, `${wrong.length} packets, from the ports ${[...new Set(ports)]}`);
    });

    test('is counted: what was received is answered, dropped, passed or translated', async () => {
      const counts = await countsAtRest();
      const { received, verdicts, drops } = counts;
      const late = LATE_DROPS.reduce((sum, reason) => sum + (drops[reason] ?? 0), 0);
      const judged = Object.values(verdicts).reduce((sum, count) => sum + count, 0) - late;
      assert.equal(judged, received, JSON.stringify(counts));
      assert.ok(received > packets.length / 2, `only ${received} were received`);
    });

    for (const group of groups) {
      test(`is counted packet by packet, as each is alone or by the kernel: ${group}`, () => {
        const balance = balances.get(group);
        assert.ok(balance !== undefined);
        assert.deepEqual(balance.tooMany, []);
        const { missing, refusedByKernel } = balance;
        const later = REFUSED_LATER[group] ?? 0;
        assert.equal(missing, refusedByKernel - later + (UNCOUNTED[group] ?? 0), JSON.stringify(balance));
      });
    }

    test('is listed by its reasons by uipvsadm --drops', async () => {
      const { verdicts, drops } = await packetCounts(scene.lab, METRICS);
      const listed = await scene.adm('--drops', '--exact');
      // Refusals are listed as answers, by their reasons.
      const reasons = [...listed.matchAll(/^ {2}-> (?!refused_)(\w+) +(\d+)$/gm)].map(([, reason, count]) => [
        reason,
        Number(count),
      ]);
      assert.deepEqual(Object.fromEntries(reasons), drops);
      assert.match(listed, new RegExp(`^dropped +${verdicts.dropped}$`, 'm'));
      assert.equal(
        Object.values(drops).reduce((sum, count) => sum + count, 0),
        verdicts.dropped,
      );
    });

    test('fills neither the table nor the queue to the scheduler', async () => {
      const counts = await packetCounts(scene.lab, METRICS);
      assert.equal(counts.drops.parking_full, 0);
      assert.equal(counts.drops.table_full, 0);
    });
  });

  test('broken packets under the ports of live connections and flows reach nobody, and disturb none', async () => {
    const file = (server: string) => path.join(scene.lab.directory, `${server}-live.pcap`);
    const captures = await Promise.all(
      SERVERS.map((server) => scene.lab.capture(server, 'eth0', file(server))),
    );
    // The first three are over IPv4.
    const familyOf = (index: number): 4 | 6 => (index < connections.length / 2 ? 4 : 6);
    for (const family of [4, 6] as const) {
      const broken = [
        ...connections.map(({ localPort }, index) => ({ kind: 'tcp' as const, localPort, index })),
        ...flows.map((_, index) => ({ kind: 'udp' as const, localPort: FIRST_FLOW_PORT + index, index })),
      ]
        .filter(({ index }) => familyOf(index) === family)
        .flatMap(({ kind, localPort }) => brokenPackets(kind, family, localPort, 7, { trafficClass: MARK }));
      assert.ok(broken.length > 100);
      await sender.send(
        family,
        broken.map(([, , packet]) => packet),
      );
    }
    await assertLiveOnes('after broken packets of their own');
    await Promise.all(captures.map((capture) => capture.stop()));
    for (const server of SERVERS) {
      const seen = (await readPackets(file(server)))
        .map((frame) => dissect(frame))
        .filter((packet) => packet !== null);
      assert.ok(seen.length > 0);
      const leaked = seen.filter(({ trafficClass }) => trafficClass === MARK);
      assert.deepEqual(leaked, [], server);
    }
  });
});
