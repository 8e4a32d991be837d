/**
 * The first process of the reference kernel: `init=NODE -- kernel-init.js DIRECTORY`. Its root is the host's file
 * system, read-only; DIRECTORY (a path on the host) is the one place it can write to that outlives it. It makes the
 * few mounts a lab needs, loads ip_vs, runs every scenario of the plan, and switches the machine off. The text of
 * a failure goes to the results, as the console is shared with kernel messages.
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { messageOf } from '../../src/base/error.js';
import { kernelBalancer } from './kernel-balancer.js';
import { PLAN_FILE, type Plan, RESULTS_FILE, type ScenarioResult } from './kernel-protocol.js';
import { observeFiles } from './observe-files.js';
import { OneAtATime } from './one-at-a-time.js';

const SHARED = '/run/shared';
const SCRATCH = '/run/tmp';
const MODULE_ROOT = '/run/modules';

/** Where Debian's user-mode-linux keeps the modules; modprobe looks for `lib/modules` below a directory. */
const MODULES_OF_UML = '/usr/lib/uml/modules';

/** Nothing loads a module on demand here, because the host's /lib/modules is of another kernel. */
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

function mount(type: string, target: string, options?: string): void {
  const extra = options === undefined ? [] : ['-o', options];
  execFileSync('/bin/mount', ['-t', type, ...extra, 'none', target], { stdio: 'pipe' });
}

function prepare(sharedOnHost: string): Plan {
  mount('proc', '/proc');
  mount('sysfs', '/sys');
  mount('tmpfs', '/run');
  for (const directory of [SHARED, SCRATCH, `${MODULE_ROOT}/lib`]) mkdirSync(directory, { recursive: true });
  mount('hostfs', SHARED, sharedOnHost);
  const plan = JSON.parse(readFileSync(path.join(SHARED, PLAN_FILE), 'utf8')) as Plan;
  process.env.PATH = plan.path;
  process.execPath = plan.node; // without /proc it was taken for the kernel's own program
  process.env.TMPDIR = SCRATCH;
  symlinkSync(MODULES_OF_UML, `${MODULE_ROOT}/lib/modules`);
  execFileSync('modprobe', ['-d', MODULE_ROOT, '-a', ...MODULES], { stdio: 'pipe' });
  return plan;
}

function report(result: ScenarioResult): void {
  appendFileSync(path.join(SHARED, RESULTS_FILE), `${JSON.stringify(result)}\n`);
}

function powerOff(): void {
  writeFileSync('/proc/sysrq-trigger', 'o'); // Source: Linux Documentation/admin-guide/sysrq.rst
}

// Whatever happens, the first process must not end by itself: the kernel would panic and the reason be lost.
setInterval(() => undefined, 1000);
process.on('uncaughtException', (thrown) => {
  report({ file: null, failure: thrown.stack ?? messageOf(thrown) });
  powerOff();
});

try {
  const plan = prepare(process.argv[2] ?? '');
  const turn = new OneAtATime();
  await observeFiles(plan.files, plan.parallel, (lab) => kernelBalancer(lab, turn), report);
} catch (thrown) {
  report({ file: null, failure: messageOf(thrown) });
} finally {
  powerOff();
}
