import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { MetricsSource } from './source.js';

const DROP = 'drop_';
const PACKETS = '_packets';

/** Packets that a device gave or took, which is no verdict. */
const DEVICE_COUNTERS: readonly string[] = ['received_packets', 'transmitted_packets'];

/** How often prom-client looks whether the event loop is late. Its default of 10 ms wakes an idle daemon too often. */
const EVENT_LOOP_PRECISION_MS = 100;

/** Of prom-client's defaults those that walk over every handle of the process, through functions Node.js does not document. */
const COSTLY_DEFAULTS: readonly string[] = [
  'nodejs_active_handles',
  'nodejs_active_handles_total',
  'nodejs_active_requests',
  'nodejs_active_requests_total',
  'nodejs_active_resources',
  'nodejs_active_resources_total',
];

type EngineSource = Pick<
  MetricsSource,
  | 'workerCounters'
  | 'schedulerFailures'
  | 'schedulerErrors'
  | 'liveConnections'
  | 'connectionLimit'
  | 'ringUse'
>;

/** The metrics of the engine and of the process; their values are asked of `source` at every scrape. */
export function engineRegistry(source: EngineSource): Registry {
  const registry = new Registry();
  addVerdicts(registry, source);
  addDrops(registry, source);
  addEvents(registry, source);
  addState(registry, source);
  addProcess(registry);
  return registry;
}

/** Counted elsewhere: a counter of prom-client can only be set by counting from 0. */
function counter(registry: Registry, name: string, help: string, value: () => number): void {
  new Counter({
    name,
    help,
    registers: [registry],
    collect() {
      this.reset();
      this.inc(value());
    },
  });
}

function gauge(registry: Registry, name: string, help: string, value: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(value());
    },
  });
}

function isVerdict(name: string): boolean {
  return name.endsWith(PACKETS) && !DEVICE_COUNTERS.includes(name);
}

function addVerdicts(registry: Registry, source: EngineSource): void {
  new Counter({
    name: 'uipvs_packets_total',
    help: 'Packets by what became of them.',
    labelNames: ['verdict'],
    registers: [registry],
    collect() {
      this.reset();
      let dropped = 0;
      for (const [name, value] of Object.entries(source.workerCounters())) {
        if (isVerdict(name)) this.inc({ verdict: name.slice(0, -PACKETS.length) }, value);
        if (name.startsWith(DROP)) dropped += value;
      }
      this.inc({ verdict: 'dropped' }, dropped);
    },
  });
}

function addDrops(registry: Registry, source: EngineSource): void {
  new Counter({
    name: 'uipvs_drops_total',
    help: 'Dropped packets by reason.',
    labelNames: ['reason'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [name, value] of Object.entries(source.workerCounters())) {
        if (name.startsWith(DROP)) this.inc({ reason: name.slice(DROP.length) }, value);
      }
    },
  });
}

/** What else the worker counts: upcalls, connections made and expired, ... */
function addEvents(registry: Registry, source: EngineSource): void {
  for (const name of Object.keys(source.workerCounters())) {
    if (isVerdict(name) || name.startsWith(DROP)) continue;
    const help = `The worker's count of ${name.replaceAll('_', ' ')}.`;
    counter(registry, `uipvs_${name}_total`, help, () => source.workerCounters()[name] ?? 0);
  }
}

function addState(registry: Registry, source: EngineSource): void {
  const failures = 'New connections for which no scheduler found a destination.';
  counter(registry, 'uipvs_scheduler_failures_total', failures, () => source.schedulerFailures);
  const errors = 'Times that a scheduler threw, answered what is no usable destination, or took too long.';
  counter(registry, 'uipvs_scheduler_errors_total', errors, () => source.schedulerErrors);
  gauge(registry, 'uipvs_connections', 'Connections in the table.', () => source.liveConnections);
  const limit = 'The most connections the table can hold.';
  gauge(registry, 'uipvs_connections_limit', limit, () => source.connectionLimit);
  const use = 'How full the ring of upcalls is, from 0 to 1.';
  gauge(registry, 'uipvs_ring_use', use, () => source.ringUse);
}

function addProcess(registry: Registry): void {
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_PRECISION_MS });
  for (const name of COSTLY_DEFAULTS) registry.removeSingleMetric(name);
}
