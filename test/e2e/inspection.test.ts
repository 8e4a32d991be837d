import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CLIENT, VIP } from '../lab/topology.js';
import { onesComplementSum } from './support/checksum.js';
import { addressBytes, icmp, ipv4, ipv6, type Segment, tcp, udp, withoutChecksum } from './support/frames.js';
import { type Inspection, inspect } from './support/inspection.js';

const IP = {
  4: { source: addressBytes(CLIENT.ipv4), destination: addressBytes(VIP.ipv4) },
  6: { source: addressBytes(CLIENT.ipv6), destination: addressBytes(VIP.ipv6) },
} as const;
const ODD_DATA = Buffer.from('an odd number of bytes.');
const SEGMENTS: readonly { name: string; segmentOf: (family: 4 | 6) => Segment }[] = [
  { name: 'TCP', segmentOf: () => tcp({ data: ODD_DATA }) },
  { name: 'UDP', segmentOf: () => udp({ data: ODD_DATA }) },
  {
    name: 'ICMP',
    segmentOf: (family) =>
      icmp(family, family === 4 ? 8 : 128, 0, Buffer.concat([Buffer.alloc(4), ODD_DATA])),
  },
];

function frameOf(family: 4 | 6, segment: Segment): Buffer {
  const packet = family === 4 ? ipv4(IP[4], segment) : ipv6(IP[6], segment);
  return Buffer.concat([Buffer.alloc(12), Buffer.from(family === 4 ? [0x08, 0x00] : [0x86, 0xdd]), packet]);
}

function inspected(data: Buffer): Inspection {
  const inspection = inspect({ data });
  assert.ok(inspection !== null);
  return inspection;
}

describe('the inspection of captured packets', () => {
  test('sums as the example of RFC 1071 does', () => {
    assert.equal(onesComplementSum(Buffer.from('0001f203f4f5f6f7', 'hex')), 0xddf2);
  });

  for (const family of [4, 6] as const) {
    const at = 14 + (family === 4 ? 20 : 40);

    for (const { name, segmentOf } of SEGMENTS) {
      test(`calls a right ${name} over IPv${family} complete, and one with any bit changed wrong`, () => {
        const frame = frameOf(family, segmentOf(family));
        assert.equal(inspected(frame).checksum, 'complete');
        for (let bit = at * 8; bit < frame.length * 8; bit += 1) {
          const changed = Buffer.from(frame);
          changed[bit >> 3]! ^= 1 << (bit & 7);
          assert.equal(inspected(changed).checksum, 'wrong', `bit ${bit}`);
        }
      });
    }

    test(`calls a field with the pseudo-header sum partial, IPv${family}`, () => {
      for (const [segment, field] of [
        [tcp({ data: ODD_DATA }), at + 16],
        [udp({ data: ODD_DATA }), at + 6],
      ] as const) {
        const frame = frameOf(family, withoutChecksum(segment));
        const { source, destination } = IP[family];
        const words = Buffer.from([
          0,
          segment.protocol,
          segment.bytes.length >> 8,
          segment.bytes.length & 0xff,
        ]);
        frame.writeUInt16BE(onesComplementSum(Buffer.concat([source, destination, words])), field);
        assert.equal(inspected(frame).checksum, 'partial');
      }
    });
  }

  test('finds a wrong IPv4 header checksum', () => {
    const frame = frameOf(4, tcp());
    assert.equal(inspected(frame).isIpHeaderRight, true);
    frame[14 + 8]! -= 1;
    assert.equal(inspected(frame).isIpHeaderRight, false);
  });

  test('names both ends', () => {
    for (const [family, source, destination] of [
      [4, CLIENT.ipv4, VIP.ipv4],
      [6, CLIENT.ipv6, VIP.ipv6],
    ] as const) {
      const packet = inspected(frameOf(family, tcp({ sourcePort: 1234, destinationPort: 80 })));
      assert.deepEqual([packet.source, packet.destination], [source, destination]);
      assert.deepEqual([packet.sourcePort, packet.destinationPort], [1234, 80]);
    }
  });

  test('passes over what is neither TCP, UDP nor ICMP', () => {
    assert.equal(
      inspect({ data: Buffer.concat([Buffer.alloc(12), Buffer.from([0x08, 0x06]), Buffer.alloc(28)]) }),
      null,
    );
    assert.equal(
      inspect({ data: frameOf(4, { protocol: 132, bytes: Buffer.alloc(12), checksumAt: null }) }),
      null,
    );
  });
});
