import { UipvsError } from '../../src/base/error.js';

export interface PingPongReport {
  readonly roundTrips: number;
  readonly p50Microseconds: number;
  readonly p99Microseconds: number;
}

/** Read what `sockperf ping-pong --full-rtt` printed. Throws EIO when it is something else. Source: sockperf 3.7. */
export function parsePingPong(text: string): PingPongReport {
  return {
    roundTrips: number(text, /\[Total Run\].*ReceivedMessages=(\d+)/),
    p50Microseconds: number(text, /percentile 50\.000 =\s*([\d.]+)/),
    p99Microseconds: number(text, /percentile 99\.000 =\s*([\d.]+)/),
  };
}

/** Read how many messages `sockperf throughput` sent, and in how many seconds. Throws EIO as above. */
export function parseThroughput(text: string): { readonly sent: number; readonly seconds: number } {
  return {
    sent: number(text, /Total of (\d+) messages sent/),
    seconds: number(text, /messages sent in ([\d.]+) sec/),
  };
}

function number(text: string, pattern: RegExp): number {
  const digits = pattern.exec(text)?.[1];
  if (digits === undefined)
    throw new UipvsError('EIO', `Expected a report of sockperf but received: ${text.trim()}`);
  return Number(digits);
}
