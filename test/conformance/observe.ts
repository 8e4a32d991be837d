import { setTimeout as delay } from 'node:timers/promises';
import { executeOk } from '../lab/exec.js';
import { Lab } from '../lab/lab.js';
import { CLIENT, type Host, realServer } from '../lab/topology.js';
import type { Balancer } from './balancer.js';
import { NamespaceAgent } from './namespace-agent.js';
import type { Step } from './scenario.js';

/** A closed connection's last packets pass the director within this time, in milliseconds. */
const SETTLE_MS = 200;

/** Run the steps in a lab of their own and give back what an observer saw, as text. */
export async function observe(
  steps: readonly Step[],
  start: (lab: Lab) => Promise<Balancer> | Balancer,
): Promise<string> {
  const lab = await Lab.create({ realServers: realServersOf(steps) });
  try {
    await prepareClient(lab, sourcesOf(steps));
    const balancer = await start(lab);
    const observer = new Observer(lab, balancer);
    for (const step of steps) await observer.take(step);
    await balancer.stop();
    return observer.transcript;
  } finally {
    lab.close();
  }
}

/** How many real servers the steps start; a server that is only named needs no machine. */
function realServersOf(steps: readonly Step[]): number {
  const numbers = steps.map((step) => (step.kind === 'serve' ? Number(step.host.slice(2)) : 0));
  return Math.max(0, ...numbers);
}

/** Addresses the client speaks from, besides those it has anyway. */
function sourcesOf(steps: readonly Step[]): string[] {
  const sources = steps.flatMap((step) => {
    if (step.kind === 'open' || step.kind === 'udp') return [step.source.address];
    return step.kind === 'ping' ? [step.source] : [];
  });
  const has: readonly string[] = Object.values(CLIENT);
  return [...new Set(sources)].filter((address) => !has.includes(address));
}

async function prepareClient(lab: Lab, sources: readonly string[]): Promise<void> {
  const lines = sources.map((address) =>
    address.includes(':') ? `address add ${address}/64 dev eth0 nodad` : `address add ${address}/24 dev eth0`,
  );
  if (lines.length > 0) await lab.ip('client', lines);
  // A client may use a source port again while its last connection is in TIME_WAIT.
  await lab.sysctl('client', { 'net.ipv4.tcp_tw_reuse': 1 });
}

/** Takes steps and writes down what is seen. */
class Observer {
  readonly #lab: Lab;
  readonly #balancer: Balancer;
  readonly #agents = new Map<Host, NamespaceAgent>();
  readonly #filters: string[] = [];
  #transcript = '';

  constructor(lab: Lab, balancer: Balancer) {
    this.#lab = lab;
    this.#balancer = balancer;
  }

  get transcript(): string {
    return this.#transcript;
  }

  async take(step: Step): Promise<void> {
    switch (step.kind) {
      case 'vip':
        return this.#balancer.addVip(step.address);
      case 'adm':
        return this.#adm(step.words, '', step.isSorted);
      case 'restore':
        return this.#adm(['-R'], step.input, false);
      case 'serve':
        return this.#serve(step);
      case 'open': {
        const { kind, ...request } = step;
        return this.#say(`${step.name} -> ${await this.#agent('client').call({ do: kind, ...request })}`);
      }
      case 'ask':
        return this.#say(`${step.name} ${await this.#agent('client').call({ do: 'ask', name: step.name })}`);
      case 'close':
      case 'reset':
        await this.#agent('client').call({ do: step.kind, name: step.name });
        await delay(SETTLE_MS);
        return undefined;
      case 'udp': {
        const { kind, ...request } = step;
        return this.#say(`udp -> ${await this.#agent('client').call({ do: kind, ...request })}`);
      }
      case 'ping':
        return this.#ping(step.source, step.target);
      case 'sleep':
        await delay(step.delayMs);
        return undefined;
      case 'vary':
        this.#filters.push(step.expression);
        return undefined;
    }
  }

  /** The command, its output, its messages each after `2| `, and its exit status unless that is 0. */
  async #adm(words: readonly string[], input: string, isSorted: boolean): Promise<void> {
    const { status, stdout, stderr } = await this.#balancer.adm(words, input);
    const lines = linesOf(await this.#filter(stdout));
    const messages = linesOf(await this.#filter(stderr)).map((line) => `2| ${line}`);
    this.#say(`$ ${words.join(' ')}`);
    for (const line of [...(isSorted ? lines.sort() : lines), ...messages]) this.#transcript += line;
    if (status !== 0) this.#say(`exit ${status}`);
  }

  async #filter(text: string): Promise<string> {
    if (text === '' || this.#filters.length === 0) return text;
    const expressions = this.#filters.flatMap((expression) => ['-e', expression]);
    return executeOk(['sed', '-E', ...expressions], { input: text });
  }

  async #serve(step: Step & { readonly kind: 'serve' }): Promise<void> {
    const { host, protocol, port } = step;
    const { ipv4, ipv6 } = realServer(Number(host.slice(2)));
    await this.#agent(host).call({ do: 'serve', name: host, protocol, port, addresses: [ipv4, ipv6] });
  }

  async #ping(source: string, target: string): Promise<void> {
    const argv = ['ping', '-c', '1', '-W', '2', '-I', source, target];
    const { status } = await this.#lab.exec('client', argv);
    this.#say(status === 0 ? 'ping ok' : 'ping lost');
  }

  #agent(host: Host): NamespaceAgent {
    const agent = this.#agents.get(host) ?? new NamespaceAgent(this.#lab, host);
    this.#agents.set(host, agent);
    return agent;
  }

  #say(line: string): void {
    this.#transcript += `${line}\n`;
  }
}

/** Lines with their ends; a last line without one keeps none and is marked. */
function linesOf(text: string): string[] {
  const lines = text.split(/(?<=\n)/).filter((line) => line !== '');
  return lines.map((line) => (line.endsWith('\n') ? line : `${line}[no line end]\n`));
}
