/**
 * Theory of operation: the defence against overload.
 *
 * Three settings, drop_entry, drop_packet and secure_tcp, each have a mode: 0 off; 1 armed: on as soon as memory runs
 * short, and the mode then shows as 2; 2 goes back to 1 when there is memory again; 3 always on. Once a second, and
 * whenever a mode is set, the modes are compared with the memory that is available; this module is that comparison, a
 * function of the values and the memory alone. What is on reaches the data plane as part of its policy.
 *
 * Source: net/netfilter/ipvs/ip_vs_ctl.c, update_defense_level, and include/net/ip_vs.h, ip_vs_todrop.
 */
import type { SysctlName } from './sysctl.js';
import type { SysctlValues } from './sysctl-values.js';

const MODES = ['drop_entry', 'drop_packet', 'secure_tcp'] as const satisfies readonly SysctlName[];
const ARMED = 1;
const ON_FOR_WANT_OF_MEMORY = 2;

/** The values with the modes changed to what the memory asks for; the same object where nothing changes. */
export function withDefenceModes(values: SysctlValues, availablePages: number): SysctlValues {
  const isShort = availablePages < values.number('amemthresh');
  let changed = values;
  for (const name of MODES) {
    const mode = values.number(name);
    if (mode === ARMED && isShort) changed = changed.with(name, String(ON_FOR_WANT_OF_MEMORY));
    if (mode === ON_FOR_WANT_OF_MEMORY && !isShort) changed = changed.with(name, String(ARMED));
  }
  return changed;
}

/** Whether the defence of that name is on, after `withDefenceModes`. */
export function isDefenceOn(values: SysctlValues, name: (typeof MODES)[number]): boolean {
  return values.number(name) >= ON_FOR_WANT_OF_MEMORY;
}

/**
 * Of how many packets that would begin a connection one is dropped, after `withDefenceModes`; 0: none. The scarcer the
 * memory, the fewer; in mode 3 what am_droprate says, where a negative one drops every packet, as in the kernel.
 */
export function dropRateOf(values: SysctlValues, availablePages: number): number {
  if (!isDefenceOn(values, 'drop_packet')) return 0;
  if (values.number('drop_packet') !== ON_FOR_WANT_OF_MEMORY) {
    const rate = values.number('am_droprate');
    return rate < 0 ? 1 : rate;
  }
  const threshold = values.number('amemthresh');
  return Math.trunc(threshold / (threshold - availablePages));
}
