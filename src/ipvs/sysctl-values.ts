import { quoted, UipvsError } from '../base/error.js';
import type { SysctlListing } from './listing.js';
import { isSysctlName, SYSCTLS, type SysctlName } from './sysctl.js';

/** The values of all settings of net.ipv4.vs. Never changed: `with` makes another one. */
export class SysctlValues {
  readonly #texts: ReadonlyMap<SysctlName, string>;

  private constructor(texts: ReadonlyMap<SysctlName, string>) {
    this.#texts = texts;
  }

  static byDefault(): SysctlValues {
    const names = Object.keys(SYSCTLS).filter(isSysctlName);
    return new SysctlValues(new Map(names.map((name) => [name, SYSCTLS[name].byDefault])));
  }

  /** As /proc/sys shows it, without the end of the line. */
  text(name: SysctlName): string {
    return this.#texts.get(name) ?? SYSCTLS[name].byDefault;
  }

  /** For settings that are one number; NaN for the others. */
  number(name: SysctlName): number {
    return Number(this.text(name));
  }

  /** Whether the setting is anything but 0. */
  isSet(name: SysctlName): boolean {
    return this.number(name) !== 0;
  }

  /** These values with one changed. @throws UipvsError ENOENT no such setting; EINVAL what it cannot be */
  with(name: string, text: string): SysctlValues {
    if (!isSysctlName(name)) throw new UipvsError('ENOENT', `There is no setting ${name} of net.ipv4.vs`);
    const { parse, expected } = SYSCTLS[name];
    const value = parse(text, this.text(name));
    if (value === undefined) {
      throw new UipvsError('EINVAL', `Expected ${expected} for ${name} but received ${quoted(text)}`);
    }
    return new SysctlValues(new Map([...this.#texts, [name, value]]));
  }

  /** In the order of their names. */
  list(): SysctlListing[] {
    return [...this.#texts].map(([name, value]) => ({ name, value }));
  }
}
