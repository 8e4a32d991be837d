/** ldirectord, which knows nothing of uipvs, keeps a service with two real servers. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Child } from '../lab/child.js';
import { requirements } from '../lab/requirements.js';
import { startServers } from '../lab/servers.js';
import { type Host, realServer } from '../lab/topology.js';
import { Ldirectord } from './support/ldirectord.js';
import { parseDestinations } from './support/listing.js';
import type { Peer } from './support/peer.js';
import { Scene } from './support/scene.js';

/** Two intervals of a second, a check that times out after a second, and a busy machine. */
const CHANGE_TIMEOUT_MS = 20_000;
const REQUESTS = 6;

const OVER_HTTP = ['checktype=negotiate', 'service=http', 'request="/"', 'receive="rs"'];
const BY_CONNECT = ['checktype=connect', 'checkport=80'];
const MARK = '7';
/** No service has this address: packets to it are marked. */
const MARKED = '10.9.7.7';
const MARKING = `ip daddr ${MARKED} tcp dport 80 meta mark set ${MARK}`;

interface Setting {
  readonly what: string;
  /** Where clients connect to, on port 80. */
  readonly address: string;
  /** As ipvsadm names it. */
  readonly service: readonly [option: '-t' | '-f', name: string];
  readonly virtual: string;
  readonly isQuiescent: boolean;
  readonly port: number;
  readonly lines: readonly string[];
  /** After the weight of a real server, and what `--thresholds` then shows of upper and lower. */
  readonly thresholds: readonly [text: string, upper: number, lower: number];
}

const SETTINGS: readonly Setting[] = [
  {
    what: 'that asks over HTTP and quiesces',
    address: '10.9.0.1',
    service: ['-t', '10.9.0.1:80'],
    virtual: 'virtual=10.9.0.1:80',
    isQuiescent: true,
    port: 80,
    lines: ['protocol=tcp', ...OVER_HTTP],
    thresholds: ['', 0, 0],
  },
  {
    what: 'that connects and removes, with thresholds',
    address: '10.9.0.2',
    service: ['-t', '10.9.0.2:80'],
    virtual: 'virtual=10.9.0.2:80',
    isQuiescent: false,
    port: 80,
    lines: ['protocol=tcp', ...BY_CONNECT],
    thresholds: [' l:200 u:500', 500, 200],
  },
  {
    // Over HTTP it would need a Perl module for IPv6 that its Debian package does not depend on.
    what: 'that has an IPv6 service',
    address: 'fd09::1',
    service: ['-t', '[fd09::1]:80'],
    virtual: 'virtual6=[fd09::1]:80',
    isQuiescent: true,
    port: 80,
    lines: ['protocol=tcp', ...BY_CONNECT],
    thresholds: ['', 0, 0],
  },
  {
    what: 'that has a firewall-mark service',
    address: MARKED,
    service: ['-f', MARK],
    virtual: `virtual=${MARK}`,
    isQuiescent: true,
    port: 0,
    lines: ['protocol=fwm', ...OVER_HTTP, 'checkport=80'],
    thresholds: ['', 0, 0],
  },
];

for (const [index, setting] of SETTINGS.entries()) {
  const { what, address, service, isQuiescent } = setting;
  describe(`ldirectord ${what}`, () => {
    let scene: Scene;
    let client: Peer;
    let ldirectord: Ldirectord;
    const servers = new Map<Host, Child>();
    const destination = (number: number) => scene.destination(address, number, setting.port);

    before(async () => {
      assert.equal(requirements(['ldirectord', 'ipvsadm', 'unshare', 'mount', 'nft']), null);
      scene = await Scene.open({ realServers: 2, serverPorts: null });
      client = await scene.peer();
      for (const number of [1, 2]) await startServer(number);
      const chain = `chain in { type filter hook prerouting priority mangle; ${MARKING}; }`;
      await scene.lab.run('director', ['nft', `table inet marks {\n${chain}\n}`]);
      const real = address.includes(':') ? 'real6' : 'real';
      ldirectord = Ldirectord.start(scene, `ldirectord-${index}`, [
        `quiescent=${isQuiescent ? 'yes' : 'no'}`,
        'checktimeout=1',
        'negotiatetimeout=1',
        setting.virtual,
        ...[1, 2].map((number) => `\t${real}=${destination(number)} masq 3${setting.thresholds[0]}`),
        ...['scheduler=wrr', ...setting.lines].map((line) => `\t${line}`),
      ]);
    });
    after(() => scene?.close());

    async function startServer(number: number): Promise<void> {
      const { host } = realServer(number);
      servers.set(host, await startServers(scene.lab, host, { http: 80 }));
    }

    /** Waits until the service has these destinations, weights by name, and no others. */
    async function assertWeights(weights: Readonly<Record<string, number>>): Promise<void> {
      const expected = JSON.stringify(Object.entries(weights).sort());
      await ldirectord.reaches(`the destinations ${expected}`, CHANGE_TIMEOUT_MS, async () => {
        const { status, stdout } = await scene.uipvs.adm('-Ln', ...service);
        if (status !== 0) return false;
        const found = parseDestinations(stdout)
          .map((line) => [line.name, line.weight] as const)
          .sort();
        return JSON.stringify(found) === expected;
      });
    }

    /** The names of the servers that answer the client's next requests, each once. */
    async function answering(): Promise<string[]> {
      const names = new Set<string>();
      for (let turn = 0; turn < REQUESTS; turn += 1) names.add(await client.whoAnswers(address));
      return [...names].sort();
    }

    test('it adds the service and both real servers, and clients reach both', async () => {
      await assertWeights({ [destination(1)]: 3, [destination(2)]: 3 });
      assert.match(await scene.adm('-Ln'), / wrr *\n/);
      const [, upper, lower] = setting.thresholds;
      const rows = await scene.adm('-Ln', ...service, '--thresholds');
      assert.deepEqual(
        [...rows.matchAll(/^ {2}-> \S+ +(\d+) +(\d+) /gm)].map((row) => [Number(row[1]), Number(row[2])]),
        [
          [upper, lower],
          [upper, lower],
        ],
      );
      assert.deepEqual(await answering(), ['rs1', 'rs2']);
    });

    test(`it ${isQuiescent ? 'quiesces' : 'removes'} a real server that has died, and clients go to the other`, async () => {
      await servers.get('rs2')?.stop();
      const quiesced = isQuiescent ? { [destination(2)]: 0 } : {};
      await assertWeights({ [destination(1)]: 3, ...quiesced });
      assert.deepEqual(await answering(), ['rs1']);
    });

    test('it takes the real server back when it is there again', async () => {
      await startServer(2);
      await assertWeights({ [destination(1)]: 3, [destination(2)]: 3 });
      assert.deepEqual(await answering(), ['rs1', 'rs2']);
    });

    test('it takes the service away when it is stopped', async () => {
      await ldirectord.stop();
      const [head, ...services] = (await scene.adm('-Ln')).trimEnd().split('\n').slice(2);
      assert.match(head ?? '', /RemoteAddress:Port/);
      assert.deepEqual(services, []);
    });

    test('every command it gave was understood and done', () => {
      const calls = ldirectord.calls();
      assert.deepEqual(
        calls.filter(({ status }) => status !== 0),
        [],
      );
      const commands = new Set(calls.map(({ words }) => words.split(' ')[0]));
      const died = isQuiescent ? '-e' : '-d';
      for (const command of ['-L', '-A', '-a', died, '-D']) assert.ok(commands.has(command), command);
      assert.doesNotMatch(ldirectord.log, /failed|Unknown line/);
    });
  });
}
