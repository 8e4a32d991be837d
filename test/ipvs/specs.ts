import type { FiveTuple } from '../../src/ipvs/scheduler.js';
import type { DestinationSpec, ServiceKey, ServiceSpec } from '../../src/ipvs/specification.js';

/** TCP service, on the VIP of the conformance lab where nothing else is said. */
export function tcpKey(port = 80, address = '10.9.0.1'): ServiceKey {
  return { kind: 'address', protocol: 'tcp', address, port };
}

export function serviceSpec(overrides: Partial<ServiceSpec> = {}): ServiceSpec {
  return {
    key: tcpKey(),
    scheduler: 'rr',
    schedulerFlags: 0,
    isOnePacket: false,
    persistence: null,
    persistenceEngine: null,
    masquerade: null,
    clientAddress: null,
    ...overrides,
  };
}

/** The address of real server `number`, as in the conformance lab. */
export function realServer(number: number): string {
  return `10.1.0.${10 + number}`;
}

export function destinationSpec(number: number, overrides: Partial<DestinationSpec> = {}): DestinationSpec {
  return {
    address: realServer(number),
    port: 80,
    forwarding: 'masquerading',
    tunnel: null,
    weight: 1,
    upperThreshold: 0,
    lowerThreshold: 0,
    ...overrides,
  };
}

/** A TCP flow from 10.0.0.2 to 10.9.0.1:80. */
export const FLOW: FiveTuple = {
  family: 4,
  protocol: 6,
  sourceWords: Uint32Array.of(0x0a000002),
  destinationWords: Uint32Array.of(0x0a090001),
  sourcePort: 40001,
  destinationPort: 80,
};
