/**
 * Where one scenario after another takes place: a lab whose client and real servers stay, with the processes in them,
 * while the director is made anew for every scenario, and with it services, connections, counters and settings. Inside
 * user-mode Linux making all of it anew costs seconds of CPU time a scenario, most of them for starting Node.
 *
 * Nothing of a scenario is left to the next: agents reset every socket, cables and addresses are new, and no
 * connection waits in TIME_WAIT, as the client is told to keep none.
 */
import { familyOf } from '../../src/net/address.js';
import type { Family } from '../../src/net/family.js';
import { executeOk } from '../lab/exec.js';
import { Lab } from '../lab/lab.js';
import { CLIENT_DEVICE, cables, type Host, settings, wiring } from '../lab/topology.js';
import { NamespaceAgent } from './namespace-agent.js';
import { RawSocket } from './raw-socket.js';
import { REAL_SERVERS } from './scenario-words.js';

/** What a scenario needs of the machines besides what a lab is. */
export interface Needs {
  /** The machines that speak or are spoken to. The others have no cable, and without any the director has none either. */
  readonly hosts: readonly Exclude<Host, 'director'>[];
  /** Addresses the client speaks from. */
  readonly clientAddresses: readonly string[];
  /**
   * Addresses from which no answer of the machine's own shall leave: neither RST nor ICMP error. ARP and neighbour
   * discovery are no matter of routing and go on.
   */
  readonly mutes: readonly { readonly host: Host; readonly address: string }[];
}

export class Stage {
  readonly lab: Lab;
  readonly #agents = new Map<Host, NamespaceAgent>();
  #rawSocket: RawSocket | null = null;
  /** Whose cables there are. */
  #wired: Needs['hosts'];
  /** The mutes of the last scenario, which outlive the cables. */
  #mutes: Needs['mutes'] = [];

  private constructor(lab: Lab) {
    this.lab = lab;
    this.#wired = lab.hosts.filter((host) => host !== 'director');
  }

  static async create(): Promise<Stage> {
    const lab = await Lab.create({ realServers: REAL_SERVERS });
    await lab.sysctl('client', { 'net.ipv4.tcp_max_tw_buckets': 0 });
    return new Stage(lab);
  }

  /** The agent in a machine other than the director; it stays while the stage does. */
  agent(host: Host): NamespaceAgent {
    const agent = this.#agents.get(host) ?? new NamespaceAgent(this.lab, host);
    this.#agents.set(host, agent);
    return agent;
  }

  /** What sends packets without a socket, from every machine; it stays as well. */
  get rawSocket(): RawSocket {
    this.#rawSocket ??= new RawSocket();
    return this.#rawSocket;
  }

  /** Make everything new but the machines beside the director, whatever the last scenario did or where it failed. */
  async prepare(needs: Needs): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => agent.call({ do: 'forget' })));
    await this.#renewDirector(needs.hosts);
    const last = this.#mutes;
    this.#mutes = needs.mutes;
    const hosts: readonly Host[] = needs.hosts.length > 0 ? ['director', ...needs.hosts] : [];
    if (hosts.length === 0) await this.lab.ip('director', ['link set lo up']);
    await Promise.all(
      this.lab.hosts.map(async (host) => {
        const lines = [
          ...rules('delete', last, host, 4),
          ...(hosts.includes(host) ? wiring(host, hosts, 'bridge') : []),
          ...(host === 'client' ? addresses(needs.clientAddresses) : []),
          ...rules('add', needs.mutes, host, 4),
        ];
        if (lines.length > 0) await this.lab.ip(host, lines);
        const lines6 = [...rules('delete', last, host, 6), ...rules('add', needs.mutes, host, 6)];
        const argv = ['ip', '-6', '-n', this.lab.namespace(host), '-batch', '-'];
        if (lines6.length > 0) await executeOk(argv, { input: lines6.join('\n') });
      }),
    );
  }

  close(): void {
    this.#rawSocket?.close();
    this.lab.close();
  }

  /** A director without services, connections or settings, and with new cables that lead nowhere yet. */
  async #renewDirector(hosts: Needs['hosts']): Promise<void> {
    const director = this.lab.namespace('director');
    const ends = this.#wired.map((host) => `link delete ${host === 'client' ? CLIENT_DEVICE : host}`);
    if (ends.length > 0) await this.lab.ip('director', ends);
    this.#wired = hosts;
    await executeOk(['ip', '-batch', '-'], { input: `netns delete ${director}\nnetns add ${director}` });
    if (hosts.length === 0) return;
    await this.lab.sysctl('director', settings('director'));
    const links = cables(hosts, (host) => this.lab.namespace(host)).filter((line) => line.startsWith('link'));
    await executeOk(['ip', '-batch', '-'], { input: links.join('\n') });
  }
}

/** `ip` lines that give the client more addresses; those it has anyway stay as they are. */
function addresses(list: readonly string[]): string[] {
  return list.map((address) =>
    address.includes(':')
      ? `address replace ${address}/64 dev eth0 nodad`
      : `address replace ${address}/24 dev eth0`,
  );
}

/** `ip` lines for the mutes of one machine and family. */
function rules(verb: 'add' | 'delete', mutes: Needs['mutes'], host: Host, family: Family): string[] {
  const own = mutes.filter((mute) => mute.host === host && familyOf(mute.address) === family);
  return own.map(({ address }) => `rule ${verb} from ${address} blackhole`);
}
