import assert from 'node:assert/strict';
import { test } from 'node:test';
import { destinationSpec, realServer, tcpKey } from './specs.js';
import { Trial } from './trial.js';

/** A service with one destination of these thresholds. */
function trialWith(upperThreshold: number, lowerThreshold = 0): Trial {
  const trial = new Trial().with('rr');
  trial.director.addDestination(tcpKey(), destinationSpec(1, { upperThreshold, lowerThreshold }));
  return trial;
}

function editThreshold(trial: Trial, upperThreshold: number): void {
  trial.director.editDestination(tcpKey(), destinationSpec(1, { upperThreshold }));
}

/** How many of so many attempts get a connection. */
function connections(trial: Trial, attempts: number): number {
  return Array.from({ length: attempts }, () => trial.connect()).filter((got) => got === 1).length;
}

test('a destination takes as many connections as its upper threshold says', () => {
  assert.equal(connections(trialWith(4), 6), 4);
});

test('inactive connections count for the threshold, templates do not', () => {
  const trial = trialWith(4);
  Object.assign(trial.dataPlane.find(realServer(1)), { inactive: 2, persistent: 7 });
  assert.equal(connections(trial, 6), 2);
});

/** Seen on a kernel: connections left of 4 once overloaded, and whether another one is then accepted. */
const RELEASES: readonly (readonly [string, number, number, boolean])[] = [
  ['with lower threshold 2 it stays overloaded', 2, 3, false],
  ['with lower threshold 2 it stays overloaded', 2, 2, false],
  ['with lower threshold 2 it is released', 2, 1, true],
  ['without a lower threshold it stays overloaded', 0, 3, false],
  ['without a lower threshold it is released', 0, 2, true],
];

for (const [what, lower, left, isAccepted] of RELEASES) {
  test(`${what} at ${left} of 4 connections`, () => {
    const trial = trialWith(4, lower);
    assert.equal(connections(trial, 5), 4);
    trial.end(1, 4 - left);
    assert.equal(trial.connect(), isAccepted ? 1 : null);
  });
}

test('a connection that ends before the next one comes does not undo the overload', () => {
  const trial = trialWith(4);
  assert.equal(connections(trial, 4), 4);
  trial.end(1, 1);
  assert.equal(trial.connect(), null);
});

test('once released it takes connections up to the upper threshold again', () => {
  const trial = trialWith(4, 2);
  connections(trial, 4);
  trial.end(1, 3);
  assert.equal(connections(trial, 5), 3);
});

test('edits change the overload as they do in the kernel', () => {
  const trial = trialWith(4);
  assert.equal(connections(trial, 5), 4);
  editThreshold(trial, 3);
  assert.equal(connections(trial, 1), 0, 'a lower upper threshold changes nothing');
  editThreshold(trial, 6);
  assert.equal(connections(trial, 3), 2, 'a higher one releases it');
  editThreshold(trial, 0);
  assert.equal(connections(trial, 1), 1, 'none releases it');
  editThreshold(trial, 2);
  assert.equal(connections(trial, 2), 1, 'one that was passed already shows after one more connection');
});

test('edits do as seen on a kernel: only one above the present upper threshold releases', () => {
  const trial = new Trial().with('rr', 1);
  assert.equal(connections(trial, 3), 3);
  editThreshold(trial, 2);
  assert.equal(connections(trial, 2), 1, 'overloaded by the next connection');
  trial.director.editDestination(tcpKey(), destinationSpec(1, { upperThreshold: 2, lowerThreshold: 1 }));
  assert.equal(connections(trial, 1), 0, 'the same upper threshold');
  editThreshold(trial, 1);
  assert.equal(connections(trial, 1), 0, 'a lower one');
  editThreshold(trial, 2);
  assert.equal(connections(trial, 2), 1, 'a higher one');
});

test('the overload that the data plane found is seen by the scheduler', () => {
  const trial = new Trial().with('rr', 1, 2);
  trial.dataPlane.find(realServer(2)).isOverloaded = true;
  assert.deepEqual([trial.connect(), trial.connect()], [1, 1]);
});

test('the data plane hears of thresholds and of quiescing', () => {
  const trial = trialWith(4, 2);
  const traits = () => trial.dataPlane.find(realServer(1)).traits;
  assert.deepEqual(traits(), { isQuiesced: false, upperThreshold: 4, lowerThreshold: 2 });
  trial.director.editDestination(tcpKey(), destinationSpec(1, { weight: 0 }));
  assert.deepEqual(traits(), { isQuiesced: true, upperThreshold: 0, lowerThreshold: 0 });
  trial.director.deleteDestination(tcpKey(), { address: realServer(1), port: 80 });
  trial.director.addDestination(tcpKey(), destinationSpec(1, { upperThreshold: 7 }));
  assert.deepEqual(traits(), { isQuiesced: false, upperThreshold: 7, lowerThreshold: 0 });
});

test('a destination added again is released as by an edit', () => {
  const trial = trialWith(2);
  assert.equal(connections(trial, 3), 2);
  trial.director.deleteDestination(tcpKey(), { address: realServer(1), port: 80 });
  trial.director.addDestination(tcpKey(), destinationSpec(1, { upperThreshold: 2 }));
  assert.equal(connections(trial, 1), 0);
  trial.director.deleteDestination(tcpKey(), { address: realServer(1), port: 80 });
  trial.director.addDestination(tcpKey(), destinationSpec(1, { upperThreshold: 3 }));
  assert.equal(connections(trial, 2), 1);
});
