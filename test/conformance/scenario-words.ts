/** The words scenario lines are made of. Every function throws EINVAL naming what it expected and received. */
import { isIP } from 'node:net';
import { UipvsError } from '../../src/base/error.js';
import type { Endpoint } from '../../src/net/endpoint.js';
import type { Protocol, RealServer, ServerProtocol } from './scenario.js';

/** Some ports of an address. */
export interface PortRange {
  readonly address: string;
  readonly ports: readonly number[];
}

/** How many real servers a lab of a scenario has. */
export const REAL_SERVERS = 4;

export function wrong(expected: string, received: string): UipvsError {
  return new UipvsError('EINVAL', `Expected ${expected} but received '${received}'`);
}

export function address(text: string): string {
  if (isIP(text) === 0) throw wrong('an address', text);
  return text;
}

export function number(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw wrong('a number', text);
  return Number(text);
}

export function port(text: string): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= 1 && value <= 65535)) throw wrong('a port', text);
  return value;
}

/** `10.0.0.2:80`, `[fd00::2]:80`, or `fd00::2:80` with the port after the last colon. */
export function endpoint(text: string): Endpoint {
  const { host, tail } = parts(text);
  return { address: address(host), port: port(tail) };
}

/** As {@link endpoint}, and with `4001-4005` or, for every tenth port, `4001-4051/10` for a port. */
export function portRange(text: string): PortRange {
  const { host, tail } = parts(text);
  const [, first = tail, last = first, step = '1'] = /^(\d+)-(\d+)(?:\/(\d+))?$/.exec(tail) ?? [];
  const ports: number[] = [];
  for (let next = port(first); next <= port(last); next += Math.max(number(step), 1)) ports.push(next);
  if (ports.length === 0) throw wrong('a range of ports', tail);
  return { address: address(host), ports };
}

function parts(text: string): { readonly host: string; readonly tail: string } {
  const colon = text.lastIndexOf(':');
  const host = text.slice(0, Math.max(colon, 0)).replace(/^\[(.*)\]$/, '$1');
  return { host, tail: text.slice(colon + 1) };
}

export function protocol(text: string): Protocol {
  return text === 'sctp' ? text : serverProtocol(text, "'tcp', 'udp' or 'sctp'");
}

export function serverProtocol(text: string, expected = "'tcp' or 'udp'"): ServerProtocol {
  if (text !== 'tcp' && text !== 'udp') throw wrong(expected, text);
  return text;
}

export function realServer(text: string): RealServer {
  const index = /^rs(\d)$/.exec(text)?.[1];
  if (index === undefined || Number(index) < 1 || Number(index) > REAL_SERVERS) {
    throw wrong(`rs1..rs${REAL_SERVERS}`, text);
  }
  return `rs${Number(index)}`;
}

export function seconds(text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text)) throw wrong('seconds', text);
  return Number(text);
}
