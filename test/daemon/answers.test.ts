import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { UipvsError } from '../../src/base/error.js';
import type { Change, SequenceRefusal } from '../../src/control/protocol.js';
import { Answers } from '../../src/daemon/answers.js';
import { CommandRunner } from '../../src/daemon/commands.js';
import { HostChanges } from '../../src/daemon/host-sync.js';
import { InOrder } from '../../src/daemon/in-order.js';
import type { Logger } from '../../src/daemon/logger.js';
import { parseEntry, type StateEntry } from '../../src/daemon/state-entry.js';
import type { DestinationTraits, ServiceTraits } from '../../src/ipvs/data-plane.js';
import { Director } from '../../src/ipvs/director.js';
import type { ServiceKey } from '../../src/ipvs/specification.js';
import type { Family } from '../../src/net/family.js';
import { makeBuiltinSchedulers } from '../../src/scheduling/registry.js';
import { wlc } from '../../src/scheduling/wlc.js';
import { MemoryDataPlane } from '../ipvs/memory-data-plane.js';
import { destinationSpec, realServer, serviceSpec, tcpKey } from '../ipvs/specs.js';
import { TrialEnvironment } from '../scheduling/environment.js';
import { RecordingHost } from './recording-host.js';

const TAKEN = new UipvsError('EEXIST', 'Virtual address 10.9.0.1 is already held by device eth0');
const UNREACHABLE = new UipvsError('EIO', 'The kernel refused it');

/** Tells what came and went, as the engine does. */
class ToldDataPlane extends MemoryDataPlane {
  readonly #changes: HostChanges;
  readonly #beforeService: (key: ServiceKey) => void;

  constructor(changes: HostChanges, beforeService: (key: ServiceKey) => void) {
    super({ maxServices: 8, maxDestinations: 2000 });
    this.#changes = changes;
    this.#beforeService = beforeService;
  }

  override addService(serviceId: number, key: ServiceKey, traits: ServiceTraits): void {
    this.#beforeService(key);
    super.addService(serviceId, key, traits);
    this.#changes.serviceAdded(key, traits);
  }

  override setServiceTraits(serviceId: number, traits: ServiceTraits): void {
    super.setServiceTraits(serviceId, traits);
    this.#changes.serviceEdited(this.services.get(serviceId)!, traits);
  }

  override removeService(serviceId: number): void {
    this.#changes.serviceRemoved(this.services.get(serviceId)!);
    super.removeService(serviceId);
  }

  override addDestination(
    destinationId: number,
    serviceId: number,
    family: Family,
    address: string,
    port: number,
    traits: DestinationTraits,
  ): void {
    super.addDestination(destinationId, serviceId, family, address, port, traits);
    this.#changes.destinationAdded({ family, address, port, protocol: 'tcp' });
  }
}

const add = (port: number, scheduler = 'rr'): Change => ({
  op: 'add-service',
  service: serviceSpec({ key: tcpKey(port), scheduler }),
});
const edit = (port: number, scheduler: string, isMasqueraded = false): Change => ({
  op: 'edit-service',
  service: serviceSpec({ key: tcpKey(port), scheduler, masquerade: isMasqueraded ? { except: [] } : null }),
});
const addServer = (number: number, port = 80, traits = {}): Change => ({
  op: 'add-destination',
  key: tcpKey(port),
  destination: destinationSpec(number, traits),
});
const FLUSH: Change = { op: 'flush' };

describe('what clients ask', () => {
  let director: Director;
  let answers: Answers;
  let entries: StateEntry[];
  let warnings: string[];
  /** The port of a service that the data plane fails to add. */
  let failing: number;
  /** When new connections were held and admitted, and what was written down before. */
  let holds: string[];
  /** What the host refuses: services by port, real servers by address, the `ports` to masquerade with. */
  let refused: Map<number | string, Error>;

  beforeEach(() => {
    const changes = new HostChanges();
    const schedulers = makeBuiltinSchedulers(new TrialEnvironment());
    const dataPlane = new ToldDataPlane(changes, (key) => {
      if (key.kind === 'address' && key.port === failing) throw new UipvsError('ENOMEM', 'no more');
    });
    director = new Director({ dataPlane, schedulers, clock: () => 0, fallback: wlc });
    entries = [];
    warnings = [];
    holds = [];
    failing = 0;
    const host = new RecordingHost();
    host.local.add('10.9.0.1');
    refused = host.refused;
    const engine = {
      connections: () => [],
      workerCounters: () => ({}),
      holdNew: () => void holds.push('hold'),
      admitNew: () => void holds.push('admit'),
    };
    const log = {
      warn: (...words: unknown[]) => void warnings.push(String(words.at(-1))),
    } as unknown as Logger;
    answers = new Answers({
      commands: new CommandRunner(director, engine, {
        note: (entry) => void entries.push(entry),
        noteBatch: (batch) => {
          entries.push(parseEntry(Buffer.from(batch.end()).toString().trimEnd()));
          holds.push('note');
        },
      }),
      changes,
      sync: host.makeSync(),
      inOrder: new InOrder(),
      log,
    });
  });

  async function carryOut(
    ...requests: readonly (Change | UipvsError)[]
  ): Promise<readonly SequenceRefusal[]> {
    const outcome = await answers.answer({ op: 'sequence', requests });
    assert.ok('result' in outcome);
    return outcome.result as readonly SequenceRefusal[];
  }

  /** Scheduler and numbers of real servers, the newest first, by port. */
  function table(): Record<string, string> {
    const rows = [...director.services()].map(({ key, spec, destinations }) => {
      const numbers = destinations.map(({ spec: { address } }) => Number(address.split('.')[3]) - 10);
      return [key.kind === 'address' ? key.port : 0, [spec.scheduler, ...numbers].join(' ')];
    });
    return Object.fromEntries(rows);
  }

  test('a sequence is carried out in order', async () => {
    const changes = [FLUSH, add(80), addServer(1), addServer(2), edit(80, 'wrr'), add(81), FLUSH, add(82)];
    assert.deepEqual(await carryOut(...changes), []);
    assert.deepEqual(table(), { 82: 'rr' });
    assert.deepEqual(
      entries.map(({ op }) => op),
      changes.map(({ op }) => op),
    );
  });

  test('a sequence of none has nothing to tell', async () => {
    assert.deepEqual(await carryOut(), []);
  });

  test('a sequence goes on after what is wrong and what the model refuses, each with its own errno', async () => {
    const refusals = await carryOut(
      addServer(1),
      add(80),
      new UipvsError('EINVAL', 'Expected an object for request but received null'),
      add(80),
      addServer(1),
      addServer(1),
      add(81, 'nosuch'),
      addServer(2, 80, { weight: -1 }),
      addServer(3),
    );
    assert.deepEqual(refusals, [
      { index: 0, errno: 'ESRCH' },
      { index: 2, errno: 'EINVAL', message: 'Expected an object for request but received null' },
      { index: 3, errno: 'EEXIST' },
      { index: 5, errno: 'EEXIST' },
      { index: 6, errno: 'ENOENT' },
      { index: 7, errno: 'ERANGE' },
    ]);
    assert.deepEqual(table(), { 80: 'rr 3 1' });
    assert.equal(entries.length, 3, 'what was refused is not written down');
  });

  test('a sequence takes back what the host refuses in the middle, and that alone', async () => {
    refused.set(81, TAKEN).set(realServer(2), UNREACHABLE);
    const refusals = await carryOut(
      add(80),
      addServer(1),
      addServer(2),
      add(80),
      addServer(3),
      add(81),
      add(82),
      addServer(2, 82),
      addServer(1, 82),
    );
    assert.deepEqual(refusals, [
      { index: 2, errno: 'EIO', message: UNREACHABLE.message },
      { index: 3, errno: 'EEXIST' },
      { index: 5, errno: 'EEXIST', message: TAKEN.message },
      { index: 7, errno: 'EIO', message: UNREACHABLE.message },
    ]);
    assert.deepEqual(table(), { 80: 'rr 3 1', 82: 'rr 1' });
    assert.deepEqual(
      warnings,
      [UNREACHABLE, TAKEN, UNREACHABLE].map(({ message }) => `refused: ${message}`),
    );
    const [first, second, third] = entries.slice(-3);
    assert.deepEqual(
      [first?.op, second?.op, third?.op],
      ['delete-destination', 'delete-service', 'delete-destination'],
    );
  });

  test('a sequence makes an edited service again what it was where the host refuses the edit', async () => {
    await carryOut(add(80), add(81));
    refused.set('ports', TAKEN);
    assert.deepEqual(await carryOut(edit(80, 'wrr', true), edit(81, 'wrr')), [
      { index: 0, errno: 'EEXIST', message: TAKEN.message },
    ]);
    assert.deepEqual(table(), { 80: 'rr', 81: 'wrr' });
  });

  test('a sequence tells a failure of the daemon itself for the one change that met it', async () => {
    refused.set(80, new TypeError('x is not a function'));
    assert.deepEqual(await carryOut(add(80), add(81)), [
      { index: 0, errno: 'EIO', message: 'uipvsd failed to answer: x is not a function' },
    ]);
    assert.deepEqual(table(), { 81: 'rr' });
  });

  test('a sequence warns of destinations that will not work, if they were not refused', async () => {
    const forwarding = 'direct-routing';
    await carryOut(add(80), addServer(1, 80, { forwarding }), addServer(1, 80, { forwarding }));
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /this direct-routing destination will be refused/);
  });

  test('a sequence lets another client in behind it, not between', async () => {
    const long = carryOut(add(80), FLUSH, add(81), FLUSH, add(82));
    const outcome = answers.answer({ op: 'add-service', service: serviceSpec({ key: tcpKey(82) }) });
    assert.deepEqual(await outcome, { refused: 'EEXIST' });
    assert.deepEqual(await long, []);
  });

  test('a batch holds new connections while it is made, until it is written down', async () => {
    const requests = [FLUSH, add(80), addServer(1), add(81)];
    assert.deepEqual(await answers.answer({ op: 'batch', requests }), { result: null });
    assert.deepEqual(holds, ['hold', 'note', 'admit']);
    assert.deepEqual(table(), { 80: 'rr 1', 81: 'rr' });
    assert.deepEqual(
      entries.map((entry) => entry.op === 'batch' && entry.entries.map(({ op }) => op)),
      [requests.map(({ op }) => op)],
    );
  });

  test('a batch that is refused holds nothing up and writes nothing down', async () => {
    assert.deepEqual(await answers.answer({ op: 'batch', requests: [add(80), FLUSH, addServer(1)] }), {
      refused: 'ESRCH',
      index: 2,
    });
    assert.deepEqual([holds, entries, table()], [[], [], {}]);
  });

  test('a batch in which the data plane fails is taken back, in what is written down as well', async () => {
    await carryOut(add(80));
    failing = 81;
    const batch = answers.answer({ op: 'batch', requests: [add(82), addServer(1), add(81), add(83)] });
    await assert.rejects(batch, /no more/);
    assert.deepEqual(table(), { 80: 'rr' });
    assert.deepEqual(holds, ['hold', 'note', 'admit']);
    assert.deepEqual(
      entries.map((entry) => (entry.op === 'batch' ? entry.entries.map(({ op }) => op) : entry.op)),
      ['add-service', ['add-service', 'add-destination'], 'delete-destination', 'delete-service'],
    );
  });

  test('a batch whose host refuses is taken back as a whole', async () => {
    refused.set(81, TAKEN);
    const requests = [add(80), addServer(1), add(81), add(82)];
    await assert.rejects(answers.answer({ op: 'batch', requests }), TAKEN);
    assert.deepEqual(table(), {});
  });
});
