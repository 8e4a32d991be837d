/**
 * Theory of operation: a scene is a lab in which uipvsd already runs on the director and servers on every real server,
 * so that a test begins where its story begins.
 *
 * Real server N is `rsN` and serves HTTP on 80 (its name), TCP echo on 7 and UDP echo on 7, on both families.
 * Tests that share a scene use VIPs and ports of their own. The rr order is the kernel's: newest destination first.
 */
import { Lab } from '../../lab/lab.js';
import { requirements } from '../../lab/requirements.js';
import { type ServerPorts, startServers } from '../../lab/servers.js';
import { type Host, realServer } from '../../lab/topology.js';
import type { UipvsOptions, UipvsProcess } from '../../lab/uipvs-process.js';
import {
  type ListedConnection,
  type ListedDestination,
  parseConnections,
  parseDestinations,
} from './listing.js';
import { Peer } from './peer.js';

export interface SceneOptions {
  /** Default 3. */
  readonly realServers?: number;
  /** Default HTTP on 80 and both echoes on 7; null for none. */
  readonly serverPorts?: ServerPorts | null;
  readonly uipvs?: UipvsOptions;
}

export interface Balanced {
  /** Port of the real servers. */
  readonly to: number;
  /** Numbers of the real servers, in the order they are added. Default: all. */
  readonly servers?: readonly number[];
  /** Default rr. */
  readonly scheduler?: string;
}

/** `10.9.0.1:80` or `[fd09::1]:80`. */
export function endpoint(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

export class Scene {
  readonly lab: Lab;
  readonly #realServers: number;
  #uipvs: UipvsProcess;

  private constructor(lab: Lab, uipvs: UipvsProcess, realServers: number) {
    this.lab = lab;
    this.#uipvs = uipvs;
    this.#realServers = realServers;
  }

  /** Throws where this host lacks something, in a sentence that says what. */
  static async open(options: SceneOptions = {}): Promise<Scene> {
    const missing = requirements([
      'curl',
      'ethtool',
      'iperf3',
      'nginx',
      'nstat',
      'ping',
      'python3',
      'setpriv',
      'tcpdump',
    ]);
    if (missing !== null) throw new Error(missing);
    const { realServers = 3, serverPorts = { http: 80, tcpEcho: 7, udpEcho: 7 }, uipvs } = options;
    const lab = await Lab.create({ realServers });
    try {
      const hosts = Array.from({ length: realServers }, (_, index) => realServer(index + 1).host);
      if (serverPorts !== null) await Promise.all(hosts.map((host) => startServers(lab, host, serverPorts)));
      return new Scene(lab, await lab.startUipvs('director', uipvs), realServers);
    } catch (thrown) {
      lab.close();
      throw thrown;
    }
  }

  get uipvs(): UipvsProcess {
    return this.#uipvs;
  }

  /** Starts uipvsd again after it has ended. */
  async restartUipvs(options?: UipvsOptions): Promise<void> {
    this.#uipvs = await this.lab.startUipvs('director', options);
  }

  /** Starts uipvsd again after it has ended, and does not wait for it. */
  beginUipvs(options?: UipvsOptions): void {
    this.#uipvs = this.lab.beginUipvs('director', options);
  }

  /** Starts a uipvsd that waits for the present one to end, and takes its place here. */
  async standBy(options: UipvsOptions): Promise<void> {
    this.#uipvs = await this.lab.standBy('director', options);
  }

  peer(host: Host = 'client', name?: string): Promise<Peer> {
    return Peer.start(this.lab, host, name);
  }

  /** Runs uipvsadm; throws with its words unless it succeeds. */
  async adm(...args: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await this.#uipvs.adm(...args);
    if (status !== 0) throw new Error(`uipvsadm ${args.join(' ')} ended with ${status}: ${stderr.trim()}`);
    return stdout;
  }

  /** Adds a service for `protocol` at `vip`:`port` with one destination a real server, weight 1. */
  async balance(protocol: 'tcp' | 'udp', vip: string, port: number, balanced: Balanced): Promise<void> {
    const {
      to,
      scheduler = 'rr',
      servers = Array.from({ length: this.#realServers }, (_, index) => index + 1),
    } = balanced;
    const service = `-${protocol === 'tcp' ? 't' : 'u'} ${endpoint(vip, port)}`;
    await this.#uipvs.restore([
      `-A ${service} -s ${scheduler}`,
      ...servers.map((index) => `-a ${service} -r ${this.destination(vip, index, to)} -m`),
    ]);
  }

  /** A real server's address and port, of the family of `vip`. */
  destination(vip: string, index: number, port: number): string {
    const { ipv4, ipv6 } = realServer(index);
    return endpoint(vip.includes(':') ? ipv6 : ipv4, port);
  }

  /** What `-Ln` says of a service's destinations, in its own order. */
  async destinations(protocol: 'tcp' | 'udp', vip: string, port: number): Promise<ListedDestination[]> {
    return parseDestinations(await this.adm('-Ln', protocol === 'tcp' ? '-t' : '-u', endpoint(vip, port)));
  }

  async connections(): Promise<ListedConnection[]> {
    return parseConnections(await this.adm('-Lnc'));
  }

  close(): void {
    this.lab.close();
  }
}
