import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ConnectionListing } from '../../src/ipvs/listing.js';
import { CannedDaemon, ok } from './canned-daemon.js';
import { runMain } from './run-main.js';

type Row = readonly [protocol: string, state: string, seconds: number, ...addresses: [string, number][]];

function connection([protocol, state, expiresSeconds, client, virtual, real]: Row): ConnectionListing {
  return {
    protocol,
    state,
    expiresSeconds,
    clientAddress: client![0],
    clientPort: client![1],
    virtualAddress: virtual![0],
    virtualPort: virtual![1],
    realAddress: real![0],
    realPort: real![1],
  };
}

const LONG = '2001:db8:1111:2222:3333:4444:5555:6666';

/** Seen on a Linux kernel with IPVS, but for the last, whose time is longer than an hour. */
const CONNECTIONS = (
  [
    ['UDP', 'UDP', 299, ['10.0.0.1', 1194], ['10.9.0.1', 53], ['10.0.0.1', 53]],
    ['TCP', 'ASSURED', 499, ['10.0.0.1', 0], ['10.9.0.1', 81], ['10.0.0.1', 8080]],
    ['TCP', 'ESTABLISHED', 899, ['10.0.0.1', 8443], ['10.9.0.21', 12345], ['10.1.0.21', 80]],
    ['TCP', 'ESTABLISHED', 899, ['fd01::5', 40003], ['fd09::1', 80], ['fd01::21', 8080]],
    ['TCP', 'ESTABLISHED', 899, [LONG, 40003], ['fd09::1', 80], ['fd01::21', 8080]],
    ['IP', 'NONE', 60005, ['10.0.0.1', 0], ['0.0.0.7', 0], ['10.0.0.1', 8080]],
  ] satisfies Row[]
).map(connection);

async function list(words: string) {
  const daemon = await CannedDaemon.start(() => [
    { part: CONNECTIONS.slice(0, 2) },
    { part: CONNECTIONS.slice(2) },
    ...ok(),
  ]);
  try {
    return await runMain(words.split(' '), { socketPath: daemon.socketPath });
  } finally {
    await daemon.stop();
  }
}

const TITLE =
  'IPVS connection entries\npro expire state       source             virtual            destination';

describe('-L -c is that of ipvsadm, byte for byte', () => {
  it('with numbers', async () => {
    assert.equal(
      (await list('-Lnc')).out,
      `${TITLE}
UDP 04:59  UDP         10.0.0.1:1194      10.9.0.1:53        10.0.0.1:53
TCP 08:19  ASSURED     10.0.0.1:0         10.9.0.1:81        10.0.0.1:8080
TCP 14:59  ESTABLISHED 10.0.0.1:8443      10.9.0.21:12345    10.1.0.21:80
TCP 14:59  ESTABLISHED [fd01::5]:40003    [fd09::1]:80       [fd01::21]:8080
TCP 14:59  ESTABLISHED [2001:db8:1111:2222:3333:4444:5555:6666]:40003 [fd09::1]:80       [fd01::21]:8080
IP  1000:05 NONE        10.0.0.1:0         0.0.0.7:0          10.0.0.1:8080
`,
    );
  });
  it('with names, which are not cut', async () => {
    assert.equal(
      (await list('-Lc')).out.split('\n').slice(2, 6).join('\n'),
      `UDP 04:59  UDP         10.0.0.1:openvpn   10.9.0.1:domain    10.0.0.1:domain
TCP 08:19  ASSURED     10.0.0.1:0         10.9.0.1:81        10.0.0.1:http-alt
TCP 14:59  ESTABLISHED 10.0.0.1:8443      alsoveryverylongvirtualname.example.com:12345 averyveryverylongservername.example.com:http
TCP 14:59  ESTABLISHED [fd01::5]:40003    [fd09::1]:http     [averyveryverylongservername6.example.com]:http-alt`,
    );
  });
  it('with the title of engine columns', async () => {
    const [, title] = (await list('-Lnc --persistent-conn')).out.split('\n');
    assert.equal(title, `${TITLE.split('\n')[1]}        pe name          pe_data`);
  });
  it("with a template's engine and its data, not below their titles, and without where they are not asked for", async () => {
    const address = (port: number): [string, number] => ['10.9.0.1', port];
    const template = connection(['UDP', 'ASSURED', 94, ['10.0.0.3', 0], address(5060), ['10.1.0.12', 5060]]);
    const long = { persistenceEngine: 'sip', persistenceData: 'averyveryverylongcallid0123456789' };
    const rows = [
      { ...template, ...long },
      { ...template, persistenceEngine: 'sip', persistenceData: 'short' },
      { ...template, persistenceEngine: null, persistenceData: null },
    ];
    const daemon = await CannedDaemon.start(() => [{ part: rows }, ...ok()]);
    const { socketPath } = daemon;
    try {
      // Seen on a Linux kernel with IPVS.
      const plain = 'UDP 01:34  ASSURED     10.0.0.3:0         10.9.0.1:5060      10.1.0.12:5060';
      const engine = `${plain}   sip                `;
      const { out } = await runMain(['-Lnc', '--persistent-conn'], { socketPath });
      const expected = [`${engine}averyveryverylongcallid0123456789`, `${engine}short`, plain, ''];
      assert.deepEqual(out.split('\n').slice(2), expected);
      const without = await runMain(['-Lnc'], { socketPath });
      assert.deepEqual(without.out.split('\n').slice(2), [plain, plain, plain, '']);
    } finally {
      await daemon.stop();
    }
  });
  it('with nothing but the title where there is no connection', async () => {
    const daemon = await CannedDaemon.start(() => ok());
    try {
      const { out } = await runMain(['-Lnc'], { socketPath: daemon.socketPath });
      assert.equal(out, `${TITLE}\n`);
    } finally {
      await daemon.stop();
    }
  });
});
