import { UipvsError } from '../../src/base/error.js';
import type { Lab } from '../../test/lab/lab.js';
import { until } from '../../test/lab/poll.js';
import type { Host } from '../../test/lab/topology.js';
import { toolPath } from './native-tools.js';

export interface EchoLoad {
  readonly protocol: 'tcp' | 'udp';
  readonly target: string;
  readonly port: number;
  /** Connections that are open before the first phase, and messages a second on all of them together. */
  readonly flows: number;
  readonly perSecond: number;
  /** Length of each phase, in milliseconds. */
  readonly phasesMs: readonly number[];
}

/** How long messages of one phase took there and back. */
export interface EchoPhase {
  readonly sent: number;
  readonly received: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  readonly maxUs: number;
}

/** How much longer than its phases the tool may take: connections, the last messages. */
const SLACK_MS = 15_000;

/** Start an echo server on a machine; it listens when this returns. */
export async function serveEcho(
  lab: Lab,
  host: Host,
  protocol: EchoLoad['protocol'],
  port: number,
): Promise<void> {
  lab.spawn(host, [toolPath('echo_load'), '--serve', `${port}`, ...flagsOf(protocol)]);
  await lab.waitForListen(host, protocol, port);
}

/**
 * Send messages from the client at a fixed rate; `onLastPhase` is called when the last phase begins, and its result is
 * waited for. Gives back the phases. Throws EIO with the tool's words when it fails.
 */
export async function loadEcho(
  lab: Lab,
  load: EchoLoad,
  onLastPhase: () => Promise<void> = async () => undefined,
): Promise<readonly EchoPhase[]> {
  const options = {
    to: load.target,
    port: load.port,
    flows: load.flows,
    rate: load.perSecond,
    phases: load.phasesMs.join(','),
  };
  const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = lab.spawn('client', [toolPath('echo_load'), ...words, ...flagsOf(load.protocol)]);
  const limitMs = load.phasesMs.reduce((sum, length) => sum + length, SLACK_MS);
  const mark = `phase ${load.phasesMs.length}\n`;
  await until('the last phase', limitMs, () => !child.isRunning || child.log.includes(mark));
  const [exit] = await Promise.all([child.exited, child.isRunning ? onLastPhase() : undefined]);
  if (exit.status !== 0) {
    throw new UipvsError('EIO', `Expected echo_load to succeed but received: ${child.log.trim()}`);
  }
  return parseEchoLoad(child.log);
}

/** The reports among what the tool printed. */
export function parseEchoLoad(text: string): EchoPhase[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as EchoPhase);
}

function flagsOf(protocol: EchoLoad['protocol']): string[] {
  return protocol === 'tcp' ? ['--tcp'] : [];
}
