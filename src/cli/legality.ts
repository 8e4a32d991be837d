/** Which options go with which command, and which with which tunnel type. */
import type { TunnelType } from '../ipvs/specification.js';
import { usageError } from './command-line-error.js';

/** The commands by the names that ipvsadm's messages give them. */
export type CommandName =
  | 'add-service'
  | 'edit-service'
  | 'delete-service'
  | 'flush'
  | 'list'
  | 'add-server'
  | 'delete-server'
  | 'edit-server'
  | 'set'
  | 'start-daemon'
  | 'stop-daemon'
  | 'restore'
  | 'save'
  | 'zero'
  | 'sysctl'
  | 'drops';

/** The names of options in messages, in the order in which their legality is checked. */
const OPTION_ORDER = [
  'numeric',
  'connection',
  'service-address',
  'scheduler',
  'persistent',
  'netmask',
  'real-server',
  'forwarding-method',
  'weight',
  'u-threshold',
  'l-threshold',
  'mcast-interface',
  'timeout',
  'daemon',
  'stats',
  'rate',
  'thresholds',
  'persistent-conn',
  'nosort',
  'syncid',
  'exact',
  'ops',
  'pe',
  'sched-flags',
  'mcast-group',
  'mcast-port',
  'mcast-ttl',
  'sync-maxlen',
  'tun-info',
  'tun-type',
  'tun-port',
  'tun-nocsum',
  'tun-csum',
  'tun-remcsum',
  'atomic',
  'masquerade',
  'client-address',
] as const;

export type OptionName = (typeof OPTION_ORDER)[number];

interface Rule {
  readonly required?: readonly OptionName[];
  readonly allowed?: readonly OptionName[];
  /** At most one of these. */
  readonly exclusive?: readonly OptionName[];
}

const TUNNEL_OPTIONS = ['tun-type', 'tun-port', 'tun-nocsum', 'tun-csum', 'tun-remcsum'] as const;

const SERVICE_RULE: Rule = {
  required: ['service-address'],
  allowed: ['scheduler', 'persistent', 'netmask', 'ops', 'pe', 'sched-flags', 'masquerade', 'client-address'],
};

const SERVER_RULE: Rule = {
  required: ['service-address', 'real-server'],
  allowed: ['forwarding-method', 'weight', 'u-threshold', 'l-threshold', ...TUNNEL_OPTIONS],
};

const COMMAND_RULES: Readonly<Record<CommandName, Rule>> = {
  'add-service': SERVICE_RULE,
  'edit-service': SERVICE_RULE,
  'delete-service': { required: ['service-address'] },
  flush: {},
  list: {
    allowed: [
      'numeric',
      'stats',
      'rate',
      'thresholds',
      'persistent-conn',
      'nosort',
      'syncid',
      'exact',
      'tun-info',
    ],
    exclusive: ['connection', 'service-address', 'timeout', 'daemon'],
  },
  'add-server': SERVER_RULE,
  'delete-server': { required: ['service-address', 'real-server'] },
  'edit-server': SERVER_RULE,
  set: {},
  'start-daemon': {
    allowed: ['mcast-interface', 'syncid', 'mcast-group', 'mcast-port', 'mcast-ttl', 'sync-maxlen'],
  },
  'stop-daemon': { allowed: ['syncid'] },
  restore: { allowed: ['atomic'] },
  save: { allowed: ['numeric'] },
  zero: { allowed: ['service-address'] },
  sysctl: {},
  drops: { allowed: ['exact'] },
};

const TUNNEL_RULES: Readonly<Record<TunnelType, Rule>> = {
  ipip: { allowed: ['tun-type'] },
  gue: {
    required: ['tun-port'],
    allowed: ['tun-type'],
    exclusive: ['tun-nocsum', 'tun-csum', 'tun-remcsum'],
  },
  gre: { allowed: ['tun-type'], exclusive: ['tun-nocsum', 'tun-csum'] },
};

function check(
  rule: Rule,
  names: readonly OptionName[],
  given: ReadonlySet<OptionName>,
  where: string,
): void {
  let exclusive: OptionName | undefined;
  for (const name of names) {
    const isRequired = rule.required?.includes(name) ?? false;
    if (!given.has(name)) {
      if (isRequired) throw usageError(`You need to supply the '${name}' option for the ${where}`);
    } else if (rule.exclusive?.includes(name)) {
      if (exclusive !== undefined) {
        throw usageError(`The option '${name}' conflicts with the '${exclusive}' option in the ${where}`);
      }
      exclusive = name;
    } else if (!isRequired && !rule.allowed?.includes(name)) {
      throw usageError(`Illegal '${name}' option with the ${where}`);
    }
  }
}

/** Throws ipvsadm's message for the first option, in its own order, that is missing or does not belong. */
export function checkOptions(command: CommandName, given: ReadonlySet<OptionName>): void {
  check(COMMAND_RULES[command], OPTION_ORDER, given, `'${command}' command`);
}

/** Whether any of the tunnel options was given. */
export function hasTunnelOptions(given: ReadonlySet<OptionName>): boolean {
  return TUNNEL_OPTIONS.some((name) => given.has(name));
}

/** As {@link checkOptions}, of the options that a tunnel type has. */
export function checkTunnelOptions(type: TunnelType, given: ReadonlySet<OptionName>): void {
  check(TUNNEL_RULES[type], TUNNEL_OPTIONS, given, `'${type}' tunnel type`);
}
