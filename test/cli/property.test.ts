import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CommandLineError } from '../../src/cli/command-line-error.js';
import { formatSavedService } from '../../src/cli/format-save.js';
import { UnresolvedHost } from '../../src/cli/host-address.js';
import { formatNumericEndpoint } from '../../src/cli/name-book.js';
import { PROGRAM_OPTIONS } from '../../src/cli/options.js';
import { parseCommandLine } from '../../src/cli/parse.js';
import { splitLine } from '../../src/cli/restore-line.js';
import { canonicalCidr } from '../../src/ipvs/cidr.js';
import type {
  DestinationSpec,
  ForwardingMethod,
  ServiceKey,
  ServiceSpec,
  Tunnel,
} from '../../src/ipvs/specification.js';
import { formatAddressWords } from '../../src/net/address.js';
import type { Family } from '../../src/net/family.js';
import { fuzzRuns } from '../fuzz/runs.js';
import { destination, service } from './listing-fixture.js';
import { fixedServices } from './run-main.js';

const context = { program: 'uipvsadm', isRestoredLine: false, hosts: new Map(), services: fixedServices() };

const optionWord = fc.constantFrom(
  ...PROGRAM_OPTIONS.flatMap(({ long, short }) => [
    ...(long === undefined ? [] : [`--${long}`, `--${long}=`]),
    ...(short === undefined ? [] : [`-${short}`, `-${short}=`]),
  ]),
);
const valueWord = fc.constantFrom(
  ...[
    '10.9.0.1:80',
    '[fd09::1]:80',
    '10.1',
    '0x7f',
    '[',
    ']:',
    ':',
    '',
    '-',
    '--',
    '-1',
    '1',
    'rr',
    'sh-port',
  ],
  ...[
    'master',
    '255.255.255.0',
    'gue',
    'localhost',
    'except',
    '10.0.0.0/8,::/0',
    '224.0.0.1',
    '99999999999999999999',
    '\u0000',
    'é',
    '%s',
  ],
);

describe('the parser', () => {
  it('gives a command or its own error, whatever the words', () => {
    const words = fc.array(fc.oneof(optionWord, valueWord, fc.string()), { maxLength: 8 });
    fc.assert(
      fc.property(words, (each) => {
        try {
          parseCommandLine(each, context);
        } catch (error) {
          assert.ok(error instanceof CommandLineError || error instanceof UnresolvedHost, String(error));
        }
      }),
      { numRuns: fuzzRuns(5000) },
    );
  });
});

const word = fc.integer({ min: 0, max: 0xffffffff });
function addressOf(family: Family): fc.Arbitrary<string> {
  const words = fc.array(word, { minLength: 4, maxLength: 4 });
  return words.map((each) => formatAddressWords(Uint32Array.from(each), 0, family));
}
function cidrOf(of: Family): fc.Arbitrary<string> {
  const length = fc.nat(of === 4 ? 32 : 128);
  return fc.tuple(addressOf(of), length).map(([address, bits]) => canonicalCidr(`${address}/${bits}`));
}
const family = fc.constantFrom<Family>(4, 6);

/** Records like those of the program, with a prototype. */
function record<Fields extends object>(fields: { [Name in keyof Fields]: fc.Arbitrary<Fields[Name]> }) {
  return fc.record<Fields>(fields, { noNullPrototype: true });
}

function keyOf(of: Family): fc.Arbitrary<ServiceKey> {
  return fc.oneof(
    record({
      kind: fc.constant('fwmark' as const),
      mark: fc.integer({ min: 1, max: 0xffffffff }),
      family: fc.constant(of),
    }),
    record({
      kind: fc.constant('address' as const),
      protocol: fc.constantFrom('tcp' as const, 'udp' as const, 'sctp' as const),
      address: addressOf(of),
      port: fc.integer({ min: 1, max: 65535 }),
    }),
  );
}

const serviceSpec: fc.Arbitrary<ServiceSpec> = family.chain((of) =>
  record({
    key: keyOf(of),
    scheduler: fc.constantFrom('rr', 'wlc', 'sh', 'mh', 'mine'),
    flags: fc.nat(7),
    isOnePacket: fc.boolean(),
    persistence: fc.option(
      record({
        timeoutSeconds: fc.integer({ min: 1, max: 2678400 }),
        netmask: of === 4 ? word : fc.integer({ min: 1, max: 128 }),
      }),
    ),
    persistenceEngine: fc.option(fc.constant('sip')),
    masquerade: fc.option(record({ except: fc.uniqueArray(cidrOf(of), { maxLength: 8 }) })),
    clientAddress: fc.option(fc.constantFrom('toa' as const, 'proxy' as const)),
  }).map(({ flags, isOnePacket, clientAddress, ...spec }) => ({
    ...spec,
    clientAddress: spec.key.kind === 'fwmark' || spec.key.protocol === 'tcp' ? clientAddress : null,
    // The third flag of sh and mh has no name, and one packet is for UDP and marks.
    schedulerFlags: (['sh', 'mh'].includes(spec.scheduler) ? flags & 3 : flags) * 8,
    isOnePacket: isOnePacket && (spec.key.kind === 'fwmark' || spec.key.protocol === 'udp'),
  })),
);

const tunnel: fc.Arbitrary<Tunnel> = fc.oneof(
  fc.constant<Tunnel>({ type: 'ipip', port: 0, checksum: 'none' }),
  record<Tunnel>({
    type: fc.constant('gue'),
    port: fc.integer({ min: 1, max: 65535 }),
    checksum: fc.constantFrom('none', 'full', 'remote'),
  }),
  record<Tunnel>({
    type: fc.constant('gre'),
    port: fc.constant(0),
    checksum: fc.constantFrom('none', 'full'),
  }),
);

/** A destination of a service: of its family unless tunneled, with its port unless masqueraded or behind a mark. */
function destinationOf(key: ServiceKey): fc.Arbitrary<DestinationSpec> {
  const own = key.kind === 'fwmark' ? key.family : key.address.includes(':') ? 6 : 4;
  const threshold = fc.oneof(fc.constant(0), fc.nat(0x7fffffff));
  return fc
    .tuple(
      fc.constantFrom<ForwardingMethod>('masquerading', 'tunneling', 'direct-routing'),
      family,
      fc.nat(65535),
    )
    .chain(([forwarding, other, port]) =>
      record<DestinationSpec>({
        address: addressOf(forwarding === 'tunneling' ? other : own),
        port: fc.constant(key.kind === 'fwmark' || forwarding === 'masquerading' ? port : key.port),
        forwarding: fc.constant(forwarding),
        tunnel: forwarding === 'tunneling' ? tunnel : fc.constant(null),
        weight: fc.nat(0x7fffffff),
        upperThreshold: threshold,
        lowerThreshold: threshold,
      }),
    );
}

function parseLine(line: string) {
  const { command } = parseCommandLine(splitLine(line), { ...context, isRestoredLine: true });
  assert.equal(command.kind, 'change');
  return command.request;
}

describe('what -Sn writes', () => {
  it('is read back by -R as the same service and destination', () => {
    const both = serviceSpec.chain((spec) => fc.tuple(fc.constant(spec), destinationOf(spec.key)));
    fc.assert(
      fc.property(both, ([spec, server]) => {
        const text = formatSavedService(
          service(spec.key, spec, []),
          [destination(server.address, server.port, server)],
          formatNumericEndpoint,
        );
        const [first = '', second = ''] = text.split('\n');
        assert.deepEqual(parseLine(first), { op: 'add-service', service: spec });
        assert.deepEqual(parseLine(second), { op: 'add-destination', key: spec.key, destination: server });
      }),
      { numRuns: fuzzRuns(1000) },
    );
  });
});
