/**
 * Whether what a journal says is what a journal can say. Nobody but root and the daemon's user can have written it
 * (own-file.ts), but an older version or a damaged disk may have; and its words go to `ip` and into the kernel's settings.
 * So each is checked in its type, range and form before any is used, and what is not known is not taken along.
 */
import { isDeviceName } from './host-options.js';
import type { JournalContent, LinkProperties, MarkRecord, SettingChange } from './journal.js';
import { parseIdentity } from './process-identity.js';
import { isSettingPath } from './setting-path.js';
import type { Json } from './system.js';
import { isUsableTable } from './table.js';

export const JOURNAL_VERSION = 1;
/** Bytes: room for some 100,000 settings. */
export const MAX_JOURNAL_BYTES = 1 << 24;

const MAX_NUMBER = 2 ** 32 - 1;
/** Numbers, and lists of ranges of ports. */
const SETTING_VALUE = /^[\d,-]{0,65536}$/;
const ADDRESS_GENERATION = /^[a-z0-9_-]{0,32}$/;
const BOOT_ID = /^[\w-]{1,64}$/;
const NAMESPACE = /^net:\[\d{1,20}\]$/;

/** What was expected, and what was there instead. */
class Mistake extends Error {
  constructor(expected: string, found: unknown) {
    super(`expected ${expected} but found ${(JSON.stringify(found) ?? 'nothing').slice(0, 80)}`);
  }
}

function fail(expected: string, found: unknown): never {
  throw new Mistake(expected, found);
}

function fields(value: unknown, what: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(what, value);
  return value as Json;
}

function list(value: unknown, what: string): readonly unknown[] {
  return Array.isArray(value) ? value : fail(what, value);
}

function text(value: unknown, form: RegExp, what: string): string {
  return typeof value === 'string' && form.test(value) ? value : fail(what, value);
}

function flag(value: unknown, what: string): boolean {
  return typeof value === 'boolean' ? value : fail(what, value);
}

function number(value: unknown, isRight: (number: number) => boolean, what: string): number {
  return typeof value === 'number' && isRight(value) ? value : fail(what, value);
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= MAX_NUMBER;
}

function device(value: unknown): string {
  return typeof value === 'string' && isDeviceName(value) ? value : fail('the name of a device', value);
}

function settingOf(value: unknown): { readonly path: string; readonly before: string } {
  const { path, before } = fields(value, 'a setting');
  if (typeof path !== 'string' || !isSettingPath(path)) fail('a setting of IP below /proc/sys/net', path);
  return { path, before: text(before, SETTING_VALUE, 'the value of a setting') };
}

function changeOf(value: unknown): SettingChange {
  const { after, overwritten } = fields(value, 'a setting');
  return {
    ...settingOf(value),
    after: text(after, SETTING_VALUE, 'the value of a setting'),
    overwritten: list(overwritten, 'settings').map(settingOf),
  };
}

function linkOf(value: unknown): LinkProperties {
  const { mtuBytes, queueLength, addressGeneration, isMulticast, isUp } = fields(value, 'a link');
  return {
    mtuBytes: number(mtuBytes, isCount, 'an mtu'),
    queueLength: number(queueLength, isCount, 'the length of a queue'),
    addressGeneration: text(addressGeneration, ADDRESS_GENERATION, 'a way to make addresses'),
    isMulticast: flag(isMulticast, 'whether there is multicast'),
    isUp: flag(isUp, 'whether a device is up'),
  };
}

function markOf(value: unknown): MarkRecord {
  const record = fields(value, 'a firewall mark');
  return {
    mark: number(record.mark, (mark) => isCount(mark) && mark > 0, 'a firewall mark'),
    device: device(record.device),
    table: number(record.table, isUsableTable, 'a routing table'),
    link: linkOf(record.link),
  };
}

function contentOf(value: unknown, bootId: string): JournalContent | null {
  const content = fields(value, 'a journal');
  if (text(content.bootId, BOOT_ID, 'which boot') !== bootId) return null;
  if (content.version !== JOURNAL_VERSION) fail(`version ${JOURNAL_VERSION}`, content.version);
  return {
    version: JOURNAL_VERSION,
    owner: parseIdentity(content.owner) ?? fail('a process', content.owner),
    bootId,
    namespace: text(content.namespace, NAMESPACE, 'a network namespace'),
    device: device(content.device),
    table: number(content.table, isUsableTable, 'a routing table'),
    settings: list(content.settings, 'settings').map(changeOf),
    link: content.link === null ? null : linkOf(content.link),
    // A daemon that knew neither firewall marks nor filters may have left it.
    marks: list(content.marks ?? [], 'firewall marks').map(markOf),
    hasFilter: flag(content.hasFilter ?? false, 'whether there is a filter'),
  };
}

/**
 * @param bootId which boot this is
 * @returns the content; null where it is of another boot, and so of no consequence; or in words why the text is no journal
 * of this version
 */
export function readJournal(journal: string, bootId: string): JournalContent | string | null {
  try {
    return contentOf(JSON.parse(journal), bootId);
  } catch (thrown) {
    return thrown instanceof Mistake ? thrown.message : 'it is no JSON';
  }
}
