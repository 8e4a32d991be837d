import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { EntryLines } from '../../src/daemon/entry-lines.js';
import { entryJson, formatEntry, parseEntry, type StateEntry } from '../../src/daemon/state-entry.js';
import { destinationSpec, serviceSpec, tcpKey } from '../ipvs/specs.js';

function written(lines: EntryLines): string {
  let text = '';
  lines.empty((bytes) => {
    text += Buffer.from(bytes).toString('utf8');
  });
  return text;
}

function textOf(...entries: readonly StateEntry[]): string {
  const lines = new EntryLines();
  for (const entry of entries) lines.append(entry);
  return written(lines);
}

const address = fc.constantFrom('10.9.0.1', '255.255.255.255', '0.0.0.0', 'fd09::1', '::ffff:10.9.0.1');
const port = fc.integer({ min: 0, max: 65535 });
const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const addition: fc.Arbitrary<StateEntry> = fc.record({
  op: fc.constant('add-destination' as const),
  key: fc.oneof(
    fc.record({
      kind: fc.constant('address' as const),
      protocol: fc.constantFrom('tcp', 'udp', 'sctp'),
      address,
      port,
    }),
    fc.record({ kind: fc.constant('fwmark' as const), mark: uint32, family: fc.constantFrom(4, 6) }),
  ),
  destination: fc.record({
    address,
    port,
    forwarding: fc.constantFrom('masquerading', 'local', 'tunneling', 'direct-routing'),
    tunnel: fc.oneof(
      fc.constant(null),
      fc.record({
        type: fc.constantFrom('ipip', 'gue', 'gre'),
        port,
        checksum: fc.constantFrom('none', 'full', 'remote'),
      }),
    ),
    weight: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    upperThreshold: uint32,
    lowerThreshold: uint32,
  }),
  id: fc.integer({ min: 0, max: 2 ** 28 }),
  place: fc.integer({ min: 0, max: 2 ** 28 }),
});

describe('lines of the journal', () => {
  test('of an added destination are what JSON.stringify() says', () => {
    fc.assert(fc.property(addition, (entry) => assert.equal(entryJson(entry), JSON.stringify(entry))));
  });

  test('are those that formatEntry() gives one by one, in whatever letters', () => {
    const other = fc.oneof(
      addition,
      fc.string({ unit: 'binary' }).map((value): StateEntry => ({ op: 'set-sysctl', name: 'x', value })),
      fc.constant<StateEntry>({ op: 'add-service', service: serviceSpec() }),
    );
    fc.assert(
      fc.property(fc.array(other), (entries) => {
        assert.equal(textOf(...entries), Buffer.from(entries.map(formatEntry).join('')).toString('utf8'));
      }),
    );
  });

  test('are counted, and gone once they are written, or were to be', () => {
    const lines = new EntryLines();
    for (const name of ['a', 'b']) lines.append({ op: 'keep-device', name });
    assert.equal(lines.count, 2);
    assert.throws(() => lines.empty(() => assert.fail('full')), /full/);
    assert.equal(lines.count, 0);
    lines.append({ op: 'give-device', name: 'b' });
    assert.equal(written(lines), formatEntry({ op: 'give-device', name: 'b' }));
    assert.equal(written(lines), '');
  });

  test('may be of any length, one or all together', () => {
    const one: StateEntry = {
      op: 'add-destination',
      key: tcpKey(),
      destination: destinationSpec(1),
      id: 1,
      place: 0,
    };
    const batch: StateEntry = { op: 'batch', entries: new Array(20_000).fill(one) };
    const text = textOf(one, batch, one);
    assert.equal(text, formatEntry(one) + formatEntry(batch) + formatEntry(one));
    assert.deepEqual(parseEntry(text.split('\n')[1] ?? ''), batch);
  });
});
