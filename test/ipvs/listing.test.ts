import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServiceTraits } from '../../src/ipvs/data-plane.js';
import { SCHEDULER_FLAG_1, type ServiceKey } from '../../src/ipvs/specification.js';
import { destinationSpec, realServer, serviceSpec, tcpKey } from './specs.js';
import { Trial } from './trial.js';

const UDP: ServiceKey = { kind: 'address', protocol: 'udp', address: '10.9.0.1', port: 53 };
const NOTHING = { connections: 0, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 0 };

test('a listing says all of a service and of its destinations', () => {
  const trial = new Trial();
  const service = serviceSpec({
    key: UDP,
    scheduler: 'wlc',
    schedulerFlags: SCHEDULER_FLAG_1,
    isOnePacket: true,
  });
  const destination = destinationSpec(1, { port: 5353, weight: 3, upperThreshold: 9, lowerThreshold: 2 });
  trial.director.addService(service);
  trial.director.addDestination(UDP, destination);
  const counted = { connections: 4, inPackets: 5, outPackets: 6, inBytes: 7, outBytes: 8 };
  Object.assign(trial.dataPlane.find(realServer(1), 5353), { active: 1, inactive: 2, persistent: 3 });
  Object.assign(trial.dataPlane.find(realServer(1), 5353).counters, counted);
  assert.deepEqual(trial.director.figures.list(), [
    {
      ...service,
      counters: counted,
      rates: NOTHING,
      destinations: [
        {
          ...destination,
          activeConnections: 1,
          inactiveConnections: 2,
          persistentConnections: 3,
          counters: counted,
          rates: NOTHING,
        },
      ],
    },
  ]);
});

test('the data plane gets the addresses, ports and families of what is added', () => {
  const trial = new Trial();
  const key: ServiceKey = { kind: 'address', protocol: 'tcp', address: 'fd09::1', port: 80 };
  trial.director.addService(serviceSpec({ key }));
  trial.director.addDestination(key, destinationSpec(1, { address: 'fd01::11', port: 8080 }));
  assert.deepEqual([...trial.dataPlane.services], [[0, key]]);
  const { serviceId, family, address, port } = trial.dataPlane.find('fd01::11', 8080);
  assert.deepEqual([serviceId, family, address, port], [0, 6, 'fd01::11', 8080]);
});

test('a firewall-mark service has a name, a family and destinations as any other', () => {
  const trial = new Trial();
  const key: ServiceKey = { kind: 'fwmark', mark: 7, family: 6 };
  trial.director.addService(serviceSpec({ key }));
  trial.director.addService(serviceSpec({ key: { ...key, family: 4 } }));
  trial.director.addDestination(key, destinationSpec(1, { address: 'fd01::11', port: 0 }));
  assert.throws(() => trial.director.addDestination(key, destinationSpec(2)), { code: 'EINVAL' });
  assert.deepEqual(trial.dataPlane.services.get(0), key);
  assert.deepEqual(
    trial.director.figures.list().map((service) => [service.key, service.destinations.length]),
    [
      [key, 1],
      [{ ...key, family: 4 }, 0],
    ],
  );
});

const NO_TRAITS: ServiceTraits = {
  isOnePacket: false,
  persistence: null,
  persistenceEngine: null,
  masquerade: null,
  clientAddress: null,
};

/** What a service is made with that matters to packets, beyond its key and its scheduler. */
const TRAITS: readonly Partial<ServiceTraits>[] = [
  { isOnePacket: true },
  { persistence: { timeoutSeconds: 300, netmask: 0xffffff00 } },
  { masquerade: { except: [] } },
  { masquerade: { except: ['10.0.0.0/8', '192.168.1.1/32'] } },
  { clientAddress: 'toa' },
  { clientAddress: 'proxy', masquerade: { except: [] } },
];

for (const traits of TRAITS) {
  test(`the data plane hears of ${JSON.stringify(traits)}, and that an edit without takes it away`, () => {
    const { director, dataPlane } = new Trial();
    director.addService(serviceSpec(traits));
    assert.deepEqual(dataPlane.serviceTraits.get(0), { ...NO_TRAITS, ...traits });
    director.editService(serviceSpec());
    assert.deepEqual(dataPlane.serviceTraits.get(0), NO_TRAITS);
    director.editService(serviceSpec(traits));
    assert.deepEqual(dataPlane.serviceTraits.get(0), { ...NO_TRAITS, ...traits });
  });
}

test('a listing says what of a service the kernel does not have', () => {
  const { director } = new Trial();
  director.addService(serviceSpec({ masquerade: { except: ['10.0.0.0/8'] }, clientAddress: 'toa' }));
  const [service] = director.figures.list();
  assert.deepEqual([service?.masquerade, service?.clientAddress], [{ except: ['10.0.0.0/8'] }, 'toa']);
});

test('a tunnel is listed as it was said', () => {
  const { director } = new Trial().with('rr');
  const tunnel = { type: 'gue', port: 6080, checksum: 'remote' } as const;
  director.addDestination(tcpKey(), destinationSpec(1, { forwarding: 'tunneling', tunnel }));
  const [listed] = director.figures.list()[0]!.destinations;
  assert.deepEqual([listed?.forwarding, listed?.tunnel], ['tunneling', tunnel]);
});

test('destinations are listed newest first, an edit keeps the place, deleting and adding does not', () => {
  const trial = new Trial().with('rr', 1, 2, 3);
  assert.deepEqual(trial.order(), [3, 2, 1]);
  trial.director.editDestination(tcpKey(), destinationSpec(2, { weight: 5 }));
  assert.deepEqual(trial.order(), [3, 2, 1]);
  trial.director.deleteDestination(tcpKey(), { address: realServer(1), port: 80 });
  trial.director.addDestination(tcpKey(), destinationSpec(1));
  assert.deepEqual(trial.order(), [1, 3, 2]);
});

test('services are listed in the order of their addition, an edit keeps the place', () => {
  const { director } = new Trial();
  for (const port of [82, 81, 83]) director.addService(serviceSpec({ key: tcpKey(port) }));
  director.editService(serviceSpec({ key: tcpKey(82), scheduler: 'wlc' }));
  assert.deepEqual(
    director.figures.list().map(({ key, scheduler }) => [key.kind === 'address' && key.port, scheduler]),
    [
      [82, 'wlc'],
      [81, 'rr'],
      [83, 'rr'],
    ],
  );
});

test('a listing of one service has that one only', () => {
  const { director } = new Trial().with('rr', 1);
  director.addService(serviceSpec({ key: UDP }));
  assert.deepEqual(
    director.figures.list(UDP).map(({ key }) => key),
    [UDP],
  );
});

test('an edited service shows its new specification', () => {
  const { director } = new Trial().with('rr', 1);
  director.editService(serviceSpec({ scheduler: 'none', isOnePacket: true }));
  const [service] = director.figures.list(tcpKey());
  assert.deepEqual([service?.scheduler, service?.isOnePacket], ['none', true]);
  assert.deepEqual(director.findService(tcpKey())?.spec.scheduler, 'none');
});
