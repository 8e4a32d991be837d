import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { formatLargeNumber } from '../../src/cli/large-number.js';
import type { DestinationListing, ServiceListing } from '../../src/ipvs/listing.js';
import type { ServiceKey } from '../../src/ipvs/specification.js';
import { CannedDaemon, ok, parts, refused } from './canned-daemon.js';
import { destination, service } from './listing-fixture.js';
import { RECORDED_LAYOUTS } from './recorded-layouts.js';
import { RECORDED_LISTINGS } from './recorded-listings.js';
import { RECORDED_SAVES } from './recorded-saves.js';
import { RECORDED_TABLE } from './recorded-table.js';
import { runMain, withoutThresholds } from './run-main.js';

/** A daemon that has just these services. */
function daemonOf(table: readonly ServiceListing[]): Promise<CannedDaemon> {
  return CannedDaemon.start((request) => {
    if (request.op === 'info') return ok({ version: '1.2.1', connectionTableSize: 4096 });
    if (request.op === 'timeouts') return ok({ tcp: 900, tcpFin: 120, udp: 300 });
    if (request.op !== 'list') return refused('ENOTSUP');
    if (request.key === undefined) return parts(table);
    const isWanted = (key: ServiceKey) => JSON.stringify(key) === JSON.stringify(request.key);
    const found = table.filter((each) => isWanted(each.key));
    return found.length > 0 ? parts(found) : refused('ESRCH');
  });
}

async function listing(table: readonly ServiceListing[], words: string) {
  const daemon = await daemonOf(table);
  try {
    return await runMain(words.split(' '), { socketPath: daemon.socketPath });
  } finally {
    await daemon.stop();
  }
}

describe('listings are those of ipvsadm, byte for byte', () => {
  let daemon: CannedDaemon;
  before(async () => {
    daemon = await daemonOf(RECORDED_TABLE);
  });
  after(() => daemon.stop());
  for (const [words, out] of [...RECORDED_LISTINGS, ...RECORDED_LAYOUTS, ...RECORDED_SAVES]) {
    it(words, async () => {
      const result = await runMain(words.split(' '), { socketPath: daemon.socketPath });
      assert.equal(withoutThresholds(words, result.out), out);
      assert.deepEqual([result.exitCode, result.err], [0, '']);
    });
  }
  it('no words at all list as -L', async () => {
    const words = await runMain([], { socketPath: daemon.socketPath });
    assert.equal(words.out, RECORDED_LISTINGS[0]?.[1]);
  });
  it('a lone --socket lists as -L', async () => {
    const words = await runMain([`--socket=${daemon.socketPath}`]);
    assert.equal(words.out, RECORDED_LISTINGS[0]?.[1]);
  });
  it('a missing service ends with 1', async () => {
    const result = await runMain('-L -t 10.9.0.1:99'.split(' '), { socketPath: daemon.socketPath });
    assert.deepEqual(result, { exitCode: 1, out: '', err: 'No such service\n' });
  });
  it('--timeout', async () => {
    const result = await runMain(['-L', '--timeout'], { socketPath: daemon.socketPath });
    assert.deepEqual(result, { exitCode: 0, out: 'Timeout (tcp tcpfin udp): 900 120 300\n', err: '' });
  });
});

const TRAFFIC = { connections: 99999999, inPackets: 1e8, outPackets: 2e9, inBytes: 3e11, outBytes: 4e14 };
const BUSY = [
  service({ kind: 'fwmark', mark: 7, family: 6 }, { counters: TRAFFIC, rates: TRAFFIC }, [
    destination('fd01::11', 80, { counters: TRAFFIC, rates: TRAFFIC }),
  ]),
];

describe('-S saves thresholds as ipvsadm -R takes them', () => {
  const mark: ServiceKey = { kind: 'fwmark', mark: 7, family: 4 };
  const line = '-a -f 7 -r 10.1.0.11:80';
  const table: readonly (readonly [values: Partial<DestinationListing>, saved: string])[] = [
    [{ upperThreshold: 0, lowerThreshold: 0 }, `${line} -m -w 1`],
    [{ upperThreshold: 9, lowerThreshold: 0 }, `${line} -m -w 1 -x 9`],
    [{ upperThreshold: 2147483647, lowerThreshold: 2 }, `${line} -m -w 1 -x 2147483647 -y 2`],
    [
      {
        upperThreshold: 9,
        lowerThreshold: 2,
        forwarding: 'tunneling',
        tunnel: { type: 'gue', port: 5, checksum: 'remote' },
      },
      `${line} -i -w 1 --tun-type gue --tun-port 5 --tun-remcsum -x 9 -y 2`,
    ],
  ];
  for (const [values, saved] of table) {
    it(saved, async () => {
      const { out } = await listing([service(mark, {}, [destination('10.1.0.11', 80, values)])], '-Sn');
      assert.equal(out, `-A -f 7 -s wlc\n${saved}\n`);
    });
  }
});

describe('large numbers', () => {
  it('are scaled in --stats', async () => {
    const { out } = await listing(BUSY, '-Ln -f 7 -6 --stats');
    assert.equal(
      out,
      'Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes\n' +
        '  -> RemoteAddress:Port\n' +
        'FWM  7 IPv6                       99999999  100000K    2000M     300G     400T\n' +
        '  -> [fd01::11]:80                99999999  100000K    2000M     300G     400T\n',
    );
  });
  it('are scaled in --rate but for connections and packets of a destination', async () => {
    const { out } = await listing(BUSY, '-Ln -f 7 -6 --rate');
    assert.equal(
      out.split('\n').slice(2).join('\n'),
      'FWM  7 IPv6                       99999999  100000K    2000M     300G     400T\n' +
        '  -> [fd01::11]:80                99999999 100000000 2000000000     300G     400T\n',
    );
  });
  it('are given in full with --exact', async () => {
    const { out } = await listing(BUSY, '-Ln -f 7 -6 --stats --exact');
    assert.equal(
      out.split('\n').slice(2, 3).join('\n'),
      'FWM  7 IPv6                       99999999 100000000 2000000000 300000000000 400000000000000',
    );
  });
  const table: readonly (readonly [value: number, text: string])[] = [
    [0, '        0'],
    [99999999, ' 99999999'],
    [100000000, '  100000K'],
    [999999999, '  999999K'],
    [1000000000, '    1000M'],
    [99999999999, '   99999M'],
    [100000000000, '     100G'],
    [99999999999999, '   99999G'],
    [100000000000000, '     100T'],
    [Number.MAX_SAFE_INTEGER, '    9007T'],
  ];
  for (const [value, text] of table) {
    it(`${value} is written '${text}'`, () => assert.equal(formatLargeNumber(value, false), text));
  }
});

describe('what ipvsadm has no words for', () => {
  const flagged = service({ kind: 'address', protocol: 'tcp', address: '10.9.0.1', port: 81 }, {}, []);
  const table = [
    { ...flagged, scheduler: 'mh', schedulerFlags: 0x20 },
    service({ kind: 'fwmark', mark: 0xffffffff, family: 4 }, {}, [
      destination('10.1.0.11', 80, { forwarding: 'local' }),
    ]),
  ];
  it('is listed as ipvsadm lists it: a signed mark, empty parentheses', async () => {
    const { out } = await listing(table, '-Ln');
    assert.equal(
      out.split('\n').slice(3).join('\n'),
      'FWM  -1 wlc\n  -> 10.1.0.11:80                 Local   1      0          0         \n' +
        'TCP  10.9.0.1:81 mh ()\n',
    );
  });
  it('is saved so that it can be restored', async () => {
    const { out } = await listing(table, '-Sn');
    assert.equal(
      out,
      '-A -f 4294967295 -s wlc\n-a -f 4294967295 -r 10.1.0.11:80 -m -w 1\n-A -t 10.9.0.1:81 -s mh\n',
    );
  });
});
