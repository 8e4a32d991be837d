import assert from 'node:assert/strict';
import { beforeEach, describe, mock, test } from 'node:test';
import type { HostChange, HostSync } from '../../src/daemon/host-sync.js';
import type { ServiceTraits } from '../../src/ipvs/data-plane.js';
import type { ServiceKey } from '../../src/ipvs/specification.js';
import { tcpKey } from '../ipvs/specs.js';
import { RecordingHost } from './recording-host.js';

const TRAITS: ServiceTraits = {
  isOnePacket: false,
  persistence: null,
  persistenceEngine: null,
  masquerade: null,
  clientAddress: null,
};

describe('the host follows the model', () => {
  let host: RecordingHost;
  let sync: HostSync;
  beforeEach(() => {
    host = new RecordingHost();
    sync = host.makeSync();
  });

  const apply = async (...changes: readonly HostChange[]): Promise<readonly string[]> => {
    host.calls.length = 0;
    for (const reason of (await sync.tryApply(changes)).values()) throw reason;
    return [...host.calls];
  };
  const added = (key: ServiceKey, traits = TRAITS): HostChange => ({ what: 'service-added', key, traits });
  const removed = (key: ServiceKey): HostChange => ({ what: 'service-removed', key });

  test('a VIP is the engine’s before packets are led in', async () => {
    assert.deepEqual(await apply(added(tcpKey(80))), ['engine +10.9.0.1', 'host +10.9.0.1:80']);
  });

  test('a VIP lingers for a minute after its last service, and goes then', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      await apply(added(tcpKey(80)));
      assert.deepEqual(await apply(removed(tcpKey(80))), []);
      mock.timers.tick(59_999);
      assert.deepEqual(host.calls, []);
      mock.timers.tick(1);
      await new Promise(setImmediate);
      assert.deepEqual(host.calls, ['host -10.9.0.1:80', 'engine -10.9.0.1']);
    } finally {
      mock.timers.reset();
    }
  });

  test('the same service coming back meanwhile keeps what is there', async () => {
    await apply(added(tcpKey(80)));
    await apply(removed(tcpKey(80)));
    assert.deepEqual(await apply(added(tcpKey(80))), ['engine +10.9.0.1', 'host +10.9.0.1:80']);
    assert.deepEqual(await apply(removed(tcpKey(80))), []);
    sync.stopWaiting();
  });

  test('another service of the VIP takes over, and the old one is given up', async () => {
    await apply(added(tcpKey(80)));
    await apply(removed(tcpKey(80)));
    assert.deepEqual(await apply(added(tcpKey(81))), [
      'engine +10.9.0.1',
      'host +10.9.0.1:81',
      'host -10.9.0.1:80',
    ]);
    sync.stopWaiting();
  });

  test('a VIP that is an address of the host is given up at once', async () => {
    await apply(added(tcpKey(80)));
    host.local.add('10.9.0.1');
    assert.deepEqual(await apply(removed(tcpKey(80))), ['host -10.9.0.1:80', 'engine -10.9.0.1']);
  });

  test('a VIP that is an address to masquerade with stays after its last service', async () => {
    sync = host.makeSync(['10.9.0.1']);
    await apply(added(tcpKey(80)));
    assert.deepEqual(await apply(removed(tcpKey(80))), ['host -10.9.0.1:80']);
  });

  test('an addition that the host refused is taken back at once', async () => {
    host.refused.set(80, new Error('taken'));
    await assert.rejects(apply(added(tcpKey(80))), /taken/);
    assert.deepEqual(await apply(removed(tcpKey(80))), ['host -10.9.0.1:80', 'engine -10.9.0.1']);
  });

  test('FTP is led in with its data connections’ ports, and no edit changes that', async () => {
    const calls = await apply(added(tcpKey(21)));
    assert.deepEqual(calls, ['engine +10.9.0.1', 'host +10.9.0.1:21 and more']);
    const persistence = { timeoutSeconds: 60, netmask: 0xffffffff };
    for (const traits of [{ ...TRAITS, persistence }, TRAITS])
      assert.deepEqual(await apply({ what: 'service-edited', key: tcpKey(21), traits }), []);
    sync.stopWaiting();
  });

  test('the ports for masquerading are reserved with the first service that is masqueraded', async () => {
    const traits = { ...TRAITS, masquerade: { except: [] } };
    assert.deepEqual(await apply(added(tcpKey(80), traits)), [
      'reserve 61000-62000',
      'engine +10.9.0.1',
      'host +10.9.0.1:80',
    ]);
    assert.deepEqual(await apply(added(tcpKey(81), traits)), ['engine +10.9.0.1', 'host +10.9.0.1:81']);
    await apply(removed(tcpKey(81)), removed(tcpKey(80)));
    sync.stopWaiting();
  });

  test('ports that could not be reserved are asked for again with the next such service', async () => {
    const traits = { ...TRAITS, masquerade: { except: [] } };
    host.refused.set('ports', new Error('no ports'));
    await assert.rejects(apply(added(tcpKey(80), traits)), /no ports/);
    host.refused.clear();
    assert.equal((await apply(added(tcpKey(80), traits)))[0], 'reserve 61000-62000');
    sync.stopWaiting();
  });

  test('real servers that are in place are not waited for', async () => {
    host.inPlace.add('10.1.0.11');
    const place = (rip: string) => ({ family: 4, address: rip, protocol: 'tcp', port: 80 }) as const;
    const come = (rip: string): HostChange => ({ what: 'destination-added', place: place(rip) });
    const go = (rip: string): HostChange => ({ what: 'destination-removed', place: place(rip) });
    assert.deepEqual(await apply(come('10.1.0.11'), come('10.1.0.12'), go('10.1.0.11'), go('10.1.0.12')), [
      'at once +10.1.0.11',
      'host +10.1.0.12',
      'at once -10.1.0.11',
      'host -10.1.0.12',
    ]);
  });

  test('it tells each change that the host refused, and does the others', async () => {
    const taken = new Error('taken');
    for (const what of [80, '10.1.0.11', '10.1.0.12']) host.refused.set(what, taken);
    host.inPlace.add('10.1.0.11');
    const place = { family: 4, address: '10.1.0.11', port: 80 } as const;
    const refusals = await sync.tryApply([
      added(tcpKey(80)),
      { what: 'destination-added', place },
      { what: 'destination-added', place: { ...place, address: '10.1.0.12' } },
    ]);
    assert.deepEqual(
      [...refusals],
      [
        [0, taken],
        [2, taken],
      ],
    );
    assert.ok(host.calls.includes('at once +10.1.0.11'));
  });

  test('a mark’s device is there for both of its families', async () => {
    const ipv4: ServiceKey = { kind: 'fwmark', mark: 26, family: 4 };
    const ipv6: ServiceKey = { kind: 'fwmark', mark: 26, family: 6 };
    assert.deepEqual(await apply(added(ipv4)), ['open 26 uipvs0m1a', 'host +mark 26 ipv4']);
    assert.deepEqual(await apply(added(ipv6)), ['host +mark 26 ipv6']);
    assert.deepEqual(await apply(removed(ipv4)), ['host -mark 26 ipv4']);
    assert.deepEqual(await apply(removed(ipv6)), ['host -mark 26 ipv6', 'close 26']);
  });
});
