/**
 * Theory of operation: the same traffic with each offload off at each place in turn. What arrives at the client and at
 * the real server is recorded there and judged from its bytes, since a kernel does not verify what it believes to come
 * from its own machine. The table of the combinations that were run is the list of the tests. VLANs have stories of their
 * own in ../uml: not every kernel has them.
 */
import { after, before, describe, test } from 'node:test';
import { CLIENT, realServer, VIP } from '../lab/topology.js';
import { OFFLOAD_ROWS, OffloadSwitch } from './support/offload-table.js';
import { type OffloadPath, OffloadTrial } from './support/offload-trial.js';
import { Scene } from './support/scene.js';

const SERVER = realServer(1);
const PATH: OffloadPath = {
  vips: [VIP.ipv4, VIP.ipv6],
  port: 7777,
  client: { host: 'client', device: 'eth0', addresses: [CLIENT.ipv4, CLIENT.ipv6] },
  server: { host: SERVER.host, device: 'eth0', addresses: [SERVER.ipv4, SERVER.ipv6] },
};

describe('every checksum is right at the receivers', () => {
  let scene: Scene;
  let offloads: OffloadSwitch;
  let trial: OffloadTrial;
  before(async () => {
    scene = await Scene.open({ realServers: 1 });
    for (const vip of PATH.vips) {
      await scene.balance('tcp', vip, PATH.port, { to: 7 });
      await scene.balance('udp', vip, PATH.port, { to: 7 });
    }
    offloads = await OffloadSwitch.allOn(scene.lab);
    trial = await OffloadTrial.start(scene.lab, await scene.peer(), PATH);
  });
  after(() => scene.close());

  for (const row of OFFLOAD_ROWS) {
    test(`with ${row.name}`, async () => {
      await offloads.set(row);
      await trial.run();
    });
  }
});
