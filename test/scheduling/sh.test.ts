import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sh } from '../../src/scheduling/sh.js';
import { tcpFlow } from './flows.js';
import { shTwin } from './hash-twins.js';
import { happen, histories } from './history.js';
import { TrialService } from './trial-service.js';

test('sh chooses as its slow twin does, with any flags, whatever happens', () => {
  const weight = fc.oneof(fc.nat({ max: 5 }), fc.constantFrom(100, 255, 256, 300));
  fc.assert(
    fc.property(histories(weight), fc.constantFrom(0, 0x08, 0x10, 0x18), fc.nat(), (history, flags, salt) => {
      const [service, twin] = [new TrialService(sh), new TrialService(shTwin)];
      service.schedulerFlags = flags;
      twin.schedulerFlags = flags;
      for (const [index, happening] of history.entries()) {
        const flow = tcpFlow(`10.0.${(salt + index) % 256}.9`, 1024 + ((salt * index) % 60000));
        assert.equal(happen(service, happening, flow), happen(twin, happening, flow));
      }
    }),
  );
});

test('sh with sh-port leaves out the port of a protocol that has none', () => {
  const service = new TrialService(sh, [1, 1, 1]);
  service.schedulerFlags = 0x10;
  const chosen = new Set<number | undefined>();
  for (let port = 1; port <= 100; port += 1) {
    chosen.add(service.choose({ ...tcpFlow('10.0.0.2', port), protocol: 50 }));
  }
  assert.equal(chosen.size, 1);
});
