import { UipvsError } from '../../src/base/error.js';
import type { ExecResult } from '../lab/exec.js';
import type { Lab } from '../lab/lab.js';
import { CLIENT_DEVICE } from '../lab/topology.js';
import type { Balancer } from './balancer.js';
import { DirectorShell } from './director-shell.js';
import type { OneAtATime } from './one-at-a-time.js';

/**
 * The ip_vs of the running kernel. A VIP must be an address of the director for packets to reach it.
 *
 * `turn` is one for all labs of that kernel: a list of services is read in parts, and the kernel finds the next part by
 * counting the services of all network namespaces. So a service that comes or goes in another lab meanwhile makes a
 * line appear twice or never. Source: ip_vs_ctl.c, ip_vs_genl_dump_services.
 */
export function kernelBalancer(lab: Lab, turn: OneAtATime): Balancer {
  const shell = new DirectorShell(lab);
  let isClassifying = false;
  const adm = (words: readonly string[], input: string): Promise<ExecResult> =>
    turn.do(() => shell.run(['ipvsadm', ...words], input));
  const prepare = async (command: string): Promise<void> => {
    const { status, stderr } = await shell.run(command.split(' '));
    if (status !== 0) throw new UipvsError('EIO', `Expected "${command}" to succeed but received: ${stderr}`);
  };
  return {
    addVip: (address) => prepare(`ip address add ${address}/${address.includes(':') ? '128' : '32'} dev lo`),
    adm: (words, input = '') => {
      const known = words.filter((word) => word !== '--atomic'); // uipvsadm alone has it
      return isConnectionList(known) ? agreed(() => adm(known, input)) : adm(known, input);
    },
    sysctl: async (name, value) => {
      const file = `/proc/sys/net/ipv4/vs/${name}`;
      const result = value === null ? await shell.run(['cat', file]) : await shell.write(file, value);
      const said = value === null ? result.stdout : `${value}\n`;
      return { ...result, stdout: result.status === 0 ? `net.ipv4.vs.${name} = ${said}` : '' };
    },
    proc: async (name) => (await agreed(() => shell.run(['cat', `/proc/net/${name}`]))).stdout,
    mark: async (mark, protocol, { address, port }) => {
      if (!isClassifying) await prepare(`tc qdisc add dev ${CLIENT_DEVICE} ingress`);
      isClassifying = true;
      const family = address.includes(':') ? 'ipv6' : 'ip';
      const match = `flower ip_proto ${protocol} dst_ip ${address} dst_port ${port}`;
      await prepare(
        `tc filter add dev ${CLIENT_DEVICE} ingress protocol ${family} ${match} action skbedit mark ${mark}`,
      );
    },
    settle: async () => undefined, // it thinks while it receives
    stop: async () => {
      await adm(['-C'], ''); // in turn, and not at some time after the namespace is removed
      await shell.stop();
    },
  };
}

function isConnectionList(words: readonly string[]): boolean {
  return words.some((word) => word === '--connection' || /^-[Lln]*c/.test(word));
}

/** How often connections are listed at most until two lists agree. */
const MOST_READINGS = 6;

/**
 * What a list of connections says twice in a row, times excepted. It is read in parts, too, and the connections of all
 * namespaces are counted, which come and go at any time.
 */
async function agreed(list: () => Promise<ExecResult>): Promise<ExecResult> {
  let last = await list();
  for (let readings = 1; readings < MOST_READINGS; readings += 1) {
    const next = await list();
    if (withoutTimes(next.stdout) === withoutTimes(last.stdout)) return next;
    last = next;
  }
  throw new UipvsError(
    'EBUSY',
    `Expected two lists of connections to agree but received ${MOST_READINGS} others`,
  );
}

function withoutTimes(text: string): string {
  const lines = text.split('\n').map((line) => line.replace(/ \d+:\d\d | \d+$/, ' '));
  return lines.sort().join('\n'); // an expiry in a hash chain may change places
}
