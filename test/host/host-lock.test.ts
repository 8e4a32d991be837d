import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { withHostLock } from '../../src/host/host-lock.js';

describe('the host lock', () => {
  let directory: string;
  let path: string;
  beforeEach(() => {
    directory = mkdtempSync(`${tmpdir()}/uh-lock-`);
    path = `${directory}/made/host.lock`;
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('lets one holder in at a time, and leaves nothing behind', async () => {
    let inside = 0;
    let most = 0;
    const enter = () =>
      withHostLock(path, async () => {
        inside += 1;
        most = Math.max(most, inside);
        await new Promise((resolve) => setImmediate(resolve));
        inside -= 1;
      });
    await Promise.all(Array.from({ length: 20 }, enter));
    assert.equal(most, 1);
    assert.deepEqual(readdirSync(`${directory}/made`), []);
  });

  it('is released when the action fails', async () => {
    await assert.rejects(
      withHostLock(path, () => Promise.reject(new Error('no'))),
      /no/,
    );
    assert.equal(await withHostLock(path, async () => 'entered'), 'entered');
  });

  it('is taken over from a dead holder by one of several', async () => {
    await withHostLock(path, async () => {});
    // Our own pid with another start time: a process that has been replaced.
    writeFileSync(path, JSON.stringify({ pid: process.pid, startTicks: '1' }));
    let inside = 0;
    const enter = () =>
      withHostLock(path, async () => {
        inside += 1;
        assert.equal(inside, 1);
        await new Promise((resolve) => setImmediate(resolve));
        inside -= 1;
      });
    await Promise.all(Array.from({ length: 50 }, enter));
    assert.deepEqual(readdirSync(`${directory}/made`), []);
  });

  it('is taken over even if somebody died while taking it over', async () => {
    await withHostLock(path, async () => {});
    writeFileSync(path, JSON.stringify({ pid: process.pid, startTicks: '1' }));
    mkdirSync(`${path}.break`);
    utimesSync(`${path}.break`, 0, 0);
    assert.equal(await withHostLock(path, async () => 'entered'), 'entered');
    assert.deepEqual(readdirSync(`${directory}/made`), []);
  });
});
