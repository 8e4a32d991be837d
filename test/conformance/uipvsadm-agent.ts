/**
 * uipvsadm as a program that stays, in the director's namespace: `ip netns exec NAMESPACE node uipvsadm-agent.js`.
 * Starting Node for each of the 1700 commands of the scenarios would take three minutes of CPU time. Each JSON line of
 * standard input is a run of the program under the name ipvsadm, each of standard output what it said; one at a time.
 * What is left out here, the process around `main`, is tested in ../cli.
 */
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { soleText } from '../../src/cli/help.js';
import { main } from '../../src/cli/main.js';
import { invocationOf } from '../../src/cli/program.js';
import type { AdmAnswer, AdmRequest } from './uipvsadm-process.js';

const NAME = 'ipvsadm';
const surroundings = await invocationOf(NAME);

async function run({ words, input }: AdmRequest): Promise<AdmAnswer> {
  const text = soleText(words, NAME);
  if (text !== undefined) return { status: 0, stdout: text, stderr: '' };
  let stdout = '';
  let stderr = '';
  const output = {
    out: (chunk: string): void => {
      stdout += chunk;
    },
    err: (chunk: string): void => {
      stderr += chunk;
    },
  };
  const status = await main({ ...surroundings, words, output, openInput: () => Readable.from([input]) });
  return { status, stdout, stderr };
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await run(JSON.parse(line) as AdmRequest))}\n`);
}
