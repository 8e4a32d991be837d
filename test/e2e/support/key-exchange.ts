import assert from 'node:assert/strict';
import type { Lab } from '../../lab/lab.js';

/** Specification: RFC 7296 2, the port of IKE. */
export const KEY_EXCHANGE_PORT = 500;

/** ADDRESS PORT: one datagram from that port to that port, and its answer. */
const PROGRAM = `
import socket, sys
address, port = sys.argv[1], int(sys.argv[2])
client = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
client.bind(("", port))
client.settimeout(3)
client.sendto(b"keys", (address, port))
print(client.recv(100).decode())
`;

/** As far as a balancer sees an exchange of keys: a datagram of the client's there, and one back. */
export async function exchangeKeys(lab: Lab, vip: string): Promise<void> {
  const answer = await lab.run('client', ['python3', '-c', PROGRAM, vip, String(KEY_EXCHANGE_PORT)]);
  assert.equal(answer.trim(), 'keys');
}
