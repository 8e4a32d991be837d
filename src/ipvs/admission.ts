/** The checks of what a user says, apart from what is there already: kernel's codes, in the kernel's order. */
import { type ErrorCode, UipvsError } from '../base/error.js';
import { canonicalAddress, familyOf } from '../net/address.js';
import type { Family } from '../net/family.js';
import type { Timeouts } from './listing.js';
import { destinationName, serviceName } from './name.js';
import { isRealServerAddress } from './real-server-address.js';
import type { Scheduler } from './scheduler.js';
import {
  type DestinationKey,
  type DestinationSpec,
  SCHEDULER_FLAG_1,
  SCHEDULER_FLAG_2,
  SCHEDULER_FLAG_3,
  type ServiceKey,
  type ServiceSpec,
} from './specification.js';

/** Greatest weight and greatest threshold. Source: linux/ip_vs.h, int fields. */
const MAX_INT = 2 ** 31 - 1;
const MAX_PORT = 65535;
const MAX_MARK = 2 ** 32 - 1;
const ALL_SCHEDULER_FLAGS = SCHEDULER_FLAG_1 | SCHEDULER_FLAG_2 | SCHEDULER_FLAG_3;
/** The kernel's own persistence engines. Source: net/netfilter/ipvs/ip_vs_pe_sip.c. */
const PERSISTENCE_ENGINES: readonly string[] = ['sip'];
/** Source: net/netfilter/ipvs/ip_vs_ctl.c, ip_vs_set_timeout: INT_MAX / HZ, here for the greatest HZ, 1000. */
export const MAX_TIMEOUT_SECONDS = Math.floor(MAX_INT / 1000);

/** The scheduler name that stands for no scheduler: every new connection is refused. */
export const NO_SCHEDULER = 'none';

/** @throws UipvsError EINVAL: an address that is none or is not in canonical form, or a number out of its range */
export function checkServiceKey(key: ServiceKey): void {
  if (key.kind === 'address') {
    checkAddress(key.address);
    checkPort(key.port);
    return;
  }
  if (!isIntegerWithin(key.mark, 1, MAX_MARK)) {
    refuse('EINVAL', `Expected a firewall mark of 1..${MAX_MARK} but received ${key.mark}`);
  }
}

/** @throws UipvsError EINVAL, as for a service's address and port */
export function checkDestinationKey(key: DestinationKey): void {
  checkAddress(key.address);
  checkPort(key.port);
}

/** @throws UipvsError ENOENT unknown scheduler or persistence engine; EINVAL unknown flags; ENOTSUP */
export function checkServiceSpec(spec: ServiceSpec, schedulers: ReadonlyMap<string, Scheduler>): void {
  const name = serviceName(spec.key);
  const { scheduler, schedulerFlags, persistence, persistenceEngine } = spec;
  if (scheduler !== NO_SCHEDULER && !schedulers.has(scheduler)) {
    refuse('ENOENT', `Service ${name} asks for scheduler ${scheduler}, which is unknown`);
  }
  if (persistenceEngine !== null && !PERSISTENCE_ENGINES.includes(persistenceEngine)) {
    refuse('ENOENT', `Service ${name} asks for persistence engine ${persistenceEngine}, which is unknown`);
  }
  if ((schedulerFlags & ~ALL_SCHEDULER_FLAGS) !== 0) {
    refuse('EINVAL', `Service ${name} has scheduler flags ${schedulerFlags}, of which some are unknown`);
  }
  if (spec.key.kind === 'fwmark') {
    refuse('ENOTSUP', `Service ${name} is by firewall mark, which uipvs does not support yet`);
  }
  if (spec.key.protocol === 'sctp') {
    refuse('ENOTSUP', `Service ${name} is for SCTP, which uipvs does not support yet`);
  }
  if (persistence !== null) {
    refuse('ENOTSUP', `Service ${name} asks for persistence, which uipvs does not support yet`);
  }
  if (persistenceEngine !== null) {
    refuse('ENOTSUP', `Service ${name} asks for a persistence engine, which uipvs does not support yet`);
  }
  if (spec.key.port === 0) {
    refuse('ENOTSUP', `Service ${name} is for all ports, which uipvs does not support yet`);
  }
}

/** @throws UipvsError EINVAL another family than the service's; ERANGE weight or thresholds */
export function checkDestinationNumbers(serviceKey: ServiceKey, spec: DestinationSpec): void {
  const name = destinationName(spec);
  const { weight, upperThreshold, lowerThreshold } = spec;
  if (familyOf(spec.address) !== familyOfService(serviceKey)) {
    refuse('EINVAL', `Destination ${name} is of another address family than ${serviceName(serviceKey)}`);
  }
  if (!isIntegerWithin(weight, 0, MAX_INT)) {
    refuse('ERANGE', `Expected a weight of 0..${MAX_INT} for destination ${name} but received ${weight}`);
  }
  for (const threshold of [upperThreshold, lowerThreshold]) {
    if (!isIntegerWithin(threshold, 0, MAX_INT)) {
      refuse(
        'ERANGE',
        `Expected a threshold of 0..${MAX_INT} for destination ${name} but received ${threshold}`,
      );
    }
  }
  if (lowerThreshold > upperThreshold) {
    refuse(
      'ERANGE',
      `Destination ${name} has lower threshold ${lowerThreshold} above upper threshold ${upperThreshold}`,
    );
  }
}

/** @throws UipvsError EINVAL: no real server can have the address */
export function checkRealServerAddress({ address }: DestinationKey): void {
  if (!isRealServerAddress(address)) {
    refuse('EINVAL', `Expected a unicast address for a destination but received ${address}`);
  }
}

/** @throws UipvsError ENOTSUP */
export function checkDestinationSupport(spec: DestinationSpec): void {
  const name = destinationName(spec);
  if (spec.forwarding !== 'masquerading') {
    refuse(
      'ENOTSUP',
      `Destination ${name} asks for ${spec.forwarding}, but uipvs supports masquerading only: use -m`,
    );
  }
  if (spec.port === 0) {
    refuse('ENOTSUP', `Destination ${name} is for all ports, which uipvs does not support yet`);
  }
}

/** @throws UipvsError EINVAL */
export function checkTimeouts(timeouts: Timeouts): void {
  for (const [name, seconds] of Object.entries(timeouts)) {
    if (!isIntegerWithin(seconds, 0, MAX_TIMEOUT_SECONDS)) {
      refuse(
        'EINVAL',
        `Expected 0..${MAX_TIMEOUT_SECONDS} seconds for timeout ${name} but received ${seconds}`,
      );
    }
  }
}

/** The family of a service's clients and destinations. */
function familyOfService(key: ServiceKey): Family {
  return key.kind === 'fwmark' ? key.family : familyOf(key.address);
}

function checkAddress(address: string): void {
  const canonical = canonicalAddress(address);
  if (canonical !== address) refuse('EINVAL', `Expected address ${canonical} but received ${address}`);
}

function checkPort(port: number): void {
  if (!isIntegerWithin(port, 0, MAX_PORT)) {
    refuse('EINVAL', `Expected a port of 0..${MAX_PORT} but received ${port}`);
  }
}

function isIntegerWithin(value: number, least: number, greatest: number): boolean {
  return Number.isInteger(value) && value >= least && value <= greatest;
}

function refuse(code: ErrorCode, message: string): never {
  throw new UipvsError(code, message);
}
