import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { createFile, readOwnFile } from '../../src/base/own-file.js';

describe('a file of its own', () => {
  let directory: string;
  let path: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'uipvs-own-'));
    path = join(directory, 'file');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const read = (): string | null => readOwnFile('The file', path, 10);

  it('is read, and one that is missing is null', () => {
    assert.equal(read(), null);
    writeFileSync(path, 'text');
    assert.equal(read(), 'text');
    assert.equal(readOwnFile('The file', join(path, 'below'), 10), null);
  });

  it('is not read where it is longer than it can be', () => {
    writeFileSync(path, 'x'.repeat(11));
    assert.throws(read, { code: 'EINVAL', message: `The file ${path} is longer than 10 bytes` });
  });

  for (const [what, fault, make] of [
    ['a link to a file', 'is a symbolic link', () => symlinkSync('other', path)],
    ['a link to nothing', 'is a symbolic link', () => symlinkSync('nothing', path)],
    ['a pipe that nobody writes to', 'is no plain file', () => execFileSync('mkfifo', [path])],
    ['a directory', 'is no plain file', () => mkdirSync(path)],
    ['a file with another name', 'has further names', () => linkSync(join(directory, 'other'), path)],
    [
      'a file that a group can write',
      'is writable by others',
      () => {
        writeFileSync(path, 'text');
        chmodSync(path, 0o620);
      },
    ],
  ] as const) {
    it(`is not read where it is ${what}`, () => {
      writeFileSync(join(directory, 'other'), 'text');
      make();
      const message = `The file ${path} is not used, for it ${fault}: look at it, then remove it, or choose another directory`;
      assert.throws(read, { code: 'EPERM', message });
    });
  }

  it('is not read where it is a socket', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    assert.throws(read, { code: 'EPERM', message: /is no plain file/ });
    await new Promise((resolve) => server.close(resolve));
  });

  it('is made anew, and what a link of its name leads to stays as it was', () => {
    const other = join(directory, 'other');
    writeFileSync(other, 'text');
    symlinkSync('other', path);
    const file = createFile('The file', path, 0o600);
    writeSync(file, 'new');
    closeSync(file);
    assert.deepEqual([readFileSync(path, 'utf8'), readFileSync(other, 'utf8')], ['new', 'text']);
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  it('is not made where a directory has its name', () => {
    mkdirSync(path);
    assert.throws(() => createFile('The file', path, 0o600), {
      code: 'EPERM',
      message: /cannot be replaced/,
    });
  });
});
