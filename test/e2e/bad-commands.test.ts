/** 1,000 bad commands, drawn by chance (UIPVS_SEED says which), leave everything as it was. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { readSavedState, type SavedState } from '../../src/daemon/saved-state.js';
import { Dice } from '../lab/dice.js';
import { VIP } from '../lab/topology.js';
import { badLine, badRestore, badWords, type Table } from './support/bad-commands.js';
import { ControlClient } from './support/control-client.js';
import { hostState } from './support/host-state.js';
import type { Connection, Peer } from './support/peer.js';
import { Scene } from './support/scene.js';

const SEED = Number(process.env.UIPVS_SEED ?? Date.now() % 1_000_000);
/** Lines on the control socket; starts of uipvsadm; restores, all or nothing. */
const LINES = 940;
const STARTS = 40;
const RESTORES = 20;
const STARTS_AT_ONCE = 3;
const LINES_AT_ONCE = 20;
const TABLE: Table = { firstPort: 80, lastPort: 89, localVip: '10.9.0.5' };

const dice = new Dice(SEED);
let scene: Scene;
let client: Peer;
let open: Connection;

before(async () => {
  scene = await Scene.open();
  await scene.lab.ip('director', [`address add ${TABLE.localVip}/32 dev lo`]);
  const ports = Array.from(
    { length: TABLE.lastPort - TABLE.firstPort + 1 },
    (_, index) => TABLE.firstPort + index,
  );
  await scene.uipvs.restore([
    ...ports.flatMap((port) => [
      `-A -t 10.9.0.1:${port} -s ${port % 2 === 0 ? 'wrr' : 'sh'}`,
      ...[11, 12, 13].map((last) => `-a -t 10.9.0.1:${port} -r 10.1.0.${last}:80 -m -w ${last} -x 100 -y 50`),
    ]),
    `-A -t ${TABLE.localVip}:443 -s mh -b mh-port -p 300`,
    `-a -t ${TABLE.localVip}:443 -r 10.1.0.11:80 -m`,
    '-A -u [fd09::1]:53 -s rr -o --masquerade all',
    '-a -u [fd09::1]:53 -r [fd01::11]:53 -m',
    '-A -f 7 -s rr',
    '-a -f 7 -r 10.1.0.11:0 -m -w 0',
  ]);
  await scene.adm('--set', '700', '70', '7');
  await scene.adm('--sysctl', 'expire_nodest_conn=1');
  client = await scene.peer();
  open = await client.connect(VIP.ipv4, 80);
  await open.whoAnswers();
});
after(() => scene?.close());

/** All that a command could change, as text. */
async function everything(): Promise<Readonly<Record<string, string>>> {
  const [save, list, timeouts, sysctls, connections] = await Promise.all([
    scene.adm('-Sn'),
    scene.adm('-Ln', '--thresholds', '--nosort'),
    scene.adm('-L', '--timeout'),
    scene.adm('--sysctl'),
    scene.adm('-Lnc'),
  ]);
  const host = await hostState(scene.lab, 'director');
  // But for the time that each has left.
  const withoutTimes = connections.replaceAll(/ \d\d:\d\d /g, ' ');
  return { save, list, timeouts, sysctls, connections: withoutTimes, host, state: saved() };
}

/** What the state directory says to the next daemon. */
function saved(): string {
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const file = path.join(scene.lab.directory, 'state', 'services');
  const { state } = readSavedState(readFileSync(file, 'utf8'), bootId);
  return JSON.stringify(meaningOf(state), null, 1);
}

function meaningOf(state: SavedState): unknown {
  const { sysctls, devices, timeouts } = state;
  const services = [...state.services.values()].map(({ spec, destinations }) => [
    spec,
    [...destinations.values()],
  ]);
  return [services, [...state.discarded()], [...sysctls], [...devices], timeouts];
}

async function sendLines(): Promise<void> {
  const client = await ControlClient.open(scene.uipvs.socketPath);
  for (let sent = 0; sent < LINES; ) {
    const lines = Array.from({ length: LINES_AT_ONCE }, () => badLine(dice, TABLE));
    client.send(Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')])));
    sent += lines.length;
    const replies = (await client.replies(sent)).slice(-lines.length) as { ok: boolean; errno?: string }[];
    assert.equal(replies.length, lines.length);
    for (const [index, { ok, errno }] of replies.entries()) {
      assert.equal(ok, false, `seed ${SEED}: not refused: ${lines[index]?.toString()}`);
      assert.match(errno ?? '', /^E[A-Z]+$/);
    }
  }
  client.destroy();
}

async function atOnce(count: number, task: () => Promise<void>): Promise<void> {
  let left = count;
  const runner = async (): Promise<void> => {
    for (; left > 0; ) {
      left -= 1;
      await task();
    }
  };
  await Promise.all(Array.from({ length: STARTS_AT_ONCE }, runner));
}

test(`${LINES + STARTS + RESTORES} bad commands are refused, and change nothing`, async (context) => {
  context.diagnostic(`seed ${SEED}`);
  const before = await everything();
  await sendLines();
  await atOnce(STARTS, async () => {
    const words = badWords(dice, TABLE);
    const { status, stderr } = await scene.uipvs.adm(...words);
    assert.notEqual(status, 0, `seed ${SEED}: not refused: ${words.join(' ')}`);
    assert.notEqual(stderr, '', words.join(' '));
  });
  await atOnce(RESTORES, async () => {
    const lines = badRestore(dice, TABLE);
    await assert.rejects(scene.uipvs.restore(lines, ['--atomic']), `seed ${SEED}: ${lines.join('; ')}`);
  });
  assert.deepEqual(await everything(), before);
  assert.match(await open.whoAnswers(), /^rs[123]$/);
});

test('all that is compared does change by right commands', async () => {
  const before = await everything();
  await scene.adm('-e', '-t', '10.9.0.1:80', '-r', '10.1.0.11:80', '-m', '-w', '2');
  await scene.adm('-A', '-t', '10.9.77.7:80');
  await scene.adm('--set', '701', '0', '0');
  await scene.adm('--sysctl', 'expire_nodest_conn=0');
  await client.connect(VIP.ipv4, 80);
  const now = await everything();
  assert.deepEqual(
    Object.keys(before).filter((name) => before[name] === now[name]),
    [],
  );
});
