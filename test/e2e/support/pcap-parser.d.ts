/** The part of pcap-parser 0.2 that is used here: a parser of classic pcap files, as an event emitter. */
declare module 'pcap-parser' {
  import type { Readable } from 'node:stream';

  interface Parser {
    on(event: 'packet', listener: (packet: CapturedPacket) => void): this;
    on(event: 'end', listener: () => void): this;
    on(event: 'error', listener: (error: Error) => void): this;
  }

  interface CapturedPacket {
    readonly header: {
      readonly timestampSeconds: number;
      readonly timestampMicroseconds: number;
      readonly capturedLength: number;
      readonly originalLength: number;
    };
    readonly data: Buffer;
  }

  export function parse(source: string | Readable): Parser;
}
