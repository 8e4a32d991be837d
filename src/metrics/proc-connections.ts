/**
 * The text of /proc/net/ip_vs_conn, as bytes, straight from the rows of the table: a large table is written again and again
 * while new connections wait for the same thread, and a line by way of strings costs several times as much.
 */
import {
  type ConnectionRows,
  callIdOf,
  protocolNameOf,
  ROW,
  ROW_WORDS,
  secondsOf,
  stateNameOf,
} from '../engine/connection-rows.js';

const HEAD = 'Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n';
/** A protocol, a state, three IPv6 addresses with ports, a name and a Call-ID: a line is shorter. */
const MOST_LINE_BYTES = 512;
const STATE_WIDTH = 11;
const EXPIRES_WIDTH = 7;
const [BLANK, NEWLINE, COLON] = [0x20, 0x0a, 0x3a];
const UPPER = Buffer.from('0123456789ABCDEF');
const LOWER = Buffer.from('0123456789abcdef');

/**
 * The file, a piece of text for a piece of the table.
 * Source: net/netfilter/ipvs/ip_vs_conn.c, ip_vs_conn_seq_show.
 */
export function* procConnections(pieces: Iterable<ConnectionRows>): Generator<string> {
  yield HEAD;
  const lines = new Lines();
  for (const rows of pieces) yield lines.of(rows);
}

class Lines {
  #bytes = Buffer.alloc(0);
  #at = 0;
  /** Words with blanks behind them, by protocol and by state and protocol. */
  readonly #protocols = new Map<number, Buffer>();
  readonly #states = new Map<number, Buffer>();

  of(rows: ConnectionRows): string {
    const most = rows.count * MOST_LINE_BYTES;
    if (this.#bytes.length < most) this.#bytes = Buffer.alloc(most);
    this.#at = 0;
    for (let index = 0; index < rows.count; index += 1) this.#line(rows, index);
    return this.#bytes.toString('latin1', 0, this.#at);
  }

  #line(rows: ConnectionRows, index: number): void {
    const { words } = rows;
    const row = index * ROW_WORDS;
    const word = (place: number): number => words[row + place] ?? 0;
    const seconds = secondsOf(word(ROW.expiresTicks));
    if (seconds < 0) return;
    const protocol = word(ROW.protocol);
    const isIpv6 = word(ROW.family) === 6;
    this.#padded(this.#protocolOf(protocol));
    this.#endpoint(words, row + ROW.clientAddress, isIpv6, word(ROW.clientPort));
    this.#endpoint(words, row + ROW.virtualAddress, isIpv6, word(ROW.virtualPort));
    this.#endpoint(words, row + ROW.realAddress, isIpv6, word(ROW.realPort));
    this.#padded(this.#stateOf(protocol, word(ROW.stateAndFlags)));
    this.#seconds(seconds);
    const callId = callIdOf(rows, index);
    if (callId !== '') this.#at += this.#bytes.write(` sip ${callId}`, this.#at, 'latin1');
    this.#bytes[this.#at++] = NEWLINE;
  }

  #padded(text: Buffer): void {
    for (let index = 0; index < text.length; index += 1) this.#bytes[this.#at++] = text[index] ?? BLANK;
    this.#bytes[this.#at++] = BLANK;
  }

  #protocolOf(protocol: number): Buffer {
    const known = this.#protocols.get(protocol);
    if (known !== undefined) return known;
    const made = Buffer.from(protocolNameOf(protocol).padEnd(3));
    this.#protocols.set(protocol, made);
    return made;
  }

  #stateOf(protocol: number, stateAndFlags: number): Buffer {
    const key = protocol * 2 ** 32 + stateAndFlags;
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    const made = Buffer.from(stateNameOf(protocol, stateAndFlags).padEnd(STATE_WIDTH));
    this.#states.set(key, made);
    return made;
  }

  #endpoint(words: Uint32Array, address: number, isIpv6: boolean, port: number): void {
    if (isIpv6) this.#ipv6(words, address);
    else this.#hex(words[address] ?? 0, 28, UPPER);
    this.#bytes[this.#at++] = BLANK;
    this.#hex(port, 12, UPPER);
    this.#bytes[this.#at++] = BLANK;
  }

  #ipv6(words: Uint32Array, address: number): void {
    for (let index = 0; index < 4; index += 1) {
      const word = words[address + index] ?? 0;
      if (index !== 0) this.#bytes[this.#at++] = COLON;
      this.#hex(word >>> 16, 12, LOWER);
      this.#bytes[this.#at++] = COLON;
      this.#hex(word & 0xffff, 12, LOWER);
    }
  }

  /** @param top the first digit's lowest bit */
  #hex(value: number, top: number, digits: Buffer): void {
    for (let shift = top; shift >= 0; shift -= 4)
      this.#bytes[this.#at++] = digits[(value >>> shift) & 0xf] ?? BLANK;
  }

  #seconds(value: number): void {
    const text = String(value);
    for (let blanks = EXPIRES_WIDTH - text.length; blanks > 0; blanks -= 1) this.#bytes[this.#at++] = BLANK;
    for (let index = 0; index < text.length; index += 1) this.#bytes[this.#at++] = text.charCodeAt(index);
  }
}
