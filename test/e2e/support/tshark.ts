/** What tshark, with its verification of checksums on, says of a capture: a second opinion on inspection.ts. */
import { executeOk } from '../../lab/exec.js';

/** The protocols whose checksums tshark verifies; of ICMP it does by itself. */
const VERIFIED = ['ip', 'tcp', 'udp', 'icmp', 'icmpv6'] as const;
export type VerifiedProtocol = (typeof VERIFIED)[number];

const [ICMP, ICMPV6] = [VERIFIED.indexOf('icmp'), VERIFIED.indexOf('icmpv6')];

/** Of the field `PROTOCOL.checksum.status`. Source: Wireshark, epan/proto.h, proto_checksum_enum_e. */
const STATUS = { bad: '0', good: '1' } as const;

export interface TsharkReport {
  /** Good checksums, by protocol: those of IPv6's upper protocols too. */
  readonly good: Readonly<Record<VerifiedProtocol, number>>;
  /** Frames with a bad checksum, or malformed, in tshark's words. */
  readonly complaints: readonly string[];
  /** Datagrams put together of fragments. */
  readonly reassembled: number;
}

const FIELDS = [
  ...VERIFIED.map((protocol) => `${protocol}.checksum.status`),
  '_ws.malformed',
  'ip.reassembled.length',
  'ipv6.reassembled.length',
  'frame.number',
  '_ws.col.Info',
];

/** Reads a pcap file. Throws EIO with tshark's words where it cannot. */
export async function readByTshark(file: string): Promise<TsharkReport> {
  const options = ['ip', 'tcp', 'udp'].flatMap((protocol) => ['-o', `${protocol}.check_checksum:TRUE`]);
  const fields = FIELDS.flatMap((field) => ['-e', field]);
  const text = await executeOk(['tshark', '-n', '-r', file, ...options, '-T', 'fields', ...fields]);
  const good: Record<VerifiedProtocol, number> = { ip: 0, tcp: 0, udp: 0, icmp: 0, icmpv6: 0 };
  const complaints: string[] = [];
  let reassembled = 0;
  for (const line of text.split('\n').filter(Boolean)) {
    const columns = line.split('\t');
    const [malformed = '', whole4 = '', whole6 = '', number = '', info = ''] = columns.slice(VERIFIED.length);
    if (whole4 !== '' || whole6 !== '') reassembled += 1;
    if (malformed !== '') complaints.push(`frame ${number} is malformed: ${info}`);
    const isIcmp = columns[ICMP] !== '' || columns[ICMPV6] !== '';
    for (const [index, protocol] of VERIFIED.entries()) {
      // What an ICMP error quotes has the checksum that it had before translation, as in the kernel, but for its IP header.
      if (isIcmp && (protocol === 'tcp' || protocol === 'udp')) continue;
      const statuses = columns[index]?.split(',') ?? [];
      good[protocol] += statuses.filter((status) => status === STATUS.good).length;
      if (statuses.includes(STATUS.bad))
        complaints.push(`frame ${number}: bad ${protocol} checksum: ${info}`);
    }
  }
  return { good, complaints, reassembled };
}
