import type { Lab } from '../../lab/lab.js';
import type { Host } from '../../lab/topology.js';

const QUESTIONS: readonly (readonly string[])[] = [
  ['ip', '-4', 'rule'],
  ['ip', '-6', 'rule'],
  ['ip', '-4', 'route', 'show', 'table', 'all'],
  ['ip', '-6', 'route', 'show', 'table', 'all'],
  ['ip', '-brief', 'address'],
  ['ip', 'neigh', 'show', 'proxy'],
  // Those of net.netfilter come with the kernel's module for them, which any other test may cause to be loaded.
  ['sysctl', '-a', '-r', '^net\\.(core|ipv4|ipv6)\\.'],
];

/** All that a daemon could leave behind on a machine: rules, routes, addresses, devices and settings, as text. */
export async function hostState(lab: Lab, host: Host): Promise<string> {
  const answers = await Promise.all(QUESTIONS.map((argv) => lab.run(host, argv)));
  return QUESTIONS.map((argv, index) => `# ${argv.join(' ')}\n${answers[index]}`).join('\n');
}
