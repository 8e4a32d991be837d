/** How much memory the host has left, as the defence against overload asks for it. */
import { readFile } from 'node:fs/promises';

/** The kernel's page on every machine that Node runs on, but for those built with larger ones, which then count more. */
const PAGE_KB = 4;

/**
 * Pages that are free or buffers; infinitely many where the host does not tell.
 *
 * Source: net/netfilter/ipvs/ip_vs_ctl.c, update_defense_level, and proc_meminfo(5).
 */
export async function availablePages(path = '/proc/meminfo'): Promise<number> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const kilobytes = ['MemFree', 'Buffers'].map((name) => {
    return Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(text)?.[1] ?? Number.POSITIVE_INFINITY);
  });
  return Math.floor(kilobytes.reduce((sum, amount) => sum + amount, 0) / PAGE_KB);
}
