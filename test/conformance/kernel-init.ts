/**
 * The first process of the reference kernel: it loads ip_vs, runs every scenario of the plan, and switches the machine
 * off. The text of a failure goes to the results, as the console is shared with kernel messages.
 */
import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { prepareMachine, SHARED, untilPowerOff } from '../uml/first-process.js';
import { kernelBalancer } from './kernel-balancer.js';
import { RESULTS_FILE, type ScenarioPlan, type ScenarioResult } from './kernel-protocol.js';
import { observeFiles } from './observe-files.js';
import { OneAtATime } from './one-at-a-time.js';

const SCHEDULERS = ['rr', 'wrr', 'lc', 'wlc', 'lblc', 'lblcr', 'dh', 'sh', 'mh', 'sed', 'nq', 'fo', 'ovf'];
const CLASSIFIER = ['sch_ingress', 'cls_flower', 'act_skbedit'];
const MODULES = [
  'ipv6',
  'veth',
  'bridge',
  'ip_vs',
  'ip_vs_pe_sip',
  ...SCHEDULERS.map((name) => `ip_vs_${name}`),
  ...CLASSIFIER,
];

function report(result: ScenarioResult): void {
  appendFileSync(path.join(SHARED, RESULTS_FILE), `${JSON.stringify(result)}\n`);
}

async function observe(): Promise<void> {
  const plan = prepareMachine<ScenarioPlan>(process.argv[2] ?? '', MODULES);
  const turn = new OneAtATime();
  await observeFiles(plan.files, plan.parallel, (lab) => kernelBalancer(lab, turn), report);
}

await untilPowerOff(observe, (failure) => report({ file: null, failure }));
