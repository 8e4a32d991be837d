import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { DestinationListing, ListItem, ServiceListing } from '../../src/ipvs/listing.js';
import { destinationSpec, serviceSpec, tcpKey } from './specs.js';
import { Trial } from './trial.js';

/** A director with services on ports from 80 on, of so many destinations each. */
function trialOf(sizes: readonly number[]): Trial {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const trial = new Trial({ maxServices: sizes.length + 2, maxDestinations: total + 4 });
  for (const [index, size] of sizes.entries()) {
    const key = tcpKey(80 + index);
    trial.director.addService(serviceSpec({ key }));
    for (let number = 0; number < size; number += 1) {
      trial.director.addDestination(key, destinationSpec(1, { port: 1 + number }));
    }
  }
  return trial;
}

/** What a reader of the pieces puts together. */
function joined(pieces: Iterable<readonly ListItem[]>): ServiceListing[] {
  const services: (Omit<ServiceListing, 'destinations'> & { destinations: DestinationListing[] })[] = [];
  for (const item of [...pieces].flat()) {
    if ('more' in item) services.at(-1)!.destinations.push(...item.more);
    else services.push({ ...item, destinations: [...item.destinations] });
  }
  return services;
}

function sizeOf(piece: readonly ListItem[]): number {
  const lines = (item: ListItem): number =>
    'more' in item ? item.more.length : 1 + item.destinations.length;
  return piece.reduce((sum, item) => sum + lines(item), 0);
}

describe('a listing in pieces', () => {
  test('is the whole listing, in pieces of at most 129 lines', () => {
    const sizes = fc.array(fc.constantFrom(0, 1, 10, 126, 127, 128, 129, 300), { maxLength: 5 });
    fc.assert(
      fc.property(sizes, (counts) => {
        const { director } = trialOf(counts);
        const pieces = [...director.figures.listPieces()];
        assert.deepEqual(joined(pieces), director.figures.list());
        for (const piece of pieces) assert.ok(sizeOf(piece) <= 129, `${sizeOf(piece)} lines`);
      }),
      { numRuns: 30 },
    );
  });

  test('of one service is of that one', () => {
    const { director } = trialOf([3, 200, 3]);
    assert.deepEqual(joined(director.figures.listPieces(tcpKey(81))), director.figures.list(tcpKey(81)));
  });

  test('of a service that is not there is refused before the first piece', () => {
    assert.throws(() => trialOf([1]).director.figures.listPieces(tcpKey(99)), { code: 'ESRCH' });
  });

  test('leaves out what is deleted meanwhile, and shows nothing twice that is added again', () => {
    const { director } = trialOf([200, 100, 100]);
    const pieces = director.figures.listPieces()[Symbol.iterator]();
    const first: readonly ListItem[] = pieces.next().value;
    for (const port of [1, 2]) director.deleteDestination(tcpKey(80), destinationSpec(1, { port }));
    director.addDestination(tcpKey(80), destinationSpec(1, { port: 2 }));
    director.deleteService(tcpKey(81));
    director.deleteService(tcpKey(82));
    director.addService(serviceSpec({ key: tcpKey(82) }));
    const rest = [...{ [Symbol.iterator]: () => pieces }];
    const [service, ...others] = joined([first, ...rest]);
    assert.deepEqual(others, []);
    const ports = service!.destinations.map(({ port }) => port);
    assert.deepEqual(
      ports,
      Array.from({ length: 199 }, (_, index) => 200 - index),
    );
  });
});

describe('long work in steps', () => {
  const SIZES = Array.from({ length: 300 }, () => 30);

  test('ticks as all at once, though services come and go between its steps', () => {
    const [stepped, whole] = [trialOf(SIZES), trialOf(SIZES)];
    for (const trial of [stepped, whole]) {
      for (const { counters } of trial.dataPlane.destinations.values()) counters.inPackets += 100;
    }
    const steps = stepped.director.figures.ticking()[Symbol.iterator]();
    assert.equal(steps.next().done, false);
    stepped.director.deleteService(tcpKey(80));
    stepped.director.deleteService(tcpKey(80 + SIZES.length - 1));
    stepped.director.addService(serviceSpec({ key: tcpKey(80) }));
    while (steps.next().done !== true);
    whole.director.figures.tick();
    assert.deepEqual(stepped.director.figures.totals(), whole.director.figures.totals());
    assert.ok(whole.director.figures.totals().rates.inPackets > 0);
  });

  test('does not tick totals that were zeroed between its steps', () => {
    const { director, dataPlane } = trialOf(SIZES);
    for (const { counters } of dataPlane.destinations.values()) counters.inPackets += 100;
    const steps = director.figures.ticking()[Symbol.iterator]();
    steps.next();
    for (const { counters } of dataPlane.destinations.values()) counters.inPackets += 100;
    director.figures.zero();
    while (steps.next().done !== true);
    const { counters, rates } = director.figures.totals();
    assert.deepEqual([counters.inPackets, rates.inPackets], [0, 0]);
  });

  test('zeroes all that was counted until each step', () => {
    const { director, dataPlane } = trialOf(SIZES);
    for (const { counters } of dataPlane.destinations.values()) counters.connections += 3;
    let steps = 0;
    for (const _step of director.figures.zeroing()) steps += 1;
    assert.ok(steps > 0);
    assert.equal(director.figures.totals().counters.connections, 0);
    assert.ok(director.figures.list().every(({ counters }) => counters.connections === 0));
  });

  test('deletes whole services at each step, and in the end all', () => {
    const { director, dataPlane } = trialOf(SIZES);
    let before = SIZES.length;
    for (const _step of director.flushing()) {
      const left = director.figures.list();
      assert.ok(left.length < before && left.every(({ destinations }) => destinations.length === 30));
      before = left.length;
    }
    assert.deepEqual([director.figures.list(), dataPlane.services.size], [[], 0]);
  });

  test('lets go of the trash, but for what is had back between two steps', () => {
    const trial = trialOf(SIZES);
    const { director, dataPlane } = trial;
    director.flush();
    trial.nowMs += 10_000;
    const steps = director.collectingTrash()[Symbol.iterator]();
    assert.ok(steps.next().value > 0);
    const key = tcpKey(80 + SIZES.length - 1);
    director.addService(serviceSpec({ key }));
    director.addDestination(key, destinationSpec(1, { port: 1 }));
    while (steps.next().done !== true);
    assert.equal(dataPlane.destinations.size, 1);
    assert.equal(director.figures.list(key)[0]?.destinations.length, 1);
  });
});

test('a destination that is put back has its place again, among few and among many', () => {
  const script = fc.record({ size: fc.constantFrom(1, 3, 31, 32, 33, 60), at: fc.nat(59) });
  fc.assert(
    fc.property(script, ({ size, at }) => {
      const { director } = trialOf([size]);
      const before = director.figures.list();
      const place = at % size;
      const { address, port } = before[0]!.destinations[place]!;
      // So that the schedulers' order is there, and must be kept as well.
      assert.equal(director.findService(tcpKey())?.destinations.length, size);
      director.deleteDestination(tcpKey(), { address, port });
      director.addDestination(tcpKey(), destinationSpec(1, { port }), place);
      assert.deepEqual(director.figures.list(), before);
      const live = director.findService(tcpKey())!.destinations.map(({ spec }) => spec.port);
      assert.deepEqual(
        live,
        before[0]!.destinations.map((one) => one.port),
      );
      assert.equal(director.findService(tcpKey())?.find({ address, port })?.spec.port, port);
    }),
  );
});

test('rr goes on where it was when a destination is put back before or behind its last choice', () => {
  for (const taken of [4, 1]) {
    const trial = new Trial().with('rr', 1, 2, 3, 4);
    // Newest first: 4, 3, 2, 1.
    assert.deepEqual([trial.connect(), trial.connect()], [4, 3]);
    trial.director.deleteDestination(tcpKey(), destinationSpec(taken));
    trial.director.addDestination(tcpKey(), destinationSpec(taken), 4 - taken);
    assert.deepEqual(trial.order(), [4, 3, 2, 1]);
    assert.deepEqual([trial.connect(), trial.connect()], [2, 1], `${taken} was taken`);
  }
});
