import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { exposureOf, makeGuardedDirectory, refuseExposed } from '../../src/base/guarded-path.js';

describe('the way to a file', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'uipvs-guarded-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const made = (mode: number, ...names: readonly string[]): string => {
    const path = join(directory, ...names);
    mkdirSync(path);
    chmodSync(path, mode);
    return path;
  };

  it('is safe where only its user can write, and below a sticky directory', () => {
    const open = made(0o1777, 'sticky');
    made(0o755, 'sticky', 'own');
    for (const path of [directory, open, join(open, 'own')]) assert.equal(exposureOf(path), null);
  });

  for (const mode of [0o777, 0o775, 0o757]) {
    it(`is not where a directory on it is of mode ${mode.toString(8)}, itself or below`, () => {
      const open = made(mode, 'open');
      made(0o755, 'open', 'own');
      const exposure = { path: open, trouble: 'is writable by others' };
      for (const path of [open, join(open, 'own'), join(open, 'own', '..', 'own')])
        assert.deepEqual(exposureOf(path), exposure);
    });
  }

  it('is not where a link on it leads through such a directory, or around one of them', () => {
    made(0o777, 'open');
    made(0o755, 'open', 'own');
    symlinkSync('open/own', join(directory, 'relative'));
    symlinkSync(join(directory, 'open', 'own'), join(directory, 'absolute'));
    symlinkSync('../..', join(directory, 'open', 'own', 'back'));
    for (const path of ['relative', 'absolute', 'open/own/back'])
      assert.equal(exposureOf(join(directory, path))?.path, join(directory, 'open'));
    made(0o755, 'safe');
    symlinkSync('safe', join(directory, 'link'));
    assert.equal(exposureOf(join(directory, 'link')), null);
  });

  it('is walked from where the program is if it does not begin at the root', () => {
    const before = process.cwd();
    made(0o777, 'open');
    process.chdir(directory);
    try {
      assert.equal(exposureOf('.'), null);
      assert.equal(exposureOf('open')?.path, join(directory, 'open'));
    } finally {
      process.chdir(before);
    }
  });

  it('is refused in a sentence that says which directory is at fault', () => {
    const open = made(0o777, 'open');
    made(0o755, 'open', 'own');
    assert.throws(() => refuseExposed(open), {
      code: 'EPERM',
      message: `directory ${open} is not safe from other users, since it is writable by others: choose one that is`,
    });
    assert.throws(() => refuseExposed(join(open, 'own')), {
      message: new RegExp(`since ${open} is writable`),
    });
  });

  it('that goes round in circles ends', () => {
    symlinkSync('two', join(directory, 'one'));
    symlinkSync('one', join(directory, 'two'));
    assert.throws(() => exposureOf(join(directory, 'one')), /Too many symbolic links/);
  });

  it('is made where parts of it are missing, and the first one is told', () => {
    assert.equal(makeGuardedDirectory(join(directory, 'a', 'b', 'c'), 0o755), join(directory, 'a'));
    assert.ok(existsSync(join(directory, 'a', 'b', 'c')));
    assert.equal(makeGuardedDirectory(join(directory, 'a', 'b'), 0o755), undefined);
  });

  it('is not made below a directory that others can write, nor below a link to nowhere', () => {
    const open = made(0o777, 'open');
    assert.throws(() => makeGuardedDirectory(join(open, 'a', 'b'), 0o755), { code: 'EPERM' });
    assert.ok(!existsSync(join(open, 'a')));
    symlinkSync('nowhere', join(directory, 'link'));
    assert.throws(() => makeGuardedDirectory(join(directory, 'link', 'a'), 0o755), { code: 'ENOENT' });
    assert.ok(!existsSync(join(directory, 'nowhere')));
  });

  it('leads to a file that others can write in vain', () => {
    const path = join(directory, 'file');
    writeFileSync(path, '');
    assert.equal(exposureOf(path), null);
    // The sticky bit of a file guards nothing.
    chmodSync(path, 0o1666);
    assert.equal(exposureOf(path)?.path, path);
  });
});
