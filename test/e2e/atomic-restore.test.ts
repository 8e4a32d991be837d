/** A long `-R --atomic` is all or nothing, whoever goes away in the middle, and keeps nobody else waiting. */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ControlClient } from '../../src/control/client.js';
import type { Change } from '../../src/control/protocol.js';
import { destinationSpec, serviceSpec, tcpKey } from '../ipvs/specs.js';
import { until } from '../lab/poll.js';
import { VIP } from '../lab/topology.js';
import type { Peer } from './support/peer.js';
import { Scene } from './support/scene.js';

const SERVICES = 2000;
const DESTINATIONS_EACH = 10;
const LINES = SERVICES * (1 + DESTINATIONS_EACH);
const FIRST_PORT = 1024;
const PATIENCE_MS = 60_000;
/** Moments of an -R --atomic that takes a second or two: while it is read, rehearsed, made. */
const KILLED_AFTER_MS = [200, 600, 1000, 1600];

/** A table in place of what there is, among it the service that clients of this test use. */
const CHANGES: readonly Change[] = [
  { op: 'flush' },
  ...Array.from({ length: SERVICES }, (_, index): readonly Change[] => {
    const port = FIRST_PORT + index;
    const key = tcpKey(port, '10.9.0.7');
    const destinations = Array.from(
      { length: DESTINATIONS_EACH },
      (_each, server): Change => ({
        op: 'add-destination',
        key,
        destination: destinationSpec(1, { address: `10.1.0.${100 + server}`, port }),
      }),
    );
    return [{ op: 'add-service', service: serviceSpec({ key }) }, ...destinations];
  }).flat(),
];

describe(`a batch of ${LINES} lines`, () => {
  let scene: Scene;
  let client: Peer;
  before(async () => {
    scene = await Scene.open({ realServers: 1 });
    client = await scene.peer();
  });
  after(() => scene.close());

  let saved = '';
  beforeEach(async () => {
    await scene.balance('tcp', VIP.ipv4, 80, { to: 80 });
    saved = await scene.adm('-Sn');
  });
  afterEach(() => scene.adm('-C'));

  const save = (): Promise<string> => scene.adm('-Sn');

  async function assertAllOrNothing(): Promise<boolean> {
    const now = await save();
    if (now === saved) return false;
    assert.equal(now.split('\n').length - 1, LINES);
    assert.match(now, /^-A -t 10\.9\.0\.7:1024 /);
    return true;
  }

  for (const killedAfterMs of KILLED_AFTER_MS) {
    test(`is there as a whole or not at all when uipvsd is killed ${killedAfterMs} ms after it came`, async (context) => {
      const killed = await ControlClient.connect(scene.uipvs.socketPath);
      const answer = killed.request({ op: 'batch', requests: CHANGES }).then(
        () => true,
        () => false,
      );
      await delay(killedAfterMs);
      await scene.uipvs.kill9();
      const isDone = await answer;
      await scene.restartUipvs();
      const isThere = await assertAllOrNothing();
      context.diagnostic(`${isThere ? 'all' : 'nothing'} of it`);
      if (isDone) assert.ok(isThere, 'what the client was told is done is not there');
      if (!isThere) assert.equal(await client.whoAnswers(VIP.ipv4), 'rs1');
    });
  }

  test('is made to its end when the client goes away, and not begun where it has not said all', async () => {
    const gone = await ControlClient.connect(scene.uipvs.socketPath);
    const answer = gone.request({ op: 'batch', requests: CHANGES });
    await Promise.all([assert.rejects(answer, { code: 'EIO' }), delay(50).then(() => gone.close())]);
    // Commands that come later wait for it.
    const isThere = await assertAllOrNothing();
    await delay(1000);
    assert.equal(await assertAllOrNothing(), isThere);
  });

  test('keeps no connection of before waiting, nor one that comes meanwhile for long', async () => {
    const known = await client.connect(VIP.ipv4, 80);
    const busy = await ControlClient.connect(scene.uipvs.socketPath);
    const [, ...withoutFlush] = CHANGES;
    const running = { isOver: false };
    const answer = busy.request({ op: 'batch', requests: withoutFlush }).finally(() => {
      running.isOver = true;
    });
    let asked = 0;
    await until('the batch to be made', PATIENCE_MS, async () => {
      assert.equal(await known.whoAnswers(), 'rs1');
      assert.equal(await client.whoAnswers(VIP.ipv4), 'rs1');
      asked += 1;
      return running.isOver;
    });
    assert.ok(asked > 1, 'the batch was over before anything could be asked');
    await answer;
    busy.close();
    await known.close();
  });
});
