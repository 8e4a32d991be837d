import type { DataPlane, RawCounters } from '../ipvs/data-plane.js';

/** A data plane that takes everything, does nothing and has no connections. */
export class IdleDataPlane implements DataPlane {
  readonly maxServices: number;
  readonly maxDestinations: number;

  constructor(maxServices: number, maxDestinations: number) {
    this.maxServices = maxServices;
    this.maxDestinations = maxDestinations;
  }

  addService(): void {}
  setServiceTraits(): void {}
  removeService(): void {}
  addDestination(): void {}
  setDestinationTraits(): void {}
  setDestinationAvailable(): void {}
  removeDestination(): void {}
  setTimeouts(): void {}
  setPolicy(): void {}
  setOverloaded(): void {}

  isOverloaded(): boolean {
    return false;
  }

  activeConnections(): number {
    return 0;
  }

  inactiveConnections(): number {
    return 0;
  }

  persistentConnections(): number {
    return 0;
  }

  readCounters(_destinationId: number, into: RawCounters): void {
    Object.assign(into, { connections: 0, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 0 });
  }
}
