import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { parse } from 'pcap-parser';

/** Specification: pcap-savefile(5). */
const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;

/** One captured Ethernet frame, whole. */
export interface CapturedFrame {
  readonly data: Buffer;
}

/** All frames of a classic pcap file. Throws where a frame was not captured whole. */
export function readPackets(file: string): Promise<CapturedFrame[]> {
  return framesOf(file, file);
}

/** Reads on in a pcap file that grows: each time what has come since. */
export class PacketsToCome {
  readonly #file: string;
  #read = FILE_HEADER_BYTES;

  constructor(file: string) {
    this.#file = file;
  }

  /** As {@link readPackets} but for the frames that were given back before. */
  async next(): Promise<CapturedFrame[]> {
    const bytes = readFileSync(this.#file);
    const fresh = [bytes.subarray(0, FILE_HEADER_BYTES), bytes.subarray(this.#read)];
    const frames = await framesOf(Readable.from(fresh), this.#file);
    for (const { data } of frames) this.#read += RECORD_HEADER_BYTES + data.length;
    return frames;
  }
}

function framesOf(source: string | Readable, file: string): Promise<CapturedFrame[]> {
  return new Promise((resolve, reject) => {
    const frames: CapturedFrame[] = [];
    parse(source)
      .on('packet', ({ header, data }) => {
        if (header.capturedLength === header.originalLength) frames.push({ data });
        else
          reject(
            new Error(`${file} holds ${header.capturedLength} of ${header.originalLength} bytes of a frame`),
          );
      })
      .on('error', reject)
      .on('end', () => resolve(frames));
  });
}
