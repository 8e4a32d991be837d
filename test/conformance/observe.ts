import { setTimeout as delay } from 'node:timers/promises';
import type { Lab } from '../lab/lab.js';
import { type Host, realServer } from '../lab/topology.js';
import type { Balancer } from './balancer.js';
import { packet } from './packet.js';
import type { Step } from './scenario.js';
import { REAL_SERVERS } from './scenario-words.js';
import type { Needs, Stage } from './stage.js';
import { substitution } from './substitution.js';

/** A closed connection's last packets pass the director within this time, in milliseconds. */
const SETTLE_MS = 200;

/** Packets without a socket have passed the director within this time, in milliseconds. */
const SEND_SETTLE_MS = 80;

/** As long as it may take to find a server for a new connection, on which the next choice depends, in milliseconds. */
const NEXT_PACKET_MS = 20;

/** A machine with an agent. */
type Machine = Exclude<Host, 'director'>;

const SERVERS = Array.from({ length: REAL_SERVERS }, (_, index) => {
  const { ipv4, ipv6 } = realServer(index + 1);
  return { host: `rs${index + 1}`, ipv4, ipv6 } as const;
});

/** Run the steps on a stage and give back what an observer saw, as a text for each step, '' for nothing. */
export async function observe(
  steps: readonly Step[],
  stage: Stage,
  start: (lab: Lab) => Promise<Balancer> | Balancer,
): Promise<string[]> {
  await stage.prepare(needsOf(steps));
  const balancer = await start(stage.lab);
  const observer = new Observer(stage, balancer);
  const transcript: string[] = [];
  try {
    for (const step of steps) transcript.push(await observer.take(step));
  } catch (thrown) {
    await balancer.stop().catch(() => undefined); // the first reason is the one that counts
    throw thrown;
  }
  await balancer.stop();
  return transcript;
}

function needsOf(steps: readonly Step[]): Needs {
  const mutes = steps.flatMap((step) =>
    step.kind === 'mute' ? [{ host: hostOf(step.address), address: step.address }] : [],
  );
  const serving = steps.flatMap((step) => (step.kind === 'serve' ? [step.host] : []));
  const speaking = steps.flatMap((step) =>
    step.kind === 'open' || step.kind === 'udp' ? [hostOf(step.source.address)] : [],
  );
  const named = [...serving, ...speaking, ...mutes.map(({ host }) => host)];
  const isTraffic = steps.some((step) => ['open', 'udp', 'send', 'ping'].includes(step.kind));
  const servers = SERVERS.map(({ host }) => host).filter((host) => named.includes(host));
  const clientAddresses = [...new Set(steps.flatMap(clientAddressesOf))];
  return { hosts: isTraffic ? ['client', ...servers] : [], clientAddresses, mutes };
}

/** Addresses the client speaks from. */
function clientAddressesOf(step: Step): string[] {
  switch (step.kind) {
    case 'open':
    case 'udp':
      return hostOf(step.source.address) === 'client' ? [step.source.address] : [];
    case 'ping':
      return [step.source];
    case 'mute':
      return hostOf(step.address) === 'client' ? [step.address] : [];
    default:
      return [];
  }
}

/** Whose address it is: a real server's, or one of the client's. */
function hostOf(address: string): Machine {
  return SERVERS.find(({ ipv4, ipv6 }) => address === ipv4 || address === ipv6)?.host ?? 'client';
}

/** Takes steps and says what is seen. */
class Observer {
  readonly #stage: Stage;
  readonly #balancer: Balancer;
  readonly #filters: ((text: string) => string)[] = [];
  /** Who has sent packets without a socket that may still be on their way. */
  #sender: Machine | null = null;

  constructor(stage: Stage, balancer: Balancer) {
    this.#stage = stage;
    this.#balancer = balancer;
  }

  async take(step: Step): Promise<string> {
    await this.#settle(step);
    switch (step.kind) {
      case 'vip':
        await this.#balancer.addVip(step.address);
        return '';
      case 'adm':
        return this.#adm(step.words, '', step.isSorted);
      case 'restore':
        return this.#adm(step.isAtomic ? ['-R', '--atomic'] : ['-R'], step.input, false);
      case 'sysctl':
        return this.#sysctl(step.name, step.value);
      case 'proc': {
        const lines = this.#filtered(await this.#balancer.proc(step.name));
        return `$ proc ${step.name}\n${(step.isSorted ? lines.sort() : lines).join('')}`;
      }
      case 'mark':
        await this.#balancer.mark(step.mark, step.protocol, step.target);
        return '';
      case 'serve':
        return this.#serve(step);
      case 'open': {
        const { kind, ...request } = step;
        const host = hostOf(request.source.address);
        return `${step.name} -> ${await this.#stage.agent(host).call({ do: kind, ...request })}\n`;
      }
      case 'ask':
        return `${step.name} ${await this.#stage.agent('client').call({ do: 'ask', name: step.name })}\n`;
      case 'close':
      case 'reset':
        await this.#stage.agent('client').call({ do: step.kind, name: step.name });
        await delay(SETTLE_MS);
        return '';
      case 'udp': {
        const { kind, ...request } = step;
        const host = hostOf(request.source.address);
        return `udp -> ${await this.#stage.agent(host).call({ do: kind, ...request })}\n`;
      }
      case 'mute':
        return this.#mute(step.address);
      case 'send':
        return this.#send(step);
      case 'ping':
        return this.#ping(step.source, step.target);
      case 'sleep':
        await delay(step.delayMs);
        return '';
      case 'vary':
        this.#filters.push(substitution(step.expression));
        return '';
    }
  }

  /** The command, its output, its messages each after `2| `, and its exit status unless that is 0. */
  async #adm(words: readonly string[], input: string, isSorted: boolean): Promise<string> {
    const { status, stdout, stderr } = await this.#balancer.adm(words, input);
    const lines = this.#filtered(stdout);
    const messages = this.#filtered(stderr).map((line) => `2| ${line}`);
    const end = status === 0 ? '' : `exit ${status}\n`;
    return [`$ ${words.join(' ')}\n`, ...(isSorted ? lines.sort() : lines), ...messages, end].join('');
  }

  async #sysctl(name: string, value: string | null): Promise<string> {
    const { status, stdout } = await this.#balancer.sysctl(name, value);
    const said = status === 0 ? this.#filtered(stdout).join('') : 'refused\n';
    return `$ sysctl ${name}${value === null ? '' : `=${value}`}\n${said}`;
  }

  #filtered(text: string): string[] {
    return linesOf(this.#filters.reduce((filtered, filter) => filter(filtered), text));
  }

  async #serve({ host, protocol, port }: Step & { readonly kind: 'serve' }): Promise<string> {
    const { ipv4, ipv6 } = realServer(Number(host.slice(2)));
    await this.#stage.agent(host).call({ do: 'serve', name: host, protocol, port, addresses: [ipv4, ipv6] });
    return '';
  }

  /** Wait until the packets sent so far have made the difference they can make to this step. */
  async #settle(step: Step): Promise<void> {
    const sender = step.kind === 'send' ? hostOf(step.source.address) : null;
    if (this.#sender !== null) {
      await delay(sender === this.#sender ? NEXT_PACKET_MS : SEND_SETTLE_MS);
      await this.#balancer.settle();
    }
    this.#sender = sender;
  }

  /** Whoever is mute will be made to speak: the program for it is started now, so that no time is lost then. */
  async #mute(address: string): Promise<string> {
    await this.#sendFrom(address, address, []);
    return '';
  }

  async #send({ content, source, target }: Step & { readonly kind: 'send' }): Promise<string> {
    const packets = source.ports.flatMap((from) =>
      target.ports.map((to) =>
        packet(
          content,
          { address: source.address, port: from },
          { address: target.address, port: to },
        ).toString('hex'),
      ),
    );
    await this.#sendFrom(source.address, target.address, packets);
    return '';
  }

  #sendFrom(source: string, target: string, packets: readonly string[]): Promise<void> {
    return this.#stage.rawSocket.send(this.#stage.lab.namespace(hostOf(source)), target, packets);
  }

  async #ping(source: string, target: string): Promise<string> {
    const argv = ['ping', '-c', '1', '-W', '2', '-I', source, target];
    const { status } = await this.#stage.lab.exec('client', argv);
    return status === 0 ? 'ping ok\n' : 'ping lost\n';
  }
}

/** Lines with their ends; a last line without one keeps none and is marked. */
function linesOf(text: string): string[] {
  const lines = text.split(/(?<=\n)/).filter((line) => line !== '');
  return lines.map((line) => (line.endsWith('\n') ? line : `${line}[no line end]\n`));
}
