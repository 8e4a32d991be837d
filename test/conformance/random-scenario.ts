/**
 * Theory of operation: a seed tells a story that nobody would write: services, servers and settings of a small world
 * change in any order, right and wrong, under traffic, with a look at the lists now and then. Both sides are told the
 * same story (random.ts), so it must hold nothing that chance or the clock decides:
 *
 * - No connection comes into a state that is kept for less than two minutes, which is more than a story takes, and
 *   times are hidden.
 * - Every connection has a client port of its own, and every service a server port of its own, so that no two
 *   connections have the same reply.
 * - The scheduler `twos` throws dice of its own and is left out.
 *
 * Two in five stories have clients with sockets, the others packets without, which also show what a server's reply does.
 */
import { Dice } from '../lab/dice.js';
import { type RandomService, RandomServices } from './random-services.js';
import { REAL_SERVERS } from './scenario-words.js';

/** Client ports, each used for one connection; below the ephemeral ports. */
const FIRST_PORT = 10_000;

const TRAFFIC_PERCENT = 45;
const LIST_PERCENT = 12;

const LISTS = [
  'sorted -Lnc',
  'adm -Ln',
  'adm -Ln',
  'adm -Ln --thresholds',
  'adm -Ln --persistent-conn',
  'adm -Ln --tun-info',
  'adm -L --timeout',
];

const SETTINGS = ['expire_quiescent_template', 'conn_reuse_mode', 'sloppy_tcp', 'expire_nodest_conn'];

const PRELUDE = [
  'vip 10.9.0.1',
  'vip 10.9.0.2',
  'vip fd09::1',
  'vary s/ [0-9]+:[0-9]{2} / MM:SS /',
  'adm --set 900 900 900',
];

/** The lines of the story of this seed: about `length` of them after the preparations. */
export function randomScenario(seed: number, length: number): string[] {
  const dice = new Dice(seed);
  const hasSockets = dice.chance(40);
  const services = new RandomServices(dice, hasSockets);
  const traffic = hasSockets ? new SocketTraffic(dice) : new PacketTraffic(dice);
  const lines: string[] = [];
  while (lines.length < length) {
    if (services.known.length > 0 && dice.chance(TRAFFIC_PERCENT)) {
      lines.push(...traffic.lines(dice.pick(services.known)));
    } else if (dice.chance(LIST_PERCENT)) {
      lines.push(dice.pick(LISTS));
    } else if (dice.chance(3)) {
      lines.push(`sysctl ${dice.pick(SETTINGS)}=${dice.roll(2)}`);
    } else {
      lines.push(`adm ${services.command()}`);
    }
  }
  return [...PRELUDE, ...traffic.prelude(), ...lines, 'sorted -Lnc', 'adm -Ln'];
}

interface Traffic {
  prelude(): string[];
  /** What happens between a client and this service next. */
  lines(service: RandomService): string[];
}

/** Clients that connect, ask once and close; or send a datagram. */
class SocketTraffic implements Traffic {
  readonly #dice: Dice;
  readonly #open: string[] = [];
  #port = FIRST_PORT;

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  prelude(): string[] {
    return servers().flatMap((server) =>
      RandomServices.serverPorts.map(({ protocol, port }) => `serve rs${server} ${protocol} ${port}`),
    );
  }

  lines({ protocol, family, virtual }: RandomService): string[] {
    const source = family === 4 ? `10.0.0.${2 + this.#dice.roll(5)}` : `[fd00::${2 + this.#dice.roll(5)}]`;
    if (protocol === 'udp') return [`udp ${source}:${this.#port++} ${virtual}`];
    if (this.#open.length > 0 && this.#dice.chance(35)) {
      const [name = ''] = this.#open.splice(this.#dice.roll(this.#open.length), 1);
      return this.#dice.chance(60) ? [`ask ${name}`, `close ${name}`] : [`close ${name}`];
    }
    const name = `c${this.#port}`;
    this.#open.push(name);
    return [`open ${name} tcp ${source}:${this.#port++} ${virtual}`];
  }
}

/** Packets of clients that are nowhere, and replies of servers that were perhaps never asked. */
class PacketTraffic implements Traffic {
  readonly #dice: Dice;
  #port = FIRST_PORT;

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  prelude(): string[] {
    return servers().flatMap((server) => [`mute 10.1.0.${10 + server}`, `mute fd01::${10 + server}`]);
  }

  lines({ protocol, family, virtual, serverPort }: RandomService): string[] {
    const count = 1 + this.#dice.roll(6);
    const address = family === 4 ? `10.0.0.${40 + this.#dice.roll(8)}` : `[fd00::${40 + this.#dice.roll(8)}]`;
    const source = `${address}:${this.#port}${count === 1 ? '' : `-${this.#port + count - 1}`}`;
    this.#port += count;
    const client = (what: string): string => `send ${what} ${source} ${virtual}`;
    const reply = (what: string): string[] =>
      servers().map((server) => {
        const from = family === 4 ? `10.1.0.${10 + server}` : `[fd01::${10 + server}]`;
        return `send ${what} ${from}:${serverPort} ${source}`;
      });
    if (protocol === 'udp') return this.#dice.chance(70) ? [client('udp')] : [client('udp'), ...reply('udp')];
    switch (this.#dice.pickWeighted({ established: 6, closing: 3, unasked: 1 })) {
      case 'established':
        return [client('syn'), client('ack')];
      case 'closing':
        return [client('syn'), client('ack'), ...reply('fin')];
      case 'unasked':
        return [client('ack'), client('syn'), client('ack')];
    }
  }
}

function servers(): number[] {
  return Array.from({ length: REAL_SERVERS }, (_, index) => index + 1);
}
