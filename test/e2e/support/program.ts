import { fileURLToPath } from 'node:url';

/** The file of a Python program beside this one: it stays in the source tree when TypeScript goes to dist. */
export function pythonProgram(name: string): string {
  return fileURLToPath(new URL(`../../../../test/e2e/support/${name}`, import.meta.url));
}
