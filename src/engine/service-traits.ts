import { parseCidr } from '../ipvs/cidr.js';
import type { ServiceTraits } from '../ipvs/data-plane.js';
import { addressWords } from '../net/address.js';
import type { NativeEngine } from './addon.js';

const WORDS_PER_NETWORK = 5;
/** How the addon calls the ways to tell a client's address. */
const TELLING = { none: 0, toa: 1, proxy: 2 } as const;

/** Tells the native directory what kind of service it is, in its own terms. */
export function setServiceTraits(
  native: Pick<NativeEngine, 'setServiceTraits'>,
  serviceId: number,
  traits: ServiceTraits,
): void {
  const { isOnePacket, persistence, persistenceEngine, masquerade } = traits;
  const { timeoutSeconds = 0, netmask = 0 } = persistence ?? {};
  const networks = networkWords(masquerade?.except ?? []);
  native.setServiceTraits(
    serviceId,
    isOnePacket,
    timeoutSeconds,
    netmask,
    masquerade !== null,
    networks,
    TELLING[traits.clientAddress ?? 'none'],
    persistenceEngine === 'sip',
  );
}

/** As the addon takes networks: four words of address, one of length. */
function networkWords(networks: readonly string[]): Uint32Array {
  const words = new Uint32Array(networks.length * WORDS_PER_NETWORK);
  for (const [index, text] of networks.entries()) {
    const { network, prefixLength } = parseCidr(text);
    words.set(addressWords(network), index * WORDS_PER_NETWORK);
    words[index * WORDS_PER_NETWORK + 4] = prefixLength;
  }
  return words;
}
