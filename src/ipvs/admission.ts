/** The checks of what a user says, apart from what is there already: kernel's codes, in the kernel's order. */
import { type ErrorCode, UipvsError } from '../base/error.js';
import { canonicalAddress, familyOf } from '../net/address.js';
import { canonicalCidr, parseCidr } from './cidr.js';
import type { Timeouts } from './listing.js';
import { destinationName, serviceName } from './name.js';
import { isRealServerAddress } from './real-server-address.js';
import type { Scheduler } from './scheduler.js';
import { familyOfService } from './service-family.js';
import {
  type DestinationKey,
  type DestinationSpec,
  MAX_MASQUERADE_EXCEPTIONS,
  type Masquerade,
  type Persistence,
  SCHEDULER_FLAG_1,
  SCHEDULER_FLAG_2,
  SCHEDULER_FLAG_3,
  type ServiceKey,
  type ServiceSpec,
} from './specification.js';

/** Greatest weight. Source: linux/ip_vs.h, an int. */
const MAX_INT = 2 ** 31 - 1;
/** Source: linux/ip_vs.h, a 32-bit unsigned integer. */
const MAX_THRESHOLD = 2 ** 32 - 1;
const MAX_PORT = 65535;
const MAX_MARK = 2 ** 32 - 1;
const MAX_MASK_V4 = 2 ** 32 - 1;
const MAX_PREFIX_V6 = 128;
/** 31 days. Source: ipvsadm, ipvsadm.c, MAX_TIMEOUT. */
export const MAX_PERSISTENCE_SECONDS = 31 * 86_400;
const ALL_SCHEDULER_FLAGS = SCHEDULER_FLAG_1 | SCHEDULER_FLAG_2 | SCHEDULER_FLAG_3;
/** The kernel's own persistence engines. Source: net/netfilter/ipvs/ip_vs_pe_sip.c. */
const PERSISTENCE_ENGINES: readonly string[] = ['sip'];
/** Source: net/netfilter/ipvs/ip_vs_ctl.c, ip_vs_set_timeout: INT_MAX / HZ, here for the least HZ, 100. */
export const MAX_TIMEOUT_SECONDS = Math.floor(MAX_INT / 100);

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

/**
 * @throws UipvsError ENOENT unknown scheduler or persistence engine; EINVAL netmask, flags, CIDRs; ENOTSUP what uipvs
 * has beyond the kernel and the service cannot have
 */
export function checkServiceSpec(spec: ServiceSpec, schedulers: ReadonlyMap<string, Scheduler>): void {
  const name = serviceName(spec.key);
  const { scheduler, schedulerFlags, persistence, persistenceEngine } = spec;
  if (scheduler !== NO_SCHEDULER && !schedulers.has(scheduler)) {
    refuse('ENOENT', `Service ${name} asks for scheduler ${scheduler}, which is unknown`);
  }
  if (persistenceEngine !== null && !PERSISTENCE_ENGINES.includes(persistenceEngine)) {
    refuse('ENOENT', `Service ${name} asks for persistence engine ${persistenceEngine}, which is unknown`);
  }
  if (persistence !== null) checkPersistence(spec.key, persistence);
  if ((schedulerFlags & ~ALL_SCHEDULER_FLAGS) !== 0) {
    refuse('EINVAL', `Service ${name} has scheduler flags ${schedulerFlags}, of which some are unknown`);
  }
  checkClientAddress(spec);
  if (spec.masquerade !== null) checkMasquerade(spec.key, spec.masquerade);
}

function checkClientAddress({ key, clientAddress }: ServiceSpec): void {
  if (clientAddress !== null && key.kind === 'address' && key.protocol !== 'tcp') {
    refuse(
      'ENOTSUP',
      `Service ${serviceName(key)} is to tell the client's address (${clientAddress}), which only TCP services can`,
    );
  }
}

function checkMasquerade(key: ServiceKey, { except }: Masquerade): void {
  const name = serviceName(key);
  if (except.length > MAX_MASQUERADE_EXCEPTIONS) {
    refuse(
      'EINVAL',
      `Expected at most ${MAX_MASQUERADE_EXCEPTIONS} exceptions from masquerading for service ${name} but received ${except.length}`,
    );
  }
  for (const cidr of except) {
    const canonical = canonicalCidr(cidr);
    if (canonical !== cidr) refuse('EINVAL', `Expected CIDR ${canonical} but received ${cidr}`);
    if (parseCidr(cidr).family !== familyOfService(key)) {
      refuse(
        'ENOTSUP',
        `Service ${name} excepts ${cidr} from masquerading, which is of another address family`,
      );
    }
  }
}

function checkPersistence(key: ServiceKey, { netmask, timeoutSeconds }: Persistence): void {
  const name = serviceName(key);
  const [least, greatest] = familyOfService(key) === 6 ? [1, MAX_PREFIX_V6] : [0, MAX_MASK_V4];
  if (!isIntegerWithin(netmask, least, greatest)) {
    refuse(
      'EINVAL',
      `Expected a netmask of ${least}..${greatest} for service ${name} but received ${netmask}`,
    );
  }
  if (!isIntegerWithin(timeoutSeconds, 1, MAX_PERSISTENCE_SECONDS)) {
    refuse(
      'EINVAL',
      `Expected 1..${MAX_PERSISTENCE_SECONDS} seconds of persistence for service ${name} but received ${timeoutSeconds}`,
    );
  }
}

/** @throws UipvsError EINVAL another family without tunneling, GUE without a port; ERANGE weight or thresholds */
export function checkDestinationNumbers(serviceKey: ServiceKey, spec: DestinationSpec): void {
  const name = destinationName(spec);
  const { weight, upperThreshold, lowerThreshold, tunnel } = spec;
  if (spec.forwarding !== 'tunneling' && familyOf(spec.address) !== familyOfService(serviceKey)) {
    refuse('EINVAL', `Destination ${name} is of another address family than ${serviceName(serviceKey)}`);
  }
  if (!isIntegerWithin(weight, 0, MAX_INT)) {
    refuse('ERANGE', `Expected a weight of 0..${MAX_INT} for destination ${name} but received ${weight}`);
  }
  for (const threshold of [upperThreshold, lowerThreshold]) {
    if (!isIntegerWithin(threshold, 0, MAX_THRESHOLD)) {
      refuse(
        'ERANGE',
        `Expected a threshold of 0..${MAX_THRESHOLD} for destination ${name} but received ${threshold}`,
      );
    }
  }
  if (lowerThreshold > upperThreshold) {
    refuse(
      'ERANGE',
      `Destination ${name} has lower threshold ${lowerThreshold} above upper threshold ${upperThreshold}`,
    );
  }
  if (tunnel?.type === 'gue' && tunnel.port === 0) {
    refuse('EINVAL', `Destination ${name} asks for a GUE tunnel without a port`);
  }
}

/** @throws UipvsError EINVAL: no real server can have the address */
export function checkRealServerAddress({ address }: DestinationKey): void {
  if (!isRealServerAddress(address)) {
    refuse('EINVAL', `Expected a unicast address for a destination but received ${address}`);
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
