/**
 * `host[:port]` as ipvsadm takes it: an IPv4 address in any form of inet_aton, a host name, `[v6]:port`, or a bare
 * IPv6 address; the port a number or a name of /etc/services.
 */
import { formatAddressWords, tryAddressWords } from '../net/address.js';
import type { Family } from '../net/family.js';
import { parseNumber } from './number.js';
import type { ServiceNames } from './service-name.js';

/** What is known of host names so far: the IPv4 word, or null where the resolver knows none. */
export type KnownHosts = ReadonlyMap<string, number | null>;

/** Thrown where a host name must be resolved before parsing can go on. Look it up, then parse anew. */
export class UnresolvedHost extends Error {
  readonly host: string;

  constructor(host: string) {
    super(`Host name '${host}' is not resolved yet`);
    this.name = 'UnresolvedHost';
    this.host = host;
  }
}

export interface HostPort {
  readonly family: Family;
  /** Canonical text. */
  readonly address: string;
  /** Undefined where none was written. */
  readonly port: number | undefined;
}

/** What parsing of addresses depends on outside the command line. */
export interface NameSources {
  readonly hosts: KnownHosts;
  readonly services: ServiceNames;
}

const ATON_PART = /^(?:0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)$/;

function atonNumber(text: string): number {
  if (/^0[0-7]+$/.test(text)) return Number.parseInt(text, 8);
  return Number(text);
}

/**
 * The word of an IPv4 address of one to four parts, each decimal, octal or hexadecimal, the last filling what is
 * left: `10.1` is 10.0.0.1. Undefined where `text` is none. What follows a blank is not looked at.
 * Source: inet_aton(3), glibc.
 */
export function parseInetAton(text: string): number | undefined {
  const parts = text.replace(/[ \t\n\v\f\r][\s\S]*$/, '').split('.');
  if (parts.length > 4 || !parts.every((part) => ATON_PART.test(part))) return undefined;
  const numbers = parts.map(atonNumber);
  const last = numbers.pop() ?? 0;
  if (numbers.some((number) => number > 255) || last >= 256 ** (4 - numbers.length)) return undefined;
  return numbers.reduce((word, number, index) => word + number * 256 ** (3 - index), last);
}

/** Whether it is worth asking a resolver: glibc does not look up a wrong number either. */
function canBeHostName(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(text) && !/^[\d.]+$/.test(text);
}

/** The word of an IPv4 address or host name, or undefined. Throws {@link UnresolvedHost}. */
export function parseIpv4OrHost(text: string, hosts: KnownHosts): number | undefined {
  // Nearly all are plain, of 100,000 lines of -R, and inet_aton has many forms to try.
  const quad = text.includes(':') ? undefined : tryAddressWords(text);
  const word = quad?.[0] ?? parseInetAton(text);
  if (word !== undefined) return word;
  if (!canBeHostName(text)) return undefined;
  const known = hosts.get(text);
  if (known === undefined) throw new UnresolvedHost(text);
  return known ?? undefined;
}

/**
 * Splits and parses; undefined where `text` is no host and port. `protocol` is undefined before the service was
 * named: then a port has no name. Throws {@link UnresolvedHost}.
 */
export function parseHostPort(
  text: string,
  protocol: string | undefined,
  sources: NameSources,
): HostPort | undefined {
  // A lone number would be taken for an IPv4 address by inet_aton, but is a forgotten host.
  if (/^\d*$/.test(text)) return undefined;
  let host = text;
  let portText: string | undefined;
  const bracketed = /^\[([^\]]*)\](.*)$/s.exec(text);
  if (bracketed !== null) {
    host = bracketed[1] ?? '';
    if (bracketed[2]?.startsWith(':') !== true) return undefined;
    portText = bracketed[2].slice(1);
  } else if (text.startsWith('[')) {
    return undefined;
  }
  // An IPv6 address has two colons at least.
  const words = host.indexOf(':') === host.lastIndexOf(':') ? undefined : tryAddressWords(host);
  if (words !== undefined) {
    return finish(6, formatAddressWords(words, 0, 6), portText, protocol, sources);
  }
  // ipvsadm looks for the port of an IPv4 address inside the brackets only: [10.9.0.1]:80 has none.
  portText = undefined;
  const colon = host.lastIndexOf(':');
  if (colon >= 0) {
    portText = host.slice(colon + 1);
    host = host.slice(0, colon);
  }
  const word = parseIpv4OrHost(host, sources.hosts);
  if (word === undefined) return undefined;
  return finish(4, formatAddressWords(Uint32Array.of(word), 0, 4), portText, protocol, sources);
}

function finish(
  family: Family,
  address: string,
  portText: string | undefined,
  protocol: string | undefined,
  sources: NameSources,
): HostPort | undefined {
  if (portText === undefined) return { family, address, port: undefined };
  const named = protocol === undefined ? undefined : sources.services.portOf(portText, protocol);
  const port = parseNumber(portText, 0, 65535) ?? named;
  return port === undefined ? undefined : { family, address, port };
}
