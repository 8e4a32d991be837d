import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32c } from './crc32c.js';
import { packet } from './packet.js';
import { contentOf } from './packet-content.js';

const CLIENT = { address: '10.0.0.5', port: 4001 };
const VIP = { address: '10.9.0.1', port: 80 };
const CLIENT6 = { address: 'fd00::5', port: 4001 };
const VIP6 = { address: 'fd09::1', port: 80 };

/** The one's complement sum of 16-bit words: 0xffff over anything whose checksum is right. */
function sum(...parts: readonly Uint8Array[]): number {
  const bytes = Buffer.concat([...parts, Buffer.alloc(1)]);
  let total = 0;
  for (let index = 0; index + 1 < bytes.length; index += 2) total += bytes.readUInt16BE(index);
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
  return total;
}

test('the CRC-32C of 32 zero bytes is that of RFC 3720', () => {
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
});

test('a TCP segment over IPv4 has its flags, its ports, and both checksums right', () => {
  const bytes = packet(contentOf('syn,ack'), CLIENT, VIP);
  assert.equal(bytes.readUInt16BE(2), bytes.length);
  assert.equal(bytes[33], 0x12);
  assert.deepEqual([bytes.readUInt16BE(20), bytes.readUInt16BE(22)], [4001, 80]);
  assert.equal(sum(bytes.subarray(0, 20)), 0xffff);
  const pseudo = Buffer.from([0, 6, 0, bytes.length - 20]);
  assert.equal(sum(bytes.subarray(12, 20), pseudo, bytes.subarray(20)), 0xffff);
});

test('a datagram over IPv6 has its checksum right', () => {
  const bytes = packet(contentOf('udp'), CLIENT6, VIP6);
  assert.equal(bytes.length, 40 + 9);
  assert.equal(sum(bytes.subarray(8, 40), Buffer.from([0, 17, 0, 9]), bytes.subarray(40)), 0xffff);
});

test('a datagram without a checksum has 0 for it, and is the same otherwise', () => {
  const [bytes, summed] = ['udp-unsummed', 'udp'].map((text) => packet(contentOf(text), CLIENT, VIP));
  assert.equal(bytes?.readUInt16BE(26), 0);
  summed?.writeUInt16BE(0, 26);
  assert.deepEqual(bytes, summed);
});

test('an SCTP packet carries its chunks in order and the CRC-32C of itself', () => {
  const bytes = packet(contentOf('cookie-ack,abort'), CLIENT, VIP).subarray(20);
  assert.deepEqual([bytes[12], bytes[16]], [11, 6]);
  const found = bytes.readUInt32LE(8);
  bytes.writeUInt32LE(0, 8);
  assert.equal(found, crc32c(bytes));
});

test('an ICMP error over IPv6 quotes what its target sent, and has its checksum right', () => {
  const bytes = packet(contentOf('error:udp'), CLIENT6, VIP6);
  assert.deepEqual(bytes.subarray(48), packet(contentOf('udp'), VIP6, CLIENT6));
  const pseudo = Buffer.from([0, 58, 0, bytes.length - 40]);
  assert.equal(sum(bytes.subarray(8, 40), pseudo, bytes.subarray(40)), 0xffff);
});

test('a word that is no packet is refused', () => {
  for (const text of ['', 'sync', 'syn,init', 'udp,udp', 'syn,']) {
    assert.throws(
      () => contentOf(text),
      /Expected TCP flags, 'udp', 'udp-unsummed', 'sip:CALL-ID', 'ah', 'esp', 'error:' or SCTP chunks but received/,
    );
  }
});
