import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Lines of the scenario language. */
export interface Story {
  readonly name: string;
  readonly lines: readonly string[];
}

/** Do `work` with a scenario file NAME.txt for each story; they are gone afterwards. */
export async function withStoryFiles<Result>(
  stories: readonly Story[],
  work: (files: readonly string[]) => Promise<Result>,
): Promise<Result> {
  const directory = mkdtempSync(path.join(tmpdir(), 'uipvs-stories-'));
  try {
    const files = stories.map(({ name, lines }) => {
      const file = path.join(directory, `${name}.txt`);
      writeFileSync(file, `${lines.join('\n')}\n`);
      return file;
    });
    return await work(files);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
