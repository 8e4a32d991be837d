/** No source file runs a command by a shell: names and addresses are words of a program, never text that is parsed. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** What the daemon and its programs are made of, and what measures them. */
const FOLDERS: readonly string[] = ['src', 'native', 'bench'];
const ENDINGS = /\.(ts|js|mjs|cjs|cc|h|c|py)$/;

const SHELLS: readonly RegExp[] = [
  // Node.js: what takes a line, or is told to give it to a shell.
  /\bexec(Sync)?\s*\(\s*['"`]/,
  /\bimport\s*\{[^}]*\bexec(Sync)?\b[^}]*\}\s*from\s*'(node:)?child_process'/,
  /\bchild_process\b['"]?\)?\s*\.\s*exec(Sync)?\b/,
  /\bshell\s*:\s*(?!false\b)/,
  // By its name, whoever runs it.
  /\/(usr\/)?bin\/(env )?(ba|da|z|k|a)?sh\b/,
  /['"`](ba|da|z|k|a)?sh['"`],\s*(\[|['"`]-)/,
  // C and C++, and Python.
  /\b(system|popen|wordexp)\s*\(/,
  /\bshell\s*=\s*True\b/,
];

function offences(text: string): readonly string[] {
  return text.split('\n').filter((line) => SHELLS.some((shell) => shell.test(line)));
}

describe('shells', () => {
  test('are run by no source file', () => {
    const files = FOLDERS.flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
        .filter((path) => ENDINGS.test(path))
        .map((path) => join(folder, path)),
    );
    assert.ok(files.length > 300, `only ${files.length} files were found`);
    const found = files.flatMap((file) =>
      offences(readFileSync(join(ROOT, file), 'utf8')).map((line) => `${file}: ${line.trim()}`),
    );
    assert.deepEqual(found, []);
  });

  test('are wanted by no script that npm runs besides those of .ci', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Readonly<Record<string, string>>;
    };
    for (const [name, line] of Object.entries(scripts))
      assert.doesNotMatch(line, /\bsh\s+-c\b|`|\$\(/, `script ${name}`);
    for (const name of ['preinstall', 'install', 'postinstall', 'prepare'])
      assert.ok(!(name in scripts), name);
  });

  for (const line of [
    "import { exec } from 'node:child_process';",
    "import { execSync, spawn } from 'child_process';",
    "require('node:child_process').execSync(words)",
    'execSync(`ip rule add`)',
    'spawn(program, words, { shell: true })',
    "spawn(program, words, { shell: '/bin/sh' })",
    "runProgram(['/bin/sh', '-c', text], [], '')",
    "run('sh', ['-c', text])",
    'execl("/bin/bash", "bash", "-c", text, nullptr);',
    'std::system(line.c_str());',
    'FILE* pipe = ::popen(line, "r");',
    'subprocess.run(line, shell=True)',
  ]) {
    test(`are found in ${line}`, () => assert.deepEqual(offences(line), [line]));
  }

  for (const line of [
    'const match = /^a$/.exec(text);',
    "context.exec(host, ['ip', 'rule'])",
    "import { execFile } from 'node:child_process';",
    "const scheduler = schedulers.get('sh');",
    'const { system, journal } = context;',
    '#include <sys/socket.h>',
  ]) {
    test(`are not seen in ${line}`, () => assert.deepEqual(offences(line), []));
  }
});
