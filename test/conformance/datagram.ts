import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Endpoint } from '../../src/net/endpoint.js';
import { fateOf } from './fate.js';

/** How long the answer to a datagram may take, in milliseconds. */
const ANSWER_TIMEOUT_MS = 3000;

/** Send one datagram and give back the text of the answer, or a fate. The socket is connected, to learn of ICMP errors. */
export async function exchangeDatagram(source: Endpoint, target: Endpoint): Promise<string> {
  const socket = createSocket({ type: isIPv6(target.address) ? 'udp6' : 'udp4', reuseAddr: true });
  try {
    socket.bind(source.port, source.address);
    await once(socket, 'listening');
    socket.connect(target.port, target.address);
    await once(socket, 'connect');
    const answer = once(socket, 'message') as Promise<[Buffer]>;
    socket.send('?');
    const first = await Promise.race([answer, delay(ANSWER_TIMEOUT_MS, null)]);
    return first === null ? 'timeout' : first[0].toString().trim();
  } catch (thrown) {
    return fateOf(thrown as NodeJS.ErrnoException);
  } finally {
    socket.close();
  }
}
