import assert from 'node:assert/strict';
import { createConnection } from 'node:net';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ControlClient } from '../../src/control/client.js';
import { answerTo, DONE, hear, listen, path } from './listening.js';

/** Pieces that are noted as they are made, and whether the maker was told to end. */
function noted(count: number): { made: number; hasEnded: boolean; pieces: Iterable<readonly string[]> } {
  const note = { made: 0, hasEnded: false, pieces: [] as Iterable<readonly string[]> };
  note.pieces = (function* () {
    try {
      for (; note.made < count; note.made += 1) yield ['x'.repeat(10_000)];
    } finally {
      note.hasEnded = true;
    }
  })();
  return note;
}

async function all(client: ControlClient): Promise<number> {
  let parts = 0;
  for await (const _part of client.stream({ op: 'list' })) parts += 1;
  return parts;
}

describe('answers of the control server', () => {
  it('makes a long answer while it is read, and ends it when the client goes away', async () => {
    const note = noted(100_000);
    await listen(async ({ op }) => (op === 'list' ? { pieces: note.pieces } : DONE));
    const deaf = createConnection(path);
    deaf.write('{"op":"list"}\n');
    deaf.pause();
    for (let before = -1; note.made === 0 || note.made !== before; await delay(50)) before = note.made;
    assert.ok(note.made < 1000, `${note.made} pieces were made for a client that reads nothing`);
    const other = await ControlClient.connect(path);
    assert.equal(await other.request({ op: 'flush' }), null);
    other.close();
    deaf.destroy();
    while (!note.hasEnded) await delay(1);
  });

  it('makes one piece for all clients in a turn of the event loop', async () => {
    const notes = [noted(50), noted(50), noted(50)];
    const asked = [...notes];
    await listen(async () => ({ pieces: asked.shift()!.pieces }));
    const clients = await Promise.all(notes.map(() => ControlClient.connect(path)));
    const made = (): number => notes.reduce((sum, note) => sum + note.made, 0);
    let most = 0;
    let before = 0;
    const watch = (): void => {
      most = Math.max(most, made() - before);
      before = made();
      if (before < 150) setImmediate(watch);
    };
    setImmediate(watch);
    for (const result of await Promise.all(clients.map((client) => all(client)))) assert.equal(result, 50);
    // The first piece comes with the request.
    assert.ok(most <= 1 + notes.length, `${most} pieces in a turn`);
    for (const client of clients) client.close();
  });

  it('begins no request after one for a long answer before that was given', async () => {
    const begun: string[] = [];
    await listen(async ({ op }) => {
      begun.push(op);
      if (op !== 'list') return DONE;
      return {
        pieces: (function* () {
          for (let count = 0; count < 3; count += 1) yield [begun.join()];
        })(),
      };
    });
    const heard = await answerTo('{"op":"info"}\n{"op":"list"}\n{"op":"flush"}\n');
    assert.equal(heard.match(/info,list"/g)?.length, 3);
    assert.equal(begun.join(), 'info,list,flush');
  });

  it('gives all of a long answer to a client that says that it has no more to ask', async () => {
    await listen(async () => ({ pieces: noted(500).pieces }));
    assert.equal((await answerTo('{"op":"list"}\n')).match(/"part"/g)?.length, 500);
  });

  it('answers a client that says that it has no more to ask, however late', async () => {
    const held = { release: () => {} };
    const isReleased = new Promise<void>((resolve) => {
      held.release = resolve;
    });
    await listen(async () => {
      await isReleased;
      return DONE;
    });
    const socket = createConnection(path);
    socket.end('{"op":"flush"}\n{"op":"flush"}\n');
    const heard = hear(socket);
    // Whatever else has come is read by then.
    const other = await ControlClient.connect(path);
    await delay(20);
    other.close();
    held.release();
    assert.equal(await heard, '{"ok":true,"result":null}\n'.repeat(2));
  });

  it('hangs up on a client that has sent no whole request for long, and says why', async () => {
    await listen(async () => DONE, [], 100);
    const idle = createConnection(path);
    idle.write('{"op":"flush"}\n{"op":"fl');
    const message = 'No whole request has come for 0 s';
    assert.equal(
      await hear(idle),
      `{"ok":true,"result":null}\n${JSON.stringify({ ok: false, errno: 'EIO', message })}\n`,
    );
  });

  it('does not hang up on a client that waits for an answer, however long', async () => {
    await listen(
      async () => {
        await delay(500);
        return DONE;
      },
      [],
      50,
    );
    const client = await ControlClient.connect(path);
    assert.equal(await client.request({ op: 'flush' }), null);
    client.close();
  });
});
