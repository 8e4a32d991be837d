import assert from 'node:assert/strict';
import { test } from 'node:test';
import { vlanObstacles } from '../../src/daemon/vlan-obstacles.js';

/** As Linux 6.1 prints them. */
const CONFIG = `VLAN Dev name    | VLAN ID
Name-Type: VLAN_NAME_TYPE_RAW_PLUS_VID_NO_PAD
`;
const device = (name: string, id: number, reorder: 0 | 1): string =>
  `${name}  VID: ${id}\t REORDER_HDR: ${reorder}  dev->priv_flags: 1021\n         total frames received            0\n`;

function obstaclesIn(files: Readonly<Record<string, string>>): readonly string[] {
  return [...vlanObstacles((path) => files[path.replace('/proc/net/vlan/', '')] ?? '')];
}

test('there are none where the kernel has no VLANs', () => {
  assert.deepEqual(obstaclesIn({}), []);
});

test('usual VLAN devices, and those below them, are none', () => {
  const config = `${CONFIG}eth0.10        | 10  | eth0\nvery-long-name.4| 4  | eth1\n`;
  const files = { 'eth0.10': device('eth0.10', 10, 1), 'very-long-name.4': device('very-long-name.4', 4, 1) };
  assert.deepEqual(obstaclesIn({ config, ...files }), []);
});

test('a device is one where VLAN 0 has a device on it', () => {
  const config = `${CONFIG}prio0          | 0  | eth0\neth0.10        | 10  | eth0\n`;
  assert.deepEqual(obstaclesIn({ config, prio0: device('prio0', 0, 1) }), ['eth0']);
});

test('a VLAN device that leaves tags in its frames is one', () => {
  const config = `${CONFIG}eth0.10        | 10  | eth0\neth0.11        | 11  | eth0\n`;
  const files = { 'eth0.10': device('eth0.10', 10, 0), 'eth0.11': device('eth0.11', 11, 1) };
  assert.deepEqual(obstaclesIn({ config, ...files }), ['eth0.10']);
});
