import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { ControlClient } from '../../src/control/client.js';
import { type CredentialsReader, credentialsOf, mayUse, OVERFLOW_ID } from '../../src/control/credentials.js';
import { ControlServer } from '../../src/control/server.js';
import { loadAddon, type PeerCredentials } from '../../src/engine/addon.js';

const { peerCredentials } = loadAddon();
const directory = mkdtempSync(join(tmpdir(), 'uipvs-credentials-'));
const path = join(directory, 'sock');
after(() => rmSync(directory, { recursive: true }));

const DAEMON = 700;
const GROUP = 800;
const STRANGER = { pid: 1, uid: 701, gid: 701, groups: [702, 703] };

describe('a control socket is for', () => {
  const table: readonly (readonly [who: string, PeerCredentials, group: number | null, may: boolean])[] = [
    ['root', { ...STRANGER, uid: 0 }, GROUP, true],
    ['root, where the group is not known', { ...STRANGER, uid: 0 }, null, true],
    ["the daemon's own user", { ...STRANGER, uid: DAEMON }, GROUP, true],
    ['who has the group first', { ...STRANGER, gid: GROUP }, GROUP, true],
    ['who has the group beside others', { ...STRANGER, groups: [702, GROUP, 703] }, GROUP, true],
    ['nobody else', STRANGER, GROUP, false],
    ['nobody of group root alone', { ...STRANGER, gid: 0, groups: [0] }, GROUP, false],
    ['nobody where the group is not known', STRANGER, null, false],
    [
      'nobody of an unknown group',
      { ...STRANGER, gid: OVERFLOW_ID, groups: [OVERFLOW_ID] },
      OVERFLOW_ID,
      false,
    ],
  ];
  for (const [who, credentials, group, may] of table) {
    it(who, () =>
      assert.equal(
        mayUse(credentials, DAEMON, () => group),
        may,
      ),
    );
  }

  it('nobody whose user is unknown, as the daemon itself is', () => {
    assert.equal(
      mayUse({ ...STRANGER, uid: OVERFLOW_ID }, OVERFLOW_ID, () => GROUP),
      false,
    );
  });
});

describe('who is at the other end', () => {
  it('is not known of a socket without a descriptor', () => {
    assert.equal(credentialsOf(new Socket(), peerCredentials), null);
  });

  it('is told by the addon, and refused of what is no socket', () => {
    assert.throws(() => peerCredentials(-1), /SO_PEERCRED/);
    assert.throws(() => peerCredentials('1' as unknown as number), RangeError);
  });

  it('is this process of a connection to itself', async () => {
    const seen: (PeerCredentials | null)[] = [];
    await serve(
      (descriptor) => {
        seen.push(peerCredentials(descriptor));
        throw new Error('not looked at');
      },
      async () => void (await told()),
    );
    const [who, ...others] = seen;
    assert.deepEqual(others, []);
    assert.ok(who);
    assert.deepEqual([who.pid, who.uid, who.gid], [process.pid, process.geteuid?.(), process.getegid?.()]);
    // Node.js adds the first group to the others.
    assert.deepEqual(new Set([...who.groups, who.gid]), new Set(process.getgroups?.()));
  });
});

describe('a client whose credentials are not known or not enough', () => {
  const refusal = `{"ok":false,"errno":"EPERM","message":"No permission to use the socket '${path}'"}\n`;
  const unknown: CredentialsReader = () => {
    throw new Error('no credentials');
  };

  it('is told so in one line without a question, and hung up on', async () => {
    await serve(unknown, async () => assert.equal(await told(), refusal));
    await serve(
      () => STRANGER,
      async () => assert.equal(await told(), refusal),
    );
  });

  it('is hung up on even if it stays', async () => {
    await serve(unknown, async () => {
      const socket = createConnection({ path, allowHalfOpen: true });
      socket.resume();
      await once(socket, 'end');
      // Written to a socket that was closed: EPIPE, in the end.
      socket.on('error', () => {});
      const writer = setInterval(() => socket.write('{"op":"info"}\n'), 20);
      await new Promise((resolve) => socket.on('close', resolve));
      clearInterval(writer);
    });
  });

  it('takes no place from others, however many come', async () => {
    let reader = unknown;
    await serve(
      (descriptor) => reader(descriptor),
      async () => {
        const crowd = Array.from({ length: 100 }, () => createConnection({ path, allowHalfOpen: true }));
        // All of them are told: none was turned away for want of a place.
        for (const line of await Promise.all(crowd.map(toTheEnd))) assert.equal(line, refusal);
        reader = peerCredentials;
        const client = await ControlClient.connect(path);
        assert.equal(await client.request({ op: 'flush' }), null);
        client.close();
        for (const one of crowd) one.destroy();
      },
    );
  });

  it('has its request rejected with EPERM, whenever it asks', async () => {
    await serve(unknown, async () => {
      const early = await ControlClient.connect(path);
      await assert.rejects(early.request({ op: 'flush' }), { name: 'RefusedError', code: 'EPERM' });
      const late = await ControlClient.connect(path);
      // Until the server has told another one that came after it.
      await told();
      await assert.rejects(late.request({ op: 'flush' }), { name: 'RefusedError', code: 'EPERM' });
      early.close();
      late.close();
    });
  });
});

async function serve(reader: CredentialsReader, task: () => Promise<void>): Promise<void> {
  const server = await ControlServer.listen(path, async () => ({ result: null }), {
    onFailure: ({ message }) => assert.fail(message),
    onRefused: () => {},
    peerCredentials: reader,
  });
  try {
    await task();
  } finally {
    await server.close();
  }
}

/** All that a client hears that says nothing. */
async function told(): Promise<string> {
  return await toTheEnd(createConnection(path));
}

/** What comes until the server ends it. */
async function toTheEnd(socket: Socket): Promise<string> {
  let heard = '';
  socket.on('data', (piece) => {
    heard += piece;
  });
  await once(socket, 'end');
  return heard;
}
