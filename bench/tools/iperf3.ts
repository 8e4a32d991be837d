import { UipvsError } from '../../src/base/error.js';

export interface Iperf3Report {
  readonly receivedBytes: number;
  readonly receivedBitsPerSecond: number;
  readonly retransmits: number;
}

/** Read what `iperf3 --json` printed. Throws EIO with iperf3's own message when the test failed. Source: iperf 3.12. */
export function parseIperf3(text: string): Iperf3Report {
  const report = JSON.parse(text) as {
    readonly error?: string;
    readonly end?: {
      readonly sum_sent?: { readonly retransmits?: number };
      readonly sum_received?: { readonly bytes: number; readonly bits_per_second: number };
    };
  };
  const received = report.end?.sum_received;
  if (received === undefined || report.error !== undefined) {
    throw new UipvsError('EIO', `Expected a report of iperf3 but received: ${report.error ?? text.trim()}`);
  }
  return {
    receivedBytes: received.bytes,
    receivedBitsPerSecond: received.bits_per_second,
    retransmits: report.end?.sum_sent?.retransmits ?? 0,
  };
}
