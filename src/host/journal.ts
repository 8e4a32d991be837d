/**
 * The journal: what a successor needs to undo this daemon's changes. Rules and routes are not listed one by one, since
 * the kernel lists them by owner number, table and device; settings and the device's own properties are, each before
 * it is changed.
 */
import { readlink } from 'node:fs/promises';
import { UipvsError } from '../base/error.js';
import type { Log } from './context.js';
import { JOURNAL_VERSION, readJournal } from './journal-check.js';
import { isAlive, ownIdentity, type ProcessIdentity } from './process-identity.js';
import type { HostSystem } from './system.js';
import { captureTables } from './table.js';

export interface SettingChange {
  readonly path: string;
  readonly before: string;
  readonly after: string;
  /** Settings that writing `path` overwrites too, with the values to give back to them. */
  readonly overwritten: readonly { readonly path: string; readonly before: string }[];
}

export interface LinkProperties {
  readonly mtuBytes: number;
  readonly queueLength: number;
  readonly addressGeneration: string;
  readonly isMulticast: boolean;
  readonly isUp: boolean;
}

/** What was done for one firewall mark, besides rules and settings. */
export interface MarkRecord {
  readonly mark: number;
  readonly device: string;
  readonly table: number;
  /** What the device was like before it was attached. */
  readonly link: LinkProperties;
}

export interface JournalContent {
  readonly version: number;
  readonly owner: ProcessIdentity;
  readonly bootId: string;
  readonly namespace: string;
  readonly device: string;
  readonly table: number;
  readonly settings: readonly SettingChange[];
  /** What the device was like before it was attached. */
  readonly link: LinkProperties | null;
  readonly marks: readonly MarkRecord[];
  /** Whether a table of nftables may be there, see capture-filter.ts. */
  readonly hasFilter: boolean;
}

/** The daemon's devices: the main one, then those of firewall marks. */
export function devicesOf({ device, marks }: Pick<JournalContent, 'device' | 'marks'>): string[] {
  return [device, ...marks.map((record) => record.device)];
}

/** The daemon's routing tables. */
export function tablesOf({ table, marks }: Pick<JournalContent, 'table' | 'marks'>): number[] {
  return [table, ...marks.map((record) => record.table), ...Object.values(captureTables(table))];
}

/** Whether a setting is one of this device alone. */
export function isSettingOf(device: string, { path }: SettingChange): boolean {
  return path.includes(`/conf/${device}/`);
}

function parse(text: string, path: string, bootId: string): JournalContent | null {
  const content = readJournal(text, bootId);
  if (typeof content !== 'string') return content;
  throw new UipvsError(
    'EIO',
    `The journal ${path} is not one of this version of uipvs: ${content}; undo by hand, then remove it`,
  );
}

export class Journal {
  readonly #system: HostSystem;
  readonly #path: string;
  #content: JournalContent;

  private constructor(system: HostSystem, path: string, content: JournalContent) {
    this.#system = system;
    this.#path = path;
    this.#content = content;
  }

  /**
   * Reads what another process left at `path`.
   * Returns null when there is nothing to undo here: no journal, or one of an earlier boot or of another namespace.
   * Errors: EBUSY while its owner is alive; EPERM where somebody else can have written it; EIO when it says anything that
   * no journal says.
   */
  static async readLeftover(system: HostSystem, log: Log, path: string): Promise<JournalContent | null> {
    const text = await system.readText(path);
    if (text === null) return null;
    const { bootId, namespace } = await currentHost(system);
    const content = parse(text, path, bootId);
    if (content === null) return null;
    if (await isAlive(content.owner)) {
      throw new UipvsError(
        'EBUSY',
        `The journal ${path} belongs to process ${content.owner.pid}, which is running`,
      );
    }
    if (content.namespace === namespace) return content;
    const sentence = `The journal ${path} is of process ${content.owner.pid} in another network namespace, where its changes stay`;
    log('warn', sentence, { path });
    return null;
  }

  /** Starts this process's own journal, in place of any other at `path`. */
  static async start(system: HostSystem, path: string, device: string, table: number): Promise<Journal> {
    const owner = await ownIdentity();
    const host = await currentHost(system);
    const nothing = { settings: [], link: null, marks: [], hasFilter: false };
    const content = { version: JOURNAL_VERSION, owner, ...host, device, table, ...nothing };
    const journal = new Journal(system, path, content);
    await journal.#save();
    return journal;
  }

  /** Goes on with a dead process's journal as this process's own: what it says was changed is still to be undone. */
  static async adopt(system: HostSystem, path: string, leftover: JournalContent): Promise<Journal> {
    const journal = new Journal(system, path, { ...leftover, owner: await ownIdentity() });
    await journal.#save();
    return journal;
  }

  get content(): JournalContent {
    return this.#content;
  }

  async addSetting(change: SettingChange): Promise<void> {
    this.#content = { ...this.#content, settings: [...this.#content.settings, change] };
    await this.#save();
  }

  /** Forgets a setting that is given back. */
  async removeSetting(change: SettingChange): Promise<void> {
    const settings = this.#content.settings.filter((other) => other !== change);
    this.#content = { ...this.#content, settings };
    await this.#save();
  }

  async setLink(link: LinkProperties): Promise<void> {
    this.#content = { ...this.#content, link };
    await this.#save();
  }

  async addMark(record: MarkRecord): Promise<void> {
    this.#content = { ...this.#content, marks: [...this.#content.marks, record] };
    await this.#save();
  }

  /** Forgets a mark and the settings of its device, once they are given back. */
  async removeMark({ mark, device }: MarkRecord): Promise<void> {
    const settings = this.#content.settings.filter((change) => !isSettingOf(device, change));
    const marks = this.#content.marks.filter((record) => record.mark !== mark);
    this.#content = { ...this.#content, settings, marks };
    await this.#save();
  }

  async setFilter(hasFilter: boolean): Promise<void> {
    this.#content = { ...this.#content, hasFilter };
    await this.#save();
  }

  async remove(): Promise<void> {
    await this.#system.removeFile(this.#path);
  }

  async #save(): Promise<void> {
    await this.#system.replaceText(this.#path, `${JSON.stringify(this.#content, null, 1)}\n`);
  }
}

async function currentHost(system: HostSystem): Promise<{ bootId: string; namespace: string }> {
  const bootId = (await system.readSetting('/proc/sys/kernel/random/boot_id')) ?? 'unknown';
  return { bootId, namespace: await readlink('/proc/self/ns/net') };
}
