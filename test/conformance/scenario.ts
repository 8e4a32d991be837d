/** The language of scenario files: one step a line, `#` starts a comment. */
import { messageOf, UipvsError } from '../../src/base/error.js';
import type { Endpoint } from '../../src/net/endpoint.js';
import { type Content, contentOf } from './packet-content.js';
import {
  address,
  endpoint,
  number,
  type PortRange,
  port,
  portRange,
  protocol,
  realServer,
  seconds,
  serverProtocol,
  wrong,
} from './scenario-words.js';

export type Protocol = 'tcp' | 'udp' | 'sctp';
export type ServerProtocol = 'tcp' | 'udp';
export type RealServer = `rs${number}`;

export type Step =
  /** `vip ADDRESS`: the address becomes a virtual one. */
  | { readonly kind: 'vip'; readonly address: string }
  /** `adm ARGS...`: run ipvsadm; `sorted ARGS...`: the same with the lines of its output sorted. */
  | { readonly kind: 'adm'; readonly words: readonly string[]; readonly isSorted: boolean }
  /**
   * `restore TEXT`: feed the text, where `\n` parts lines, to `ipvsadm -R`. `restore --atomic TEXT`: to uipvsadm with
   * that option, which only it has; to ipvsadm without.
   */
  | { readonly kind: 'restore'; readonly input: string; readonly isAtomic: boolean }
  /** `sysctl NAME`, `sysctl NAME=VALUE`: read or write a setting of net.ipv4.vs; a refusal is `refused`, no more. */
  | { readonly kind: 'sysctl'; readonly name: string; readonly value: string | null }
  /** `proc NAME`: the file /proc/net/NAME; `sorted-proc NAME`: with its lines sorted. */
  | { readonly kind: 'proc'; readonly name: string; readonly isSorted: boolean }
  /** `mark N tcp|udp|sctp TARGET:PORT`: the client's packets to the target carry the firewall mark N. */
  | { readonly kind: 'mark'; readonly mark: number; readonly protocol: Protocol; readonly target: Endpoint }
  /** `serve RS tcp|udp PORT`: the real server answers its own name; over TCP it then echoes. */
  | {
      readonly kind: 'serve';
      readonly host: RealServer;
      readonly protocol: ServerProtocol;
      readonly port: number;
    }
  /** `open NAME tcp SOURCE:PORT TARGET:PORT`: connect, and read the server's name. */
  | { readonly kind: 'open'; readonly name: string; readonly source: Endpoint; readonly target: Endpoint }
  /** `ask NAME`: send a line on the open connection and read the echo. `close`: FIN. `reset`: RST. */
  | { readonly kind: 'ask' | 'close' | 'reset'; readonly name: string }
  /** `udp SOURCE:PORT TARGET:PORT`: one datagram, and its answer; here and in `open` a real server may be the source. */
  | { readonly kind: 'udp'; readonly source: Endpoint; readonly target: Endpoint }
  /** `mute ADDRESS`: in this scenario the client or real server says nothing from this address but what `send` makes. */
  | { readonly kind: 'mute'; readonly address: string }
  /**
   * `send WHAT SOURCE:PORTS TARGET:PORTS`: one packet without a socket from each port to each, where PORTS is `80`,
   * `4001-4005` or `4001-4041/10`. WHAT: TCP flags (`syn`, `syn,ack`, `none`), `udp`, `udp-unsummed`, `sip:CALL-ID`,
   * SCTP chunks (`init`, `cookie-ack,data`), `ah` or `esp` (ports then mean nothing), or `error:` and any of these: an
   * ICMP port unreachable about such a packet from TARGET to SOURCE.
   */
  | {
      readonly kind: 'send';
      readonly content: Content;
      readonly source: PortRange;
      readonly target: PortRange;
    }
  /** `ping SOURCE TARGET`. */
  | { readonly kind: 'ping'; readonly source: string; readonly target: string }
  /** `sleep SECONDS`. */
  | { readonly kind: 'sleep'; readonly delayMs: number }
  /** `vary s/REGULAR EXPRESSION/TEXT/`: from here on, substitute in every line of output; for figures that may differ. */
  | { readonly kind: 'vary'; readonly expression: string };

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
    case 'adm':
    case 'sorted':
      return { kind: 'adm', words, isSorted: word === 'sorted' };
    case 'restore': {
      const isAtomic = first === '--atomic';
      const text = isAtomic ? rest.slice(first.length).trim() : rest;
      return { kind: 'restore', input: `${text.replaceAll('\\n', '\n')}\n`, isAtomic };
    }
    case 'sysctl': {
      const [, name = '', value = null] = /^([a-z_]+)(?:=(.*))?$/.exec(rest) ?? [];
      if (name === '') throw wrong('NAME or NAME=VALUE', rest);
      return { kind: 'sysctl', name, value };
    }
    case 'vary':
      return { kind: 'vary', expression: rest };
    case 'vip':
    case 'mute':
      expectWords(1);
      return { kind: word, address: address(first) };
    case 'proc':
    case 'sorted-proc':
      expectWords(1);
      return { kind: 'proc', name: first, isSorted: word === 'sorted-proc' };
    case 'ask':
    case 'close':
    case 'reset':
      expectWords(1);
      return { kind: word, name: first };
    case 'sleep':
      expectWords(1);
      return { kind: 'sleep', delayMs: seconds(first) * 1000 };
    case 'udp':
      expectWords(2);
      return { kind: 'udp', source: endpoint(first), target: endpoint(second) };
    case 'ping':
      expectWords(2);
      return { kind: 'ping', source: address(first), target: address(second) };
    case 'mark':
      expectWords(3);
      return { kind: 'mark', mark: number(first), protocol: protocol(second), target: endpoint(third) };
    case 'serve':
      expectWords(3);
      return { kind: 'serve', host: realServer(first), protocol: serverProtocol(second), port: port(third) };
    case 'send':
      expectWords(3);
      return { kind: 'send', content: contentOf(first), source: portRange(second), target: portRange(third) };
    case 'open':
      expectWords(4);
      if (second !== 'tcp') throw wrong("'tcp'", second);
      return { kind: 'open', name: first, source: endpoint(third), target: endpoint(fourth) };
    default:
      throw wrong('a step', word);
  }
}
