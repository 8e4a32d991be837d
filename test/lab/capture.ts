import type { Exit } from './child.js';
import type { Lab } from './lab.js';
import type { Host } from './topology.js';

export interface Capture {
  readonly file: string;
  /** Stop recording; afterwards the file is complete. */
  stop(): Promise<Exit>;
}

/** How long tcpdump may take to open the device, in milliseconds. */
const OPEN_TIMEOUT_MS = 5000;

/** tcpdump's buffer, in KiB: in immediate mode each packet takes the place of the longest, and the default holds few. */
const BUFFER_KIB = '16384';

/** Implementation of `Lab.capture`. Throws EIO with tcpdump's words, for example when there is no such device. */
export async function startCapture(lab: Lab, host: Host, device: string, file: string): Promise<Capture> {
  // -U and immediate mode: a packet is in the file as soon as it was seen. -Z root: do not change the user.
  const argv = [
    'tcpdump',
    '-i',
    device,
    '-w',
    file,
    '-U',
    '--immediate-mode',
    '-B',
    BUFFER_KIB,
    '-n',
    '-Z',
    'root',
  ];
  const child = lab.spawn(host, argv);
  await child.ready(`tcpdump to open ${device}`, OPEN_TIMEOUT_MS, () => child.log.includes('listening on'));
  return { file, stop: () => child.stop() };
}
