import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { UipvsError } from '../../src/base/error.js';
import { MetricsServer } from '../../src/metrics/metrics-server.js';
import type { MetricsSource } from '../../src/metrics/source.js';
import { cannedSource } from './canned-source.js';
import { at, destination, service } from './recorded-listings.js';

const LOOPBACK = '127.0.0.1';

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Question {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function ask(
  server: MetricsServer,
  { path = '/metrics', method = 'GET', headers = {} }: Question = {},
): Promise<Answer> {
  const asked = request({ host: LOOPBACK, port: server.port, path, method, headers, agent: false }).end();
  const [response] = await once(asked, 'response');
  if (response.headers['content-encoding'] === 'gzip') {
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk);
    return {
      status: response.statusCode,
      headers: response.headers,
      body: gunzipSync(Buffer.concat(chunks)).toString(),
    };
  }
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

function listen(source: MetricsSource, failures: UipvsError[] = []): Promise<MetricsServer> {
  const onFailure = (failure: UipvsError): void => void failures.push(failure);
  return MetricsServer.listen({ address: LOOPBACK, port: 0 }, source, { onFailure });
}

describe('the metrics page', () => {
  let server: MetricsServer;
  before(async () => {
    server = await listen(cannedSource());
  });
  after(() => server.close());

  test('tells the figures of the source', async () => {
    const { status, headers, body } = await ask(server);
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
    const lines = body.split('\n');
    for (const line of [
      'uipvs_packets_total{verdict="translated"} 70',
      'uipvs_packets_total{verdict="passed"} 20',
      'uipvs_packets_total{verdict="dropped"} 10',
      'uipvs_drops_total{reason="fragment"} 8',
      'uipvs_drops_total{reason="table_full"} 2',
      'uipvs_received_packets_total 100',
      'uipvs_transmitted_packets_total 90',
      'uipvs_upcalls_total 7',
      'uipvs_upcall_duration_seconds_count 7',
      'uipvs_scheduler_failures_total 3',
      'uipvs_scheduler_errors_total 5',
      'uipvs_connections 11',
      'uipvs_connections_limit 1024',
      'uipvs_ring_use 0.25',
      'node_ipvs_connections_total 9',
      'node_ipvs_backend_weight{local_address="10.9.0.1",local_mark="",local_port="80",proto="TCP",' +
        'remote_address="10.1.0.14",remote_port="80"} 2.147483647e+09',
    ]) {
      assert.ok(lines.includes(line), `${line} is missing`);
    }
  });

  test('tells of the process', async () => {
    const { body } = await ask(server);
    for (const name of [
      'process_cpu_seconds_total',
      'process_resident_memory_bytes',
      'nodejs_version_info',
    ]) {
      assert.match(body, new RegExp(`^${name}[ {]`, 'm'));
    }
    assert.doesNotMatch(body, /nodejs_active_/);
  });

  test('is well formed: every sample belongs to the metric above it, and none comes twice', async () => {
    const { body } = await ask(server);
    assert.ok(body.endsWith('\n'));
    const metrics = new Set<string>();
    const series = new Set<string>();
    let current = '';
    for (const line of body.split('\n').filter((each) => each !== '' && !each.startsWith('# TYPE'))) {
      const [, help] = /^# HELP (\S+) /.exec(line) ?? [];
      if (help !== undefined) {
        assert.ok(!metrics.has(help), `${help} comes twice`);
        metrics.add(help);
        current = help;
        continue;
      }
      const [, id = '', name = ''] = /^(([a-z0-9_]+)(?:\{[^}]*\})?) [-+.0-9a-zA-Z]+$/.exec(line) ?? [];
      assert.ok(
        name === current || name.replace(/_(bucket|sum|count)$/, '') === current,
        `${line} after ${current}`,
      );
      assert.ok(!series.has(id), `${id} comes twice`);
      series.add(id);
    }
    assert.ok(metrics.size > 30, `${metrics.size} metrics`);
  });

  test('asks its source anew at every scrape, and counters are not added up', async () => {
    const once = await ask(server);
    const twice = await ask(server);
    const own = (body: string): string[] => body.split('\n').filter((line) => line.startsWith('uipvs_'));
    assert.deepEqual(own(twice.body), own(once.body));
  });

  test('is compressed for who can read that', async () => {
    const { headers, body } = await ask(server, { headers: { 'Accept-Encoding': 'deflate, gzip;q=0.5' } });
    assert.equal(headers['content-encoding'], 'gzip');
    assert.match(body, /^uipvs_upcall_duration_seconds_count 7$/m);
    const { headers: plain } = await ask(server, { headers: { 'Accept-Encoding': 'gzip;q=0, identity' } });
    assert.equal(plain['content-encoding'], undefined);
  });

  test('is found with a query', async () => {
    assert.equal((await ask(server, { path: '/metrics?name[]=x' })).status, 200);
  });

  for (const path of ['/', '/metrics/', '/metricsx', '/../metrics', '//metrics']) {
    test(`is not at ${path}`, async () => assert.equal((await ask(server, { path })).status, 404));
  }

  for (const method of ['POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS']) {
    test(`is not for ${method}`, async () => {
      const { status, headers } = await ask(server, { method });
      assert.deepEqual([status, headers.allow], [405, 'GET']);
    });
  }

  test('has no room for requests of any length', async () => {
    const { status } = await ask(server, { headers: { Long: 'x'.repeat(10_000) } });
    assert.equal(status, 431);
  });
});

describe('the metrics server', () => {
  test('serves sixteen clients and hangs up on the next', async () => {
    const server = await listen(cannedSource());
    const clients = Array.from({ length: 16 }, () => connect(server.port, LOOPBACK));
    try {
      await Promise.all(clients.map((client) => once(client, 'connect')));
      const late = connect(server.port, LOOPBACK);
      await once(late, 'close');
      clients[15]?.end('GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      assert.match(await text(clients[15]!), /^HTTP\/1.1 200 OK\r\n/);
    } finally {
      for (const client of clients) client.destroy();
      await server.close();
    }
  });

  test('works at four scrapes at once and refuses the fifth', async () => {
    // More than what sockets buffer, and clients that read none of it.
    const many = Array.from({ length: 60_000 }, (_, index) => destination(`10.1.0.11:${index + 1}`));
    const server = await listen(
      cannedSource({ services: () => [service(at('tcp', '10.9.0.1:1'), 'rr', {}, many)] }),
    );
    const clients = Array.from({ length: 4 }, () => connect(server.port, LOOPBACK));
    try {
      for (const client of clients) {
        client.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
        await once(client, 'readable');
      }
      assert.equal((await ask(server)).status, 503);
    } finally {
      for (const client of clients) client.destroy();
      await server.close();
    }
  });

  test('answers 500 and reports why when its source fails', async () => {
    const failures: UipvsError[] = [];
    const source = cannedSource({
      services: () => {
        throw new Error('the model is gone');
      },
    });
    const server = await listen(source, failures);
    try {
      assert.equal((await ask(server)).status, 500);
      assert.deepEqual(
        failures.map(({ message }) => message),
        ['metrics cannot be collected: the model is gone'],
      );
    } finally {
      await server.close();
    }
  });

  test('cuts the answer off and reports why when its source fails in the middle', async () => {
    const failures: UipvsError[] = [];
    const source = cannedSource({
      services: function* () {
        yield service(at('tcp', '10.9.0.1:1'), 'rr', {}, []);
        throw new Error('the model is gone');
      },
    });
    const server = await listen(source, failures);
    try {
      await assert.rejects(ask(server), { code: 'ECONNRESET' });
      assert.deepEqual(
        failures.map(({ message }) => message),
        ['metrics cannot be collected: the model is gone'],
      );
    } finally {
      await server.close();
    }
  });

  test('reports nothing when a client goes away in the middle', async () => {
    const failures: UipvsError[] = [];
    const many = Array.from({ length: 60_000 }, (_, index) => destination(`10.1.0.11:${index + 1}`));
    let walked = 0;
    const services = function* () {
      for (let port = 1; port <= 50; port += 1) {
        walked = port;
        yield service(at('tcp', `10.9.0.1:${port}`), 'rr', {}, many.slice(0, 1000));
      }
    };
    const server = await listen(cannedSource({ services }), failures);
    try {
      const client = connect(server.port, LOOPBACK);
      client.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
      await once(client, 'readable');
      client.destroy();
      await once(client, 'close');
      assert.equal((await ask(server)).status, 200);
      assert.equal(walked, 50);
      assert.deepEqual(failures, []);
    } finally {
      await server.close();
    }
  });

  test('hangs up on its clients when it closes; closing twice is once', async () => {
    const server = await listen(cannedSource());
    const client = connect(server.port, LOOPBACK);
    await once(client, 'connect');
    await Promise.all([once(client, 'close'), server.close(), client.resume()]);
    await server.close();
  });

  test('says which port is in use', async () => {
    const first = await listen(cannedSource());
    const place = { address: LOOPBACK, port: first.port };
    try {
      await assert.rejects(MetricsServer.listen(place, cannedSource(), { onFailure: () => undefined }), {
        name: 'UipvsError',
        code: 'EADDRINUSE',
        message: `metrics cannot be served on 127.0.0.1:${first.port}: the port is in use`,
      });
    } finally {
      await first.close();
    }
  });

  test('says which address this host has not', async () => {
    const place = { address: '2001:db8::1', port: 9100 };
    await assert.rejects(MetricsServer.listen(place, cannedSource(), { onFailure: () => undefined }), {
      code: 'EINVAL',
      message: 'metrics cannot be served on [2001:db8::1]:9100: this host has no such address',
    });
  });
});
