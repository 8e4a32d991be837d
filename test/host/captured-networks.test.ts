import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boxOf } from '../../src/host/box.js';
import { type CapturedNetworks, NetworksInForce } from '../../src/host/captured-networks.js';
import { NOTHING, type Selection } from '../../src/host/selection.js';

function selection(vips: readonly string[], servers: readonly string[], localVip?: string): Selection {
  const ports = localVip === undefined ? [] : [80, 443].map((port) => boxOf(localVip, 6, port, port));
  return {
    vips: new Set(vips),
    vipNetworks: vips.map((vip) => boxOf(vip)),
    ports: ports.map((box) => ({ ...box, protocolName: 'tcp', isWide: false })),
    sources: servers.map((server) => boxOf(server)),
  };
}

/** What was told, as text. */
function recorder(): { readonly told: string[]; readonly networks: NetworksInForce } {
  const told: string[] = [];
  const text = (all: CapturedNetworks['sources']) =>
    all.map(({ address, length }) => `${address}/${length}`).join(' ');
  const networks = new NetworksInForce(({ destinations, sources }) =>
    told.push(`to ${text(destinations)} from ${text(sources)}`),
  );
  return { told, networks };
}

test('captured networks: VIPs, addresses with ports once, real servers of both families', () => {
  const { told, networks } = recorder();
  networks.end([selection(['10.9.0.1'], ['10.1.0.11'], '10.0.0.1'), selection(['fd09::1'], [])]);
  assert.deepEqual(told, ['to 10.9.0.1/32 10.0.0.1/32 fd09::1/128 from 10.1.0.11/32']);
});

test('captured networks: those before and those after are told while the kernel changes, then those after', () => {
  const { told, networks } = recorder();
  const [before, after] = [selection(['10.9.0.1'], ['10.1.0.11']), selection(['10.9.0.2'], ['10.1.0.11'])];
  for (const each of [before, after, NOTHING]) {
    networks.begin([each]);
    networks.end([each]);
  }
  assert.deepEqual(told, [
    'to 10.9.0.1/32 from 10.1.0.11/32',
    'to 10.9.0.1/32 10.9.0.2/32 from 10.1.0.11/32',
    'to 10.9.0.2/32 from 10.1.0.11/32',
    'to  from ',
  ]);
});

test('captured networks: nothing is told while what a daemon before has left may be in force', () => {
  const { told, networks } = recorder();
  networks.begin([NOTHING]);
  networks.begin([selection(['10.9.0.1'], [])]);
  assert.deepEqual(told, []);
  networks.end([selection(['10.9.0.1'], [])]);
  assert.deepEqual(told, ['to 10.9.0.1/32 from ']);
});

test('captured networks: after a change that the kernel refused those of both stay', () => {
  const { told, networks } = recorder();
  networks.end([selection(['10.9.0.1'], [])]);
  networks.begin([selection(['10.9.0.2'], [])]);
  networks.begin([selection(['10.9.0.1'], [])]);
  assert.deepEqual(told, ['to 10.9.0.1/32 from ', 'to 10.9.0.1/32 10.9.0.2/32 from ']);
});
