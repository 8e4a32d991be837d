import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UipvsError } from '../../src/base/error.js';
import { destinationSpec, realServer, serviceSpec, tcpKey } from './specs.js';
import { Trial } from './trial.js';

test('a service above the limit: ENOSPC, until one is deleted', () => {
  const { director } = new Trial({ maxServices: 2 });
  director.addService(serviceSpec({ key: tcpKey(81) }));
  director.addService(serviceSpec({ key: tcpKey(82) }));
  const refusal = { code: 'ENOSPC', message: /10\.9\.0\.1:83 is above the limit of 2 services/ };
  assert.throws(() => director.checkAddService(serviceSpec({ key: tcpKey(83) })), refusal);
  assert.throws(() => director.addService(serviceSpec({ key: tcpKey(83) })), refusal);
  director.deleteService(tcpKey(81));
  director.addService(serviceSpec({ key: tcpKey(83) }));
  assert.equal(director.findService(tcpKey(83))?.id, 0, 'the lowest free id');
});

test('a destination above the limit: ENOSPC, until the trash lets go of one', () => {
  const trial = new Trial({ maxDestinations: 2 }).with('rr', 1, 2);
  const { director } = trial;
  const refusal = { code: 'ENOSPC', message: /10\.1\.0\.13:80 is above the limit of 2 destinations/ };
  director.deleteDestination(tcpKey(), { address: realServer(1), port: 80 });
  assert.throws(() => director.checkAddDestination(tcpKey(), destinationSpec(3)), refusal);
  assert.throws(() => director.addDestination(tcpKey(), destinationSpec(3)), refusal);
  trial.nowMs = 2000;
  assert.equal(director.collectTrash(), 1);
  director.addDestination(tcpKey(), destinationSpec(3));
  assert.equal(trial.dataPlane.find(realServer(3)).id, 0, 'the lowest free id');
});

test('a destination in the trash can be had back at the limit', () => {
  const { director } = new Trial({ maxDestinations: 1 }).with('rr', 1);
  director.deleteDestination(tcpKey(), { address: realServer(1), port: 80 });
  director.checkAddDestination(tcpKey(), destinationSpec(1));
  director.addDestination(tcpKey(), destinationSpec(1));
});

test('a service that the data plane refuses is not there, and its id is free', () => {
  const { director, dataPlane } = new Trial();
  dataPlane.nextError = new UipvsError('EIO', 'refused');
  assert.throws(() => director.addService(serviceSpec()), { code: 'EIO' });
  assert.deepEqual(director.figures.list(), []);
  director.addService(serviceSpec({ key: tcpKey(81) }));
  assert.equal(director.findService(tcpKey(81))?.id, 0);
});

test('a destination that the data plane refuses is not there, and its id is free', () => {
  const { director, dataPlane } = new Trial().with('rr');
  dataPlane.nextError = new UipvsError('EIO', 'refused');
  assert.throws(() => director.addDestination(tcpKey(), destinationSpec(1)), { code: 'EIO' });
  assert.deepEqual(director.figures.list(tcpKey())[0]?.destinations, []);
  director.addDestination(tcpKey(), destinationSpec(2));
  assert.equal(dataPlane.find(realServer(2)).id, 0);
});
