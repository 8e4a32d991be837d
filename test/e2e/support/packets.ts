import { parse } from 'pcap-parser';

/** One captured Ethernet frame, whole. */
export interface CapturedFrame {
  readonly data: Buffer;
}

/** All frames of a classic pcap file. Throws where a frame was not captured whole. */
export function readPackets(file: string): Promise<CapturedFrame[]> {
  return new Promise((resolve, reject) => {
    const frames: CapturedFrame[] = [];
    parse(file)
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
