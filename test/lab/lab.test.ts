import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { UipvsError } from '../../src/base/error.js';
import { Lab } from './lab.js';
import { removeStale } from './namespace.js';
import { requirements } from './requirements.js';
import { startServers } from './servers.js';
import { type Host, realServer } from './topology.js';

const missing = requirements(['ethtool', 'nginx', 'tcpdump']);

/** Run JavaScript on a machine; what it prints is the result. */
function script(lab: Lab, host: Host, source: string): Promise<string> {
  return lab.run(host, [process.execPath, '--input-type=module', '-e', source]);
}

/** A process that makes a lab with one real server, prints its id, and then waits to be killed. */
async function labOwner(): Promise<{ id: string; kill(signal: NodeJS.Signals): Promise<void> }> {
  const source = `
    import { Lab } from ${JSON.stringify(new URL('./lab.js', import.meta.url).href)};
    const lab = await Lab.create({ realServers: 1 });
    lab.spawn('rs1', ['sleep', '1000']);
    process.stdout.write(lab.id);
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [id] = (await once(child.stdout, 'data')) as [Buffer];
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  return { id: id.toString(), kill };
}

function namespacesOf(labId: string): string[] {
  return readdirSync('/run/netns').filter((name) => name.startsWith(labId));
}

describe('a lab', { skip: missing ?? false }, () => {
  let lab: Lab;
  before(async () => {
    lab = await Lab.create({ realServers: 2 });
    await Promise.all(
      (['rs1', 'rs2'] as const).map((host) => startServers(lab, host, { http: 80, tcpEcho: 7, udpEcho: 7 })),
    );
  });
  after(() => lab.close());

  for (const index of [1, 2]) {
    const { host, ipv4, ipv6 } = realServer(index);
    for (const address of [ipv4, `[${ipv6}]`]) {
      test(`its client reaches ${host} at ${address} through the director`, async () => {
        const source = `console.log(await (await fetch('http://${address}/')).text())`;
        assert.equal((await script(lab, 'client', source)).trim(), host);
      });
    }
  }

  test('a real server sees the address of the client', async () => {
    const source = `console.log(await (await fetch('http://10.1.0.11/peer')).text())`;
    assert.match(await script(lab, 'client', source), /^::ffff:10\.0\.0\.2 \d+\n/);
  });

  test('/bytes/N answers N bytes', async () => {
    const source = `console.log((await (await fetch('http://10.1.0.11/bytes/200001')).arrayBuffer()).byteLength)`;
    assert.equal((await script(lab, 'client', source)).trim(), '200001');
  });

  test('the HTTP server keeps a connection until it is asked to close it', async () => {
    const source = `
      import { connect } from 'node:net';
      const socket = connect(80, '10.1.0.11');
      const ask = (last) => socket.write('GET / HTTP/1.1\\r\\nHost: x\\r\\n' + (last ? 'Connection: close\\r\\n' : '') + '\\r\\n');
      let answers = 0;
      socket.on('data', (data) => { answers += data.toString().split('HTTP/1.1 200').length - 1; ask(answers === 2); });
      socket.on('end', () => console.log(answers));
      ask(false);`;
    assert.equal((await script(lab, 'client', source)).trim(), '3');
  });

  test('the UDP echo gives back a datagram, and its name when asked', async () => {
    const source = `
      import { createSocket } from 'node:dgram';
      const socket = createSocket('udp4');
      const answers = [];
      socket.on('message', (message) => {
        answers.push(message.toString());
        if (answers.length === 2) { console.log(answers.join(' ')); socket.close(); }
        else socket.send('name?', 7, '10.1.0.12');
      });
      socket.send('hello', 7, '10.1.0.12');`;
    assert.equal((await script(lab, 'client', source)).trim(), 'hello rs2');
  });

  test('the TCP echo gives back everything and then closes', async () => {
    const source = `
      import { connect } from 'node:net';
      let bytes = 0;
      const socket = connect(7, 'fd01::11').on('data', (data) => { bytes += data.length; });
      socket.on('close', () => console.log(bytes));
      socket.end(Buffer.alloc(300000));`;
    assert.equal((await script(lab, 'client', source)).trim(), '300000');
  });

  test('exec gives status, output and errors, and passes input', async () => {
    const result = await lab.exec('client', ['sh', '-c', 'cat; echo bad >&2; exit 3'], { input: 'in' });
    assert.deepEqual(result, { status: 3, signal: null, stdout: 'in', stderr: 'bad\n' });
  });

  test('exec kills a program that takes too long', async () => {
    await assert.rejects(lab.exec('client', ['sleep', '1000'], { timeoutMs: 50 }), { code: 'EBUSY' });
    const names = await Promise.all(
      lab.processes('client').map((pid) => lab.exec('client', ['ps', '-o', 'comm=', `${pid}`])),
    );
    assert.ok(names.every(({ stdout }) => stdout.trim() !== 'sleep'));
  });

  test('a capture holds the packets that passed', async () => {
    const file = path.join(lab.directory, 'echo.pcap');
    const capture = await lab.capture('director', 'client0', file);
    await lab.run('client', ['ping', '-c', '3', '-i', '0.01', '-q', '10.1.0.12']);
    await capture.stop();
    const text = await lab.run('director', ['tcpdump', '-n', '-r', file, 'icmp']);
    assert.equal(text.trim().split('\n').length, 6);
    assert.ok(statSync(file).size > 0);
  });

  test('a capture of a missing device is refused in the words of tcpdump', async () => {
    const file = path.join(lab.directory, 'none.pcap');
    await assert.rejects(lab.capture('client', 'eth9', file), /eth9/);
  });

  test('offloads can be switched', async () => {
    await lab.ethtool('client', 'eth0', { tso: false, gso: false });
    assert.match(await lab.run('client', ['ethtool', '-k', 'eth0']), /tcp-segmentation-offload: off/);
  });

  test('nginx serves on every port it was told to', async () => {
    const conf =
      'events {} http { access_log off; server { listen 8080; listen [::]:8081; return 200 "nginx\\n"; } }';
    const nginx = await lab.startNginx('rs1', conf);
    const source = `for (const url of ['http://10.1.0.11:8080', 'http://[fd01::11]:8081']) console.log(await (await fetch(url)).text())`;
    assert.equal(await script(lab, 'client', source), 'nginx\n\nnginx\n\n');
    assert.equal((await nginx.stop()).signal, null);
  });

  test('a wrong nginx configuration is refused in the words of nginx', async () => {
    await assert.rejects(
      lab.startNginx('rs1', 'events {} http { listen 8099; }'),
      /"listen" directive is not allowed/,
    );
  });

  test('a second lab with the same addresses does not disturb it', async () => {
    const second = await Lab.create({ realServers: 1 });
    try {
      const { status } = await second.exec('client', ['ping', '-c', '1', '-W', '2', '10.1.0.11']);
      assert.equal(status, 0);
      const absent = await second.exec('client', ['ping', '-c', '1', '-W', '1', '10.1.0.12']);
      assert.equal(absent.status, 1);
    } finally {
      second.close();
    }
    assert.equal((await lab.exec('client', ['ping', '-c', '1', '-W', '2', '10.1.0.12'])).status, 0);
  });
});

describe('a lab with cables', { skip: missing ?? false }, () => {
  for (const address of ['10.1.0.12', 'fd01::12']) {
    test(`joins ${address} with the client, but not with another real server`, async () => {
      const lab = await Lab.create({ realServers: 2, lan: 'cables' });
      try {
        assert.equal((await lab.exec('client', ['ping', '-c', '1', '-W', '2', address])).status, 0);
        assert.equal((await lab.exec('rs1', ['ping', '-c', '1', '-W', '1', address])).status, 1);
      } finally {
        lab.close();
      }
    });
  }
});

describe('uipvsd in a lab', { skip: missing ?? false }, () => {
  test('it balances, is configured by uipvsadm, and ends in time', async () => {
    const lab = await Lab.create({ realServers: 2 });
    try {
      for (const host of ['rs1', 'rs2'] as const) await startServers(lab, host, { http: 80 });
      const uipvs = await lab.startUipvs('director');
      await uipvs.restore([
        '-A -t 10.9.0.1:80 -s rr',
        '-a -t 10.9.0.1:80 -r 10.1.0.11:80 -m',
        '-a -t 10.9.0.1:80 -r 10.1.0.12:80 -m',
      ]);
      const listing = await uipvs.adm('-L', '-n');
      assert.deepEqual([listing.status, listing.stderr], [0, '']);
      assert.match(listing.stdout, /TCP {2}10\.9\.0\.1:80 rr/);
      const get = `(await (await fetch('http://10.9.0.1/', { headers: { connection: 'close' } })).text()).trim()`;
      const names = await script(lab, 'client', `console.log(${get}, ${get}, ${get})`);
      assert.equal(names, 'rs2 rs1 rs2\n');
      await uipvs.stop();
      assert.equal(uipvs.isRunning, false);
    } finally {
      lab.close();
    }
  });

  test('it can be killed and started again at the same place', async () => {
    const lab = await Lab.create({ realServers: 0 });
    try {
      const first = await lab.startUipvs('director');
      assert.deepEqual(await first.kill9(), { status: null, signal: 'SIGKILL' });
      const second = await lab.startUipvs('director');
      assert.equal(second.socketPath, first.socketPath);
      assert.equal((await second.adm('-L')).status, 0);
    } finally {
      lab.close();
    }
  });

  test('an option it does not know is reported with its own words', async () => {
    const lab = await Lab.create({ realServers: 0 });
    try {
      await assert.rejects(lab.startUipvs('director', { args: ['--no-such-option'] }), /no-such-option/);
    } finally {
      lab.close();
    }
  });
});

describe('the end of a lab', { skip: missing ?? false }, () => {
  test('close kills its programs and removes its namespaces and files, and may be called twice', async () => {
    const lab = await Lab.create({ realServers: 1 });
    const child = lab.spawn('rs1', ['sleep', '1000']);
    lab.close();
    lab.close();
    assert.deepEqual(await child.exited, { status: null, signal: 'SIGKILL' });
    assert.deepEqual(namespacesOf(lab.id), []);
    assert.equal(existsSync(lab.directory), false);
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`${signal} to its process removes it`, async () => {
      const owner = await labOwner();
      assert.equal(namespacesOf(owner.id).length, 3);
      await owner.kill(signal);
      assert.deepEqual(namespacesOf(owner.id), []);
    });
  }

  test('removeStale removes the lab of a process that was killed, and no other', async () => {
    const [dead, alive] = [await labOwner(), await labOwner()];
    try {
      await dead.kill('SIGKILL');
      removeStale();
      assert.deepEqual(namespacesOf(dead.id), []);
      assert.equal(namespacesOf(alive.id).length, 3);
    } finally {
      await alive.kill('SIGTERM');
    }
  });

  test('a number of real servers out of range is refused', async () => {
    await assert.rejects(Lab.create({ realServers: 201 }), { name: 'RangeError' });
  });

  test('a child that ends before it is ready is reported with its log', async () => {
    const lab = await Lab.create({ realServers: 0 });
    try {
      const child = lab.spawn('client', ['sh', '-c', 'echo no such luck; exit 4']);
      await assert.rejects(
        child.ready('luck', 5000, () => false),
        (error: unknown) => error instanceof UipvsError && /status 4.*no such luck/.test(error.message),
      );
    } finally {
      lab.close();
    }
  });
});
