import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const CONTRIBUTING = fileURLToPath(new URL('../../../../CONTRIBUTING.md', import.meta.url));

/** The complete module that CONTRIBUTING.md shows. */
export function documentedExample(): string {
  const [, text] =
    /```js\n([\s\S]*?export default [\s\S]*?)```/.exec(readFileSync(CONTRIBUTING, 'utf8')) ?? [];
  if (text === undefined) throw new Error(`Expected a block with a module in ${CONTRIBUTING}`);
  return text;
}

/** Modules of schedulers in a directory of their own. */
export class SchedulerFiles {
  readonly directory = mkdtempSync(path.join(tmpdir(), 'uipvs-schedulers-'));
  readonly #names = new Set<string>();

  /** @param sources by the scheduler's name */
  constructor(sources: Readonly<Record<string, string>>) {
    for (const [name, text] of Object.entries(sources)) this.write(name, text);
  }

  write(name: string, text: string): void {
    this.#names.add(name);
    writeFileSync(this.#pathOf(name), text, { mode: 0o644 });
  }

  /** The words for uipvsd. */
  get args(): readonly string[] {
    return [...this.#names].flatMap((name) => ['--scheduler', `${name}=${this.#pathOf(name)}`]);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true });
  }

  #pathOf(name: string): string {
    return path.join(this.directory, `${name}.mjs`);
  }
}
