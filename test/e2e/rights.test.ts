/** uipvsd without CAP_NET_RAW: no packet sockets. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
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
