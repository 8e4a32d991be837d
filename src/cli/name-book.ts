/** Names for addresses and ports in listings without `-n`. */
import { formatEndpoint } from '../net/endpoint.js';
import type { Resolver } from './resolver.js';
import type { ServiceNames } from './service-name.js';

/** Writes an endpoint; `protocol` is undefined where ports have no names. */
export type EndpointFormatter = (address: string, port: number, protocol: string | undefined) => string;

export const formatNumericEndpoint: EndpointFormatter = (address, port) => formatEndpoint(address, port);

/** Asks a resolver for the names of addresses; those it does not know stay numbers. */
export class NameBook {
  readonly #services: ServiceNames;
  readonly #resolver: Resolver;
  readonly #hosts = new Map<string, string>();

  constructor(services: ServiceNames, resolver: Resolver) {
    this.#services = services;
    this.#resolver = resolver;
  }

  /** Looks up the addresses that were not asked for before. Never rejects. */
  async learn(addresses: Iterable<string>): Promise<void> {
    const missing = new Set<string>();
    for (const address of addresses) if (!this.#hosts.has(address)) missing.add(address);
    await Promise.all(
      Array.from(missing, async (address) => {
        this.#hosts.set(address, (await this.#resolver.nameOf(address)) ?? address);
      }),
    );
  }

  readonly format: EndpointFormatter = (address, port, protocol) => {
    const name = this.#hosts.get(address) ?? address;
    const portName = protocol === undefined ? undefined : this.#services.nameOf(port, protocol);
    const text = portName ?? String(port);
    return address.includes(':') ? `[${name}]:${text}` : `${name}:${text}`;
  };
}
