/**
 * The proxy that a Node.js program writes with what Node.js has: streams piped into each other, and a socket for each
 * client of UDP. Round robin, one process.
 *
 *   node node-proxy.js tcp|udp ADDRESS PORT SERVER...
 */
import { createSocket, type Socket } from 'node:dgram';
import { connect, createServer } from 'node:net';

function proxyTcp(address: string, port: number, choose: () => string): void {
  const server = createServer({ noDelay: true }, (client) => {
    const far = connect({ port, host: choose(), noDelay: true });
    client.pipe(far);
    far.pipe(client);
    client.on('error', () => far.destroy());
    far.on('error', () => client.destroy());
  });
  server.listen({ port, host: address, backlog: 4096 }, () => process.stdout.write('ready\n'));
}

function proxyUdp(address: string, port: number, choose: () => string): void {
  const near = createSocket('udp4');
  const clients = new Map<string, Socket>();
  near.on('message', (message, from) => {
    const key = `${from.address} ${from.port}`;
    let far = clients.get(key);
    if (far === undefined) {
      far = createSocket('udp4');
      far.on('message', (answer) => near.send(answer, from.port, from.address));
      far.on('error', () => undefined);
      far.connect(port, choose());
      clients.set(key, far);
      const opened = far;
      far.on('connect', () => opened.send(message));
      return;
    }
    try {
      far.send(message);
    } catch {
      // its connect() has not returned: this datagram is lost, as datagrams are
    }
  });
  near.bind(port, address, () => process.stdout.write('ready\n'));
}

function main([protocol = '', address = '', port = '', ...servers]: readonly string[]): void {
  let turn = 0;
  const choose = (): string => servers[turn++ % servers.length] ?? '';
  (protocol === 'tcp' ? proxyTcp : proxyUdp)(address, Number(port), choose);
}

main(process.argv.slice(2));
