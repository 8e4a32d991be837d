import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { UipvsError } from '../../src/base/error.js';
import { BatchRefusal } from '../../src/control/batch-refusal.js';
import type { Change, Request } from '../../src/control/protocol.js';
import { parseRequest, parsingLong } from '../../src/control/request.js';
import type { DestinationSpec, ServiceKey, ServiceSpec } from '../../src/ipvs/specification.js';
import { destinationSpec, serviceSpec, tcpKey } from '../ipvs/specs.js';

const V6: ServiceKey = { kind: 'address', protocol: 'sctp', address: 'fd09::1', port: 0 };
const MARK: ServiceKey = { kind: 'fwmark', mark: 0xffffffff, family: 6 };
const GUE = { type: 'gue', port: 6080, checksum: 'remote' } as const;
const DESTINATION = { address: '10.1.0.11', port: 80 };

const REQUESTS: readonly Request[] = [
  { op: 'info' },
  { op: 'list' },
  { op: 'list', key: V6 },
  { op: 'connections' },
  { op: 'timeouts' },
  { op: 'set-timeouts', timeouts: { tcp: 0, tcpFin: 1, udp: 2_147_483_647 } },
  { op: 'sysctls' },
  { op: 'drops' },
  { op: 'set-sysctl', name: 'drop_entry', value: '' },
  { op: 'stop-sync-daemon', role: 'backup' },
  { op: 'flush' },
  { op: 'zero' },
  { op: 'zero', key: MARK },
  { op: 'add-service', service: serviceSpec({ key: MARK, isOnePacket: true, persistenceEngine: 'sip' }) },
  {
    op: 'edit-service',
    service: serviceSpec({ persistence: { timeoutSeconds: 2_678_400, netmask: 0xff00ff00 } }),
  },
  { op: 'add-service', service: serviceSpec({ persistence: { timeoutSeconds: 1, netmask: 0 } }) },
  {
    op: 'add-service',
    service: serviceSpec({ masquerade: { except: ['10.0.0.0/8', '10.9.0.1/32'] }, clientAddress: 'proxy' }),
  },
  { op: 'edit-service', service: serviceSpec({ masquerade: { except: [] }, clientAddress: 'toa' }) },
  { op: 'delete-service', key: V6 },
  {
    op: 'add-destination',
    key: V6,
    destination: destinationSpec(1, { forwarding: 'tunneling', tunnel: GUE }),
  },
  {
    op: 'edit-destination',
    key: tcpKey(),
    destination: destinationSpec(1, { weight: -1, upperThreshold: 2 ** 32 - 1 }),
  },
  { op: 'delete-destination', key: tcpKey(), destination: DESTINATION },
  { op: 'batch', requests: [] },
  { op: 'batch', requests: [{ op: 'flush' }, { op: 'delete-service', key: V6 }] },
  { op: 'sequence', requests: [] },
  { op: 'sequence', requests: [{ op: 'flush' }, { op: 'delete-service', key: V6 }] },
];

for (const request of REQUESTS) {
  const line = JSON.stringify(request);
  test(`reads ${line.slice(0, 90)}`, () => assert.deepEqual(parseRequest(line), request));
}

test('unknown fields are left out and addresses become canonical', () => {
  const line =
    '{"op":"delete-service","more":1,"key":{"kind":"address","protocol":"tcp","address":"FD09::0:1","port":80,"x":2}}';
  const key = { kind: 'address', protocol: 'tcp', address: 'fd09::1', port: 80 };
  assert.deepEqual(parseRequest(line), { op: 'delete-service', key });
});

test('what kernel IPVS does not have may be left out', () => {
  const { masquerade: _, clientAddress: __, ...known } = serviceSpec();
  assert.deepEqual(parseRequest(JSON.stringify({ op: 'add-service', service: known })), {
    op: 'add-service',
    service: serviceSpec(),
  });
});

test('exceptions from masquerading become canonical', () => {
  const masquerade = { except: ['10.1.2.3/8', 'FD00::0:1'] };
  assert.deepEqual(
    parseRequest(JSON.stringify({ op: 'add-service', service: { ...serviceSpec(), masquerade } })),
    {
      op: 'add-service',
      service: serviceSpec({ masquerade: { except: ['10.0.0.0/8', 'fd00::1/128'] } }),
    },
  );
});

function service(changes: Readonly<Record<string, unknown>>): unknown {
  return {
    op: 'add-service',
    service: { ...serviceSpec(), ...changes } satisfies Record<keyof ServiceSpec, unknown>,
  };
}

function destination(changes: Readonly<Record<string, unknown>>): unknown {
  const changed = { ...destinationSpec(1), ...changes } satisfies Record<keyof DestinationSpec, unknown>;
  return { op: 'add-destination', key: tcpKey(), destination: changed };
}

const TUNNELING = { forwarding: 'tunneling', tunnel: GUE };

const REFUSED: readonly (readonly [unknown, RegExp])[] = [
  [null, /an object for request but received null/],
  [[], /an object for request/],
  [{ op: 'nosuch' }, /an operation for op but received "nosuch"/],
  [{}, /an operation for op but received nothing/],
  [{ op: 'set-sysctl', name: '', value: '1' }, /1 to 64 characters for name/],
  [
    { op: 'set-sysctl', name: 'drop_entry', value: 1 },
    /a text of 0 to 1024 characters for value but received 1/,
  ],
  [{ op: 'set-sysctl', name: 'drop_entry' }, /value but received nothing/],
  [{ op: 'stop-sync-daemon', role: 'both' }, /one of master, backup for role but received "both"/],
  [{ op: 'batch' }, /an array for requests/],
  [
    { op: 'batch', requests: Array.from({ length: 200_001 }, () => ({})) },
    /at most 200000 for requests but received 200001/,
  ],
  [{ op: 'sequence' }, /an array for requests but received nothing/],
  [{ op: 'sequence', requests: { length: 1 } }, /an array for requests/],
  [
    { op: 'sequence', requests: Array.from({ length: 513 }, () => ({ op: 'flush' })) },
    /at most 512 for requests but received 513/,
  ],
  [
    service({ persistence: { timeoutSeconds: 0, netmask: 1 } }),
    /1 to 2678400 for timeoutSeconds but received 0/,
  ],
  [service({ persistence: { timeoutSeconds: 1, netmask: 2 ** 32 } }), /netmask but received 4294967296/],
  [service({ persistence: { timeoutSeconds: 1 } }), /netmask but received nothing/],
  [service({ isOnePacket: 1 }), /true or false for isOnePacket/],
  [service({ key: { ...MARK, family: 5 } }), /4 or 6 for family but received 5/],
  [service({ masquerade: true }), /an object for masquerade but received true/],
  [service({ masquerade: {} }), /at most 8 CIDRs for except but received nothing/],
  [service({ masquerade: { except: new Array(9).fill('10.0.0.0/8') } }), /at most 8 CIDRs for except/],
  [service({ masquerade: { except: [8] } }), /a text of .* for except but received 8/],
  [service({ masquerade: { except: ['10.0.0.0/33'] } }), /0\.\.32 .*received 33/],
  [service({ clientAddress: 'xff' }), /one of toa, proxy for clientAddress but received "xff"/],
  [service({ scheduler: 'a'.repeat(17) }), /1 to 16 characters for scheduler/],
  [destination({ forwarding: 'nat' }), /one of masquerading, .* for forwarding/],
  [destination({ tunnel: GUE }), /null for masquerading for tunnel/],
  [destination({ ...TUNNELING, tunnel: null }), /an object for tunnel but received null/],
  [destination({ ...TUNNELING, tunnel: { ...GUE, type: 'ipsec' } }), /one of ipip, gue, gre for type/],
  [destination({ ...TUNNELING, tunnel: { ...GUE, type: 'gre' } }), /0 to 0 for port but received 6080/],
  [destination({ ...TUNNELING, tunnel: { ...GUE, port: 65_536 } }), /port but received 65536/],
  [destination({ ...TUNNELING, tunnel: { ...GUE, checksum: true } }), /none, full, remote for checksum/],
  [destination({ address: 'rs1' }), /rs1/],
  [destination({ weight: 1.5 }), /weight but received 1.5/],
  [destination({ upperThreshold: 2 ** 32 }), /upperThreshold but received 4294967296/],
];

for (const [request, message] of REFUSED) {
  test(`refuses ${JSON.stringify(request).slice(0, 140)}`, () => {
    assert.throws(() => parseRequest(JSON.stringify(request)), { code: 'EINVAL', message });
  });
}

test('refuses what is no JSON, and quotes only its beginning', () => {
  assert.throws(
    () => parseRequest('x'.repeat(1000)),
    ({ message }: Error) => message.length < 200,
  );
});

for (const [wrong, message] of [
  [{ op: 'delete-service', key: { kind: 'fwmark', mark: 0, family: 4 } }, /mark but received 0/],
  [{ op: 'list' }, /an operation that can be part of a batch for op but received "list"/],
  [{ op: 'batch', requests: [] }, /part of a batch for op but received "batch"/],
  [3, /an object for request but received 3/],
] as const) {
  test(`names the one of a batch that is wrong: ${JSON.stringify(wrong)}`, () => {
    const line = JSON.stringify({ op: 'batch', requests: [{ op: 'flush' }, wrong, { op: 'flush' }] });
    assert.throws(
      () => parseRequest(line),
      (thrown) => thrown instanceof BatchRefusal && thrown.index === 1 && message.test(thrown.message),
    );
  });
}

test('those of a sequence that are wrong are refused by themselves', () => {
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [{ op: 'delete-service', key: { kind: 'fwmark', mark: 0, family: 4 } }, /mark but received 0/],
    [{ op: 'zero' }, /part of a sequence for op but received "zero"/],
    [{ op: 'sequence', requests: [] }, /part of a sequence for op but received "sequence"/],
    [{ op: 'batch', requests: [] }, /part of a sequence for op but received "batch"/],
    [null, /an object for request but received null/],
  ];
  const requests = [{ op: 'flush' }, ...wrong.map(([request]) => request), { op: 'flush' }];
  const request = parseRequest(JSON.stringify({ op: 'sequence', requests }));
  assert.equal(request.op, 'sequence');
  const [first, ...others] = request.requests;
  assert.deepEqual([first, others.pop()], [{ op: 'flush' }, { op: 'flush' }]);
  for (const [index, refusal] of others.entries()) {
    assert.ok(refusal instanceof UipvsError && refusal.code === 'EINVAL');
    assert.match(refusal.message, wrong[index]![1]);
  }
});

describe('a long batch is read in steps', () => {
  const changes = Array.from({ length: 5000 }, (_, index): Change => {
    const address = `10.1.${index >> 8}.${index & 255}`;
    return { op: 'add-destination', key: tcpKey(), destination: destinationSpec(1, { address }) };
  });

  /** What it is read as, and in how many steps. */
  function read(line: string): { request: unknown; steps: number } {
    const reading = parsingLong(line);
    for (let steps = 0; ; steps += 1) {
      const step = reading.next();
      if (step.done === true) return { request: step.value, steps };
    }
  }

  test('as the client writes it', () => {
    const request = { op: 'batch', requests: changes };
    const result = read(JSON.stringify(request));
    assert.ok(result.steps > 5, `${result.steps} steps`);
    assert.deepEqual(result.request, request);
  });

  test('and at once as others may, with the same result', () => {
    const nested = changes.map((change) => ({ ...change, x: [{ op: 'a' }, { op: 'flush' }, '},{"op":"b"'] }));
    for (const line of [
      JSON.stringify({ op: 'batch', requests: nested }),
      JSON.stringify({ op: 'batch', more: 1, requests: changes }),
      JSON.stringify({ op: 'batch', requests: changes, more: [{}] }),
      ` ${JSON.stringify({ op: 'batch', requests: changes })}`,
      JSON.stringify({ op: 'batch', requests: changes }).replaceAll(',', ' , '),
    ])
      assert.deepEqual(read(line).request, { op: 'batch', requests: changes });
  });

  test('and refused as it is refused at once', () => {
    const line = JSON.stringify({ op: 'batch', requests: changes });
    const wrong = { op: 'list' };
    const many = Array.from({ length: 200_001 }, () => ({ op: 'flush' }));
    for (const each of [
      JSON.stringify({ op: 'batch', requests: [...changes, wrong, ...changes] }),
      JSON.stringify({ op: 'batch', requests: many }),
      `${line.slice(0, -2)},]}`,
      `${line.slice(0, -2)},"x":[1]}`,
      `${line.slice(0, -2)}],"requests":[{"op":"list"}]}`,
      line.replace('},{', '},,{'),
      line.replace('},{', '}{'),
    ]) {
      const thrown = (task: () => unknown): unknown => {
        try {
          return { returned: task() };
        } catch (error) {
          return error;
        }
      };
      const expected = thrown(() => parseRequest(each));
      assert.ok(expected instanceof UipvsError);
      assert.deepEqual(
        thrown(() => read(each)),
        expected,
      );
    }
  });
});
