/** `--io packet` where packets are seen at more than one device, or cannot be taken at all. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { packetsByTun, takenInterfaces } from '../e2e/support/wire-facts.js';
import { until } from '../lab/poll.js';
import { CLIENT_DEVICE, LAN_DEVICE } from '../lab/topology.js';
import { LINKS, type Link, portFor, type Stage, vipsOf } from './lab-stage.js';

const ALL = [CLIENT_DEVICE, `${CLIENT_DEVICE}.10`, LAN_DEVICE, `${LAN_DEVICE}.20`];
const FOLLOWED_MS = 5000;

export function tellWireStories(stage: () => Stage): void {
  describe('packets taken from the wire', () => {
    /** Packets that came by the TUN device while both families talked TCP. */
    async function cameByTun(client: Link, server: Link): Promise<number> {
      const { scene, client: peer } = stage();
      const before = await packetsByTun(scene.lab);
      for (const vip of vipsOf(client)) {
        const connection = await peer.connect(vip, portFor('echo', server));
        const text = 'from the wire '.repeat(5000);
        assert.equal(await connection.exchange(text), text);
        await connection.close();
      }
      return (await packetsByTun(scene.lab)) - before;
    }

    async function untilTaken(names: readonly string[]): Promise<void> {
      const wanted = names.toSorted().join();
      const { scene } = stage();
      await until(`${wanted} to be taken`, FOLLOWED_MS, () => takenInterfaces(scene.uipvs).join() === wanted);
    }

    test('are those of plain cables and of VLANs on them, each by its own device', async () => {
      await untilTaken(ALL);
      for (const client of LINKS)
        for (const server of LINKS) assert.equal(await cameByTun(client, server), 0);
    });

    test('are those with a tag of VLAN 0, a mere priority', async () => {
      const { scene } = stage();
      const [vip4, vip6] = vipsOf('plain');
      const [{ address }] = JSON.parse(
        await scene.lab.run('director', ['ip', '-json', 'link', 'show', CLIENT_DEVICE]),
      ) as [{ address: string }];
      try {
        // Requests have the tag; answers come without, to the device below.
        await scene.lab.ip('client', [
          'link add link eth0 name prio0 type vlan id 0',
          'link set prio0 up',
          `neighbour add 10.0.0.1 lladdr ${address} dev prio0`,
          `neighbour add fd00::1 lladdr ${address} dev prio0`,
          'route add fd00::1/128 dev prio0',
          `route add ${vip4}/32 via 10.0.0.1 dev prio0 src 10.0.0.2 onlink`,
          `route add ${vip6}/128 via fd00::1 dev prio0 src fd00::2`,
        ]);
        assert.equal(await cameByTun('plain', 'plain'), 0);
        const sent = await scene.lab.run('client', ['cat', '/sys/class/net/prio0/statistics/tx_packets']);
        assert.ok(Number(sent) > 10, `${sent.trim()} packets had the tag`);
      } finally {
        await scene.lab.ip('client', ['link delete prio0']);
      }
    });

    test('are not those of a device beside which VLAN 0 has one of its own', async () => {
      const { lab } = stage().scene;
      await lab.ip('director', [`link add link ${CLIENT_DEVICE} name prio0 type vlan id 0`]);
      try {
        await untilTaken(ALL.filter((name) => name !== CLIENT_DEVICE));
        assert.ok((await cameByTun('plain', 'plain')) > 0);
        assert.equal(await cameByTun('VLAN', 'plain'), 0);
      } finally {
        await lab.ip('director', ['link delete prio0']);
      }
      await untilTaken(ALL);
    });

    test('are not those of a VLAN device that leaves the tags in its frames', async () => {
      const { lab } = stage().scene;
      const device = `${CLIENT_DEVICE}.10`;
      const set = (how: 'on' | 'off') =>
        lab.ip('director', [`link set ${device} type vlan reorder_hdr ${how}`]);
      await set('off');
      try {
        await untilTaken(ALL.filter((name) => name !== device));
        assert.ok((await cameByTun('VLAN', 'VLAN')) > 0);
      } finally {
        await set('on');
      }
      await untilTaken(ALL);
    });
  });
}
