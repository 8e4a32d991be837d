/** The stories of this folder, told once for each way through the director; see run.ts. */
import { after, before, describe } from 'node:test';
import { OFFLOAD_ROWS } from '../e2e/support/offload-table.js';
import { prepareIpsec, tellIpsecStories } from './ipsec-stories.js';
import { changeDaemon, openStage, type Stage } from './lab-stage.js';
import { tellSctpStories } from './sctp-stories.js';
import { tellVlanStories } from './vlan-stories.js';
import { tellWireStories } from './wire-stories.js';

interface Way {
  /** How packets come in and leave. What a daemon that was cut short has left is of another one: `--fresh`. */
  readonly args: readonly string[];
  /** Whether all stories are told; of those that leave through the TUN device only the kernel's part is another one. */
  readonly isWhole: boolean;
}

const WAYS: readonly Way[] = [
  { args: ['--io', 'tun', '--reinject', 'raw', '--fresh'], isWhole: true },
  { args: ['--io', 'tun', '--reinject', 'tun', '--fresh'], isWhole: false },
  { args: ['--io', 'packet', '--fresh'], isWhole: true },
];

let opened: Stage | undefined;
after(() => opened?.scene.close());

for (const { args, isWhole } of WAYS) {
  describe(`uipvsd ${args.join(' ')}`, () => {
    const stage = (): Stage => opened!;
    before(async () => {
      if (opened !== undefined) return await changeDaemon(opened, { args });
      opened = await openStage({ args });
      await prepareIpsec(opened);
    });
    tellVlanStories(stage, isWhole ? OFFLOAD_ROWS : OFFLOAD_ROWS.slice(0, 1));
    if (isWhole) tellSctpStories(stage);
    if (isWhole) tellIpsecStories(stage);
    if (args.includes('packet')) tellWireStories(stage);
  });
}
