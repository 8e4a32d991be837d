/**
 * The kernel's routes to many addresses at once. Which rules and routes can apply to an address is decided by the
 * longest of all their prefixes that it is in; so of the addresses in one such prefix and in no longer one, the kernel is
 * asked about one, and what it says holds for all. What it has learned of single addresses, such as a path MTU, is then
 * not seen, and neither is which of several next hops an address has: with such routes each address is asked about.
 */
import { addressWords } from '../net/address.js';
import type { Family } from '../net/family.js';
import { maxPrefixLength } from '../net/prefix.js';
import { prefixOf } from './box.js';
import type { HostSystem, Json } from './system.js';

/** To list all rules and routes takes as long as to ask about some hundred addresses. */
const LEAST_ADDRESSES = 512;
/** With more routes than this the listing takes longer than the questions. */
const MAX_ROUTES = 20_000;

const PREFIX_COUNTS = {
  4: ['/proc/net/fib_triestat', /Prefixes:\s+(\d+)/g, 10],
  // The fourth field: rt_entries. Source: linux net/ipv6/route.c, rt6_stats_seq_show().
  6: ['/proc/net/rt6_stats', /^(?:\w+ ){3}(\w+)/g, 16],
} as const;

async function countRoutes(system: HostSystem, family: Family): Promise<number> {
  const [path, pattern, base] = PREFIX_COUNTS[family];
  const text = await system.readSetting(path);
  if (text === null) return Number.POSITIVE_INFINITY;
  return [...text.matchAll(pattern)].reduce((sum, [, digits = '']) => sum + Number.parseInt(digits, base), 0);
}

/** By length, the prefixes that any rule or route names; null where a route has several next hops. */
async function listPrefixes(
  system: HostSystem,
  family: Family,
): Promise<ReadonlyMap<number, ReadonlySet<string>> | null> {
  const prefixes = new Map<number, Set<string>>();
  const add = (text: string, length: number) => {
    const words = Array.from(addressWords(text));
    const known = prefixes.get(length) ?? new Set();
    prefixes.set(length, known.add(prefixOf(words, length, family).join()));
  };
  const whole = maxPrefixLength(family);
  const routes = await system.list(family, ['route', 'show', 'table', 'all']);
  if (routes.some(({ nexthops, nhid }) => nexthops !== undefined || nhid !== undefined)) return null;
  for (const { dst } of routes) {
    const [address = '', length] = String(dst).split('/');
    if (address !== 'default') add(address, length === undefined ? whole : Number(length));
  }
  for (const { dst, dstlen } of await system.list(family, ['rule', 'show'])) {
    if (typeof dst === 'string' && dst !== 'all') add(dst, dstlen === undefined ? whole : Number(dstlen));
  }
  return prefixes;
}

/** The longest prefix that an address is in, as text that is equal for equal ones. */
function longestOf(
  words: readonly number[],
  lengths: readonly number[],
  prefixes: ReadonlyMap<number, ReadonlySet<string>>,
  family: Family,
): string {
  for (const length of lengths) {
    const key = prefixOf(words, length, family).join();
    if (prefixes.get(length)?.has(key)) return `${key}/${length}`;
  }
  return '';
}

/** For each address the index of one that stands for it, itself perhaps. */
async function representatives(
  system: HostSystem,
  family: Family,
  addresses: readonly string[],
): Promise<readonly number[]> {
  const isWorth = addresses.length >= LEAST_ADDRESSES && (await countRoutes(system, family)) <= MAX_ROUTES;
  const prefixes = isWorth ? await listPrefixes(system, family) : null;
  if (prefixes === null) return addresses.map((_, index) => index);
  const lengths = [...prefixes.keys()].sort((one, other) => other - one);
  const first = new Map<string, number>();
  return addresses.map((address, index) => {
    const key = longestOf(Array.from(addressWords(address)), lengths, prefixes, family);
    const known = first.get(key);
    if (known === undefined) first.set(key, index);
    return known ?? index;
  });
}

/**
 * What `ip route get` says of each address, in order; null where there is no route. `options` follow the address.
 * Two to four runs of `ip`, whatever the number.
 */
export async function lookUpAll(
  system: HostSystem,
  family: Family,
  addresses: readonly string[],
  options: string,
): Promise<readonly (Json | null)[]> {
  const chosen = await representatives(system, family, addresses);
  const asked = addresses.filter((_, index) => chosen[index] === index);
  const answers = await system.listEach(
    family,
    asked.map((address) => `route get ${address} ${options}`),
  );
  const byAddress = new Map(asked.map((address, index) => [address, answers[index] ?? null]));
  return chosen.map((index) => byAddress.get(addresses[index] ?? '') ?? null);
}
