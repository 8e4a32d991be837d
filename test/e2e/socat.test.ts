/**
 * What few programs do and socat can be told to: datagrams of 60,000 bytes, connections of which one side has said all it
 * has to say long before the other, and connections that say nothing for longer than the balancer remembers.
 */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { until } from '../lab/poll.js';
import { requirements } from '../lab/requirements.js';
import { VIP } from '../lab/topology.js';
import { kernelCounter } from './support/kernel-counters.js';
import { endpoint, Scene } from './support/scene.js';

const FAMILIES = Object.entries(VIP);
const DATAGRAM = randomBytes(60_000);
const STREAM = randomBytes(1_000_000);
/** socat's block: more than any datagram. */
const BLOCK = '65535';
/** How long socat leaves a half-closed connection, in seconds. */
const PATIENCE = '20';
const LIMIT_MS = 5000;

/** Ports of the real server, and of the services. */
const [DATAGRAMS, DIGEST, LISTENER, ECHO] = [9000, 9001, 9002, 7];
/** Of TCP while nothing is sent, in seconds, and a silence that is longer. */
const IDLE_TIMEOUT_S = 2;
const SILENCE_S = 4;

describe('socat on both ends', () => {
  let scene: Scene;
  const file = (name: string): string => path.join(scene.lab.directory, name);
  const socat = (...words: readonly string[]): string[] => ['socat', '-b', BLOCK, '-t', PATIENCE, ...words];
  const listen = (port: number): string => `TCP6-LISTEN:${port},ipv6only=0,reuseaddr`;
  const tcp = (vip: string, port: number): string => `TCP:${endpoint(vip, port)}`;
  const connectionTo = async (vip: string, port: number) =>
    (await scene.connections()).find(({ virtual }) => virtual === endpoint(vip, port));

  before(async () => {
    const missing = requirements(['socat']);
    if (missing !== null) throw new Error(missing);
    scene = await Scene.open({ realServers: 1 });
    writeFileSync(file('datagram'), DATAGRAM);
    writeFileSync(file('stream'), STREAM);
    writeFileSync(file('word'), 'go ahead\n');
    // It has nothing to say before the client has said all, and not yet then.
    const digest = `sum=$(sha256sum); until [ -e ${file('release')} ]; do sleep 0.02; done; echo $sum`;
    scene.lab.spawn('rs1', socat(`UDP6-RECVFROM:${DATAGRAMS},ipv6only=0,fork`, 'PIPE'));
    scene.lab.spawn('rs1', socat(`${listen(DIGEST)},fork`, `SYSTEM:"${digest}"`));
    await scene.lab.waitForListen('rs1', 'udp', DATAGRAMS);
    await scene.lab.waitForListen('rs1', 'tcp', DIGEST);
    for (const [, vip] of FAMILIES) {
      await scene.balance('udp', vip, DATAGRAMS + 1, { to: DATAGRAMS });
      for (const port of [DIGEST, LISTENER, ECHO]) await scene.balance('tcp', vip, port + 10, { to: port });
    }
  });
  after(() => scene.close());

  for (const [family, vip] of FAMILIES) {
    test(`a datagram of ${DATAGRAM.length} bytes arrives, and comes back, ${family}`, async () => {
      const back = file(`datagram-${family}`);
      const ends = [`OPEN:${file('datagram')}!!CREATE:${back}`, `UDP:${endpoint(vip, DATAGRAMS + 1)}`];
      const client = scene.lab.spawn('client', socat(...ends));
      await until('the datagram to come back', LIMIT_MS, () => existsSync(back) && statSync(back).size > 0);
      await client.stop();
      assert.ok(readFileSync(back).equals(DATAGRAM));
    });

    test(`a client that has said all gets the answer long afterwards, ${family}`, async () => {
      const answer = file(`digest-${family}`);
      rmSync(file('release'), { force: true });
      const ends = [`OPEN:${file('stream')}!!CREATE:${answer}`, tcp(vip, DIGEST + 10)];
      const client = scene.lab.spawn('client', socat(...ends));
      await until('the client to have closed its side', LIMIT_MS, async () => {
        return (await connectionTo(vip, DIGEST + 10))?.state === 'CLOSE_WAIT';
      });
      assert.ok(client.isRunning);
      assert.equal(readFileSync(answer, 'utf8'), '');
      writeFileSync(file('release'), '');
      assert.deepEqual(await client.exited, { status: 0, signal: null });
      const [digest] = readFileSync(answer, 'utf8').split(' ');
      assert.equal(digest, createHash('sha256').update(STREAM).digest('hex'));
    });

    test(`a server that has said all hears the client to its end, ${family}`, async () => {
      const [go, word, heard] = ['go', 'word', 'heard'].map((name) => file(`${name}-${family}`));
      const server = scene.lab.spawn('rs1', socat(listen(LISTENER), `OPEN:${file('word')}!!CREATE:${heard}`));
      await scene.lab.waitForListen('rs1', 'tcp', LISTENER);
      const speak = `SYSTEM:"until [ -e ${go} ]; do sleep 0.02; done; cat ${file('stream')}"`;
      const client = scene.lab.spawn('client', socat(`${speak}!!CREATE:${word}`, tcp(vip, LISTENER + 10)));
      await until('the server to have closed its side', LIMIT_MS, async () => {
        return (await connectionTo(vip, LISTENER + 10))?.state === 'FIN_WAIT';
      });
      writeFileSync(go!, '');
      await Promise.all([client.exited, server.exited]);
      assert.equal(readFileSync(word!, 'utf8'), 'go ahead\n');
      assert.ok(readFileSync(heard!).equals(STREAM));
    });
  }

  describe(`silent for ${SILENCE_S} s where TCP is forgotten after ${IDLE_TIMEOUT_S} s`, () => {
    /** Says a word, is silent, says another; gives back what came back. */
    const speakTwice = async (vip: string, name: string, options: string) => {
      const back = file(name);
      const speak = `SYSTEM:"echo one; sleep ${SILENCE_S}; echo two; sleep 1"`;
      const ends = [`${speak}!!CREATE:${back}`, `${tcp(vip, ECHO + 10)}${options}`];
      await scene.lab.run('client', socat(...ends));
      return readFileSync(back, 'utf8');
    };
    let said: string[][] = [];
    let resets = 0;
    before(async () => {
      const resetsBefore = await kernelCounter(scene.lab, 'client', 'TcpEstabResets');
      await scene.adm('--set', String(IDLE_TIMEOUT_S), '0', '0');
      said = await Promise.all(
        FAMILIES.map(([family, vip]) =>
          Promise.all([
            speakTwice(vip, `kept-${family}`, ',keepalive,keepidle=1,keepintvl=1'),
            speakTwice(vip, `forgotten-${family}`, ''),
          ]),
        ),
      );
      resets = (await kernelCounter(scene.lab, 'client', 'TcpEstabResets')) - resetsBefore;
    });

    for (const [index, [family]] of FAMILIES.entries()) {
      test(`a connection whose ends probe each other goes on, ${family}`, () => {
        assert.equal(said[index]?.[0], 'one\ntwo\n');
      });

      test(`what is said later by ends that do not is lost, ${family}`, () => {
        assert.equal(said[index]?.[1], 'one\n');
      });
    }

    test('such a connection is reset, so that its client knows', () => {
      assert.equal(resets, FAMILIES.length);
    });
  });
});
