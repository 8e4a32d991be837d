import { realServer } from '../../test/lab/topology.js';
import type { Service } from '../peer.js';
import { type EchoLoad, type EchoPhase, loadEcho, serveEcho } from '../tools/echo-load.js';
import type { Details, Trial } from '../trial.js';

const PORT = 7;
const SERVERS = [1, 2, 3].map(realServer);

/** Far from what any peer can bear at most, so that it is not queues that are measured. */
const FLOWS = 30;
const PER_SECOND = 5000;

/** Echo servers on every real server, and the load on them. */
export function echoService(protocol: Service['protocol']): Pick<Trial, 'service' | 'programs' | 'serve'> {
  return {
    service: { protocol, port: PORT, servers: SERVERS.map(({ ipv4 }) => ipv4) },
    programs: [],
    async serve(lab) {
      await Promise.all(SERVERS.map(({ host }) => serveEcho(lab, host, protocol, PORT)));
    },
  };
}

/** Messages of the fixed load, in phases of these lengths. */
export function echoLoad(
  protocol: Service['protocol'],
  target: string,
  phasesMs: readonly number[],
): EchoLoad {
  return { protocol, target, port: PORT, flows: FLOWS, perSecond: PER_SECOND, phasesMs };
}

export function echoDetails(phase: EchoPhase): Details {
  return {
    p50Microseconds: phase.p50Us,
    p999Microseconds: phase.p999Us,
    maxMicroseconds: phase.maxUs,
    lostMessages: phase.sent - phase.received,
  };
}

function fixedLoad(protocol: Service['protocol']): Trial {
  return {
    name: `fixed-load-${protocol}`,
    title: `Round trip on ${FLOWS} ${protocol.toUpperCase()} flows at ${PER_SECOND} messages/s, p99`,
    unit: 'us',
    better: 'less',
    operation: 'message',
    ...echoService(protocol),
    async load(lab, { target }, seconds) {
      const [phase] = await loadEcho(lab, echoLoad(protocol, target, [seconds * 1000]));
      if (phase === undefined) return { value: 0, operations: 0, details: {}, faults: ['no report'] };
      return {
        value: phase.p99Us,
        operations: phase.received,
        details: echoDetails(phase),
        faults: phase.received > 0 ? [] : ['no message came back'],
      };
    },
  };
}

/** How long messages take when there is something to do, but not too much: the distribution, not only its middle. */
export const FIXED_LOAD: readonly Trial[] = [fixedLoad('tcp'), fixedLoad('udp')];
