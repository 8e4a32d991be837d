import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Command } from '../../src/cli/command.js';
import { Conversation } from '../../src/cli/conversation.js';
import { formatSavedService } from '../../src/cli/format-save.js';
import { formatNumericEndpoint } from '../../src/cli/name-book.js';
import { destination, service } from './listing-fixture.js';
import { RECORDED_DESTINATIONS, RECORDED_SERVICES } from './recorded-additions.js';
import { fixedResolver, fixedServices } from './run-main.js';

const services = fixedServices();

async function parse(words: readonly string[]): Promise<Command> {
  const output = { out: () => assert.fail('printed'), err: () => assert.fail('printed') };
  const conversation = new Conversation(
    { program: 'ipvsadm', output, services, resolver: fixedResolver },
    '/nonexistent',
  );
  return (await conversation.parse(words, false)).command;
}

/** The change as -S would save its outcome. */
async function saved(words: readonly string[]): Promise<string> {
  const command = await parse(words);
  assert.equal(command.kind, 'change');
  const { request } = command;
  if (request.op === 'add-service') {
    return formatSavedService(service(request.service.key, request.service, []), [], formatNumericEndpoint);
  }
  assert.equal(request.op, 'add-destination');
  const { address, port } = request.destination;
  const lines = formatSavedService(
    service(request.key, {}, []),
    // The kernel's ipvsadm does not save thresholds.
    [destination(address, port, { ...request.destination, upperThreshold: 0, lowerThreshold: 0 })],
    formatNumericEndpoint,
  );
  return lines.slice(lines.indexOf('\n') + 1);
}

describe('a service is added as ipvsadm adds it', () => {
  for (const [words, line] of RECORDED_SERVICES) {
    it(words, async () => assert.equal(await saved(words.split(' ')), `${line}\n`));
  }
});

describe('a destination is added as ipvsadm adds it', () => {
  for (const [words, line] of RECORDED_DESTINATIONS) {
    it(words, async () => assert.equal(await saved(words.split(' ')), `${line}\n`));
  }
});

describe('the words become requests', () => {
  const key = { kind: 'address', protocol: 'tcp', address: '10.9.0.1', port: 80 } as const;
  const rr = {
    scheduler: 'rr',
    schedulerFlags: 0,
    isOnePacket: false,
    persistence: null,
    persistenceEngine: null,
    masquerade: null,
    clientAddress: null,
  };
  const table: readonly (readonly [words: string, request: object])[] = [
    ['-A -t 10.9.0.1:80 -s rr', { op: 'add-service', service: { key, ...rr } }],
    ['-E -t 10.9.0.1:80 -s rr', { op: 'edit-service', service: { key, ...rr } }],
    ['-D -t 10.9.0.1:80', { op: 'delete-service', key }],
    ['-D -f 7 -6', { op: 'delete-service', key: { kind: 'fwmark', mark: 7, family: 6 } }],
    ['-C', { op: 'flush' }],
    ['-Z', { op: 'zero' }],
    ['-Z -t 10.9.0.1:80', { op: 'zero', key }],
    ['--stop-daemon master', { op: 'stop-sync-daemon', role: 'master' }],
    ['--stop-daemon=backup --syncid 1', { op: 'stop-sync-daemon', role: 'backup' }],
    ['--set 1 +2 003', { op: 'set-timeouts', timeouts: { tcp: 1, tcpFin: 2, udp: 3 } }],
    ['--set -- 1 2 3', { op: 'set-timeouts', timeouts: { tcp: 1, tcpFin: 2, udp: 3 } }],
    [
      '-e -t 10.9.0.1:80 -r 10.1.0.11 -m -x 9 -y 2',
      {
        op: 'edit-destination',
        key,
        destination: {
          address: '10.1.0.11',
          port: 80,
          forwarding: 'masquerading',
          tunnel: null,
          weight: 1,
          upperThreshold: 9,
          lowerThreshold: 2,
        },
      },
    ],
    [
      '-d -t 10.9.0.1:80 -r 10.1.0.11:8080',
      { op: 'delete-destination', key, destination: { address: '10.1.0.11', port: 8080 } },
    ],
    [
      '-A -f 4294967295 -s rr',
      { op: 'add-service', service: { key: { kind: 'fwmark', mark: 0xffffffff, family: 4 }, ...rr } },
    ],
    ['-A -t 10.9.0.1:80 -s rr -b ,', { op: 'add-service', service: { key, ...rr } }],
  ];
  for (const [words, request] of table) {
    it(words, async () => assert.deepEqual(await parse(words.split(' ')), { kind: 'change', request }));
  }
});
