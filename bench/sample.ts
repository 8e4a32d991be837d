import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, UipvsError } from '../src/base/error.js';
import { Lab } from '../test/lab/lab.js';
import type { Peer } from './peer.js';
import {
  machineSeconds,
  neighbourSeconds,
  peakKilobytes,
  processSeconds,
  threadSeconds,
} from './processor-time.js';
import type { Trial } from './trial.js';

/** One measurement of one peer in one trial, with what it cost. */
export interface Sample {
  readonly trial: string;
  readonly peer: string;
  /** From 1. */
  readonly round: number;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** In the trial's unit; null when the sample was thrown away. */
  readonly value: number | null;
  readonly details: Readonly<Record<string, number>>;
  /** Processor time of the whole machine, and of the director's processes alone, for one operation. */
  readonly machineMicrosecondsPerOperation: number;
  readonly directorMicrosecondsPerOperation: number;
  /** Of the latter the data plane's threads; null for all but uipvs. */
  readonly workerMicrosecondsPerOperation: number | null;
  /** Largest resident memory of the director's processes; null where the kernel does the work. */
  readonly directorPeakKilobytes: number | null;
  /** What programs outside the lab used of the machine meanwhile, 0..100. */
  readonly neighbourPercent: number;
  /** Whether that was more than a measurement bears. */
  readonly isDisturbed: boolean;
  /** Why the sample was thrown away, or null. */
  readonly fault: string | null;
  /** False when the peer cannot run here at all, as the fault says. */
  readonly isAvailable: boolean;
}

export interface Durations {
  /** 0: only where a trial cannot do without; see `Trial.warmUp`. */
  readonly warmUpSeconds: number;
  readonly measuredSeconds: number;
  /** How long to wait at most, before a sample, for the machine to be at rest. */
  readonly restMs: number;
}

/** Of a warm-up that a trial cannot do without, in a run that has none otherwise. */
const ESSENTIAL_WARM_UP_SECONDS = 1;

/** Room for connections that are still closing: all ports, and those in TIME-WAIT again after a second. */
const PORT_SETTINGS = { 'net.ipv4.ip_local_port_range': '1024 65535', 'net.ipv4.tcp_tw_reuse': 1 };

/** A measurement is disturbed when neighbours took more of the machine than this, in percent. */
const MAX_NEIGHBOUR_PERCENT = 8;

/** The machine is at rest when less than this share of it was busy for one window. */
const REST = { busyShare: 0.1, windowMs: 100 };

/** What the names of the data plane's threads start with. */
const WORKER_THREADS = 'uipvs-worker';

/**
 * Make a fresh lab, start servers and peer, warm up, measure, and remove the lab. Never throws: what failed is the
 * sample's fault.
 */
export async function takeSample(
  trial: Trial,
  peer: Peer,
  round: number,
  durations: Durations,
): Promise<Sample> {
  await rest(durations.restMs);
  const startedAt = new Date().toISOString();
  const identity = { trial: trial.name, peer: peer.name, round, startedAt };
  let lab: Lab | null = null;
  try {
    lab = await Lab.create({ realServers: 3, lan: 'cables' });
    return { ...identity, ...(await measure(lab, trial, peer, durations)) };
  } catch (error) {
    const isAvailable = !(error instanceof UipvsError && error.code === 'ENOTSUP');
    return { ...identity, ...NOTHING, fault: messageOf(error), isAvailable };
  } finally {
    lab?.close();
  }
}

type Findings = Omit<Sample, 'trial' | 'peer' | 'round' | 'startedAt'>;

const NOTHING: Omit<Findings, 'fault' | 'isAvailable'> = {
  value: null,
  details: {},
  machineMicrosecondsPerOperation: 0,
  directorMicrosecondsPerOperation: 0,
  workerMicrosecondsPerOperation: null,
  directorPeakKilobytes: null,
  neighbourPercent: 0,
  isDisturbed: false,
};

async function measure(lab: Lab, trial: Trial, peer: Peer, durations: Durations): Promise<Findings> {
  await Promise.all(lab.hosts.map((host) => lab.sysctl(host, PORT_SETTINGS)));
  await trial.serve(lab);
  const balancer = await peer.start(lab, trial.service, trial.uipvs ?? {});
  const prepared = (await trial.prepare?.(lab, balancer)) ?? {};
  const warmUp = warmUpSeconds(trial, durations);
  if (warmUp > 0) await trial.load(lab, balancer, warmUp);

  const namespaces = lab.hosts.map((host) => lab.namespace(host));
  const director = lab.processes('director');
  const clocks = () => ({
    machine: machineSeconds(),
    director: processSeconds(director),
    worker: threadSeconds(director, WORKER_THREADS),
    others: neighbourSeconds(namespaces),
  });
  const before = clocks();
  const measured = await trial.load(lab, balancer, durations.measuredSeconds);
  const after = clocks();

  const busy = after.machine.busy - before.machine.busy;
  const total = busy + after.machine.idle - before.machine.idle;
  const neighbourPercent = Math.max(0, (100 * (after.others - before.others)) / total);
  const isFaulty = measured.faults.length > 0;
  const perOperation = (seconds: number): number => (seconds * 1e6) / Math.max(1, measured.operations);
  return {
    value: isFaulty ? null : measured.value,
    details: { ...measured.details, ...prepared },
    machineMicrosecondsPerOperation: perOperation(busy),
    directorMicrosecondsPerOperation: perOperation(after.director - before.director),
    workerMicrosecondsPerOperation:
      balancer.uipvs === null ? null : perOperation(after.worker - before.worker),
    directorPeakKilobytes: peakKilobytes(director),
    neighbourPercent,
    isDisturbed: neighbourPercent > MAX_NEIGHBOUR_PERCENT,
    fault: isFaulty ? measured.faults.join('; ') : null,
    isAvailable: true,
  };
}

function warmUpSeconds(trial: Trial, durations: Durations): number {
  if (trial.warmUp === 'own') return 0;
  const least = trial.warmUp === 'essential' ? ESSENTIAL_WARM_UP_SECONDS : 0;
  return Math.max(least, durations.warmUpSeconds);
}

/** Wait for what earlier samples left behind, such as the removal of their namespaces, to be done. */
async function rest(limitMs: number): Promise<void> {
  const deadline = performance.now() + limitMs;
  let isBusy = true;
  while (isBusy && performance.now() < deadline) {
    const before = machineSeconds();
    await delay(REST.windowMs);
    const after = machineSeconds();
    const busy = after.busy - before.busy;
    isBusy = busy > REST.busyShare * (busy + after.idle - before.idle);
  }
}
