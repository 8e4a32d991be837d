/** Routing tables: each of ours must be ours alone, or packets would take somebody else's routes. */
import { UipvsError } from '../base/error.js';
import type { Family } from '../net/family.js';
import { LOCAL_TABLE, listRoutes, listRules, OWNER } from './rule.js';
import type { HostSystem } from './system.js';

const MAX_TABLE = 2 ** 32 - 1;
/** Tables default, main and local. */
const KERNEL_TABLES: readonly number[] = [LOCAL_TABLE - 2, LOCAL_TABLE - 1, LOCAL_TABLE];
/** Far from the small numbers people give their tables. */
const MARK_TABLES = 0x8000_0000;
const MARK_TABLE_SHIFT = 16;

/** True for a number that a table of ours may have. */
export function isUsableTable(table: number): boolean {
  return Number.isInteger(table) && table >= 1 && table <= MAX_TABLE && !KERNEL_TABLES.includes(table);
}

/**
 * The table of a firewall mark, for a daemon whose own table is `table`: no two marks of a daemon have the same one, and
 * daemons with tables below 32768 and marks below 65536 never meet. Errors: EINVAL for the four or five marks, all
 * above 2147483647, that would get a table of the kernel or the daemon's own.
 */
export function tableOfMark(table: number, mark: number): number {
  const found = (MARK_TABLES ^ (table << MARK_TABLE_SHIFT) ^ mark) >>> 0;
  if (isUsableTable(found) && found !== table) return found;
  throw new UipvsError(
    'EINVAL',
    `Firewall mark ${mark} would need routing table ${found}, which is in use; another --table than ${table} helps`,
  );
}

/** The tables of captured packets, see capture-rules.ts. */
export interface CaptureTables {
  /** Swallows packets for VIPs, by address. */
  readonly vips: number;
  /** Swallows everything. */
  readonly all: number;
}

/**
 * Those of a daemon whose own table is `table`: for tables below 32768 no two daemons have the same ones, and no mark has
 * them.
 */
export function captureTables(table: number): CaptureTables {
  const all = (table << MARK_TABLE_SHIFT) >>> 0;
  return { vips: (MARK_TABLES ^ all) >>> 0, all };
}

/**
 * Refuses a table that holds anything but routes of `device`, or of ours that swallow where it is null. Errors: EEXIST.
 * `purpose` says what the table is for, in the sentence: `Routing table 117` or `Routing table 9 for ...`.
 */
export async function refuseTakenTable(
  system: HostSystem,
  family: Family,
  table: number,
  device: string | null,
  purpose = '',
): Promise<void> {
  const all = await system.list(family, ['route', 'show', 'table', String(table)]);
  const own = (await listRoutes(system, family)).filter(
    (route) => route.table === table && route.device === device,
  );
  if (all.length > own.length) {
    const holder = all.find((route) => route.dev !== device)?.dev ?? 'another program';
    throw new UipvsError(
      'EEXIST',
      `Routing table ${table}${purpose} already holds routes of ${String(holder)}`,
    );
  }
  const foreign = (await listRules(system, family)).find((rule) => {
    return 'lookup' in rule.action && rule.action.lookup === table && rule.owner !== OWNER;
  });
  if (foreign === undefined) return;
  throw new UipvsError(
    'EEXIST',
    `The rule at preference ${foreign.preference} already uses routing table ${table}${purpose}`,
  );
}
