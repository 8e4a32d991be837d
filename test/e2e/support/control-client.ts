import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Reply, Request } from '../../../src/control/protocol.js';
import { until } from '../../lab/poll.js';

/** Speaks to the control socket in bytes, right or wrong. */
export class ControlClient {
  readonly #socket: Socket;
  #received = '';
  #hasHungUp = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('utf8');
    socket.on('error', () => undefined); // EPIPE: the daemon has hung up, which `close` tells
    socket.on('close', () => {
      this.#hasHungUp = true;
    });
  }

  static async open(socketPath: string): Promise<ControlClient> {
    const socket = connect(socketPath);
    await once(socket, 'connect');
    const client = new ControlClient(socket);
    socket.on('data', (text: string) => {
      client.#received += text;
    });
    return client;
  }

  /** A client that sends and never reads. */
  static async openDeaf(socketPath: string): Promise<ControlClient> {
    const socket = connect(socketPath);
    await once(socket, 'connect');
    socket.pause();
    return new ControlClient(socket);
  }

  get hasHungUp(): boolean {
    return this.#hasHungUp;
  }

  send(bytes: string | Buffer): void {
    this.#socket.write(bytes);
  }

  /** Sends a right request and waits until it was carried out. Throws where it is refused. */
  async request(request: Request): Promise<void> {
    const count = this.#lines().length + 1;
    this.send(`${JSON.stringify(request)}\n`);
    const reply = (await this.replies(count))[count - 1] as Reply | undefined;
    if (reply?.ok !== true)
      throw new Error(`${JSON.stringify(request)} was answered by ${JSON.stringify(reply)}`);
  }

  /** Says that nothing more will come. */
  end(): void {
    this.#socket.end();
  }

  /** Hangs up without reading what is there. */
  destroy(): void {
    this.#socket.destroy();
  }

  /** The replies so far, without the parts of long ones, once there are `count` or the daemon has hung up. */
  async replies(count: number): Promise<unknown[]> {
    await until(`${count} replies`, 5000, () => this.#lines().length >= count || this.#hasHungUp);
    return this.#lines().map((line) => JSON.parse(line) as unknown);
  }

  async hungUp(): Promise<void> {
    await until('the daemon to hang up', 5000, () => this.#hasHungUp);
  }

  #lines(): string[] {
    const lines = this.#received.split('\n').slice(0, -1);
    return lines.filter((line) => !line.startsWith('{"part":'));
  }
}
