/**
 * Firewall marks. A packet that comes out of a TUN device has no mark any more, so each mark has a device of its own,
 * made by another part, and `fwmark N lookup T_N` leads to it. Here are the devices' links, settings and tables; the
 * rule and the route are an entry of the family's plumbing like any other.
 */
import { UipvsError } from '../base/error.js';
import type { Family } from '../net/family.js';
import type { Capture } from './capture.js';
import type { HostContext } from './context.js';
import { isSetUp, readLink, restoreLink, setUpLink } from './device.js';
import type { FamilyPlumbing } from './family-plumbing.js';
import { devicesOf, isSettingOf, type MarkRecord } from './journal.js';
import {
  findMarkFilter,
  outsideRouterGroups,
  restoreRouterGroups,
  restoreSettings,
  setDeviceSettings,
} from './settings.js';
import { refuseTakenTable, tableOfMark } from './table.js';

export interface FirewallMark {
  readonly family: Family;
  /** 1..4294967295; all 32 bits of a packet's mark must be equal. */
  readonly mark: number;
}

export interface FirewallMarkDevice extends FirewallMark {
  /** The TUN device for packets with the mark; the same one for both families. */
  readonly device: string;
}

const MAX_MARK = 2 ** 32 - 1;
/** A network device's name has at most 15 characters: these, an `m`, and up to 8 hexadecimal digits. */
const NAME_PREFIX_LENGTH = 6;

/** The name of a mark's TUN device: `uipvs0m1` for mark 1 of the daemon with device uipvs0; marks in hexadecimal. */
export function markDeviceName(device: string, mark: number): string {
  return `${device.slice(0, NAME_PREFIX_LENGTH)}m${mark.toString(16)}`;
}

/** Errors: EINVAL. */
export function checkMark(mark: number): void {
  if (!Number.isInteger(mark) || mark < 1 || mark > MAX_MARK) {
    throw new UipvsError('EINVAL', `Expected a firewall mark of 1 to ${MAX_MARK} but received ${mark}`);
  }
}

/** The marks of one daemon. Callers serialise. */
export class FirewallMarks {
  readonly #context: HostContext;
  readonly #families: Readonly<Record<Family, FamilyPlumbing>>;
  readonly #capture: Capture;
  /** The families that use a mark. */
  readonly #users = new Map<number, Set<Family>>();

  constructor(context: HostContext, families: Readonly<Record<Family, FamilyPlumbing>>, capture: Capture) {
    this.#context = context;
    this.#capture = capture;
    this.#families = families;
  }

  /** One that is there already does nothing. Errors: see HostPlumbing.addFirewallMark. */
  async add({ family, mark, device }: FirewallMarkDevice): Promise<void> {
    const { system, table: mainTable } = this.#context;
    const users = this.#users.get(mark) ?? new Set();
    if (users.has(family)) return;
    const table = tableOfMark(mainTable, mark);
    await refuseTakenTable(system, family, table, device, ` for firewall mark ${mark}`);
    const record = await this.#attach(mark, device, table);
    try {
      await this.#capture.setMarks(true);
      await this.#change('add', family, record);
    } catch (thrown) {
      if (users.size === 0) await this.#detach(record);
      await this.#capture.setMarks(this.#users.size > 0);
      throw thrown;
    }
    this.#users.set(mark, users.add(family));
    if (family === 4) await this.#warnOfFilter(mark);
  }

  /** One that is not there does nothing. */
  async remove({ family, mark }: FirewallMark): Promise<void> {
    const users = this.#users.get(mark);
    const record = this.#recordOf(mark);
    if (record === undefined || !users?.delete(family)) return;
    await this.#change('remove', family, record);
    if (users.size > 0) return;
    this.#users.delete(mark);
    await this.#detach(record);
    await this.#capture.setMarks(this.#users.size > 0);
  }

  /** Gives back what a daemon before had for marks that nobody here has asked for. */
  async disown(): Promise<void> {
    for (const record of this.#context.journal.content.marks)
      if (!this.#users.has(record.mark)) await this.#detach(record);
  }

  #recordOf(mark: number): MarkRecord | undefined {
    return this.#context.journal.content.marks.find((record) => record.mark === mark);
  }

  async #change(verb: 'add' | 'remove', family: Family, target: MarkRecord): Promise<void> {
    const subject = { kind: 'firewall mark', address: String(target.mark), target } as const;
    const [refusal] = await this.#families[family].apply([
      { ...subject, verb, protocol: undefined, port: 0 },
    ]);
    if (refusal) throw refusal;
  }

  /** Makes the device ready like the main one, with that one's MTU; journalled first. */
  async #attach(mark: number, device: string, table: number): Promise<MarkRecord> {
    const { system, journal, device: mainDevice } = this.#context;
    const known = this.#recordOf(mark);
    if (known !== undefined && known.device !== device) {
      throw new UipvsError(
        'EINVAL',
        `Firewall mark ${mark} has device ${known.device} and cannot have ${device} too`,
      );
    }
    const { properties: main } = await readLink(system, mainDevice);
    const { properties: link } = await readLink(system, device);
    const context = { ...this.#context, device };
    await restoreRouterGroups(context);
    // The other family's, or of a daemon before; its device may have been made anew since.
    if (known !== undefined && isSetUp(link)) return known;
    const record = known ?? { mark, device, table, link };
    if (known === undefined) await journal.addMark(record);
    try {
      await setDeviceSettings(context, false);
      await outsideRouterGroups(context, () => setUpLink(system, device, main.mtuBytes, false));
    } catch (thrown) {
      await this.#detach(record);
      throw thrown;
    }
    return record;
  }

  async #detach(record: MarkRecord): Promise<void> {
    const { system, journal, log } = this.#context;
    const settings = journal.content.settings.filter((change) => isSettingOf(record.device, change));
    await restoreSettings(system, log, settings, [record.device]);
    await restoreLink(system, record.device, record.link);
    await journal.removeMark(record);
  }

  async #warnOfFilter(mark: number): Promise<void> {
    const { system, journal, log } = this.#context;
    const strict = await findMarkFilter(system, devicesOf(journal.content));
    if (strict === null) return;
    const sentence = `rp_filter and src_valid_mark are 1 on ${strict}: the kernel drops packets with firewall mark ${mark} there; rp_filter 2 or src_valid_mark 0 lets them pass`;
    log('warn', sentence, { device: strict, mark });
  }
}
