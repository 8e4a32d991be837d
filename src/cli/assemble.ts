/** From the finished {@link Draft} to a {@link Command}, with the checks of values against each other. */
import type { DestinationSpec, Persistence, ServiceKey, ServiceSpec } from '../ipvs/specification.js';
import { maskPrefixLength } from '../net/prefix.js';
import type { Command, ListFormat } from './command.js';
import { unsupportedError, usageError } from './command-line-error.js';
import type { Draft } from './draft.js';
import { checkTunnelOptions, hasTunnelOptions } from './legality.js';
import type { CommandOption } from './options.js';

/** The command options that {@link assemble} knows: those whose other options were collected in a draft. */
export type DraftedOption = Exclude<CommandOption, 'help' | 'version' | 'set'>;

/**
 * The command. `words` is the whole command line, to be quoted where it needs a change. Throws a CommandLineError
 * where values contradict each other or uipvs cannot do it.
 */
export function assemble(
  option: DraftedOption,
  draft: Draft,
  schedulerFlags: number,
  words: readonly string[],
): Command {
  switch (option) {
    case 'add-service':
    case 'edit-service':
      return { kind: 'change', request: { op: option, service: serviceOf(draft, schedulerFlags) } };
    case 'delete-service':
      return { kind: 'change', request: { op: option, key: keyOf(draft) } };
    case 'add-server':
    case 'edit-server': {
      const op = option === 'add-server' ? 'add-destination' : 'edit-destination';
      return { kind: 'change', request: { op, key: keyOf(draft), destination: destinationOf(draft, words) } };
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
    case 'stop-daemon':
      return { kind: option, role: draft.role };
    default:
      return { kind: 'restore' };
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
  return {
    key: keyOf(draft),
    scheduler: draft.scheduler,
    schedulerFlags,
    isOnePacket,
    persistence: persistenceOf(draft),
    persistenceEngine: draft.engine ?? null,
  };
}

function persistenceOf(draft: Draft): Persistence | null {
  if (draft.persistenceSeconds === undefined) return null;
  const prefixLength = draft.family === 6 ? draft.netmask : maskPrefixLength(Uint32Array.of(draft.netmask));
  if (prefixLength === undefined) {
    const hex = draft.netmask.toString(16).padStart(8, '0');
    throw unsupportedError(
      `uipvs groups persistent clients by network only: -M takes a mask like 255.255.255.0, not 0x${hex}`,
    );
  }
  return { timeoutSeconds: draft.persistenceSeconds, prefixLength };
}

function destinationOf(draft: Draft, words: readonly string[]): DestinationSpec {
  const isTunnel = draft.forwarding === '-i';
  if (draft.server?.family !== draft.family && !isTunnel) {
    throw usageError('Different address family is allowed only for tunneling servers');
  }
  if (hasTunnelOptions(draft.given) && !isTunnel) {
    throw usageError('Tunnel options conflict with forward method');
  }
  if (isTunnel) checkTunnelOptions(draft.tunnelType, draft.given);
  if (draft.forwarding !== '-m') {
    const remedy =
      draft.forwarding === undefined ? 'add -m to' : `write -m instead of ${draft.forwarding} in`;
    throw unsupportedError(`uipvs forwards by masquerading only: ${remedy} '${words.join(' ')}'`);
  }
  return {
    address: draft.server?.address ?? '',
    port: draft.serverPort,
    forwarding: 'masquerading',
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
