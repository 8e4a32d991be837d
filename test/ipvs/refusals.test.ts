import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../../src/base/error.js';
import type { Director } from '../../src/ipvs/director.js';
import type { DestinationSpec, Persistence, ServiceKey, ServiceSpec } from '../../src/ipvs/specification.js';
import { destinationSpec, realServer, serviceSpec, tcpKey } from './specs.js';
import { Trial } from './trial.js';

const V6 = { kind: 'address', protocol: 'tcp', address: 'fd09::1', port: 80 } as const;
const FWMARK: ServiceKey = { kind: 'fwmark', mark: 5, family: 4 };
const PERSISTENCE = { timeoutSeconds: 300, netmask: 0xffffffff };
const FWMARK_V6: ServiceKey = { kind: 'fwmark', mark: 5, family: 6 };
const V6_81: ServiceKey = { ...V6, port: 81 };
const GUE = { forwarding: 'tunneling', tunnel: { type: 'gue', port: 0, checksum: 'none' } } as const;

const UDP = { kind: 'address', protocol: 'udp', address: '10.9.0.1', port: 53 } as const;
const NINE = Array.from({ length: 9 }, (_, index) => `10.${index}.0.0/16`);

/** Of a new service: masqueraded but for these. */
function except(...cidrs: readonly string[]): Partial<ServiceSpec> {
  return { key: tcpKey(81), masquerade: { except: cidrs } };
}

function mask(netmask: number): Persistence {
  return { timeoutSeconds: 300, netmask };
}

/** Services TCP 10.9.0.1:80 with real server 1, and TCP [fd09::1]:80. */
function trial(): Trial {
  const made = new Trial().with('rr', 1);
  made.director.addService(serviceSpec({ key: V6 }));
  return made;
}

/** Asserts that the check refuses, the change refuses likewise, and nothing has changed. */
function assertRefused(change: Change, code: ErrorCode, message: RegExp): void {
  const { director, dataPlane } = trial();
  const before = JSON.stringify([
    director.figures.list(),
    [...dataPlane.destinations],
    [...dataPlane.services],
  ]);
  assert.throws(() => change(director, 'check'), { name: 'UipvsError', code, message });
  assert.throws(() => change(director, 'change'), { name: 'UipvsError', code, message });
  const after = JSON.stringify([
    director.figures.list(),
    [...dataPlane.destinations],
    [...dataPlane.services],
  ]);
  assert.equal(after, before);
}

type Change = (director: Director, mode: 'check' | 'change') => void;

const add =
  (spec: Partial<ServiceSpec>): Change =>
  (director, mode) =>
    mode === 'check'
      ? director.checkAddService(serviceSpec(spec))
      : director.addService(serviceSpec({ ...spec }));

const edit =
  (spec: Partial<ServiceSpec>): Change =>
  (director, mode) =>
    mode === 'check' ? director.checkEditService(serviceSpec(spec)) : director.editService(serviceSpec(spec));

const remove =
  (key: ServiceKey): Change =>
  (director, mode) =>
    mode === 'check' ? director.checkDeleteService(key) : director.deleteService(key);

const zero =
  (key: ServiceKey): Change =>
  (director, mode) =>
    mode === 'check' ? director.figures.checkZero(key) : director.figures.zero(key);

const addTo =
  (key: ServiceKey, number: number, spec: Partial<DestinationSpec> = {}): Change =>
  (director, mode) =>
    mode === 'check'
      ? director.checkAddDestination(key, destinationSpec(number, spec))
      : director.addDestination(key, destinationSpec(number, spec));

const editIn =
  (key: ServiceKey, number: number, spec: Partial<DestinationSpec> = {}): Change =>
  (director, mode) =>
    mode === 'check'
      ? director.checkEditDestination(key, destinationSpec(number, spec))
      : director.editDestination(key, destinationSpec(number, spec));

const removeFrom =
  (key: ServiceKey, number: number): Change =>
  (director, mode) => {
    const destinationKey = { address: realServer(number), port: 80 };
    if (mode === 'check') director.checkDeleteDestination(key, destinationKey);
    else director.deleteDestination(key, destinationKey);
  };

/** Where two reasons meet, the one that the kernel gives (seen on a running kernel) comes first. */
const REFUSALS: readonly (readonly [string, Change, ErrorCode, RegExp])[] = [
  ['a service that exists', add({}), 'EEXIST', /TCP 10\.9\.0\.1:80 already exists/],
  [
    'a service that exists, with an unknown scheduler',
    add({ scheduler: 'nosuch' }),
    'EEXIST',
    /already exists/,
  ],
  ['a service with an unknown scheduler', add({ key: tcpKey(81), scheduler: 'nosuch' }), 'ENOENT', /nosuch/],
  [
    'a service with an unknown persistence engine',
    add({ key: tcpKey(81), persistenceEngine: 'x' }),
    'ENOENT',
    /x/,
  ],
  [
    'persistence with an unknown scheduler',
    add({ key: tcpKey(81), scheduler: 'nosuch', persistence: PERSISTENCE }),
    'ENOENT',
    /nosuch/,
  ],
  ['an IPv6 netmask of 0', add({ key: V6_81, persistence: mask(0) }), 'EINVAL', /1\.\.128 .* received 0/],
  ['an IPv6 netmask of 129', add({ key: V6_81, persistence: mask(129) }), 'EINVAL', /received 129/],
  ['an IPv6 netmask by mark', add({ key: FWMARK_V6, persistence: mask(0) }), 'EINVAL', /FWM 5 IPv6/],
  ['a wrong netmask of one that exists', add({ key: V6, persistence: mask(0) }), 'EEXIST', /already exists/],
  [
    'a wrong netmask with an unknown scheduler',
    add({ key: V6_81, persistence: mask(0), scheduler: 'nosuch' }),
    'ENOENT',
    /nosuch/,
  ],
  [
    'an IPv4 netmask out of range',
    add({ key: tcpKey(81), persistence: mask(2 ** 32) }),
    'EINVAL',
    /4294967296/,
  ],
  [
    'a persistence of no time',
    add({ key: tcpKey(81), persistence: { ...PERSISTENCE, timeoutSeconds: 0 } }),
    'EINVAL',
    /received 0/,
  ],
  ['unknown scheduler flags', add({ key: tcpKey(81), schedulerFlags: 0x40 }), 'EINVAL', /flags 64/],
  [
    'a service address that is none',
    add({ key: { ...V6, address: '10.9.0.300' } }),
    'EINVAL',
    /10\.9\.0\.300/,
  ],
  [
    'an address in another spelling',
    add({ key: { ...V6, address: 'FD09::1' } }),
    'EINVAL',
    /fd09::1.*FD09::1/,
  ],
  ['a service port out of range', add({ key: tcpKey(65536) }), 'EINVAL', /65536/],
  [
    'a client address told over UDP',
    add({ key: UDP, clientAddress: 'toa' }),
    'ENOTSUP',
    /UDP 10\.9\.0\.1:53 .*\(toa\).* only TCP/,
  ],
  [
    'a client address told over SCTP',
    add({ key: { ...UDP, protocol: 'sctp' }, clientAddress: 'proxy' }),
    'ENOTSUP',
    /SCTP .*\(proxy\)/,
  ],
  ['that with an unknown scheduler', add({ key: UDP, clientAddress: 'toa', scheduler: 'x' }), 'ENOENT', /x/],
  ['an exception of another family', add(except('fd00::/8')), 'ENOTSUP', /fd00::\/8/],
  [
    'that by mark',
    add({ ...except('10.0.0.0/8'), key: FWMARK_V6 }),
    'ENOTSUP',
    /FWM 5 IPv6 .*10\.0\.0\.0\/8/,
  ],
  ['an exception that is no CIDR', add(except('10.0.0/8')), 'EINVAL', /10\.0\.0/],
  ['one with bits behind its prefix', add(except('10.1.0.0/8')), 'EINVAL', /10\.0\.0\.0\/8 .*10\.1\.0\.0\/8/],
  ['one without a length', add(except('10.1.0.1')), 'EINVAL', /10\.1\.0\.1\/32/],
  ['nine exceptions', add(except(...NINE)), 'EINVAL', /at most 8 .*received 9/],
  ['a firewall mark out of range', add({ key: { ...FWMARK, mark: 0 } }), 'EINVAL', /received 0/],

  ['an edit of a missing service', edit({ key: tcpKey(81), scheduler: 'nosuch' }), 'ESRCH', /10\.9\.0\.1:81/],
  ['an edit to an unknown scheduler', edit({ scheduler: 'nosuch' }), 'ENOENT', /nosuch/],
  [
    'an edit to an exception of another family',
    edit({ masquerade: { except: ['fd00::/8'] } }),
    'ENOTSUP',
    /fd00::\/8/,
  ],
  ['an edit to a wrong netmask', edit({ key: V6, persistence: mask(0) }), 'EINVAL', /received 0/],
  ['a deletion of a missing service', remove(tcpKey(81)), 'ESRCH', /10\.9\.0\.1:81/],
  ['a deletion of a missing firewall mark', remove(FWMARK), 'ESRCH', /FWM 5/],
  ['zeroing a missing service', zero(tcpKey(81)), 'ESRCH', /10\.9\.0\.1:81/],

  ['a destination of a missing service', addTo(tcpKey(81), 2, { weight: -1 }), 'ESRCH', /10\.9\.0\.1:81/],
  ['a negative weight', addTo(tcpKey(), 2, { weight: -1 }), 'ERANGE', /10\.1\.0\.12:80 but received -1/],
  ['a weight above the greatest', addTo(tcpKey(), 2, { weight: 2 ** 31 }), 'ERANGE', /2147483648/],
  ['a threshold above the greatest', addTo(tcpKey(), 2, { upperThreshold: 2 ** 32 }), 'ERANGE', /4294967296/],
  ['a lower threshold above the upper', addTo(tcpKey(), 2, { lowerThreshold: 5 }), 'ERANGE', /5 above .* 0/],
  ['a destination that exists', addTo(tcpKey(), 1), 'EEXIST', /10\.9\.0\.1:80 already has .*10\.1\.0\.11:80/],
  ['one that exists, thresholds crossed', addTo(tcpKey(), 1, { lowerThreshold: 5 }), 'ERANGE', /above/],
  ['a destination of another family', addTo(V6, 2), 'EINVAL', /another address family/],
  ['another family and weight', addTo(V6, 2, { weight: -1 }), 'EINVAL', /another address family/],
  [
    'a multicast destination, thresholds crossed',
    addTo(tcpKey(), 2, { address: '224.0.0.1', lowerThreshold: 5 }),
    'ERANGE',
    /above/,
  ],
  [
    'a multicast destination by direct routing',
    addTo(tcpKey(), 2, { address: '224.0.0.1', forwarding: 'direct-routing' }),
    'EINVAL',
    /unicast.*224\.0\.0\.1/,
  ],
  [
    'another family by direct routing',
    addTo(V6, 2, { forwarding: 'direct-routing' }),
    'EINVAL',
    /another address family/,
  ],
  ['a GUE tunnel without a port', addTo(tcpKey(), 2, GUE), 'EINVAL', /GUE tunnel without a port/],
  ['that of one that exists', addTo(tcpKey(), 1, GUE), 'EINVAL', /GUE/],
  ['that with a negative weight', addTo(tcpKey(), 2, { ...GUE, weight: -1 }), 'ERANGE', /-1/],
  ['that with thresholds crossed', addTo(tcpKey(), 2, { ...GUE, lowerThreshold: 1 }), 'ERANGE', /above/],
  ['that of a multicast address', addTo(tcpKey(), 2, { ...GUE, address: '224.0.0.1' }), 'EINVAL', /GUE/],
  ['a destination port out of range', addTo(tcpKey(), 2, { port: 65536 }), 'EINVAL', /65536/],
  ['a destination address that is none', addTo(tcpKey(), 2, { address: 'rs1' }), 'EINVAL', /rs1/],

  ['an edit in a missing service', editIn(tcpKey(81), 1, { lowerThreshold: 5 }), 'ESRCH', /10\.9\.0\.1:81/],
  ['an edit of a missing destination', editIn(tcpKey(), 2), 'ENOENT', /has no destination 10\.1\.0\.12:80/],
  ['a missing one, thresholds crossed', editIn(tcpKey(), 2, { lowerThreshold: 5 }), 'ERANGE', /above/],
  ['a missing multicast one', editIn(tcpKey(), 2, { address: '224.0.0.1' }), 'ENOENT', /224\.0\.0\.1:80/],
  ['an edit to a negative weight', editIn(tcpKey(), 1, { weight: -1 }), 'ERANGE', /-1/],
  ['an edit to a GUE tunnel without a port', editIn(tcpKey(), 1, GUE), 'EINVAL', /GUE/],
  ['that of a missing one', editIn(tcpKey(), 2, GUE), 'EINVAL', /GUE/],

  ['a deletion in a missing service', removeFrom(tcpKey(81), 1), 'ESRCH', /10\.9\.0\.1:81/],
  ['a deletion of a missing destination', removeFrom(tcpKey(), 2), 'ENOENT', /10\.1\.0\.12:80/],
];

for (const [what, change, code, message] of REFUSALS) {
  test(`${what}: ${code}`, () => assertRefused(change, code, message));
}

test('a listing of a missing service: ESRCH', () => {
  assert.throws(() => trial().director.figures.list(tcpKey(81)), {
    code: 'ESRCH',
    message: /10\.9\.0\.1:81/,
  });
});

/** All of these a running kernel takes, but for the last ones, which it does not have. */
const ACCEPTED: readonly (readonly [string, Change])[] = [
  ['a service for all ports', add({ key: tcpKey(0) })],
  ['an SCTP service', add({ key: { ...V6, protocol: 'sctp' } })],
  ['a service by firewall mark', add({ key: FWMARK })],
  ['one by the same mark for IPv6', add({ key: FWMARK_V6 })],
  ['persistence', add({ key: tcpKey(81), persistence: PERSISTENCE })],
  ['an IPv4 mask of 0', add({ key: tcpKey(81), persistence: mask(0) })],
  ['an IPv4 mask with holes', add({ key: tcpKey(81), persistence: mask(0xff00ff00) })],
  ['an IPv6 prefix length of 1', add({ key: V6_81, persistence: mask(1) })],
  ['one-packet scheduling of TCP', add({ key: tcpKey(81), isOnePacket: true })],
  ['an edit to persistence', edit({ persistence: PERSISTENCE })],
  ['a destination for all ports', addTo(tcpKey(), 2, { port: 0 })],
  ['direct routing', addTo(tcpKey(), 2, { forwarding: 'direct-routing' })],
  ['local forwarding', addTo(tcpKey(), 2, { forwarding: 'local' })],
  ['a tunnel of another family', addTo(V6, 2, { ...GUE, tunnel: { ...GUE.tunnel, type: 'ipip' } })],
  ['an upper threshold of 2^32-1', addTo(tcpKey(), 2, { upperThreshold: 2 ** 32 - 1 })],
  ['masquerading', add({ key: { ...UDP, protocol: 'sctp' }, masquerade: { except: [] } })],
  ['eight exceptions from it', add(except(...NINE.slice(1)))],
  ['an IPv6 exception', add({ key: V6_81, masquerade: { except: ['fd00::/8', '2001:db8::1/128'] } })],
  ['a client address told by mark', add({ key: FWMARK, clientAddress: 'proxy' })],
  ['one with persistence', add({ key: V6_81, persistence: mask(64), clientAddress: 'toa' })],
  ['an edit to tunneling', editIn(tcpKey(), 1, { ...GUE, tunnel: { ...GUE.tunnel, port: 6080 } })],
];

for (const [what, change] of ACCEPTED) {
  test(`${what} is taken`, () => {
    assert.doesNotThrow(() => change(trial().director, 'check'));
    assert.doesNotThrow(() => change(trial().director, 'change'));
  });
}
