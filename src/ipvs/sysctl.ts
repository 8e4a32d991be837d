/**
 * The settings of net.ipv4.vs, one row each: what it is at the start, what it may be, and what follows it in uipvs.
 *
 * Source: Linux, Documentation/networking/ipvs-sysctl.rst; net/netfilter/ipvs/ip_vs_ctl.c, vs_vars and the proc_do_*
 * functions; the verdicts on values were compared with a running kernel. Differs from the kernel: a value with words
 * behind it is refused, where the kernel takes the first ones; sync_qlen_max begins at a fixed figure, where the kernel
 * takes one of the size of the memory; est_cpulist begins empty; debug_level is not there.
 */

/** What follows the value: `none` where it is only kept and listed. */
export type SysctlEffect = 'none' | 'packets' | 'defence' | 'estimation' | 'scheduling';

interface Sysctl {
  readonly byDefault: string;
  readonly effect: SysctlEffect;
  /** What a value must be, to follow the word "Expected". */
  readonly expected: string;
  /** The value that `text` says as /proc/sys would show it, undefined where there can be no such. */
  readonly parse: (text: string, present: string) => string | undefined;
}

const MIN_INT = -(2 ** 31);
const MAX_INT = 2 ** 31 - 1;
/** Source: kernel/sysctl.c, do_proc_dointvec_jiffies_conv: INT_MAX / HZ, here for the least HZ, 100. */
const MAX_SECONDS = Math.floor(MAX_INT / 100);
/** Unsigned long in the kernel; here what a number holds exactly. */
const MAX_LONG = Number.MAX_SAFE_INTEGER;
const GREATEST_SYNC_PORTS = 2 ** 30;
const LEAST_NICE = -20;
const GREATEST_NICE = 19;

/** The number that one word says, as the kernel reads it: decimal, hexadecimal after 0x, octal after 0. */
function numberOf(word: string): number | undefined {
  const digits = word.replace(/^-/, '');
  let value: number;
  if (/^0x[0-9a-f]+$/i.test(digits)) value = Number.parseInt(digits, 16);
  else if (/^0[0-7]*$/.test(digits)) value = Number.parseInt(digits, 8);
  else if (/^[1-9]\d*$/.test(digits)) value = Number.parseInt(digits, 10);
  else return undefined;
  return digits.length === word.length || value === 0 ? value : -value;
}

function numberWithin(word: string, least: number, greatest: number): number | undefined {
  const value = numberOf(word);
  return value !== undefined && value >= least && value <= greatest ? value : undefined;
}

function integer(effect: SysctlEffect, byDefault: number, least = MIN_INT, greatest = MAX_INT): Sysctl {
  return {
    byDefault: String(byDefault),
    effect,
    expected: `an integer of ${least}..${greatest}`,
    parse: (text) => numberWithin(text.trim(), least, greatest)?.toString(),
  };
}

/** 0 off, 1 on when memory runs short, which then shows as 2, 3 always on. */
const defenceMode = integer('defence', 0, 0, 3);

const syncPorts: Sysctl = {
  byDefault: '1',
  effect: 'none',
  expected: `a power of two of 1..${GREATEST_SYNC_PORTS}`,
  parse: (text) => {
    const value = numberWithin(text.trim(), 1, GREATEST_SYNC_PORTS);
    return value !== undefined && (value & (value - 1)) === 0 ? String(value) : undefined;
  },
};

const syncThreshold: Sysctl = {
  byDefault: '3\t50',
  effect: 'none',
  expected: `a threshold and a period of 0..${MAX_INT}, the threshold below the period unless that is 0`,
  parse: (text, present) => {
    const words = text.trim().split(/\s+/);
    const [, presentPeriod = '0'] = present.split('\t');
    const threshold = numberWithin(words[0] ?? '', 0, MAX_INT);
    const period = numberWithin(words[1] ?? presentPeriod, 0, MAX_INT);
    if (words.length > 2 || threshold === undefined || period === undefined) return undefined;
    return threshold < period || period === 0 ? `${threshold}\t${period}` : undefined;
  },
};

const cpuList: Sysctl = {
  byDefault: '',
  effect: 'none',
  expected: "a list of processors like '0-2,5'",
  parse: (text) => (/^(\d+(-\d+)?(,\d+(-\d+)?)*)?$/.test(text.trim()) ? text.trim() : undefined),
};

/** In the order of their names. */
export const SYSCTLS = {
  am_droprate: integer('defence', 10),
  /** Pages. */
  amemthresh: integer('defence', 1024),
  backup_only: integer('none', 0),
  cache_bypass: integer('none', 0),
  conn_reuse_mode: integer('packets', 1),
  conntrack: integer('none', 0),
  drop_entry: defenceMode,
  drop_packet: defenceMode,
  est_cpulist: cpuList,
  est_nice: integer('none', 0, LEAST_NICE, GREATEST_NICE),
  expire_nodest_conn: integer('packets', 0),
  expire_quiescent_template: integer('packets', 0),
  ignore_tunneled: integer('none', 0),
  /** Seconds. */
  lblc_expiration: integer('scheduling', 86_400, MIN_INT, MAX_SECONDS),
  /** Seconds. */
  lblcr_expiration: integer('scheduling', 86_400, MIN_INT, MAX_SECONDS),
  nat_icmp_send: integer('packets', 0),
  pmtu_disc: integer('none', 1),
  run_estimation: integer('estimation', 1),
  schedule_icmp: integer('packets', 0),
  secure_tcp: defenceMode,
  sloppy_sctp: integer('packets', 0),
  sloppy_tcp: integer('packets', 0),
  snat_reroute: integer('none', 1),
  sync_persist_mode: integer('none', 0),
  sync_ports: syncPorts,
  sync_qlen_max: integer('none', 4096, 0, MAX_LONG),
  /** Seconds. */
  sync_refresh_period: integer('none', 0, MIN_INT, MAX_SECONDS),
  sync_retries: integer('none', 0, 0, 3),
  /** Bytes. */
  sync_sock_size: integer('none', 0),
  sync_threshold: syncThreshold,
  sync_version: integer('none', 1, 0, 1),
} as const satisfies Readonly<Record<string, Sysctl>>;

export type SysctlName = keyof typeof SYSCTLS;

export function isSysctlName(name: string): name is SysctlName {
  return Object.hasOwn(SYSCTLS, name);
}
