/**
 * Traffic that meets every offload, from a client to a real server and back, judged by what arrives at both: from its bytes,
 * since a kernel does not verify what it believes to come from its own machine.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import type { Capture } from '../../lab/capture.js';
import type { Lab } from '../../lab/lab.js';
import { until } from '../../lab/poll.js';
import type { Host } from '../../lab/topology.js';
import { type Inspection, inspect } from './inspection.js';
import { PacketsToCome } from './packets.js';
import type { Peer } from './peer.js';
import { pythonProgram } from './program.js';

const BULK = 'through every offload '.repeat(5000);
/** Fewer than a new flow may have waiting for the scheduler. */
const SEGMENTS = 12;
const SEGMENT_BYTES = 1200;
const RECORDED_MS = 2000;

/** Where packets arrive: a machine's device and the addresses that are its own there. */
export interface ArrivalPlace {
  readonly host: Host;
  readonly device: string;
  readonly addresses: readonly string[];
}

export interface OffloadPath {
  /** Of IPv4 and of IPv6: each has a service of TCP and one of UDP at the port, whose real server echoes. */
  readonly vips: readonly [string, string];
  readonly port: number;
  readonly client: ArrivalPlace;
  readonly server: ArrivalPlace;
}

/** TCP in bulk both ways, UDP small and segmented by the kernel, and a datagram without a checksum. */
async function exchange(lab: Lab, client: Peer, { vips, port }: OffloadPath): Promise<void> {
  for (const vip of vips) {
    const connection = await client.connect(vip, port);
    assert.equal(await connection.exchange(BULK), BULK);
    assert.equal(await connection.exchange('odd'), 'odd');
    await connection.close();
    assert.equal(await (await client.datagrams(vip, port)).ask('datagram'), 'datagram');
  }
  const words = [...vips, port, SEGMENTS, SEGMENT_BYTES].map(String);
  const said = await lab.run('client', ['python3', pythonProgram('udp_kinds.py'), ...words]);
  assert.equal(said.trim(), `none ${SEGMENTS} ${SEGMENTS}`);
}

function describeWrong({ protocol, source, destination, bytes, checksum }: Inspection): string {
  return `${protocol} ${source} > ${destination}, ${bytes} bytes, checksum ${checksum}`;
}

/** The names of what a recording must hold. */
function kindsOf(packets: readonly Inspection[]): ReadonlySet<string> {
  return new Set(packets.map(({ protocol, family }) => `${protocol} over IPv${family}`));
}

const KINDS = ['tcp', 'udp'].flatMap((protocol) => [4, 6].map((family) => `${protocol} over IPv${family}`));

/** What arrives at one place. */
class Arrivals {
  readonly capture: Capture;
  readonly #place: ArrivalPlace;
  readonly #toCome: PacketsToCome;

  constructor(place: ArrivalPlace, capture: Capture) {
    this.#place = place;
    this.capture = capture;
    this.#toCome = new PacketsToCome(capture.file);
  }

  /** Waits until there is something of every kind that was not judged before, and fails where any of it is wrong. */
  async judge(): Promise<void> {
    const { host, addresses } = this.#place;
    const packets: Inspection[] = [];
    await until(`${KINDS.join(', ')} at ${host}`, RECORDED_MS, async () => {
      const fresh = (await this.#toCome.next())
        .map((frame) => inspect(frame))
        .filter((packet) => packet !== null);
      packets.push(...fresh.filter(({ destination }) => addresses.includes(destination)));
      return KINDS.every((kind) => kindsOf(packets).has(kind));
    });
    const wrong = packets.filter(({ checksum, isIpHeaderRight }) => checksum === 'wrong' || !isIpHeaderRight);
    assert.deepEqual(wrong.map(describeWrong), []);
  }
}

/** One path under observation, from the moment that its offloads are all on: tcpdump then makes room for super-packets. */
export class OffloadTrial {
  readonly #lab: Lab;
  readonly #client: Peer;
  readonly #path: OffloadPath;
  readonly #arrivals: readonly Arrivals[];

  private constructor(lab: Lab, client: Peer, way: OffloadPath, arrivals: readonly Arrivals[]) {
    this.#lab = lab;
    this.#client = client;
    this.#path = way;
    this.#arrivals = arrivals;
  }

  static async start(lab: Lab, client: Peer, way: OffloadPath): Promise<OffloadTrial> {
    const arrivals = await Promise.all(
      [way.client, way.server].map(async (place) => {
        const file = path.join(lab.directory, `arrivals-${place.host}-${place.device}.pcap`);
        return new Arrivals(place, await lab.capture(place.host, place.device, file));
      }),
    );
    return new OffloadTrial(lab, client, way, arrivals);
  }

  /** Fails unless everything is answered, and every checksum is right where it arrives. */
  async run(): Promise<void> {
    await exchange(this.#lab, this.#client, this.#path);
    for (const arrivals of this.#arrivals) await arrivals.judge();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#arrivals.map(({ capture }) => capture.stop()));
  }
}
