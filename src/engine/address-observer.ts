import type { ServiceTraits } from '../ipvs/data-plane.js';
import type { ServiceKey } from '../ipvs/specification.js';
import type { Family, ProtocolName } from '../net/family.js';

/** Told when the model takes an address into use or gives it up, so that the host can follow. */
export interface AddressObserver {
  serviceAdded(key: ServiceKey, traits: ServiceTraits): void;
  serviceEdited(key: ServiceKey, traits: ServiceTraits): void;
  serviceRemoved(key: ServiceKey): void;
  destinationAdded(destination: DestinationPlace): void;
  destinationRemoved(destination: DestinationPlace): void;
}

/** Where a destination's replies come from. */
export interface DestinationPlace {
  readonly family: Family;
  readonly address: string;
  /** Absent: of a firewall mark's service, which is for every protocol. */
  readonly protocol?: ProtocolName;
  readonly port: number;
}
