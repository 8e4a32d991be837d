/** Numbered datagrams, to see which of them come and how often; see udp_numbers.py. */
import type { Child } from '../../lab/child.js';
import type { Lab } from '../../lab/lab.js';
import type { Host } from '../../lab/topology.js';
import { pythonProgram } from './program.js';

const PROGRAM = pythonProgram('udp_numbers.py');
const READY_TIMEOUT_MS = 10_000;

export interface Counted {
  /** Different numbers. */
  readonly came: number;
  /** Datagrams whose number had come before. */
  readonly again: number;
  readonly highest: number;
  /** The first hundred numbers below the highest that did not come. */
  readonly missing: readonly number[];
}

/** What a program said last. */
function lastLine<Line>(child: Child): Line {
  return JSON.parse(child.log.trim().split('\n').at(-1) ?? '') as Line;
}

export class NumberCounter {
  readonly #child: Child;

  private constructor(child: Child) {
    this.#child = child;
  }

  static async start(lab: Lab, host: Host, port: number): Promise<NumberCounter> {
    const child = lab.spawn(host, ['python3', PROGRAM, 'count', String(port)]);
    await child.ready('the counter of datagrams', READY_TIMEOUT_MS, () => child.log.includes('ready'));
    return new NumberCounter(child);
  }

  /** Once what was sent has come. */
  async stop(): Promise<Counted> {
    await this.#child.stop();
    return lastLine(this.#child);
  }
}

export class NumberSender {
  readonly #child: Child;

  private constructor(child: Child) {
    this.#child = child;
  }

  /** Sends at `rate` datagrams a second until it is stopped. */
  static async start(
    lab: Lab,
    host: Host,
    address: string,
    port: number,
    rate: number,
  ): Promise<NumberSender> {
    const child = lab.spawn(host, ['python3', PROGRAM, 'send', address, String(port), '0', String(rate)]);
    await child.ready('the sender of datagrams', READY_TIMEOUT_MS, () => child.log.includes('ready'));
    return new NumberSender(child);
  }

  /** How many were sent, the refused ones too. */
  async stop(): Promise<{ readonly sent: number; readonly refused: number }> {
    await this.#child.stop();
    return lastLine(this.#child);
  }
}
