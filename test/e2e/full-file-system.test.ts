/** The state directory lies in a file system with a few megabytes, which connections soon have used up. */
import assert from 'node:assert/strict';
import { rmdirSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { VIP } from '../lab/topology.js';
import { floodWithClients } from './support/client-flood.js';
import type { Connection } from './support/peer.js';
import { Scene } from './support/scene.js';

/** Of which 4 MB are left to others. */
const MEGABYTES = 8;
const FLOOD_PORT = 53;
/** 64 bytes each. */
const CLIENTS = 120_000;
const PER_SECOND = 20_000;
const FLOODS = 5;

/** Runs the program behind it with a directory of its own, in which nobody else looks. */
function withFileSystem(directory: string): readonly string[] {
  const script = `mkdir -p ${directory} && mount -t tmpfs -o mode=0700,size=${MEGABYTES}m tmpfs ${directory} && exec "$@"`;
  return ['unshare', '--mount', 'sh', '-c', script, 'sh'];
}

describe('where the state directory has no more room', () => {
  const directory = `/tmp/uipvs-full-${process.pid}`;
  let scene: Scene;
  let connection: Connection;

  async function refused(): Promise<number> {
    const drops = await scene.adm('--drops', '--exact');
    return Number(/-> table_full +(\d+)/.exec(drops)?.[1] ?? 0);
  }

  before(async () => {
    scene = await Scene.open({
      realServers: 1,
      uipvs: { prefix: withFileSystem(directory), args: ['--state-dir', `${directory}/state`] },
    });
    await scene.balance('tcp', VIP.ipv4, 7, { to: 7 });
    await scene.balance('udp', VIP.ipv4, FLOOD_PORT, { to: FLOOD_PORT });
    const client = await scene.peer();
    connection = await client.connect(VIP.ipv4, 7);
    assert.equal(await connection.exchange('before'), 'before');
    // A busy machine decides fewer at once; those that were left out come again.
    for (let flood = 0; flood < FLOODS && (await refused()) === 0; flood += 1)
      await floodWithClients(scene, {
        kind: 'udp',
        port: FLOOD_PORT,
        count: CLIENTS,
        perSecond: PER_SECOND,
      });
  });
  after(async () => {
    await scene.close();
    rmdirSync(directory);
  });

  test('the connection table is full, and counts what it has no room for', async () => {
    assert.ok((await refused()) > 0, await scene.adm('--drops', '--exact'));
    const [flooded] = await scene.destinations('udp', VIP.ipv4, FLOOD_PORT);
    const made = flooded?.inactive ?? 0;
    assert.ok(made > 10_000 && made < CLIENTS, `${made} connections were made`);
  });

  test('connections that are there go on', async () => {
    assert.equal(await connection.exchange('after'), 'after');
  });

  test('services can still be changed, and are saved', async () => {
    await scene.adm('-A', '-t', `${VIP.ipv4}:81`, '-s', 'rr');
    assert.match(await scene.adm('-Sn'), new RegExp(`-A -t ${VIP.ipv4}:81 -s rr`));
    assert.doesNotMatch(scene.uipvs.log, /not saved/);
  });
});
