/** Names of ports, from /etc/services. Read once, when the first name is asked for; an absent file names none. */
import { readFileSync } from 'node:fs';

export class ServiceNames {
  readonly #path: string;
  #tables: { readonly ports: Map<string, number>; readonly names: Map<string, string> } | undefined;

  constructor(path = '/etc/services') {
    this.#path = path;
  }

  /** The port of `name` over `protocol` (tcp, udp, sctp), or undefined. Source: getservbyname(3). */
  portOf(name: string, protocol: string): number | undefined {
    return this.#load().ports.get(`${name}/${protocol}`);
  }

  /** The first name of `port` over `protocol`, or undefined. Source: getservbyport(3). */
  nameOf(port: number, protocol: string): string | undefined {
    return this.#load().names.get(`${port}/${protocol}`);
  }

  #load() {
    if (this.#tables !== undefined) return this.#tables;
    const ports = new Map<string, number>();
    const names = new Map<string, string>();
    for (const line of readLines(this.#path)) {
      const [name, where, ...aliases] = line.replace(/#.*/, '').trim().split(/\s+/);
      const [port, protocol] = where?.split('/') ?? [];
      if (name === undefined || port === undefined || protocol === undefined || !/^\d+$/.test(port)) continue;
      const key = `${Number(port)}/${protocol}`;
      if (!names.has(key)) names.set(key, name);
      for (const each of [name, ...aliases]) {
        if (!ports.has(`${each}/${protocol}`)) ports.set(`${each}/${protocol}`, Number(port));
      }
    }
    this.#tables = { ports, names };
    return this.#tables;
  }
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch {
    // No such file in many containers: then ports are numbers.
    return [];
  }
}
