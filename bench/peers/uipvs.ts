import { messageOf, UipvsError } from '../../src/base/error.js';
import type { Lab } from '../../test/lab/lab.js';
import { VIP } from '../../test/lab/topology.js';
import type { UipvsOptions, UipvsProcess } from '../../test/lab/uipvs-process.js';
import type { Peer } from '../peer.js';

/** What the end of a daemon that was given an option it does not have looks like. */
const REFUSAL = /ended with status 2; its log: (.*)/;

/** Start uipvsd; throws ENOTSUP with its words when it does not know an option, or a value of one. */
async function startDaemon(lab: Lab, options: UipvsOptions): Promise<UipvsProcess> {
  try {
    return await lab.startUipvs('director', options);
  } catch (thrown) {
    const [, words] = REFUSAL.exec(messageOf(thrown)) ?? [];
    if (words === undefined) throw thrown;
    throw new UipvsError('ENOTSUP', words);
  }
}

function uipvsPeer(name: string, title: string, args: readonly string[], description: string): Peer {
  return {
    name,
    title,
    isUipvs: true,
    description,
    programs: [],
    protocols: ['tcp', 'udp'],
    async start(lab, { protocol, port, servers }, { scheduler = 'rr', weight = 1, ...wishes }) {
      const uipvs = await startDaemon(lab, { ...wishes, args: [...args, ...(wishes.args ?? [])] });
      const service = `${protocol === 'tcp' ? '-t' : '-u'} ${VIP.ipv4}:${port}`;
      await uipvs.restore([
        `-A ${service} -s ${scheduler}`,
        ...servers.map((address) => `-a ${service} -r ${address}:${port} -m -w ${weight}`),
      ]);
      return { target: VIP.ipv4, uipvs };
    },
  };
}

/** uipvs as it is by default: packets come in by a TUN device. */
export const uipvs: Peer = uipvsPeer(
  'uipvs',
  'uipvs (tun)',
  [],
  'uipvs with its defaults, rr, masquerading, one worker',
);

/** uipvs that gives packets back to the kernel through the TUN device, which works everywhere. */
export const uipvsReinjectTun: Peer = uipvsPeer(
  'uipvs-reinject-tun',
  'uipvs (tun, reinject tun)',
  ['--io', 'tun', '--reinject', 'tun'],
  'uipvs, rr, masquerading, --io tun --reinject tun, one worker',
);

/** uipvs that takes packets from packet sockets. */
export const uipvsPacket: Peer = uipvsPeer(
  'uipvs-packet',
  'uipvs (packet)',
  ['--io', 'packet'],
  'uipvs, rr, masquerading, --io packet, one worker',
);

/** The same two with a worker for each of two processors. */
export const uipvsTwoWorkers: Peer = uipvsPeer(
  'uipvs-2',
  'uipvs (tun, 2 workers)',
  ['--workers', '2'],
  'uipvs, rr, masquerading, --workers 2',
);
export const uipvsPacketTwoWorkers: Peer = uipvsPeer(
  'uipvs-packet-2',
  'uipvs (packet, 2 workers)',
  ['--io', 'packet', '--workers', '2'],
  'uipvs, rr, masquerading, --io packet --workers 2',
);
