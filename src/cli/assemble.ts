/** From the finished {@link Draft} to a {@link Command}, with the checks of values against each other. */
import type { DestinationSpec, ForwardingMethod, ServiceKey, ServiceSpec } from '../ipvs/specification.js';
import type { Command, ListFormat } from './command.js';
import { unsupportedError, usageError } from './command-line-error.js';
import type { Draft, ForwardingOption } from './draft.js';
import { checkTunnelOptions, hasTunnelOptions } from './legality.js';
import type { CommandOption } from './options.js';
import { checkOwnOptions } from './own-service-option.js';
import { sysctlCommand } from './sysctl.js';
import { tunnelChecksum } from './tunnel.js';

/** The command options that {@link assemble} knows: those whose other options were collected in a draft. */
export type DraftedOption = Exclude<CommandOption, 'help' | 'version' | 'uipvs-help' | 'set'>;

/**
 * The command. Throws a CommandLineError where values contradict each other, or for the one command that uipvs does
 * not have.
 */
export function assemble(option: DraftedOption, draft: Draft, schedulerFlags: number): Command {
  switch (option) {
    case 'add-service':
    case 'edit-service':
      return { kind: 'change', request: { op: option, service: serviceOf(draft, schedulerFlags) } };
    case 'delete-service':
      return { kind: 'change', request: { op: option, key: keyOf(draft) } };
    case 'add-server':
    case 'edit-server': {
      const op = option === 'add-server' ? 'add-destination' : 'edit-destination';
      return { kind: 'change', request: { op, key: keyOf(draft), destination: destinationOf(draft) } };
    }
    case 'delete-server': {
      const destination = { address: draft.server?.address ?? '', port: draft.serverPort };
      return { kind: 'change', request: { op: 'delete-destination', key: keyOf(draft), destination } };
    }
    case 'clear':
      return { kind: 'change', request: { op: 'flush' } };
    case 'zero':
      return {
        kind: 'change',
        request: draft.given.has('service-address') ? { op: 'zero', key: keyOf(draft) } : { op: 'zero' },
      };
    case 'list':
      return listing(draft);
    case 'save':
      return { kind: 'save', isNumeric: draft.given.has('numeric') };
    case 'start-daemon':
      throw unsupportedError(
        `uipvs has no connection synchronisation: --start-daemon ${draft.role} is not supported`,
      );
    case 'stop-daemon':
      return { kind: 'change', request: { op: 'stop-sync-daemon', role: draft.role } };
    case 'drops':
      return { kind: 'drops', isExact: draft.given.has('exact') };
    case 'sysctl':
      return sysctlCommand(draft.sysctl);
    default:
      return { kind: 'restore', isAtomic: draft.given.has('atomic') };
  }
}

function keyOf(draft: Draft): ServiceKey {
  if (draft.fwmark !== 0) return { kind: 'fwmark', mark: draft.fwmark, family: draft.family ?? 4 };
  return { kind: 'address', protocol: draft.protocol ?? 'tcp', address: draft.address, port: draft.port };
}

function serviceOf(draft: Draft, schedulerFlags: number): ServiceSpec {
  const isPersistent = draft.persistenceSeconds !== undefined;
  if (draft.fwmark === 0 && draft.port === 0 && !isPersistent) {
    throw usageError('Zero port specified for non-persistent service');
  }
  const isOnePacket = draft.given.has('ops');
  if (isOnePacket && draft.fwmark === 0 && draft.protocol !== 'udp') {
    throw usageError('One-Packet Scheduling is only for UDP virtual services');
  }
  const spec: ServiceSpec = {
    key: keyOf(draft),
    scheduler: draft.scheduler,
    schedulerFlags,
    isOnePacket,
    persistence:
      draft.persistenceSeconds === undefined
        ? null
        : { timeoutSeconds: draft.persistenceSeconds, netmask: draft.netmask },
    // An empty name is none.
    persistenceEngine: draft.engine || null,
    masquerade: draft.masquerade,
    clientAddress: draft.clientAddress,
  };
  checkOwnOptions(spec);
  return spec;
}

const FORWARDING_METHODS: Readonly<Record<ForwardingOption, ForwardingMethod>> = {
  '-m': 'masquerading',
  '-i': 'tunneling',
  '-g': 'direct-routing',
};

function destinationOf(draft: Draft): DestinationSpec {
  const forwarding = FORWARDING_METHODS[draft.forwarding];
  const isTunnel = forwarding === 'tunneling';
  if (draft.server?.family !== draft.family && !isTunnel) {
    throw usageError('Different address family is allowed only for tunneling servers');
  }
  if (hasTunnelOptions(draft.given) && !isTunnel) {
    throw usageError('Tunnel options conflict with forward method');
  }
  if (isTunnel) checkTunnelOptions(draft.tunnelType, draft.given);
  // Only masquerading changes the port; a firewall mark stands for any port, so there is none to be forced.
  const isServicePort = draft.fwmark === 0 && forwarding !== 'masquerading';
  return {
    address: draft.server?.address ?? '',
    port: isServicePort ? draft.port : draft.serverPort,
    forwarding,
    tunnel: isTunnel
      ? { type: draft.tunnelType, port: draft.tunnelPort, checksum: tunnelChecksum(draft.given) }
      : null,
    weight: draft.weight,
    upperThreshold: draft.upperThreshold,
    lowerThreshold: draft.lowerThreshold,
  };
}

const TABLE_FORMATS = ['stats', 'rate', 'thresholds', 'persistent-conn', 'tun-info'] as const;

export function listing(draft: Draft): Command {
  const has = draft.given;
  const isSummary = has.has('timeout') || has.has('daemon');
  const hasCounters = has.has('stats') || has.has('rate') || has.has('thresholds');
  if (((isSummary || has.has('connection')) && hasCounters) || (isSummary && has.has('persistent-conn'))) {
    throw usageError('options conflicts in the list command');
  }
  const isNumeric = has.has('numeric');
  if (has.has('connection')) {
    return { kind: 'list-connections', isNumeric, hasEngineColumns: has.has('persistent-conn') };
  }
  if (has.has('timeout')) return { kind: 'list-timeouts' };
  if (has.has('daemon')) return { kind: 'list-daemons' };
  const format: ListFormat = TABLE_FORMATS.find((name) => has.has(name)) ?? 'connections';
  const key = has.has('service-address') ? keyOf(draft) : undefined;
  const options = { format, isNumeric, isExact: has.has('exact'), isSorted: !has.has('nosort') };
  return { kind: 'list', key, options };
}
