/**
 * A VIP in the client's own subnet is announced by uipvsd itself when it takes the address: neighbours that know it of another
 * host know it of the director then, before they have sent anything.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Capture } from '../lab/capture.js';
import { until } from '../lab/poll.js';
import { CLIENT_DEVICE, type Host } from '../lab/topology.js';
import { dissect } from './support/dissection.js';
import { addressBytes } from './support/frames.js';
import { readPackets } from './support/packets.js';
import type { Peer } from './support/peer.js';
import { Scene } from './support/scene.js';

const LAN_VIP = { ipv4: '10.0.0.50', ipv6: 'fd00::50' } as const;
const OTHER_HOST = '02:00:00:00:00:99';
/** Announced at once; this is longer than any pause between two looks of the daemon at its addresses. */
const LIMIT_MS = 8000;

const ARP = 0x0806;
const [REQUEST, REPLY] = [1, 2];
const NEIGHBOUR_ADVERTISEMENT = 136;
const [SOLICITED, OVERRIDE] = [0x40, 0x20];
const TARGET_LINK_ADDRESS = Buffer.from([2, 1]);
const ALL_NODES = addressBytes('ff02::1');
const BROADCAST = 'ffffffffffff';

describe('a VIP in the subnet of the client', () => {
  let scene: Scene;
  let client: Peer;
  let capture: Capture;
  let directorMac = '';
  const macOf = async (host: Host, device: string): Promise<string> =>
    (await scene.lab.run(host, ['cat', `/sys/class/net/${device}/address`])).trim();
  /** Where the client would send what is for the address. */
  const knownMac = async (address: string): Promise<string | undefined> => {
    const text = await scene.lab.run('client', ['ip', '-json', 'neigh', 'show', 'to', address]);
    return (JSON.parse(text) as { lladdr?: string }[])[0]?.lladdr;
  };

  before(async () => {
    scene = await Scene.open({ realServers: 1 });
    client = await scene.peer();
    directorMac = await macOf('director', CLIENT_DEVICE);
    await scene.lab.ip(
      'client',
      Object.values(LAN_VIP).map((vip) => `neigh replace ${vip} lladdr ${OTHER_HOST} dev eth0 nud stale`),
    );
    capture = await scene.lab.capture('client', 'eth0', path.join(scene.lab.directory, 'client.pcap'));
    for (const vip of Object.values(LAN_VIP)) await scene.balance('tcp', vip, 80, { to: 80 });
  });
  after(() => scene.close());

  for (const [family, vip] of Object.entries(LAN_VIP)) {
    test(`is known of the director by a client that knew it of another host, ${family}`, async () => {
      await until(`the client to know the director for ${vip}`, LIMIT_MS, async () => {
        return (await knownMac(vip)) === directorMac;
      });
      assert.equal(await client.whoAnswers(vip), 'rs1');
    });
  }

  test('is announced by gratuitous ARP in both forms, from the director to all', async () => {
    const address = addressBytes(LAN_VIP.ipv4).toString('hex');
    const mac = directorMac.replaceAll(':', '');
    const announcements = async (): Promise<number[]> =>
      (await readPackets(capture.file))
        .map(({ data }) => data)
        .filter((frame) => frame.readUInt16BE(12) === ARP)
        // Sender and target are the address.
        .filter((frame) => [28, 38].every((at) => frame.toString('hex', at, at + 4) === address))
        .filter((frame) => frame.toString('hex', 0, 12) === `${BROADCAST}${mac}`)
        .filter((frame) => frame.toString('hex', 22, 28) === mac)
        .map((frame) => frame.readUInt16BE(20));
    await until('both forms', LIMIT_MS, async () => {
      const forms = await announcements();
      return forms.includes(REQUEST) && forms.includes(REPLY);
    });
  });

  test('is announced by an unsolicited neighbour advertisement that overrides, to all nodes', async () => {
    const target = addressBytes(LAN_VIP.ipv6);
    const mac = Buffer.from(directorMac.replaceAll(':', ''), 'hex');
    await until('the advertisement', LIMIT_MS, async () =>
      (await readPackets(capture.file))
        .map((frame) => dissect(frame))
        .filter((packet) => packet !== null)
        .filter(({ protocol, transport }) => protocol === 58 && transport[0] === NEIGHBOUR_ADVERTISEMENT)
        .filter(({ destination, hopLimit }) => destination.equals(ALL_NODES) && hopLimit === 255)
        .filter(({ transport }) => (transport[4]! & (SOLICITED | OVERRIDE)) === OVERRIDE)
        .some(({ transport }) =>
          transport.subarray(8).equals(Buffer.concat([target, TARGET_LINK_ADDRESS, mac])),
        ),
    );
  });
});
