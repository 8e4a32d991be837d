/**
 * The first process of the machine in which uipvs runs: it runs the stories of the plan with Node's own test runner.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { prepareMachine, SHARED, untilPowerOff } from './first-process.js';
import { OUTPUT_FILE, RESULT_FILE, type Result, type StoryPlan } from './story-protocol.js';

const DEVICES = ['veth', 'bridge', 'tun', '8021q'];
const CIPHERS = ['cbc', 'hmac', 'authenc', 'echainiv', 'sha512_generic', 'jitterentropy_rng', 'drbg'];
const IPSEC = ['xfrm_user', 'esp4', 'esp6', ...CIPHERS];
const MODULES = ['ipv6', ...DEVICES, 'nf_tables', 'sctp', 'sctp_diag', ...IPSEC];

/** Of everything that waits: each system call takes two switches between processes of the host. */
const SLOWNESS = 5;

function finish(result: Result): void {
  writeFileSync(path.join(SHARED, RESULT_FILE), JSON.stringify(result));
}

async function tell(): Promise<void> {
  const { node, files } = prepareMachine<StoryPlan>(process.argv[2] ?? '', MODULES);
  process.env.UIPVS_TEST_SLOWNESS = String(SLOWNESS);
  const output = openSync(path.join(SHARED, OUTPUT_FILE), 'w');
  const argv = ['--test', '--test-reporter=spec', '--test-concurrency=1', ...files];
  const { status } = spawnSync(node, argv, { stdio: ['ignore', output, output] });
  closeSync(output);
  finish({ isGood: status === 0 });
}

await untilPowerOff(tell, (failure) => finish({ isGood: false, failure }));
