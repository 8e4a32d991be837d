/**
 * A control server in a process that has no file descriptor left: `scarce-server.js SOCKET`, to be run with a low limit.
 * Says `scarce`, then each failure as it is told; a line on standard input gives the descriptors back.
 */
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { ControlServer } from '../../src/control/server.js';

const [path = ''] = process.argv.slice(2);
const say = (sentence: string): void => void process.stdout.write(`${sentence}\n`);
const server = await ControlServer.listen(path, async () => ({ result: null }), {
  onFailure: ({ message }) => say(message),
});
say('listening');
await once(process.stdin, 'data');
const taken: number[] = [];
try {
  for (;;) taken.push(openSync('/dev/null', 'r'));
} catch {
  say('scarce');
}
await once(process.stdin, 'data');
for (const descriptor of taken) closeSync(descriptor);
say('free');
await once(process.stdin, 'data');
await server.close();
process.exit(0);
