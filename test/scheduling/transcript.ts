import assert from 'node:assert/strict';
import { Director } from '../../src/ipvs/director.js';
import { NO_DESTINATION } from '../../src/ipvs/service.js';
import type { DestinationSpec } from '../../src/ipvs/specification.js';
import { builtinSchedulers } from '../../src/scheduling/registry.js';
import { MemoryDataPlane } from '../ipvs/memory-data-plane.js';
import { destinationSpec, FLOW, realServer, serviceSpec, tcpKey } from '../ipvs/specs.js';

/**
 * What was seen of a kernel, a step a line, replayed on the director. Destinations are numbers.
 *
 *     service NAME                        a new service with that scheduler, in place of the one before
 *     scheduler NAME                      the service is edited to that scheduler
 *     add N weight W [upper U]            edit N weight W [upper U]            delete N
 *     choose N N - N                      connections opened one after another: who got them, '-' for nobody
 *     close C                             the connection opened C-th (counted from 1) ends in an orderly way
 */
export type Transcript = readonly string[];

/** Replays all steps; what `choose` must give is what stands after it. */
export function replay(transcript: Transcript): void {
  const dataPlane = new MemoryDataPlane();
  const director = new Director({ dataPlane, schedulers: builtinSchedulers, clock: () => 0 });
  const key = tcpKey();
  const opened: number[] = [];

  function open(): string {
    const id = director.schedule(director.findService(key)?.id ?? NO_DESTINATION, FLOW);
    opened.push(id);
    if (id === NO_DESTINATION) return '-';
    const destination = dataPlane.destinations.get(id)!;
    destination.active += 1;
    return String(Number(destination.address.split('.')[3]) - 10);
  }

  function close(id: number): void {
    const destination = dataPlane.destinations.get(id)!;
    destination.active -= 1;
    destination.inactive += 1;
  }

  for (const [index, step] of transcript.entries()) {
    const [verb = '', first = '', ...rest] = step.split(' ');
    if (verb === 'service') {
      director.flush();
      director.addService(serviceSpec({ scheduler: first }));
    } else if (verb === 'scheduler') director.editService(serviceSpec({ scheduler: first }));
    else if (verb === 'add') director.addDestination(key, parseDestination(first, rest));
    else if (verb === 'edit') director.editDestination(key, parseDestination(first, rest));
    else if (verb === 'delete')
      director.deleteDestination(key, { address: realServer(Number(first)), port: 80 });
    else if (verb === 'close') close(opened[Number(first) - 1]!);
    else if (verb === 'choose') {
      const seen = [first, ...rest].map(open).join(' ');
      assert.equal(`choose ${seen}`, step, `step ${index + 1} of the transcript`);
    } else throw new Error(`no such step: ${step}`);
  }
  assert.equal(director.findService(key)?.schedulerFailures, 0);
}

function parseDestination(number: string, [, weight, , upper]: string[]): DestinationSpec {
  return destinationSpec(Number(number), { weight: Number(weight), upperThreshold: Number(upper ?? 0) });
}
