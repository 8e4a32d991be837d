/** The stories of this folder, told once for each way through the director; see run.ts. */
import { after, before, describe } from 'node:test';
import { OFFLOAD_ROWS } from '../e2e/support/offload-table.js';
import { prepareIpsec, tellIpsecStories } from './ipsec-stories.js';
import { changeDaemon, openStage, type Stage } from './lab-stage.js';
import { tellSctpStories } from './sctp-stories.js';
import { tellVlanStories } from './vlan-stories.js';
import { tellWireStories } from './wire-stories.js';

/** How packets come in and leave; what a daemon cut short has left is of another one. */
const WAYS: readonly { readonly args: readonly string[]; readonly rows: typeof OFFLOAD_ROWS }[] = [
  { args: ['--io', 'tun', '--reinject', 'raw', '--fresh'], rows: OFFLOAD_ROWS },
  { args: ['--io', 'tun', '--reinject', 'tun', '--fresh'], rows: OFFLOAD_ROWS.slice(0, 1) },
  { args: ['--io', 'packet', '--fresh'], rows: OFFLOAD_ROWS },
];

let opened: Stage | undefined;
after(() => opened?.scene.close());

for (const { args, rows } of WAYS) {
  describe(`uipvsd ${args.join(' ')}`, () => {
    const stage = (): Stage => opened!;
    before(async () => {
      if (opened !== undefined) return await changeDaemon(opened, { args });
      opened = await openStage({ args });
      await prepareIpsec(opened);
    });
    tellVlanStories(stage, rows);
    tellSctpStories(stage);
    tellIpsecStories(stage);
    if (args.includes('packet')) tellWireStories(stage);
  });
}
