/** The language of scenario files: one step a line, `#` starts a comment. */
import { isIP } from 'node:net';
import { messageOf, UipvsError } from '../../src/base/error.js';
import type { Endpoint } from '../../src/net/endpoint.js';

export type Protocol = 'tcp' | 'udp';
export type RealServer = `rs${number}`;

export type Step =
  /** `vip ADDRESS`: the address becomes a virtual one. */
  | { readonly kind: 'vip'; readonly address: string }
  /** `adm ARGS...`: run ipvsadm; `sorted ARGS...`: the same with the lines of its output sorted. */
  | { readonly kind: 'adm'; readonly words: readonly string[]; readonly isSorted: boolean }
  /** `restore TEXT`: feed the text, where `\n` parts lines, to `ipvsadm -R`. */
  | { readonly kind: 'restore'; readonly input: string }
  /** `serve RS tcp|udp PORT`: the real server answers its own name; over TCP it then echoes. */
  | {
      readonly kind: 'serve';
      readonly host: RealServer;
      readonly protocol: Protocol;
      readonly port: number;
    }
  /** `open NAME tcp SOURCE:PORT TARGET:PORT`: connect, and read the server's name. */
  | { readonly kind: 'open'; readonly name: string; readonly source: Endpoint; readonly target: Endpoint }
  /** `ask NAME`: send a line on the open connection and read the echo. `close`: FIN. `reset`: RST. */
  | { readonly kind: 'ask' | 'close' | 'reset'; readonly name: string }
  /** `udp SOURCE:PORT TARGET:PORT`: one datagram, and its answer. */
  | { readonly kind: 'udp'; readonly source: Endpoint; readonly target: Endpoint }
  /** `ping SOURCE TARGET`. */
  | { readonly kind: 'ping'; readonly source: string; readonly target: string }
  /** `sleep SECONDS`. */
  | { readonly kind: 'sleep'; readonly delayMs: number }
  /** `vary SED-EXPRESSION`: from here on, filter ipvsadm's output, for figures that may differ. */
  | { readonly kind: 'vary'; readonly expression: string };

const MAX_REAL_SERVER = 4;

/** All steps of a scenario's text. Throws EINVAL naming `file` and the line that cannot be read. */
export function parseScenario(text: string, file: string): Step[] {
  const steps: Step[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = (raw.split(' #')[0] ?? '').trim();
    if (line === '' || line.startsWith('#')) continue;
    try {
      steps.push(parseStep(line));
    } catch (thrown) {
      throw new UipvsError('EINVAL', `${file}:${index + 1}: ${messageOf(thrown)}`, { cause: thrown });
    }
  }
  return steps;
}

function parseStep(line: string): Step {
  const [word = '', ...words] = line.split(/\s+/);
  const rest = line.slice(word.length).trim();
  const [first = '', second = '', third = '', fourth = ''] = words;
  const expectWords = (count: number): void => {
    if (words.length !== count) throw wrong(`${count} words after '${word}'`, rest);
  };
  switch (word) {
    case 'vip':
      expectWords(1);
      return { kind: 'vip', address: address(first) };
    case 'adm':
    case 'sorted':
      return { kind: 'adm', words, isSorted: word === 'sorted' };
    case 'restore':
      return { kind: 'restore', input: `${rest.replaceAll('\\n', '\n')}\n` };
    case 'serve':
      expectWords(3);
      return { kind: 'serve', host: realServer(first), protocol: protocol(second), port: port(third) };
    case 'open':
      expectWords(4);
      if (second !== 'tcp') throw wrong("'tcp'", second);
      return { kind: 'open', name: first, source: endpoint(third), target: endpoint(fourth) };
    case 'ask':
    case 'close':
    case 'reset':
      expectWords(1);
      return { kind: word, name: first };
    case 'udp':
      expectWords(2);
      return { kind: 'udp', source: endpoint(first), target: endpoint(second) };
    case 'ping':
      expectWords(2);
      return { kind: 'ping', source: address(first), target: address(second) };
    case 'sleep':
      expectWords(1);
      return { kind: 'sleep', delayMs: seconds(first) * 1000 };
    case 'vary':
      return { kind: 'vary', expression: rest };
    default:
      throw wrong('a step', word);
  }
}

function wrong(expected: string, received: string): UipvsError {
  return new UipvsError('EINVAL', `Expected ${expected} but received '${received}'`);
}

function address(text: string): string {
  if (isIP(text) === 0) throw wrong('an address', text);
  return text;
}

function port(text: string): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= 1 && value <= 65535)) throw wrong('a port', text);
  return value;
}

/** `10.0.0.2:80`, `[fd00::2]:80`, or `fd00::2:80` with the port after the last colon. */
function endpoint(text: string): Endpoint {
  const colon = text.lastIndexOf(':');
  const host = text.slice(0, Math.max(colon, 0)).replace(/^\[(.*)\]$/, '$1');
  return { address: address(host), port: port(text.slice(colon + 1)) };
}

function protocol(text: string): Protocol {
  if (text !== 'tcp' && text !== 'udp') throw wrong("'tcp' or 'udp'", text);
  return text;
}

function realServer(text: string): RealServer {
  const index = /^rs(\d)$/.exec(text)?.[1];
  if (index === undefined || Number(index) < 1 || Number(index) > MAX_REAL_SERVER) {
    throw wrong(`rs1..rs${MAX_REAL_SERVER}`, text);
  }
  return `rs${Number(index)}`;
}

function seconds(text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text)) throw wrong('seconds', text);
  return Number(text);
}
