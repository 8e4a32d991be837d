import type { Child } from '../../lab/child.js';
import type { Lab } from '../../lab/lab.js';
import type { Host } from '../../lab/topology.js';

export const IPERF_PORT = 5201;

/** The parts of `iperf3 --json` that tests read; bytes over the whole run, all flows together. */
interface Report {
  readonly error?: string;
  readonly end?: {
    readonly streams: readonly { readonly sender: { readonly bytes: number } }[];
    readonly sum_sent?: { readonly bytes: number };
    readonly sum_received?: { readonly bytes: number };
    readonly sum?: { readonly packets: number; readonly lost_packets: number };
  };
}

export interface IperfResult {
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Bytes sent by each flow. */
  readonly flowBytes: readonly number[];
  /** Datagrams in all and lost; 0 for TCP. */
  readonly datagrams: number;
  readonly lostDatagrams: number;
}

export async function startIperfServer(lab: Lab, host: Host): Promise<Child> {
  const child = lab.spawn(host, ['iperf3', '--server', '--port', String(IPERF_PORT)]);
  await lab.waitForListen(host, 'tcp', IPERF_PORT);
  return child;
}

/** Runs iperf3 on the client against `address`; `options` are its own. Throws with its own words. */
export async function iperf(lab: Lab, address: string, options: readonly string[]): Promise<IperfResult> {
  const argv = ['iperf3', '--client', address, '--port', String(IPERF_PORT), '--json', ...options];
  const { stdout } = await lab.exec('client', argv);
  const { error, end } = JSON.parse(stdout) as Report;
  if (error !== undefined || end === undefined) throw new Error(`${argv.join(' ')}: ${error ?? 'no result'}`);
  return {
    sentBytes: end.sum_sent?.bytes ?? 0,
    receivedBytes: end.sum_received?.bytes ?? 0,
    flowBytes: end.streams.map(({ sender }) => sender?.bytes ?? 0),
    datagrams: end.sum?.packets ?? 0,
    lostDatagrams: end.sum?.lost_packets ?? 0,
  };
}
