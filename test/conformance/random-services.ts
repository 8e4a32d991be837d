import type { Family } from '../../src/net/family.js';
import type { Dice } from '../lab/dice.js';
import type { ServerProtocol } from './scenario.js';
import { REAL_SERVERS } from './scenario-words.js';

export interface RandomService {
  readonly protocol: ServerProtocol;
  readonly family: Family;
  /** Address and port. */
  readonly virtual: string;
  /** The port of all its servers, and of no other service's. */
  readonly serverPort: number;
}

/** All there can be. */
const SERVICES: readonly RandomService[] = [
  { protocol: 'tcp', family: 4, virtual: '10.9.0.1:80', serverPort: 8001 },
  { protocol: 'tcp', family: 4, virtual: '10.9.0.2:80', serverPort: 8002 },
  { protocol: 'tcp', family: 6, virtual: '[fd09::1]:80', serverPort: 8003 },
  { protocol: 'udp', family: 4, virtual: '10.9.0.1:53', serverPort: 8004 },
  { protocol: 'udp', family: 6, virtual: '[fd09::1]:53', serverPort: 8005 },
];

const SCHEDULERS = ['rr', 'wrr', 'lc', 'wlc', 'lblc', 'lblcr', 'dh', 'sh', 'mh', 'sed', 'nq', 'fo', 'ovf'];
const WEIGHTS = [0, 1, 1, 1, 2, 3, 4, 10, 100];
const PREFIXES = [64, 96, 120, 127];
const MASKS = ['255.255.255.0', '255.255.255.252', '255.255.255.254'];

/** Commands about services and servers, most of them sensible. */
export class RandomServices {
  static readonly serverPorts: readonly { readonly protocol: ServerProtocol; readonly port: number }[] =
    SERVICES.map(({ protocol, serverPort }) => ({ protocol, port: serverPort }));

  readonly #dice: Dice;
  readonly #hasSockets: boolean;
  /** The servers of every service that was added and not deleted since. */
  readonly #servers = new Map<RandomService, Set<number>>();

  /**
   * With clients that have sockets nothing is deleted, as their TCP would say the same again at times of its own; and no
   * datagram is scheduled by itself, as uipvs brings back the answer to it and the kernel does not.
   */
  constructor(dice: Dice, hasSockets: boolean) {
    this.#dice = dice;
    this.#hasSockets = hasSockets;
  }

  /** Services that there should be. */
  get known(): RandomService[] {
    return [...this.#servers.keys()];
  }

  /** The words of the next command. */
  command(): string {
    const isKnown = this.#servers.size > 2 && this.#dice.chance(80);
    const service = this.#dice.pick(isKnown ? this.known : SERVICES);
    const words = `-${service.protocol === 'tcp' ? 't' : 'u'} ${service.virtual}`;
    const servers = this.#servers.get(service);
    if (servers === undefined && this.#dice.chance(90)) {
      this.#servers.set(service, new Set());
      return `-A ${words} ${this.#options(service)}`;
    }
    const deletions = this.#hasSockets ? { delete: 0, deleteService: 0 } : { delete: 3, deleteService: 1 };
    const kind = this.#dice.pickWeighted({ add: 12, edit: 6, editService: 3, again: 1, ...deletions });
    switch (kind) {
      case 'add':
      case 'edit':
        return this.#server(service, words, servers ?? new Set());
      case 'delete': {
        const server = this.#pickServer(servers);
        servers?.delete(server);
        return `-d ${words} -r ${this.#address(service, server)}`;
      }
      case 'editService':
        return `-E ${words} ${this.#options(service)}`;
      case 'deleteService':
        this.#servers.delete(service);
        return `-D ${words}`;
      case 'again':
        if (servers === undefined) this.#servers.set(service, new Set());
        return `-A ${words} ${this.#options(service)}`;
    }
  }

  /** Add a server that is not there or edit one that is; one time in twenty the other way round. */
  #server(service: RandomService, words: string, servers: Set<number>): string {
    const server = 1 + this.#dice.roll(REAL_SERVERS);
    const isAdding = servers.has(server) === this.#dice.chance(5);
    if (isAdding) servers.add(server);
    const upper = this.#dice.chance(20) ? 1 + this.#dice.roll(8) : 0;
    const lower = upper > 0 && this.#dice.chance(40) ? this.#dice.roll(upper + 2) : 0;
    const thresholds = `${upper > 0 ? ` -x ${upper}` : ''}${lower > 0 ? ` -y ${lower}` : ''}`;
    const target = `-r ${this.#address(service, server)} -m -w ${this.#dice.pick(WEIGHTS)}`;
    return `-${isAdding ? 'a' : 'e'} ${words} ${target}${thresholds}`;
  }

  /** Most times one that is there. */
  #pickServer(servers: ReadonlySet<number> | undefined): number {
    if (servers === undefined || servers.size === 0 || this.#dice.chance(5))
      return 1 + this.#dice.roll(REAL_SERVERS);
    return this.#dice.pick([...servers]);
  }

  #address({ family, serverPort }: RandomService, server: number): string {
    return family === 4 ? `10.1.0.${10 + server}:${serverPort}` : `[fd01::${10 + server}]:${serverPort}`;
  }

  /** Scheduler, flags, persistence and one-packet scheduling. */
  #options({ protocol, family }: RandomService): string {
    const scheduler = this.#dice.pick(SCHEDULERS);
    const words = [`-s ${scheduler}`];
    if (scheduler === 'sh' || scheduler === 'mh') {
      const flags = ['fallback', 'port']
        .filter(() => this.#dice.chance(40))
        .map((flag) => `${scheduler}-${flag}`);
      if (flags.length > 0) words.push(`-b ${flags.join(',')}`);
    }
    if (this.#dice.chance(25)) {
      words.push(`-p ${this.#dice.pick([200, 300, 400])}`);
      if (this.#dice.chance(40))
        words.push(`-M ${this.#dice.pick<string | number>(family === 4 ? MASKS : PREFIXES)}`);
    }
    if (protocol === 'udp' && !this.#hasSockets && this.#dice.chance(20)) words.push('-o');
    return words.join(' ');
  }
}
