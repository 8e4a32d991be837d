/** Whatever comes on the socket is a request or is refused in one sentence. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { UipvsError } from '../../src/base/error.js';
import { HeldBytes, LineReader } from '../../src/control/line-reader.js';
import { MAX_REQUEST_BYTES, MAX_SHORT_REQUEST_BYTES } from '../../src/control/protocol.js';
import { parseRequest, parsingLong, type ReceivedRequest } from '../../src/control/request.js';
import { edited } from '../fuzz/edited.js';
import { fuzzRuns } from '../fuzz/runs.js';
import { destinationSpec, serviceSpec, tcpKey } from '../ipvs/specs.js';

const KEY = tcpKey();
const DESTINATION = destinationSpec(1, { port: 8080 });
/** Without what kernel IPVS does not have, as a request may be. */
const { masquerade: _, clientAddress: __, ...SERVICE } = serviceSpec();
const TIMEOUTS = { tcp: 1, tcpFin: 2, udp: 3 };
const EXAMPLES: readonly Readonly<Record<string, unknown>>[] = [
  { op: 'info' },
  { op: 'list', key: KEY },
  { op: 'connections' },
  { op: 'set-timeouts', timeouts: TIMEOUTS },
  { op: 'set-sysctl', name: 'am_droprate', value: '5' },
  { op: 'stop-sync-daemon', role: 'master' },
  { op: 'flush' },
  { op: 'zero', key: KEY },
  { op: 'add-service', service: SERVICE },
  { op: 'delete-service', key: KEY },
  { op: 'add-destination', key: KEY, destination: DESTINATION },
  { op: 'delete-destination', key: KEY, destination: DESTINATION },
];

/** As they come: each alone, and all as one. */
const CHANGES = EXAMPLES.slice(6);
const LINES: readonly string[] = [
  ...EXAMPLES.map((each) => JSON.stringify(each)),
  ...['batch', 'sequence'].map((op) => JSON.stringify({ op, requests: CHANGES })),
];

const example = fc.constantFrom(...EXAMPLES);
/** Values that are nearly right, and others. */
const value = fc.oneof(
  fc.constantFrom<unknown>(
    0,
    -1,
    1.5,
    2 ** 31,
    2 ** 53,
    1e308,
    null,
    true,
    '',
    '10.9.0.1',
    '::',
    'tcp',
    [],
    {},
  ),
  fc.constantFrom<unknown>('__proto__', 'constructor', 'a'.repeat(5000), '\u0000', KEY, DESTINATION, SERVICE),
  fc.jsonValue(),
);

/** The object with one thing in it, at whatever depth, replaced. */
function replaced(whole: unknown, steps: readonly number[], by: unknown): unknown {
  const [step, ...rest] = steps;
  if (step === undefined || typeof whole !== 'object' || whole === null) return by;
  const names = Object.keys(whole);
  const name = names[step % Math.max(1, names.length)];
  if (name === undefined) return by;
  return { ...whole, [name]: replaced((whole as Record<string, unknown>)[name], rest, by) };
}

const changed = fc
  .tuple(example, fc.array(fc.nat(9), { minLength: 1, maxLength: 3 }), value)
  .map(([whole, steps, by]) => replaced(whole, steps, by));
const wrapped = fc
  .tuple(fc.constantFrom('batch', 'sequence'), fc.array(fc.oneof(changed, example, value), { maxLength: 5 }))
  .map(([op, requests]) => ({ op, requests }));

/** How many were taken and how many refused; anything but a refusal in one line fails. */
function judge(line: string, counts: { taken: number; refused: number }): void {
  try {
    parseRequest(line);
    counts.taken += 1;
  } catch (thrown) {
    assert.ok(thrown instanceof UipvsError, String(thrown));
    assert.equal(thrown.code, 'EINVAL', line);
    assert.ok(thrown.message.length < 500 && !thrown.message.includes('\n'), thrown.message);
    counts.refused += 1;
  }
}

function inSteps(line: string): ReceivedRequest {
  const steps = parsingLong(line);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** The request, or the words of the refusal. */
function outcome(line: string, parse: (line: string) => ReceivedRequest): unknown {
  try {
    return parse(line);
  } catch (thrown) {
    assert.ok(thrown instanceof UipvsError, String(thrown));
    return thrown.message;
  }
}

describe('a line on the control socket', () => {
  it('of any text is a request or is refused', () => {
    const counts = { taken: 0, refused: 0 };
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.json());
    fc.assert(
      fc.property(text, (line) => judge(line, counts)),
      { numRuns: fuzzRuns(5000) },
    );
    assert.ok(counts.refused > 4 * counts.taken, JSON.stringify(counts));
  });

  it('that is nearly right is a request or is refused', () => {
    const counts = { taken: 0, refused: 0 };
    const property = fc.property(fc.oneof(changed, wrapped), (whole) => judge(JSON.stringify(whole), counts));
    fc.assert(property, { numRuns: fuzzRuns(20_000) });
    const both = counts.taken + counts.refused;
    assert.ok(counts.taken > both / 40 && counts.refused > both / 4, JSON.stringify(counts));
  });

  it('that is right but for some characters is a request or is refused', () => {
    const counts = { taken: 0, refused: 0 };
    const property = fc.property(edited(LINES), (line) => judge(line, counts));
    fc.assert(property, { numRuns: fuzzRuns(20_000) });
    const both = counts.taken + counts.refused;
    assert.ok(counts.taken > both / 40 && counts.refused > both / 4, JSON.stringify(counts));
  });

  it('is read in steps as it is read at once, whatever its characters', () => {
    const property = fc.property(edited(LINES), (line) => {
      assert.deepEqual(outcome(line, inSteps), outcome(line, parseRequest));
    });
    fc.assert(property, { numRuns: fuzzRuns(20_000) });
  });

  it('is taken where nothing is wrong with it', () => {
    for (const each of EXAMPLES) assert.equal(parseRequest(JSON.stringify(each)).op, each.op);
  });
});

describe('what a client sends', () => {
  it('is the same lines however it is cut', () => {
    const lines = fc.array(
      fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\n', '')),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(lines, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (sent, cuts) => {
        const bytes = Buffer.from(sent.map((line) => `${line}\n`).join(''));
        const reader = new LineReader(new HeldBytes(), MAX_REQUEST_BYTES, true);
        const received: string[] = [];
        for (let at = 0, cut = 0; at < bytes.length; cut += 1) {
          const end = at + (cuts[cut % cuts.length] ?? 1);
          received.push(...reader.push(bytes.subarray(at, end)));
          at = end;
        }
        assert.deepEqual(received, Buffer.from(sent.join('\n')).toString().split('\n').slice(0, sent.length));
      }),
      { numRuns: fuzzRuns(2000) },
    );
  });

  it('is refused where a line has no end', () => {
    const reader = new LineReader(new HeldBytes(), MAX_REQUEST_BYTES, true);
    const chunk = Buffer.alloc(1 << 16, 'x');
    let bytes = 0;
    const push = (): void => {
      for (; bytes <= 2 * MAX_SHORT_REQUEST_BYTES; bytes += chunk.length) {
        for (const _line of reader.push(chunk)) assert.fail('a line came');
      }
    };
    assert.throws(push, { code: 'EINVAL' });
    assert.ok(bytes <= MAX_SHORT_REQUEST_BYTES, `${bytes} bytes were taken`);
  });
});
