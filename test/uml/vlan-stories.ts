/**
 * VLANs on the client's side, on the servers' side and on both: with every offload; nothing is lost, and nothing treated
 * twice, as a packet in a VLAN is seen at two devices.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { dissect } from '../e2e/support/dissection.js';
import { NumberCounter } from '../e2e/support/numbers.js';
import {
  cableEnds,
  type OFFLOAD_ROWS,
  OffloadSwitch,
  PLACES,
  type Place,
} from '../e2e/support/offload-table.js';
import { OffloadTrial } from '../e2e/support/offload-trial.js';
import { readPackets } from '../e2e/support/packets.js';
import { pythonProgram } from '../e2e/support/program.js';
import { until } from '../lab/poll.js';
import {
  CLIENT_PLACES,
  LINKS,
  type Link,
  pathOf,
  portFor,
  SERVER_PLACES,
  SERVER_PORTS,
  type Stage,
  vipsOf,
} from './lab-stage.js';

const BULK = 'each of them once '.repeat(20_000);
const RECORDED_MS = 5000;
const DATAGRAMS = 200;
const TCP = 6;
/** Datagrams a second. */
const RATE = 500;

/** Bytes of TCP in what was recorded, sent again or not: towards the port of the real server or of the service, and from it. */
async function tcpBytes(file: string): Promise<{ readonly up: number; readonly down: number }> {
  let [up, down] = [0, 0];
  for (const frame of await readPackets(file)) {
    const packet = dissect(frame);
    if (packet?.protocol !== TCP) continue;
    const bytes = packet.transport.length - (packet.transport[12]! >> 4) * 4;
    const isUp = [portFor('echo', 'VLAN'), SERVER_PORTS.echo].includes(packet.transport.readUInt16BE(2));
    if (isUp) up += bytes;
    else down += bytes;
  }
  return { up, down };
}

export function tellVlanStories(stage: () => Stage, rows: readonly (typeof OFFLOAD_ROWS)[number][]): void {
  async function tried(client: Link, server: Link): Promise<void> {
    const { scene, client: peer } = stage();
    const trial = await OffloadTrial.start(scene.lab, peer, pathOf(client, server));
    try {
      await trial.run();
    } finally {
      await trial.stop();
    }
  }

  for (const client of LINKS) {
    for (const server of LINKS)
      test(`checksums are right with a ${client} client and a ${server} server`, () => tried(client, server));
  }

  describe('in VLANs on both sides', () => {
    let offloads: OffloadSwitch;
    let trial: OffloadTrial;
    before(async () => {
      const { scene, client } = stage();
      offloads = await OffloadSwitch.allOn(scene.lab, SERVER_PLACES.VLAN.host);
      trial = await OffloadTrial.start(scene.lab, client, pathOf('VLAN', 'VLAN'));
    });
    after(() => trial.stop());

    for (const row of rows) {
      test(`checksums are right with ${row.name}`, async () => {
        await offloads.set(row);
        await trial.run();
      });
    }

    async function setTags(place: Place, isOn: boolean): Promise<void> {
      for (const [host, device] of cableEnds(place, SERVER_PLACES.VLAN.host))
        await stage().scene.lab.ethtool(host, device, { rxvlan: isOn, txvlan: isOn });
    }

    for (const place of PLACES) {
      test(`checksums are right with tags in the frames of the ${place}`, async () => {
        await setTags(place, false);
        try {
          await trial.run();
        } finally {
          await setTags(place, true);
        }
      });
    }

    test('every datagram arrives, and once', async () => {
      const { lab } = stage().scene;
      const counter = await NumberCounter.start(lab, SERVER_PLACES.VLAN.host, SERVER_PORTS.counted);
      const [vip] = vipsOf('VLAN');
      const words = ['send', vip, portFor('counted', 'VLAN'), DATAGRAMS, RATE].map(String);
      await lab.run('client', ['python3', pythonProgram('udp_numbers.py'), ...words]);
      const { came, again } = await counter.stop();
      assert.deepEqual({ came, again }, { came: DATAGRAMS, again: 0 });
    });

    test('every byte of TCP that leaves one end arrives at the other, and once', async () => {
      const { scene, client } = stage();
      const ends = [CLIENT_PLACES.VLAN, SERVER_PLACES.VLAN];
      const captures = await Promise.all(
        ends.map(({ host, device }) =>
          scene.lab.capture(host, device, path.join(scene.lab.directory, `bytes-${host}.pcap`)),
        ),
      );
      const carried = async () => {
        const [near, far] = await Promise.all(captures.map(({ file }) => tcpBytes(file)));
        return { near, far };
      };
      const connection = await client.connect(vipsOf('VLAN')[0], portFor('echo', 'VLAN'));
      assert.equal(await connection.exchange(BULK), BULK);
      await connection.close();
      await until('everything to be recorded', RECORDED_MS, async () => {
        const { near, far } = await carried();
        return near!.up >= BULK.length && isDeepStrictEqual(near, far);
      });
      await Promise.all(captures.map((capture) => capture.stop()));
      const { near, far } = await carried();
      assert.deepEqual(near, far);
    });
  });
}
