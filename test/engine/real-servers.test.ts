import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { DestinationPlace } from '../../src/engine/address-observer.js';
import { RealServers } from '../../src/engine/real-servers.js';

/** What the native directory would hold, by the ids that it was told. */
class Directory {
  readonly servers = new Map<number, { address: number; link: number }>();
  readonly ports = new Map<number, { name: string; owner: string | null }>();
  readonly routes = new Map<number, string>();
  calls = 0;

  addRealServer(id: number, address: Uint32Array): boolean {
    assert.ok(!this.servers.has(id), `real server ${id} is there already`);
    this.servers.set(id, { address: address[0]!, link: 0 });
    return true;
  }
  removeRealServer(id: number): void {
    assert.ok(this.servers.delete(id), `no real server ${id}`);
  }
  setRealServerLink(id: number, link: number): void {
    this.servers.get(id)!.link = link;
  }
  addRealPort(id: number, protocol: number, port: number, address: Uint32Array): boolean {
    assert.ok(!this.ports.has(id), `port ${id} is there already`);
    this.ports.set(id, { name: `${protocol} ${address[0]! & 0xff}:${port}`, owner: null });
    return true;
  }
  removeRealPort(id: number): void {
    assert.ok(this.ports.delete(id), `no port ${id}`);
  }
  setRealPortOwner(id: number, serviceId: number, destinationId: number): void {
    this.ports.get(id)!.owner = `service ${serviceId}, destination ${destinationId}`;
  }
  setDestinationRoute(id: number, mtuBytes: number, source: Uint32Array, link: number): void {
    this.calls += 1;
    this.routes.set(id, `${mtuBytes} ${source[0]} ${link}`);
  }
}

function place(server: number, port = 80): DestinationPlace {
  return { family: 4, address: `10.1.0.${server}`, protocol: 'tcp', port };
}

describe('the real servers that the data plane knows', () => {
  let native: Directory;
  let servers: RealServers;
  beforeEach(() => {
    native = new Directory();
    servers = new RealServers(native);
  });
  const names = (): string[] => [...native.ports.values()].map(({ name }) => name);
  const owner = (): string | null | undefined => [...native.ports.values()][0]?.owner;

  test('are each told once, with each of their ports, as long as a destination is there', () => {
    servers.add(0, place(1), 7);
    servers.add(1, place(1), 8);
    servers.add(2, place(1, 81), 8);
    servers.add(3, { family: 4, address: '10.1.0.1', port: 0 }, 9);
    assert.equal(native.servers.size, 1);
    assert.deepEqual(names(), ['6 1:80', '6 1:81']);
    servers.remove(0, place(1));
    servers.remove(2, place(1, 81));
    assert.deepEqual(names(), ['6 1:80']);
    servers.remove(1, place(1));
    assert.deepEqual([native.servers.size, names()], [1, []]);
    servers.remove(3, { family: 4, address: '10.1.0.1', port: 0 });
    assert.equal(native.servers.size, 0);
  });

  test('have ids that are given again', () => {
    for (let round = 0; round < 3; round += 1) {
      for (const id of [0, 1, 2]) servers.add(id, place(id), 0);
      assert.deepEqual([...native.servers.keys()].sort(), [0, 1, 2]);
      assert.deepEqual([...native.ports.keys()].sort(), [0, 1, 2]);
      for (const id of [1, 0, 2]) servers.remove(id, place(id));
    }
  });

  test('speak for the available destination that came last', () => {
    servers.add(0, place(1), 7);
    servers.add(1, place(1), 8);
    assert.equal(owner(), 'service 8, destination 1');
    servers.setAvailable(1, place(1), false);
    assert.equal(owner(), 'service 7, destination 0');
    servers.setAvailable(1, place(1), true);
    assert.equal(owner(), 'service 8, destination 1');
    servers.setAvailable(0, place(1), false);
    servers.setAvailable(0, place(1), true);
    assert.equal(owner(), 'service 7, destination 0');
    servers.remove(0, place(1));
    assert.equal(owner(), 'service 8, destination 1');
  });

  test('have no port that only destinations have which are not available', () => {
    servers.add(0, place(1), 7);
    servers.add(1, place(1), 8);
    servers.setAvailable(0, place(1), false);
    assert.deepEqual(names(), ['6 1:80']);
    servers.setAvailable(1, place(1), false);
    assert.deepEqual(names(), []);
    servers.remove(1, place(1));
    servers.setAvailable(0, place(1), true);
    assert.deepEqual(names(), ['6 1:80']);
    assert.equal(owner(), 'service 7, destination 0');
    servers.remove(0, place(1));
    assert.deepEqual([names(), native.servers.size], [[], 0]);
  });

  test('tell their route to the destinations that there are and to those to come, once', () => {
    servers.add(0, place(1), 7);
    assert.equal(native.routes.get(0), '0 0 0');
    const route = { mtuBytes: 1400, source: '10.0.0.1', device: 'eth0' };
    servers.setRoute('10.1.0.1', route);
    servers.add(1, place(1, 81), 7);
    const told = `1400 ${0x0a000001} 1`;
    assert.deepEqual([...native.routes.values()], [told, told]);
    assert.deepEqual([...native.servers.values()], [{ address: 0x0a010001, link: 1 }]);
    const { calls } = native;
    servers.setRoute('10.1.0.1', { ...route });
    assert.equal(native.calls, calls);
    servers.setRoute('10.1.0.1', { ...route, device: 'eth1' });
    assert.deepEqual([...native.servers.values()], [{ address: 0x0a010001, link: 2 }]);
    servers.setRoute('10.1.0.9', route);
    assert.equal(native.servers.size, 1);
  });

  test('let 20,000 services share a port in no time', () => {
    const startedAt = performance.now();
    for (let id = 0; id < 20_000; id += 1) servers.add(id, place(1), id);
    for (let id = 0; id < 20_000; id += 1) servers.remove(id, place(1));
    assert.ok(performance.now() - startedAt < 2000);
    assert.equal(native.servers.size, 0);
  });
});
