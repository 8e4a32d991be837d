/** Names of hosts. Passed in, so that what is printed can be tested without a network. */

export interface Resolver {
  /** The first IPv4 address of `host`, or undefined where it has none. Never rejects. */
  addressOf(host: string): Promise<string | undefined>;
  /** The name of an address, or undefined where it has none. Never rejects. */
  nameOf(address: string): Promise<string | undefined>;
}

/** Asks as other programs of the host do: /etc/hosts, DNS, whatever nsswitch.conf says. */
export const systemResolver: Resolver = {
  async addressOf(host) {
    const { lookup } = await import('node:dns/promises');
    return lookup(host, { family: 4 }).then(
      (found) => found.address,
      () => undefined,
    );
  },
  async nameOf(address) {
    const { lookupService } = await import('node:dns/promises');
    // The port does not matter: ports are named from /etc/services, which knows SCTP too.
    return lookupService(address, 0).then(
      (found) => found.hostname,
      () => undefined,
    );
  },
};
