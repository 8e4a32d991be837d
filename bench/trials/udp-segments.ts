import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { delivered, makeSinks, sinkAddresses } from '../tools/sinks.js';
import type { Trial } from '../trial.js';

const PORT = 5000;
const SERVERS = sinkAddresses(1);
const SEGMENT_BYTES = 1400;
const DRAIN_MS = 50;

/** Sources that are not compiled stay where they are; seen from `dist/bench/trials`. */
const PROGRAM = fileURLToPath(new URL('../../../bench/tools/udp_segments.py', import.meta.url));

/** UDP with segmentation offload, one flow, one way: what QUIC sends. Counted where it leaves the director. */
export const udpSegments: Trial = {
  name: 'udp-gso',
  title: `UDP super-packets of ${SEGMENT_BYTES}-byte segments`,
  unit: 'Gbit/s',
  better: 'more',
  operation: 'megabyte',
  usualPeers: ['uipvs', 'uipvs-packet', 'nft', 'nginx', 'direct'],
  service: { protocol: 'udp', port: PORT, servers: SERVERS },
  programs: ['python3'],
  serve: (lab) => makeSinks(lab, SERVERS),
  async load(lab, { target }, seconds) {
    const before = await delivered(lab);
    const argv = ['python3', PROGRAM, target, `${PORT}`, `${SEGMENT_BYTES}`, `${seconds}`];
    const report = JSON.parse(await lab.run('client', argv)) as SentReport;
    await delay(DRAIN_MS);
    const bytes = (await delivered(lab)).bytes - before.bytes;
    return {
      value: (8 * bytes) / report.seconds / 1e9,
      operations: bytes / 1e6,
      details: { lostPercent: Math.max(0, 100 * (1 - bytes / report.sentBytes)) },
      faults: bytes > 0 ? [] : ['nothing arrived'],
    };
  },
};

/** What the program prints. */
interface SentReport {
  readonly sentBytes: number;
  readonly seconds: number;
}
