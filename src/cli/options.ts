/** The options of ipvsadm 1.31, and those of uipvsadm's own. */
import type { OptionDefinition } from './popt.js';

/** Options that are commands: exactly one, in front. */
export type CommandOption =
  | 'add-service'
  | 'edit-service'
  | 'delete-service'
  | 'clear'
  | 'add-server'
  | 'edit-server'
  | 'delete-server'
  | 'list'
  | 'zero'
  | 'set'
  | 'start-daemon'
  | 'stop-daemon'
  | 'restore'
  | 'save'
  | 'help'
  | 'version'
  | 'uipvs-help'
  | 'sysctl'
  | 'drops';

export type OptionId =
  | CommandOption
  | 'tcp-service'
  | 'udp-service'
  | 'sctp-service'
  | 'fwmark-service'
  | 'ipv6'
  | 'scheduler'
  | 'pe'
  | 'persistent'
  | 'netmask'
  | 'real-server'
  | 'masquerading'
  | 'ipip'
  | 'gatewaying'
  | 'weight'
  | 'u-threshold'
  | 'l-threshold'
  | 'numeric'
  | 'connection'
  | 'stats'
  | 'rate'
  | 'timeout'
  | 'daemon'
  | 'thresholds'
  | 'persistent-conn'
  | 'tun-info'
  | 'nosort'
  | 'sort'
  | 'exact'
  | 'ops'
  | 'sched-flags'
  | 'tun-type'
  | 'tun-port'
  | 'tun-nocsum'
  | 'tun-csum'
  | 'tun-remcsum'
  | 'mcast-interface'
  | 'syncid'
  | 'sync-maxlen'
  | 'mcast-group'
  | 'mcast-port'
  | 'mcast-ttl'
  | 'masquerade'
  | 'client-address'
  | 'socket'
  | 'atomic';

function flag(id: OptionId, short?: string): OptionDefinition<OptionId> {
  return { id, long: id, value: 'none', ...(short === undefined ? {} : { short }) };
}

function valued(id: OptionId, short?: string): OptionDefinition<OptionId> {
  return { id, long: id, value: 'required', ...(short === undefined ? {} : { short }) };
}

/** Source: ipvsadm(8) and `ipvsadm --help`, version 1.31. */
const IPVSADM_OPTIONS: readonly OptionDefinition<OptionId>[] = [
  flag('add-service', 'A'),
  flag('edit-service', 'E'),
  flag('delete-service', 'D'),
  flag('clear', 'C'),
  flag('restore', 'R'),
  flag('save', 'S'),
  flag('add-server', 'a'),
  flag('edit-server', 'e'),
  flag('delete-server', 'd'),
  flag('list', 'L'),
  { id: 'list', short: 'l', value: 'none' },
  flag('zero', 'Z'),
  flag('set'),
  valued('start-daemon'),
  valued('stop-daemon'),
  flag('help', 'h'),
  flag('version', 'v'),
  valued('tcp-service', 't'),
  valued('udp-service', 'u'),
  valued('sctp-service'),
  valued('fwmark-service', 'f'),
  flag('ipv6', '6'),
  valued('scheduler', 's'),
  valued('pe'),
  { id: 'persistent', long: 'persistent', short: 'p', value: 'optional' },
  valued('netmask', 'M'),
  valued('real-server', 'r'),
  flag('masquerading', 'm'),
  flag('ipip', 'i'),
  flag('gatewaying', 'g'),
  valued('weight', 'w'),
  valued('u-threshold', 'x'),
  valued('l-threshold', 'y'),
  flag('numeric', 'n'),
  flag('connection', 'c'),
  flag('stats'),
  flag('rate'),
  flag('timeout'),
  flag('daemon'),
  flag('thresholds'),
  flag('persistent-conn'),
  flag('tun-info'),
  flag('nosort'),
  flag('sort'),
  flag('exact', 'X'),
  flag('ops', 'o'),
  valued('sched-flags', 'b'),
  valued('tun-type'),
  valued('tun-port'),
  flag('tun-nocsum'),
  flag('tun-csum'),
  flag('tun-remcsum'),
  valued('mcast-interface'),
  valued('syncid'),
  valued('sync-maxlen'),
  valued('mcast-group'),
  valued('mcast-port'),
  valued('mcast-ttl'),
];

/** The options of one line of `-R`: ipvsadm's, and those of ours that `-S` saves. */
export const LINE_OPTIONS: readonly OptionDefinition<OptionId>[] = [
  ...IPVSADM_OPTIONS,
  valued('masquerade'),
  valued('client-address'),
];

/** The options of the program itself: ipvsadm's, and ours, which all are long ones. */
export const PROGRAM_OPTIONS: readonly OptionDefinition<OptionId>[] = [
  ...LINE_OPTIONS,
  valued('socket'),
  flag('atomic'),
  { id: 'sysctl', long: 'sysctl', value: 'optional' },
  flag('drops'),
  flag('uipvs-help'),
];
