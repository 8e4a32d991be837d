import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { realServer, VIP } from '../lab/topology.js';
import { pythonProgram } from './support/program.js';
import { endpoint, Scene } from './support/scene.js';

/** Of the services and of their real servers: a real server that begins a call is known by its port. */
const PORT = { plain: 5060, onePacket: 5070, masqueraded: 5080 } as const;
const SERVERS = [1, 2, 3];

interface Heard {
  readonly call: string;
  readonly server: string;
  readonly from: string;
}

describe('a service of persistence engine sip', () => {
  let scene: Scene;
  before(async () => {
    scene = await Scene.open({ serverPorts: null });
    for (const index of SERVERS) {
      const { host } = realServer(index);
      for (const port of Object.values(PORT)) {
        const server = scene.lab.spawn(host, ['python3', pythonProgram('sip_server.py'), host, String(port)]);
        await server.ready(`the SIP server on ${host}`, 5000, () => server.log.includes('ready'));
      }
    }
    const services = [
      { port: PORT.plain, options: [] },
      { port: PORT.onePacket, options: ['-o'] },
      { port: PORT.masqueraded, options: ['-o', '--masquerade', 'all'] },
    ];
    for (const vip of [VIP.ipv4, VIP.ipv6]) {
      for (const { port, options } of services) {
        const service = endpoint(vip, port);
        await scene.adm('-A', '-u', service, '-s', 'rr', '-p', '60', '--pe', 'sip', ...options);
        for (const index of SERVERS) {
          await scene.adm('-a', '-u', service, '-r', scene.destination(vip, index, port), '-m');
        }
      }
    }
  });
  after(() => scene.close());

  /** Who answered each of the calls, in turn, asked for from one port of the client. */
  async function ask(vip: string, port: number, localPort: number, ...calls: string[]): Promise<Heard[]> {
    const program = pythonProgram('sip_client.py');
    const argv = ['python3', program, vip, String(port), String(localPort), ...calls];
    const lines = (await scene.lab.run('client', argv)).trim().split('\n');
    return lines.map((line) => {
      const [call = '', server = '', address = '', from = ''] = line.split(' ');
      return { call, server, from: endpoint(address, Number(from)) };
    });
  }

  for (const vip of [VIP.ipv4, VIP.ipv6]) {
    test(`by ${vip} keeps a call with one server whatever port it comes from`, async () => {
      const first = await ask(vip, PORT.plain, 6001, 'a@plain');
      const second = await ask(vip, PORT.plain, 6002, 'a@plain');
      assert.deepEqual(second, first);
      const others = [
        ...(await ask(vip, PORT.plain, 6003, 'b@plain')),
        ...(await ask(vip, PORT.plain, 6004, 'c@plain')),
      ];
      assert.deepEqual(
        [...first, ...others].map(({ server }) => server).toSorted(),
        ['rs1', 'rs2', 'rs3'],
        'three calls, three servers',
      );
      for (const { from } of others) assert.equal(from, endpoint(vip, PORT.plain));
    });

    for (const [name, port] of Object.entries(PORT).slice(1)) {
      test(`by ${vip}, ${name}, parts the calls that come from one port, and answers from the VIP`, async () => {
        const calls = ['x@one', 'y@one', 'z@one'];
        const heard = await ask(vip, port, 6010, ...calls, ...calls);
        assert.deepEqual(heard.slice(3), heard.slice(0, 3));
        assert.deepEqual(
          heard.map(({ call }) => call),
          [...calls, ...calls],
        );
        assert.deepEqual(
          heard
            .slice(0, 3)
            .map(({ server }) => server)
            .toSorted(),
          ['rs1', 'rs2', 'rs3'],
        );
        for (const { from } of heard) assert.equal(from, endpoint(vip, port));
        assert.deepEqual(
          (await ask(vip, port, 6011, ...calls)).map(({ server }) => server),
          heard.slice(0, 3).map(({ server }) => server),
        );
      });
    }

    test(`by ${vip} lets a server begin a request of its call, from the VIP`, async () => {
      const [asked, bye] = await ask(vip, PORT.onePacket, 6020, 'call@back', 'back=6021');
      assert.deepEqual(bye, asked);
    });
  }

  test('lists the calls, and drops what is none', async () => {
    const listed = await scene.adm('-Lnc', '--persistent-conn');
    assert.match(listed, /UDP 0[01]:\d\d {2}ASSURED {5}10\.0\.0\.2:0 +10\.9\.0\.1:5060 +\S+ +sip +a@plain\n/);
    const before = await dropped();
    await scene.lab.run('client', [
      'python3',
      '-c',
      `import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"\\r\\n\\r\\n", ("${VIP.ipv4}", ${PORT.onePacket}))`,
    ]);
    for (let tries = 0; tries < 50 && (await dropped()) === before; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.equal(await dropped(), before + 1);
  });

  /** Datagrams that named no call. */
  async function dropped(): Promise<number> {
    const line = (await scene.adm('--drops')).split('\n').find((text) => text.includes('no_call_id'));
    return Number(/(\d+)/.exec(line ?? '')?.[1] ?? 0);
  }
});
