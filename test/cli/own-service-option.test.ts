import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ServiceSpec } from '../../src/ipvs/specification.js';
import { CannedDaemon } from './canned-daemon.js';
import { runMain } from './run-main.js';
import { Table } from './table-answerer.js';

/** Runs the lines one after another on one empty table: what the last printed, and the specs that were sent. */
async function run(...lines: readonly (string | { readonly words: string; readonly input: string })[]) {
  const daemon = await CannedDaemon.start(new Table().answer);
  try {
    let result = { exitCode: 0, out: '', err: '' };
    for (const line of lines) {
      const { words, input } = typeof line === 'string' ? { words: line, input: '' } : line;
      result = await runMain(words.split(' '), { socketPath: daemon.socketPath, input });
    }
    const specs: ServiceSpec[] = [];
    for (const request of daemon.requests) if ('service' in request) specs.push(request.service);
    return { ...result, specs, requests: daemon.requests.length };
  } finally {
    await daemon.stop();
  }
}

const TCP = '-A -t 10.9.0.1:80 -s rr';

describe('the words say what is sent, saved and listed', () => {
  const table: readonly (readonly [
    words: string,
    masquerade: readonly string[] | null,
    client: string | null,
    saved: string,
    listed: string,
  ])[] = [
    [TCP, null, null, TCP, 'TCP  10.9.0.1:80 rr'],
    [`${TCP} --masquerade all`, [], null, `${TCP} --masquerade all`, 'TCP  10.9.0.1:80 rr masquerade'],
    [`${TCP} --masquerade=all`, [], null, `${TCP} --masquerade all`, 'TCP  10.9.0.1:80 rr masquerade'],
    [
      '-A --masquerade except 10.1.2.3/8,192.168.1.1,10.0.0.0/8 -t 10.9.0.1:80 -s rr',
      ['10.0.0.0/8', '192.168.1.1/32'],
      null,
      `${TCP} --masquerade except 10.0.0.0/8,192.168.1.1/32`,
      'TCP  10.9.0.1:80 rr masquerade except 10.0.0.0/8,192.168.1.1/32',
    ],
    [
      `${TCP} --client-address toa`,
      null,
      'toa',
      `${TCP} --client-address toa`,
      'TCP  10.9.0.1:80 rr client-address toa',
    ],
    [
      `-A -t [fd09::1]:80 -s sh -b sh-port -p 60 -M 64 --client-address=proxy --masquerade except FD00::/8`,
      ['fd00::/8'],
      'proxy',
      '-A -t [fd09::1]:80 -s sh -p 60 -M 64 -b sh-port --masquerade except fd00::/8 --client-address proxy',
      'TCP  [fd09::1]:80 sh (sh-port) persistent 60 mask 64 masquerade except fd00::/8 client-address proxy',
    ],
    [
      '-A -f 7 --masquerade except fd00::/8 --client-address toa -6 -s rr -o',
      ['fd00::/8'],
      'toa',
      '-A -f 7 -6 -s rr -o --masquerade except fd00::/8 --client-address toa',
      'FWM  7 IPv6 rr ops masquerade except fd00::/8 client-address toa',
    ],
    [
      '-A -u 10.9.0.1:53 -s rr --masquerade all',
      [],
      null,
      '-A -u 10.9.0.1:53 -s rr --masquerade all',
      'UDP  10.9.0.1:53 rr masquerade',
    ],
  ];
  for (const [words, except, clientAddress, saved, listed] of table) {
    it(words, async () => {
      const { out, err, specs } = await run(words, '-Sn');
      assert.deepEqual([out, err], [`${saved}\n`, '']);
      assert.deepEqual(specs[0]?.masquerade, except === null ? null : { except });
      assert.equal(specs[0]?.clientAddress, clientAddress);
      assert.equal((await run(words, '-Ln')).out.split('\n')[3], listed);
      for (const restore of ['-R', '-R --atomic']) {
        assert.equal((await run({ words: restore, input: out }, '-Sn')).out, out, restore);
      }
    });
  }
});

it('a listing of figures does not show them', async () => {
  const plain = await run(TCP, '-Ln --stats');
  assert.equal((await run(`${TCP} --masquerade all --client-address toa`, '-Ln --stats')).out, plain.out);
});

it('an edit without them takes them away', async () => {
  const made = `${TCP} --masquerade all --client-address toa`;
  assert.equal((await run(made, '-E -t 10.9.0.1:80 -s rr', '-Sn')).out, `${TCP}\n`);
  const other = '-E -t 10.9.0.1:80 -s rr --masquerade except 10.0.0.0/8';
  assert.equal((await run(made, other, '-Sn')).out, `${TCP} --masquerade except 10.0.0.0/8\n`);
});

describe('wrong words are refused before the daemon is asked', () => {
  const nine = Array.from({ length: 9 }, (_, index) => `10.${index}.0.0/16`).join(',');
  const wanted = 'Expected all or except CIDR[,CIDR...] for --masquerade but received';
  const noCidr = 'Expected a CIDR like 10.0.0.0/8 for --masquerade except but received';
  const table: readonly (readonly [words: string, err: string, exitCode?: number])[] = [
    [`${TCP} --masquerade some`, `${wanted} 'some'`],
    [`${TCP} --masquerade=`, `${wanted} ''`],
    [`${TCP} --masquerade except`, `${wanted} except alone`],
    ['-A --masquerade except -t 10.9.0.1:80', `${wanted} except alone`],
    [`${TCP} --masquerade except 10.0.0.0/33`, `${noCidr} '10.0.0.0/33'`],
    [`${TCP} --masquerade except 10.0.0.0/8,,`, `${noCidr} ''`],
    [`${TCP} --masquerade except 10.0.0.0/8 11.0.0.0/8`, 'unexpected argument 11.0.0.0/8'],
    [`${TCP} --masquerade all 10.0.0.0/8`, 'unexpected argument 10.0.0.0/8'],
    [`${TCP} --masquerade except ${nine}`, 'Expected at most 8 CIDRs for --masquerade except but received 9'],
    [
      `${TCP} --masquerade except 10.0.0.0/8,fd00::/8`,
      '--masquerade except fd00::/8 is of another address family than the virtual service',
    ],
    [
      '-A -f 7 -6 --masquerade except 10.0.0.0/8',
      '--masquerade except 10.0.0.0/8 is of another address family than the virtual service',
    ],
    [`${TCP} --client-address xff`, "Expected toa or proxy for --client-address but received 'xff'"],
    ['-A -u 10.9.0.1:53 --client-address toa', '--client-address is only for TCP virtual services'],
    [
      '-E --sctp-service 10.9.0.1:53 --client-address proxy',
      '--client-address is only for TCP virtual services',
    ],
    [`${TCP} --masquerade`, '--masquerade: missing argument', 255],
    [`${TCP} --masquerade all --masquerade all`, "multiple 'masquerade' options specified"],
    [`${TCP} --client-address toa --client-address toa`, "multiple 'client-address' options specified"],
    ['-D -t 10.9.0.1:80 --masquerade all', "Illegal 'masquerade' option with the 'delete-service' command"],
    [
      '-a -t 10.9.0.1:80 -r 10.1.0.1 -m --masquerade all',
      "Illegal 'masquerade' option with the 'add-server' command",
    ],
    ['-L --client-address toa', "Illegal 'client-address' option with the 'list' command"],
    ['-R --masquerade all', "Illegal 'masquerade' option with the 'restore' command"],
    ['--masquerade all', "Try `ipvsadm -h' or 'ipvsadm --help' for more information.", 255],
  ];
  for (const [words, err, exitCode = 2] of table) {
    it(words.length > 100 ? `${words.slice(0, 100)}...` : words, async () => {
      const { out, requests, ...result } = await run(words);
      assert.deepEqual([result.exitCode, result.err, out, requests], [exitCode, `${err}\n`, '', 0]);
    });
  }
});
