import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { ControlClient } from '../../src/control/client.js';
import { RunningExchange } from '../e2e/support/exchange.js';
import { hostState } from '../e2e/support/host-state.js';
import { IPERF_PORT, startIperfServer } from '../e2e/support/iperf.js';
import { endpoint, Scene } from '../e2e/support/scene.js';
import { Dice } from '../lab/dice.js';
import { VIP } from '../lab/topology.js';
import { editAtRandom, takeBackEdits } from './edits.js';
import { runTraffic } from './traffic.js';

export interface SoakPlan {
  readonly io: 'tun' | 'packet';
  readonly minutes: number;
  readonly seed: number;
}

/** What must not grow, of the daemon and of its host; what may not be there when all is at rest. */
interface Figures {
  readonly residentBytes: number;
  readonly files: number;
  readonly connections: number;
  /** Source ports that connections of the masqueraded service have taken. */
  readonly ports: number;
  readonly rules: number;
  readonly routes: number;
}

const LASTING = 200;
const LASTING_INTERVAL_MS = 500;
const EDIT_PERIOD_MS = 500;
const EDIT_LINES = 20;
const SAMPLE_PERIOD_MS = 30_000;
/** The daemon is killed or replaced in the first two thirds; then memory must stay as it is. */
const KILLING_PART = 2 / 3;
const MOST_KILL_PAUSE_MS = 30_000;
/** A closed TCP connection is kept for two minutes, an address without a service for one. */
const EXPIRY_MS = 200_000;
const MOST_GROWTH_BYTES = 32 << 20;
/** The first figures are those of a daemon that has worked so long; of a short soak, the tenth part of it. */
const SETTLED_MS = 60_000;
/** Fewer for each real server than there are masqueraded connections, so that one that is not given back is missed. */
const MASQUERADE_PORTS = '61000-61999';
const HTTP = 80;
const ECHO = 7;
const MASQUERADED = 8080;

async function connectionsOf(scene: Scene): Promise<Pick<Figures, 'connections' | 'ports'>> {
  const client = await ControlClient.connect(scene.uipvs.socketPath);
  let [connections, ports] = [0, 0];
  for await (const part of client.stream({ op: 'connections' })) {
    connections += part.length;
    ports += part.filter(({ virtualPort }) => virtualPort === MASQUERADED).length;
  }
  client.close();
  return { connections, ports };
}

/** Masqueraded connections that could not be, since the last daemon began. */
async function portsRefused(scene: Scene): Promise<number> {
  const client = await ControlClient.connect(scene.uipvs.socketPath);
  const { refused_masquerade_ports: refused = 0 } = await client.request({ op: 'drops' });
  client.close();
  return refused;
}

async function measure(scene: Scene): Promise<Figures> {
  const { pid } = scene.uipvs;
  const lines = async (...words: string[]): Promise<number> =>
    (await scene.lab.run('director', ['ip', ...words])).split('\n').length - 1;
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    residentBytes: Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024,
    files: readdirSync(`/proc/${pid}/fd`).length,
    ...(await connectionsOf(scene)),
    rules: (await lines('-4', 'rule')) + (await lines('-6', 'rule')),
    routes:
      (await lines('-4', 'route', 'show', 'table', 'all')) +
      (await lines('-6', 'route', 'show', 'table', 'all')),
  };
}

function describe({ residentBytes, files, connections, ports, rules, routes }: Figures): string {
  const megabytes = (residentBytes / 2 ** 20).toFixed(1);
  return (
    `${megabytes} MB, ${files} files, ${connections} connections, ${ports} masqueraded ports, ` +
    `${rules} rules, ${routes} routes`
  );
}

function print(startedAt: number, text: string): void {
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  console.log(`${String(seconds).padStart(6)} s  ${text}`);
}

async function configure(scene: Scene): Promise<void> {
  for (const address of [VIP.ipv4, VIP.ipv6]) {
    await scene.balance('tcp', address, HTTP, { to: HTTP });
    await scene.balance('tcp', address, ECHO, { to: ECHO, scheduler: 'lc' });
    await scene.balance('udp', address, ECHO, { to: ECHO });
    await scene.balance('tcp', address, MASQUERADED, { to: HTTP });
    const service = ['-t', endpoint(address, MASQUERADED)];
    await scene.adm('-E', ...service, '-s', 'rr', '--masquerade', 'all');
  }
  await scene.balance('tcp', VIP.ipv4, IPERF_PORT, { to: IPERF_PORT, servers: [1] });
  await scene.adm('--set', '0', '10', '10');
}

/** Runs for the minutes asked for and some more to come to rest; gives back what is wrong. */
export async function runSoak({ io, minutes, seed }: SoakPlan): Promise<readonly string[]> {
  const startedAt = performance.now();
  const dice = new Dice(seed);
  const args = ['--io', io, '--log-level', 'warn', '--masquerade-ports', MASQUERADE_PORTS];
  console.log(`soak: ${minutes} minutes, --io ${io}, seed ${seed}`);
  const scene = await Scene.open({ uipvs: { args } });
  const faults: string[] = [];
  try {
    await scene.uipvs.stop();
    const hostBefore = await hostState(scene.lab, 'director');
    await scene.restartUipvs({ args });
    await startIperfServer(scene.lab, 'rs1');
    await configure(scene);
    const saved = await scene.adm('-S', '-n');
    const exchange = await RunningExchange.start(
      scene.lab,
      { address: VIP.ipv4, port: ECHO },
      LASTING,
      LASTING_INTERVAL_MS,
    );
    const atRest = await measure(scene);
    print(startedAt, describe(atRest));

    const endsAt = performance.now() + minutes * 60_000;
    const isOver = (): boolean => performance.now() >= endsAt;
    const ports = { http: HTTP, masqueraded: MASQUERADED, udpEcho: ECHO };
    const traffic = runTraffic(scene, ports, isOver);
    await delay(Math.min(SETTLED_MS, minutes * 6000));
    const first = await measure(scene);
    print(startedAt, `first: ${describe(first)}`);
    const { steady, kills, replacements } = await disturb(scene, {
      args,
      endsAt,
      minutes,
      dice,
      startedAt,
    });
    const counts = await traffic;
    const loaded = await measure(scene);
    const growth = loaded.residentBytes - steady.residentBytes;
    if (growth > MOST_GROWTH_BYTES) faults.push(`the daemon grew by ${growth} bytes: ${describe(loaded)}`);

    await takeBackEdits(scene);
    const { connections, blocks, ended, wrong, stuck } = await exchange.finish();
    console.log(
      `${kills} kills, ${replacements} replacements; ${connections} lasting connections, ${blocks} blocks; ` +
        `${counts.connections} short ones, ${counts.datagrams} datagrams, ` +
        `${(counts.bulkBytes / 1e9).toFixed(1)} GB in bulk; ${counts.missed} had no answer`,
    );
    faults.push(...counts.faults);
    if (wrong > 0) faults.push(`${wrong} lasting connections got wrong bytes`);
    if (stuck.length > 0) faults.push(`${stuck.length} lasting connections do not go on`);
    const ends = Object.entries(ended).map(([how, many]) => `${many} by ${how}`);
    if (ends.length > 0) faults.push(`lasting connections ended: ${ends.join(', ')}`);
    const refused = await portsRefused(scene);
    if (refused > 0) faults.push(`${refused} connections found no source port`);
    const last = await comeToRest(scene, atRest);
    print(startedAt, `last:  ${describe(last)}`);
    faults.push(...leftOver(atRest, last));
    const grown = last.residentBytes - first.residentBytes;
    if (grown > MOST_GROWTH_BYTES) faults.push(`the last daemon has ${grown} bytes more than the first`);
    const savedAtLast = await scene.adm('-S', '-n');
    if (savedAtLast !== saved) faults.push(`the configuration is not that of the beginning:\n${savedAtLast}`);
    await scene.uipvs.stop();
    const hostAfter = await hostState(scene.lab, 'director');
    if (hostAfter !== hostBefore) faults.push(`the host is not as it was found:\n${hostAfter}`);
  } finally {
    scene.close();
  }
  return faults;
}

interface Disturbance {
  readonly args: readonly string[];
  readonly endsAt: number;
  readonly minutes: number;
  readonly dice: Dice;
  readonly startedAt: number;
}

/** Edits all the time, and kills or replaces the daemon now and then. `steady`: some time after the last of these. */
async function disturb(
  scene: Scene,
  { args, endsAt, minutes, dice, startedAt }: Disturbance,
): Promise<{ readonly steady: Figures; readonly kills: number; readonly replacements: number }> {
  const killsEndAt = endsAt - minutes * 60_000 * (1 - KILLING_PART);
  const steadyAt = killsEndAt + (endsAt - killsEndAt) / 4;
  let steady: Figures | null = null;
  let [kills, replacements] = [0, 0];
  let killAt = performance.now() + dice.fraction() * MOST_KILL_PAUSE_MS;
  let sampleAt = performance.now() + SAMPLE_PERIOD_MS;
  while (performance.now() < endsAt) {
    await editAtRandom(scene, dice, EDIT_LINES);
    if (performance.now() >= killAt && performance.now() < killsEndAt) {
      if (dice.chance(50)) {
        await scene.uipvs.kill9();
        kills += 1;
      } else {
        process.kill(scene.uipvs.pid, 'SIGUSR2');
        await scene.uipvs.exited;
        replacements += 1;
      }
      await scene.restartUipvs({ args });
      killAt = performance.now() + dice.fraction() * MOST_KILL_PAUSE_MS;
    }
    if (performance.now() >= sampleAt) {
      print(startedAt, describe(await measure(scene)));
      sampleAt += SAMPLE_PERIOD_MS;
    }
    if (steady === null && performance.now() >= steadyAt) steady = await measure(scene);
    await delay(EDIT_PERIOD_MS);
  }
  return { steady: steady ?? (await measure(scene)), kills, replacements };
}

/** Waits until what has ended is forgotten, and gives back what is still there then. */
async function comeToRest(scene: Scene, atRest: Figures): Promise<Figures> {
  const until = performance.now() + EXPIRY_MS;
  let now = await measure(scene);
  const isQuiet = ({ connections, rules, routes, files }: Figures): boolean =>
    connections === 0 && rules === atRest.rules && routes === atRest.routes && files <= atRest.files;
  while (!isQuiet(now) && performance.now() < until) {
    await delay(2000);
    now = await measure(scene);
  }
  return now;
}

/** What is wrong with the figures of the end, when all is at rest. */
function leftOver(atRest: Figures, now: Figures): readonly string[] {
  const faults: string[] = [];
  if (now.connections !== 0) faults.push(`${now.connections} connections are left`);
  if (now.files > atRest.files) faults.push(`${now.files} open files, ${atRest.files} at first`);
  if (now.rules !== atRest.rules) faults.push(`${now.rules} policy rules, ${atRest.rules} at first`);
  if (now.routes !== atRest.routes) faults.push(`${now.routes} routes, ${atRest.routes} at first`);
  return faults;
}
