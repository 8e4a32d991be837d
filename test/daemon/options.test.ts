/** uipvsd's command line. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { UipvsError } from '../../src/base/error.js';
import { DAEMON_HELP, type DaemonOptions, parseDaemonOptions } from '../../src/daemon/options.js';
import { fuzzRuns } from '../fuzz/runs.js';

const NAMES: readonly string[] = [...DAEMON_HELP.matchAll(/^ {2}(--[a-z-]+)/gm)].map(
  ([, name]) => name ?? '',
);
const VALUES: readonly string[] = [
  ...[
    '',
    '-',
    '--',
    '=',
    'none',
    'tun',
    'packet',
    'raw',
    'eth0',
    'eth0,eth1',
    ',',
    '..',
    'info',
    'loud',
    '/run/x',
  ],
  ...[
    '0',
    '1',
    '64',
    '65',
    '117',
    '253',
    '4294967296',
    '-1',
    '1e3',
    '99999999999999999999',
    '61000-61999',
    '9-1',
  ],
  ...[
    '127.0.0.1:9100',
    '[::1]:9100',
    '10.9.0.1',
    ':::',
    'mine=/x.mjs',
    'mine=',
    '=x',
    'root',
    '\u0000',
    '\n',
    'é',
  ],
];
const word = fc.oneof(
  fc.constantFrom(...NAMES),
  fc.constantFrom(...VALUES),
  fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom(...VALUES)).map(([name, value]) => `${name}=${value}`),
  fc.string({ unit: 'binary', maxLength: 8 }),
);

/** Nothing behind the parser sees a number out of range, or a name that the kernel would not take. */
function judge(options: DaemonOptions): void {
  const { connections, workers, routingTable, masqueradePorts, device, io, schedulers } = options;
  assert.ok(
    Number.isInteger(connections) && connections >= 1 && connections <= 2 ** 30 - 2,
    `${connections}`,
  );
  assert.ok(Number.isInteger(workers) && workers >= 1 && workers <= 64, `${workers}`);
  assert.ok(Number.isInteger(routingTable) && routingTable >= 1 && routingTable < 2 ** 32, `${routingTable}`);
  assert.ok(routingTable < 253 || routingTable > 255, `${routingTable}`);
  const { first, last } = masqueradePorts;
  assert.ok(first >= 1 && first <= last && last <= 65535, `${first}-${last}`);
  const devices = [device, ...(io.kind === 'packet' ? (io.interfaces ?? []) : [])];
  for (const name of devices) assert.match(name, /^(?!\.{1,2}$)[\w.-]{1,15}$/);
  assert.equal(new Set(schedulers.map(({ name }) => name)).size, schedulers.length);
}

describe("uipvsd's command line", () => {
  it('of any words is options within their bounds, or is refused', () => {
    const counts = { taken: 0, refused: 0 };
    const property = fc.property(fc.array(word, { maxLength: 6 }), (words) => {
      try {
        const parsed = parseDaemonOptions(words, {});
        if (parsed.kind === 'run' || parsed.kind === 'clean up') judge(parsed.options);
        counts.taken += 1;
      } catch (thrown) {
        assert.ok(thrown instanceof UipvsError && thrown.code === 'EINVAL', String(thrown));
        counts.refused += 1;
      }
    });
    fc.assert(property, { numRuns: fuzzRuns(5000) });
    const both = counts.taken + counts.refused;
    assert.ok(counts.taken > both / 40 && counts.refused > both / 4, JSON.stringify(counts));
  });

  it('takes each option that its help names', () => {
    assert.ok(NAMES.length > 15, NAMES.join(' '));
    for (const name of NAMES) {
      const refusal = (words: readonly string[]): string => {
        try {
          parseDaemonOptions(words, {});
          return '';
        } catch (thrown) {
          return String(thrown);
        }
      };
      // Alone, or with a value.
      const isKnown = [[name], [name, '']].some((words) => !/Unknown option/.test(refusal(words)));
      assert.ok(isKnown, name);
    }
  });
});
