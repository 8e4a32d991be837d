/**
 * Clients that may not use a socket: each is told so in one line and hung up on.
 *
 * Some are left open until they hang up themselves, for a moment: one that has just sent a request would otherwise find
 * a broken pipe before it reads why. They are few, so that they take no place from those who may.
 */
import type { Socket } from 'node:net';
import type { Reply } from './protocol.js';

const MAX_LINGERING = 8;
const LINGER_MS = 200;

export class TurnedAway {
  #lingering = 0;

  tell(client: Socket, reply: Reply): void {
    client.on('error', () => client.destroy());
    // What it says is thrown away.
    client.resume();
    const line = `${JSON.stringify(reply)}\n`;
    if (this.#lingering >= MAX_LINGERING) {
      // The line is with the kernel when write() is back, as there is room for it, and the place is free at once.
      client.write(line);
      client.destroy();
      return;
    }
    this.#lingering += 1;
    const timer = setTimeout(() => client.destroy(), LINGER_MS);
    client.once('close', () => {
      clearTimeout(timer);
      this.#lingering -= 1;
    });
    client.end(line);
  }
}
