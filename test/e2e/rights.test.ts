/** What uipvsd, its threads and the programs that it runs may do; and uipvsd without CAP_NET_RAW: no packet sockets, no raw sockets. */
import assert from 'node:assert/strict';
import { chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { until } from '../lab/poll.js';
import { VIP } from '../lab/topology.js';
import { Scene } from './support/scene.js';
import { packetsToTun } from './support/wire-facts.js';

const DAEMON = fileURLToPath(new URL('../../src/bin/uipvsd.js', import.meta.url));
const WITHOUT = ['setpriv', '--bounding-set=-net_raw', '--inh-caps=-net_raw'];

describe('uipvsd without the right to packet sockets', () => {
  let scene: Scene;
  before(async () => {
    scene = await Scene.open({ realServers: 1, uipvs: { prefix: WITHOUT, args: ['--io', 'tun'] } });
    await scene.balance('tcp', VIP.ipv4, 80, { to: 80 });
    await scene.balance('tcp', VIP.ipv6, 80, { to: 80 });
  });
  after(() => scene.close());

  test('balances through the TUN device alone, and says so', async () => {
    const before = await packetsToTun(scene.lab);
    const client = await scene.peer();
    for (const vip of [VIP.ipv4, VIP.ipv6]) assert.equal(await client.whoAnswers(vip), 'rs1');
    assert.ok((await packetsToTun(scene.lab)) > before + 10);
    const said = scene.uipvs.log.split('\n').filter((line) => line.includes('CAP_NET_RAW'));
    assert.equal(said.length, 1, scene.uipvs.log);
    assert.match(said[0] ?? '', /packets leave through the TUN device: no permission for packet sockets/);
  });

  test('says that ICMP errors to addresses of the host are not heard', () => {
    const said = scene.uipvs.log.split('\n').filter((line) => line.includes('ICMP errors'));
    assert.equal(said.length, 1, scene.uipvs.log);
    assert.match(said[0] ?? '', /"ICMP errors to addresses of the host, .*: no permission for raw sockets"/);
  });

  for (const option of [
    ['--reinject', 'raw'],
    ['--io', 'packet'],
  ]) {
    test(`is refused ${option.join(' ')} in one sentence`, async () => {
      const own = ['--socket', `${scene.lab.directory}/other.sock`, '--device', 'other0', '--table', '118'];
      const argv = [
        ...WITHOUT,
        process.execPath,
        DAEMON,
        ...own,
        '--proc-dir',
        'none',
        '--state-dir',
        'none',
        ...option,
      ];
      const { status, stderr } = await scene.lab.exec('director', argv, { timeoutMs: 10_000 });
      assert.equal(status, 1);
      const sentences = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
      assert.deepEqual(sentences, ['uipvsd: no permission for packet sockets: CAP_NET_RAW is needed']);
    });
  }
});

const USER = 54131;
// Specification: linux/capability.h, CAP_SETPCAP, CAP_NET_ADMIN, CAP_NET_RAW.
const SET_CAPABILITIES = 1n << 8n;
const ADMIN = 1n << 12n;
const BOTH = ADMIN | (1n << 13n);
const FIELDS = ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb', 'NoNewPrivs'] as const;
const ONLY_BOTH = '-all,+net_admin,+net_raw';
/** A TUN device's file that every user may open, in a mount namespace: the host's own is as it is. */
const OPEN_TUN =
  'mount -t tmpfs none /dev/net && mknod -m 666 /dev/net/tun c 10 200 && chmod 755 /dev/net && exec "$@"';
const AS_USER = [
  ...['unshare', '--mount', 'sh', '-c', OPEN_TUN, 'sh'],
  ...['setpriv', `--reuid=${USER}`, `--regid=${USER}`, '--clear-groups'],
  ...[`--inh-caps=${ONLY_BOTH}`, `--ambient-caps=${ONLY_BOTH}`],
];

type Rights = Readonly<Record<(typeof FIELDS)[number], bigint>>;

/** Of the text of a /proc/PID/status. */
function rightsIn(status: string): Rights {
  const pairs = FIELDS.map((field) => {
    const digits = new RegExp(`^${field}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1];
    assert.ok(digits !== undefined, status);
    return [field, BigInt(`0x${digits}`)] as const;
  });
  return Object.fromEntries(pairs) as Record<(typeof FIELDS)[number], bigint>;
}

function rightsOfThreads(pid: number): readonly Rights[] {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks).flatMap((task) => {
    try {
      return [rightsIn(readFileSync(`${tasks}/${task}/status`, 'utf8'))];
    } catch (thrown) {
      // One that starts a program is soon gone.
      if (['ENOENT', 'ESRCH'].includes(String((thrown as NodeJS.ErrnoException).code))) return [];
      throw thrown;
    }
  });
}

/** The sets of a thread or program of root that has these. */
function ofRoot(has: bigint, bounding: bigint): Rights {
  return { CapInh: 0n, CapPrm: has, CapEff: has, CapBnd: bounding, CapAmb: 0n, NoNewPrivs: 1n };
}

/** Of another user's: programs get what is ambient. */
function ofUser(has: bigint, bounding: bigint): Rights {
  return { ...ofRoot(has, bounding), CapInh: has, CapAmb: has };
}

/** Every capability that this kernel knows and this process may pass on. */
const ALL = rightsIn(readFileSync('/proc/self/status', 'utf8')).CapBnd;

for (const { who, prefix, rightsOf, bounding } of [
  { who: 'root', prefix: [], rightsOf: ofRoot, bounding: BOTH },
  {
    who: 'a user with two capabilities',
    prefix: [...AS_USER, `--bounding-set=${ONLY_BOTH}`],
    rightsOf: ofUser,
    bounding: BOTH,
  },
  {
    who: 'a user with two capabilities and a full bounding set',
    prefix: AS_USER,
    rightsOf: ofUser,
    bounding: ALL,
  },
  {
    who: 'root without CAP_SETPCAP',
    prefix: ['setpriv', '--bounding-set=-setpcap', '--inh-caps=-setpcap'],
    rightsOf: ofRoot,
    bounding: ALL & ~SET_CAPABILITIES,
  },
]) {
  describe(`uipvsd that ${who} runs`, () => {
    let scene: Scene;
    let directory = '';
    let records = '';

    before(async () => {
      directory = mkdtempSync(join(tmpdir(), 'uipvs-privileges-'));
      records = join(directory, 'programs');
      // Stands in front of `ip` and notes what it may do.
      const script = `#!/bin/sh\n{ grep -E '^(Cap|NoNewPrivs)' /proc/self/status; echo; } >>${records}\nexec /sbin/ip "$@"\n`;
      writeFileSync(join(directory, 'ip'), script, { mode: 0o755 });
      writeFileSync(records, '');
      if (rightsOf === ofUser) for (const path of [directory, records]) chownSync(path, USER, USER);
      const own = ['--proc-dir', 'none', '--state-dir', 'none'];
      const path = `PATH=${directory}:${process.env.PATH}`;
      scene = await Scene.open({
        realServers: 1,
        uipvs: { socketPath: join(directory, 'sock'), prefix: [...prefix, 'env', path], args: own },
      });
      await scene.balance('tcp', VIP.ipv4, 80, { to: 80 });
    });
    after(() => {
      scene.close();
      rmSync(directory, { recursive: true });
    });

    test('balances', async () => {
      assert.equal(await (await scene.peer()).whoAnswers(VIP.ipv4), 'rs1');
    });

    test('has CAP_NET_ADMIN and CAP_NET_RAW on every thread, and can gain nothing', () => {
      const threads = rightsOfThreads(scene.uipvs.pid);
      // A thread that starts a program has given up what the program is not to have.
      const lasting = threads.filter(({ CapPrm }) => CapPrm !== ADMIN);
      // The main one, those of V8 and libuv, and the worker.
      assert.ok(lasting.length >= 6, `${lasting.length} threads`);
      for (const rights of lasting) assert.deepEqual(rights, rightsOf(BOTH, bounding));
    });

    test('gives the programs that it runs CAP_NET_ADMIN and nothing else', async () => {
      await until('a program to be run', 10_000, () => readFileSync(records, 'utf8').includes('\n\n'));
      const programs = readFileSync(records, 'utf8').split('\n\n').slice(0, -1);
      for (const status of programs) assert.deepEqual(rightsIn(status), rightsOf(ADMIN, bounding));
    });

    test('says in one line what stays in the bounding set, if anything does', () => {
      const lines = scene.uipvs.log.split('\n').filter((line) => line.includes('bounding set'));
      const extra = bounding & ~BOTH;
      assert.equal(lines.length, extra === 0n ? 0 : 1, scene.uipvs.log);
      if (extra !== 0n) assert.ok(lines[0]?.includes(`(${extra.toString(16)})`), lines[0]);
    });
  });
}
