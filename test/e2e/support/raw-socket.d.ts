/** The part of raw-socket 1.8 that is used here. */
declare module 'raw-socket' {
  import type { EventEmitter } from 'node:events';

  export const AddressFamily: { readonly IPv4: number; readonly IPv6: number };

  export interface Socket extends EventEmitter {
    /** The kernel puts the IP header before `buffer` and, for ICMPv6, the checksum into it. */
    send(
      buffer: Buffer,
      offset: number,
      length: number,
      address: string,
      done: (error: Error | null, bytes: number) => void,
    ): this;
    close(): this;
    /** The bytes are valid until the listener returns; over IPv4 the IP header is before them. */
    on(event: 'message', listener: (bytes: Buffer, source: string) => void): this;
    on(event: 'error', listener: (error: Error) => void): this;
  }

  export function createSocket(options: {
    readonly protocol: number;
    readonly addressFamily: number;
    readonly bufferSize?: number;
  }): Socket;
}
