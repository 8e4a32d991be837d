import assert from 'node:assert/strict';
import { beforeEach, describe, mock, test } from 'node:test';
import { type HostChange, HostSync } from '../../src/daemon/host-sync.js';
import type { HostPlumbing } from '../../src/host/host-plumbing.js';
import type { ServiceTraits } from '../../src/ipvs/data-plane.js';
import type { ServiceKey } from '../../src/ipvs/specification.js';

const OPTIONS = { device: 'uipvs0', masqueradePorts: { first: 61000, last: 62000 } };
const TRAITS: ServiceTraits = {
  isOnePacket: false,
  persistence: null,
  persistenceEngine: null,
  masquerade: null,
  clientAddress: null,
};
const FTP_TRAITS: ServiceTraits = {
  ...TRAITS,
  persistence: { timeoutSeconds: 60, netmask: 0xffffffff },
};

function address(port: number, vip = '10.9.0.1'): ServiceKey {
  return { kind: 'address', protocol: 'tcp', address: vip, port };
}

/** Writes down in their order what is asked of the host and of the engine. */
class Recorder {
  readonly calls: string[] = [];
  readonly local = new Set<string>();
  /** Real servers for which the host has nothing to change. */
  readonly inPlace = new Set<string>();
  refusal: Error | null = null;

  readonly engine = {
    addVip: (vip: string) => void this.calls.push(`engine +${vip}`),
    removeVip: (vip: string) => void this.calls.push(`engine -${vip}`),
    isVipLocal: (vip: string) => this.local.has(vip),
    openMark: (mark: number, device: string) => void this.calls.push(`open ${mark} ${device}`),
    closeMark: (mark: number) => void this.calls.push(`close ${mark}`),
  };

  readonly host = {
    reservePorts: async ({ first, last }) => void this.calls.push(`reserve ${first}-${last}`),
    addVirtualService: async ({ address: vip, port = 0, alsoPorts = [] }) => {
      if (this.refusal !== null) throw this.refusal;
      this.calls.push(`host +${vip}:${port}${alsoPorts.length > 0 ? ' and more' : ''}`);
    },
    removeVirtualService: async ({ address: vip, port = 0 }) => void this.calls.push(`host -${vip}:${port}`),
    addFirewallMark: async ({ mark, family }) => void this.calls.push(`host +mark ${mark} ipv${family}`),
    tryAddRealServer: ({ address: rip }) => this.inPlace.has(rip) && this.calls.push(`at once +${rip}`) > 0,
    tryRemoveRealServer: ({ address: rip }) =>
      this.inPlace.has(rip) && this.calls.push(`at once -${rip}`) > 0,
    addRealServer: async ({ address: rip }) => {
      if (this.refusal !== null) throw this.refusal;
      this.calls.push(`host +${rip}`);
    },
    removeRealServer: async ({ address: rip }) => void this.calls.push(`host -${rip}`),
    removeFirewallMark: async ({ mark, family }) => void this.calls.push(`host -mark ${mark} ipv${family}`),
  } as Pick<
    HostPlumbing,
    | 'reservePorts'
    | 'addVirtualService'
    | 'removeVirtualService'
    | 'tryAddRealServer'
    | 'tryRemoveRealServer'
    | 'addRealServer'
    | 'removeRealServer'
    | 'addFirewallMark'
    | 'removeFirewallMark'
  > as HostPlumbing;
}

describe('the host follows the model', () => {
  let recorder: Recorder;
  let sync: HostSync;
  beforeEach(() => {
    recorder = new Recorder();
    sync = new HostSync(recorder.host, recorder.engine, OPTIONS);
  });

  const apply = async (...changes: readonly HostChange[]): Promise<readonly string[]> => {
    recorder.calls.length = 0;
    for (const reason of (await sync.tryApply(changes)).values()) throw reason;
    return [...recorder.calls];
  };
  const added = (key: ServiceKey, traits = TRAITS): HostChange => ({ what: 'service-added', key, traits });
  const removed = (key: ServiceKey): HostChange => ({ what: 'service-removed', key });

  test('a VIP is the engine’s before packets are led in', async () => {
    assert.deepEqual(await apply(added(address(80))), ['engine +10.9.0.1', 'host +10.9.0.1:80']);
  });

  test('a VIP lingers for a minute after its last service, and goes then', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      await apply(added(address(80)));
      assert.deepEqual(await apply(removed(address(80))), []);
      mock.timers.tick(59_999);
      assert.deepEqual(recorder.calls, []);
      mock.timers.tick(1);
      await new Promise(setImmediate);
      assert.deepEqual(recorder.calls, ['host -10.9.0.1:80', 'engine -10.9.0.1']);
    } finally {
      mock.timers.reset();
    }
  });

  test('the same service coming back meanwhile keeps what is there', async () => {
    await apply(added(address(80)));
    await apply(removed(address(80)));
    assert.deepEqual(await apply(added(address(80))), ['engine +10.9.0.1', 'host +10.9.0.1:80']);
    assert.deepEqual(await apply(removed(address(80))), []);
    sync.stopWaiting();
  });

  test('another service of the VIP takes over, and the old one is given up', async () => {
    await apply(added(address(80)));
    await apply(removed(address(80)));
    assert.deepEqual(await apply(added(address(81))), [
      'engine +10.9.0.1',
      'host +10.9.0.1:81',
      'host -10.9.0.1:80',
    ]);
    sync.stopWaiting();
  });

  test('a VIP that is an address of the host is given up at once', async () => {
    await apply(added(address(80)));
    recorder.local.add('10.9.0.1');
    assert.deepEqual(await apply(removed(address(80))), ['host -10.9.0.1:80', 'engine -10.9.0.1']);
  });

  test('an addition that the host refused is taken back at once', async () => {
    recorder.refusal = new Error('taken');
    await assert.rejects(apply(added(address(80))), /taken/);
    assert.deepEqual(await apply(removed(address(80))), ['host -10.9.0.1:80', 'engine -10.9.0.1']);
  });

  test('persistent FTP is led in with its data connections’ ports, and without them after an edit', async () => {
    assert.deepEqual(await apply(added(address(21), FTP_TRAITS)), [
      'engine +10.9.0.1',
      'host +10.9.0.1:21 and more',
    ]);
    const edit: HostChange = { what: 'service-edited', key: address(21), traits: TRAITS };
    assert.deepEqual(await apply(edit), ['host +10.9.0.1:21']);
    sync.stopWaiting();
  });

  test('the ports for masquerading are reserved with the first service that is masqueraded', async () => {
    const traits = { ...TRAITS, masquerade: { except: [] } };
    assert.deepEqual(await apply(added(address(80), traits)), [
      'reserve 61000-62000',
      'engine +10.9.0.1',
      'host +10.9.0.1:80',
    ]);
    assert.deepEqual(await apply(added(address(81), traits)), ['engine +10.9.0.1', 'host +10.9.0.1:81']);
    await apply(removed(address(81)), removed(address(80)));
    sync.stopWaiting();
  });

  test('real servers that are in place are not waited for', async () => {
    recorder.inPlace.add('10.1.0.11');
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
    recorder.refusal = new Error('taken');
    recorder.inPlace.add('10.1.0.11');
    const place = { family: 4, address: '10.1.0.11', port: 80 } as const;
    const refusals = await sync.tryApply([
      added(address(80)),
      { what: 'destination-added', place },
      { what: 'destination-added', place: { ...place, address: '10.1.0.12' } },
    ]);
    assert.deepEqual(
      [...refusals],
      [
        [0, recorder.refusal],
        [2, recorder.refusal],
      ],
    );
    assert.ok(recorder.calls.includes('at once +10.1.0.11'));
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
