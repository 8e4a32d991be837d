import assert from 'node:assert/strict';
import { parseSchedulerFlags } from '../../src/cli/scheduler-flag.js';
import { Director } from '../../src/ipvs/director.js';
import { NO_DESTINATION } from '../../src/ipvs/service.js';
import type { DestinationSpec, ServiceKey } from '../../src/ipvs/specification.js';
import { makeBuiltinSchedulers } from '../../src/scheduling/registry.js';
import { MemoryDataPlane } from '../ipvs/memory-data-plane.js';
import { destinationSpec, serviceSpec, tcpKey } from '../ipvs/specs.js';
import { TrialEnvironment } from './environment.js';
import { tcpFlow } from './flows.js';

/**
 * What was seen of a kernel, a step a line, replayed on the director. Destinations are numbers, and so are the clients
 * 10.0.0.N. What stands after `choose`, or after the arrow, is who got the connections, '-' for nobody; all of them
 * stay open until they are closed.
 *
 *     service NAME [at VIP] [with FLAGS]      a new director with one service of that scheduler
 *     mark NAME [with FLAGS]                  the same for a firewall mark, on all of 10.9.0.1 .. 10.9.0.40
 *     scheduler NAME [with FLAGS]             the service is edited to that scheduler
 *     add N weight W [upper U]                edit N weight W [upper U]            delete N
 *     choose N N - N                          connections opened one after another
 *     clients A-B port P -> N N - N           one connection of every client, all from port P
 *     ports A-B client ADDRESS -> N N - N     one connection from every port of a client
 *     vips A-B -> N N - N                     one connection to every address 10.9.0.A .. 10.9.0.B
 *     close A-B                               the A-th to the B-th connection opened end in an orderly way
 *     sysctl NAME SECONDS
 *     wait SECONDS                            closed connections end for good after 120 s
 */
export type Transcript = readonly string[];

/** Source: net/netfilter/ipvs/ip_vs_proto_tcp.c, the timeout of TIME_WAIT. */
const TIME_WAIT_MS = 120_000;
const MARK: ServiceKey = { kind: 'fwmark', mark: 1, family: 4 };

/** Replays all steps; who gets the connections must be who got them. */
export function replay(transcript: Transcript): void {
  const replayed = new Replay();
  for (const [index, step] of transcript.entries()) {
    assert.equal(replayed.step(step), step, `step ${index + 1} of the transcript`);
  }
  replayed.end();
}

class Replay {
  readonly #environment = new TrialEnvironment();
  #dataPlane = new MemoryDataPlane();
  #director = this.#newDirector();
  #key: ServiceKey = tcpKey();
  #vip = '10.9.0.1';
  #opened: number[] = [];
  /** When the connections that are closed but not yet gone began to be so, by the destination they go to. */
  readonly #closing: { readonly id: number; readonly sinceMs: number }[] = [];

  /** Carries out one step; returns it as it would have been written down here. */
  step(step: string): string {
    const [what = '', seen] = step.split(' -> ');
    const words = what.split(' ');
    const [verb, first = '', , third = ''] = words;
    if (verb === 'choose')
      return `choose ${words
        .slice(1)
        .map(() => this.#open('10.0.0.2'))
        .join(' ')}`;
    if (seen !== undefined) return `${what} -> ${this.#openMany(verb, range(first), third).join(' ')}`;
    if (verb === 'service' || verb === 'mark') this.#begin(verb, first, words);
    else if (verb === 'scheduler') this.#director.editService(this.#serviceSpec(first, words));
    else if (verb === 'add') this.#director.addDestination(this.#key, this.#destinationSpec(first, words));
    else if (verb === 'edit') this.#director.editDestination(this.#key, this.#destinationSpec(first, words));
    else if (verb === 'delete')
      this.#director.deleteDestination(this.#key, this.#destinationSpec(first, words));
    else if (verb === 'close') for (const number of range(first)) this.#close(number);
    else if (verb === 'wait') this.#wait(Number(first));
    else if (verb === 'sysctl') this.#setExpiration(first, Number(words[2]));
    else throw new Error(`no such step: ${step}`);
    return step;
  }

  end(): void {
    assert.equal(this.#director.findService(this.#key)?.schedulerErrors, 0);
  }

  #newDirector(): Director {
    const schedulers = makeBuiltinSchedulers(this.#environment);
    return new Director({ dataPlane: this.#dataPlane, schedulers, clock: () => this.#environment.now });
  }

  #begin(verb: string, scheduler: string, words: readonly string[]): void {
    this.#dataPlane = new MemoryDataPlane();
    this.#director = this.#newDirector();
    this.#opened = [];
    this.#closing.length = 0;
    this.#vip = after('at', words) ?? '10.9.0.1';
    this.#key = verb === 'mark' ? MARK : { kind: 'address', protocol: 'tcp', address: this.#vip, port: 80 };
    this.#director.addService(this.#serviceSpec(scheduler, words));
  }

  #serviceSpec(scheduler: string, words: readonly string[]): ReturnType<typeof serviceSpec> {
    const schedulerFlags = parseSchedulerFlags(scheduler, after('with', words) ?? '');
    return serviceSpec({ key: this.#key, scheduler, schedulerFlags });
  }

  #destinationSpec(number: string, words: readonly string[]): DestinationSpec {
    return destinationSpec(Number(number), {
      address: `${this.#vip.includes(':') ? 'fd01::1' : '10.1.0.1'}${number}`,
      port: this.#key.kind === 'fwmark' ? 0 : 80,
      weight: Number(after('weight', words) ?? 1),
      upperThreshold: Number(after('upper', words) ?? 0),
    });
  }

  #openMany(verb: string | undefined, numbers: readonly number[], third: string): string[] {
    if (verb === 'clients') return numbers.map((client) => this.#open(`10.0.0.${client}`, Number(third)));
    if (verb === 'ports') return numbers.map((port) => this.#open(third, port));
    if (verb === 'vips') return numbers.map((vip) => this.#open('10.0.0.2', 40001, `10.9.0.${vip}`));
    throw new Error(`no such step: ${verb}`);
  }

  #open(client: string, port = 40001, vip = this.#vip): string {
    const flow = tcpFlow(vip.includes(':') && client === '10.0.0.2' ? 'fd00::2' : client, port, vip);
    const id = this.#director.schedule(this.#director.findService(this.#key)?.id ?? NO_DESTINATION, flow);
    this.#opened.push(id);
    if (id === NO_DESTINATION) return '-';
    const destination = this.#dataPlane.destinations.get(id)!;
    destination.active += 1;
    return destination.address.slice(-1);
  }

  #close(number: number): void {
    const destination = this.#dataPlane.destinations.get(this.#opened[number - 1]!)!;
    destination.active -= 1;
    destination.inactive += 1;
    this.#closing.push({ id: this.#opened[number - 1]!, sinceMs: this.#environment.now });
  }

  #wait(seconds: number): void {
    for (let second = 0; second < seconds; second += 1) {
      this.#environment.now += 1000;
      while (this.#environment.now - (this.#closing[0]?.sinceMs ?? this.#environment.now) > TIME_WAIT_MS) {
        this.#dataPlane.destinations.get(this.#closing.shift()!.id)!.inactive -= 1;
      }
      this.#director.collectTrash();
    }
  }

  #setExpiration(name: string, seconds: number): void {
    const scheduler = name.replace('_expiration', '');
    assert.ok(scheduler === 'lblc' || scheduler === 'lblcr', `a sysctl of a scheduler, not ${name}`);
    this.#environment.expiration[scheduler] = seconds;
  }
}

/** The word after `name`. */
function after(name: string, words: readonly string[]): string | undefined {
  const index = words.indexOf(name);
  return index < 0 ? undefined : words[index + 1];
}

/** `3-5` is 3, 4 and 5. */
function range(text: string): number[] {
  const [from = Number.NaN, to = from] = text.split('-').map(Number);
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
