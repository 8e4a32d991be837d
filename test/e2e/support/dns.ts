/** dnsmasq on machines of a lab, and what dig says of its answers. */
import type { Child } from '../../lab/child.js';
import type { Lab } from '../../lab/lab.js';
import type { Host } from '../../lab/topology.js';

export interface DnsServer {
  readonly port: number;
  /** More of dnsmasq's options: records, or where to ask. */
  readonly options: readonly string[];
}

/** Nothing of the host's own configuration, and a line in the log for each query. */
const OPTIONS = [
  '--keep-in-foreground',
  '--conf-file=/dev/null',
  '--pid-file=',
  '--no-resolv',
  '--no-hosts',
  '--user=root',
  '--log-facility=-',
  '--log-queries',
  '--edns-packet-max=4096',
];

/** Returns when it listens. */
export async function startDnsServer(lab: Lab, host: Host, server: DnsServer): Promise<Child> {
  const child = lab.spawn(host, ['dnsmasq', ...OPTIONS, `--port=${server.port}`, ...server.options]);
  await child.ready(`dnsmasq on ${host}`, 10_000, () => lab.isListening(host, 'udp', server.port));
  return child;
}

/** The answers' data, a line each. Throws with dig's words where a query fails or gets no answer. */
export async function dig(lab: Lab, host: Host, ...words: readonly string[]): Promise<string[]> {
  const text = await lab.run(host, ['dig', '+short', '+tries=1', '+time=3', ...words]);
  return text.split('\n').filter(Boolean);
}

/** The sources of the queries for `name` that a dnsmasq has had. */
export function askedBy(server: Child, name: string): string[] {
  const asked = new RegExp(`query\\[\\w+\\] ${name.replaceAll('.', '\\.')} from (\\S+)`, 'g');
  return [...server.log.matchAll(asked)].map(([, source = '']) => source);
}
