import { fileURLToPath } from 'node:url';
import type { ExecResult } from '../lab/exec.js';
import type { Lab } from '../lab/lab.js';

/** The load balancer under observation, in the director's namespace of a lab. */
export interface Balancer {
  /** Make an address a virtual one. */
  addVip(address: string): Promise<void>;
  /** Run its ipvsadm; `input` is the standard input, empty by default. */
  adm(words: readonly string[], input?: string): Promise<ExecResult>;
  /** Throws when it does not end as it should. */
  stop(): Promise<void>;
}

/** The ip_vs of the running kernel. A VIP must be an address of the director for packets to reach it. */
export function kernelBalancer(lab: Lab): Balancer {
  return {
    addVip: (address) =>
      lab.ip('director', [`address add ${address}/${address.includes(':') ? '128' : '32'} dev lo`]),
    adm: (words, input = '') => lab.exec('director', ['ipvsadm', ...words], { input }),
    stop: async () => undefined,
  };
}

const CLI = fileURLToPath(new URL('../../src/bin/uipvsadm.js', import.meta.url));

/** A uipvsd of this tree. It makes an address a VIP by itself when a service is added. */
export async function uipvsBalancer(lab: Lab): Promise<Balancer> {
  const daemon = await lab.startUipvs('director');
  const env = { UIPVS_SOCKET: daemon.socketPath };
  return {
    addVip: async () => undefined,
    adm: async (words, input = '') => {
      const result = await lab.exec('director', [process.execPath, CLI, ...words], { input, env });
      return { ...result, stdout: asIpvsadm(result.stdout), stderr: asIpvsadm(result.stderr) };
    },
    stop: async () => {
      await daemon.stop();
    },
  };
}

/** The program's own name stands in some of its messages. */
function asIpvsadm(text: string): string {
  return text.replaceAll('uipvsadm', 'ipvsadm');
}
