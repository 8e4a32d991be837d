/**
 * Preloaded into uipvsd (`node --import`): SIGURG stalls its JavaScript for UIPVS_STALL_MS, and one line on standard
 * error says when that is over.
 *
 * `block` sleeps where it stands, as a scheduler caught in a loop would, but without burning a processor: what is
 * measured meanwhile is the data plane, not a fight for processors. `collect` runs full garbage collections one after
 * another over a heap as large as that of a director with very many services, with the event loop in between.
 */
import { writeSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Live objects that every collection has to look at, about 100 bytes each. */
const LIVE_OBJECTS = 1_000_000;

const stallMs = Number(process.env.UIPVS_STALL_MS);

function report(times: number): void {
  writeSync(2, `stalled ${times} times\n`);
}

function block(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, stallMs);
  report(1);
}

function prepareCollect(): () => void {
  // The only way to a collection when asked for that is open to a module: options of node itself cannot be given so.
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const live = Array.from({ length: LIVE_OBJECTS }, (_, index) => ({ index, name: `object ${index}` }));
  return () => {
    const end = performance.now() + stallMs;
    let times = 0;
    const collectOnce = (): void => {
      if (performance.now() >= end || live.length === 0) {
        report(times);
        return;
      }
      collectGarbage();
      times += 1;
      setImmediate(collectOnce);
    };
    collectOnce();
  };
}

process.on('SIGURG', process.env.UIPVS_STALL_KIND === 'collect' ? prepareCollect() : block);
