import { familyOf } from '../net/address.js';
import type { Family } from '../net/family.js';
import type { ServiceKey } from './specification.js';

/** The family of a service's clients and, but for tunneling ones, of its destinations. */
export function familyOfService(key: ServiceKey): Family {
  return key.kind === 'fwmark' ? key.family : familyOf(key.address);
}
