import type { Lab } from '../../lab/lab.js';
import type { Host } from '../../lab/topology.js';

const QUESTIONS: readonly (readonly string[])[] = [
  ['ip', '-4', 'rule'],
  ['ip', '-6', 'rule'],
  ['ip', '-4', 'route', 'show', 'table', 'all'],
  ['ip', '-6', 'route', 'show', 'table', 'all'],
  ['ip', '-brief', 'address'],
  ['ip', 'neigh', 'show', 'proxy'],
  ['sysctl', '-a', '-r', '^net\\.'],
];

/** All that a daemon could leave behind on a machine: rules, routes, addresses, devices and settings, as text. */
export async function hostState(lab: Lab, host: Host): Promise<string> {
  const answers = await Promise.all(QUESTIONS.map((argv) => lab.run(host, argv)));
  return QUESTIONS.map((argv, index) => `# ${argv.join(' ')}\n${answers[index]}`).join('\n');
}
