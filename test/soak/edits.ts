/** Random changes of the configuration, none of which touches what traffic needs. */
import { endpoint, type Scene } from '../e2e/support/scene.js';
import type { Dice } from '../lab/dice.js';
import { VIP } from '../lab/topology.js';

const SCHEDULERS = ['rr', 'wrr', 'lc', 'wlc', 'sh', 'dh', 'sed', 'nq', 'ovf', 'mh', 'lblc', 'fo'] as const;
const FIRST_PORT = 20_000;
const PORTS = 200;
const VIPS = [VIP.ipv4, VIP.ipv6, '10.9.0.77', 'fd09::77'] as const;

/** Lines for `uipvsadm -R`: a service made anew with some destinations, changed, emptied or deleted. */
function randomLines(dice: Dice): readonly string[] {
  const vip = dice.pick(VIPS);
  const service = `${dice.pick(['-t', '-u'])} ${endpoint(vip, FIRST_PORT + dice.roll(PORTS))}`;
  const server = (index: number): string =>
    vip.includes(':') ? `[fd01::${100 + index}]:8080` : `10.1.0.${100 + index}:8080`;
  const index = dice.roll(8);
  const flags = dice.pick(['', ' -p 30', ' -o']);
  return dice.pick([
    [`-A ${service} -s ${dice.pick(SCHEDULERS)}${flags.replace(' -o', '')}`],
    [`-a ${service} -r ${server(index)} -m -w ${dice.roll(4)}`],
    [`-e ${service} -r ${server(index)} -m -w ${dice.roll(4)}`],
    [`-d ${service} -r ${server(index)}`],
    [`-E ${service} -s ${dice.pick(SCHEDULERS)}`],
    [`-D ${service}`],
  ]);
}

/** So many lines; those that are refused, as for a service that is there already, change nothing and are no fault. */
export async function editAtRandom(scene: Scene, dice: Dice, lines: number): Promise<void> {
  const all = Array.from({ length: lines }, () => randomLines(dice)).flat();
  await scene.uipvs.restore(all).catch(() => undefined);
}

/** Takes away what the edits have made. */
export async function takeBackEdits(scene: Scene): Promise<void> {
  const saved = (await scene.adm('-S', '-n')).split('\n');
  const ours = saved.filter((line) => {
    const port = Number(/^-A \S+ \S+:(\d+) /.exec(line)?.[1]);
    return port >= FIRST_PORT && port < FIRST_PORT + PORTS;
  });
  await scene.uipvs.restore(ours.map((line) => line.split(' ').slice(0, 3).join(' ').replace('-A', '-D')));
}
