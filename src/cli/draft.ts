/** The command line while it is read: what the options seen so far have said. */
import type { ClientAddressMethod, Masquerade, TunnelType } from '../ipvs/specification.js';
import { familyOf, tryAddressWords } from '../net/address.js';
import { isMulticastAddress } from '../net/address-class.js';
import type { Family, ProtocolName } from '../net/family.js';
import type { SyncRole } from './command.js';
import { usageError } from './command-line-error.js';
import { type HostPort, type NameSources, parseHostPort, parseIpv4OrHost } from './host-address.js';
import type { OptionName } from './legality.js';
import { singleHostNetmask } from './netmask.js';
import { parseFwmark, parseLeadingNumber, parseNumber, parsePersistence } from './number.js';
import type { OptionId } from './options.js';
import { parseClientAddress, parseMasquerade } from './own-service-option.js';

const MAX_INT = 0x7fffffff;
const MAX_PREFIX_V6 = 128;
/** Longer names are cut, as ipvsadm cuts them: then nothing has that name. */
const MAX_NAME_LENGTH = 16;

export type ForwardingOption = '-m' | '-i' | '-g';

/** Takes the options of one command line, one by one, and checks each value at once, as ipvsadm does. */
export class Draft {
  readonly given = new Set<OptionName>();
  protocol: ProtocolName | undefined;
  family: Family | undefined;
  address = '';
  port = 0;
  fwmark = 0;
  scheduler = '';
  schedulerFlags: string | undefined;
  persistenceSeconds: number | undefined;
  engine: string | undefined;
  /** An IPv4 mask in host order, or an IPv6 prefix length where `family` is 6. */
  netmask = singleHostNetmask(4);
  server: HostPort | undefined;
  serverPort = 0;
  forwarding: ForwardingOption = '-g';
  weight = 1;
  upperThreshold = 0;
  lowerThreshold = 0;
  tunnelType: TunnelType = 'ipip';
  tunnelPort = 0;
  role: SyncRole = 'master';
  socket: string | undefined;
  /** What `--sysctl` names; undefined where it names none. */
  sysctl: string | undefined;
  masquerade: Masquerade | null = null;
  clientAddress: ClientAddressMethod | null = null;
  readonly #sources: NameSources;

  constructor(sources: NameSources) {
    this.#sources = sources;
  }

  /** False where `id` is no option that can follow a command. Throws a usage error where the value is wrong. */
  take(id: OptionId, value: string | undefined): boolean {
    const text = value ?? '';
    switch (id) {
      case 'tcp-service':
        this.#takeService('tcp', text);
        return true;
      case 'udp-service':
        this.#takeService('udp', text);
        return true;
      case 'sctp-service':
        this.#takeService('sctp', text);
        return true;
      case 'fwmark-service':
        this.#mark('service-address');
        this.fwmark = parseFwmark(text);
        this.family = 4;
        this.protocol = 'tcp';
        return true;
      case 'ipv6':
        if (this.fwmark === 0) throw usageError('-6 used before -f\n');
        this.family = 6;
        this.netmask = singleHostNetmask(6);
        return true;
      case 'scheduler':
        this.#mark('scheduler');
        this.scheduler = text.slice(0, MAX_NAME_LENGTH);
        return true;
      case 'pe':
        this.#mark('pe');
        this.engine = text.slice(0, MAX_NAME_LENGTH);
        return true;
      case 'sched-flags':
        this.#mark('sched-flags');
        this.schedulerFlags = text;
        return true;
      case 'persistent':
        this.#mark('persistent');
        this.persistenceSeconds = parsePersistence(value);
        return true;
      case 'netmask':
        this.#takeNetmask(text);
        return true;
      case 'real-server':
        this.#takeServer(text);
        return true;
      case 'masquerading':
        return this.#takeForwarding('-m');
      case 'ipip':
        return this.#takeForwarding('-i');
      case 'gatewaying':
        return this.#takeForwarding('-g');
      case 'weight':
        this.weight = this.#takeNumber('weight', text, 0, MAX_INT, 'weight');
        return true;
      case 'u-threshold':
        this.upperThreshold = this.#takeNumber('u-threshold', text, 0, MAX_INT, 'u_threshold');
        return true;
      case 'l-threshold':
        this.lowerThreshold = this.#takeNumber('l-threshold', text, 0, MAX_INT, 'l_threshold');
        return true;
      case 'syncid':
        this.#takeNumber('syncid', text, 0, 255, 'syncid');
        return true;
      case 'sync-maxlen':
        this.#takeNumber('sync-maxlen', text, 1, 65507, 'sync-maxlen');
        return true;
      case 'mcast-port':
        this.#takeNumber('mcast-port', text, 1, 65535, 'mcast-port');
        return true;
      case 'mcast-ttl':
        this.#takeNumber('mcast-ttl', text, 1, 255, 'mcast-ttl');
        return true;
      case 'tun-port':
        this.tunnelPort = this.#takeNumber('tun-port', text, 1, 65535, 'tunnel port');
        return true;
      case 'mcast-group':
        this.#takeGroup(text);
        return true;
      case 'tun-type':
        this.#mark('tun-type');
        if (text !== 'ipip' && text !== 'gue' && text !== 'gre')
          throw usageError('illegal tunnel type specified');
        this.tunnelType = text;
        return true;
      case 'client-address':
        this.#mark('client-address');
        this.clientAddress = parseClientAddress(text);
        return true;
      case 'sort':
        return true;
      case 'socket':
        this.socket = text;
        return true;
      case 'numeric':
      case 'connection':
      case 'stats':
      case 'rate':
      case 'timeout':
      case 'daemon':
      case 'thresholds':
      case 'persistent-conn':
      case 'tun-info':
      case 'nosort':
      case 'exact':
      case 'ops':
      case 'tun-nocsum':
      case 'tun-csum':
      case 'tun-remcsum':
      case 'mcast-interface':
      case 'atomic':
        this.#mark(id);
        return true;
      default:
        return false;
    }
  }

  /** The option that can have two words: `list` follows `except`. Throws a usage error. */
  takeMasquerade(value: string, list: string | undefined): void {
    this.#mark('masquerade');
    this.masquerade = parseMasquerade(value, list);
  }

  #mark(name: OptionName): void {
    if (this.given.has(name)) throw usageError(`multiple '${name}' options specified`);
    this.given.add(name);
  }

  #takeService(protocol: ProtocolName, text: string): void {
    this.#mark('service-address');
    this.protocol = protocol;
    const service = parseHostPort(text, protocol, this.#sources);
    if (service === undefined) throw usageError('illegal virtual server address[:port] specified');
    this.family = service.family;
    this.address = service.address;
    this.port = service.port ?? 0;
    if (service.family === 6) this.netmask = singleHostNetmask(6);
  }

  #takeServer(text: string): void {
    this.#mark('real-server');
    this.server = parseHostPort(text, this.protocol, this.#sources);
    if (this.server === undefined) throw usageError('illegal real server address[:port] specified');
    this.serverPort = this.server.port ?? this.port;
  }

  #takeNetmask(text: string): void {
    this.#mark('netmask');
    if (this.family === 6) {
      this.netmask = parseLeadingNumber(text);
      if (this.netmask < 1 || this.netmask > MAX_PREFIX_V6)
        throw usageError('illegal ipv6 netmask specified');
      return;
    }
    const word = parseIpv4OrHost(text, this.#sources.hosts);
    if (word === undefined) throw usageError('illegal virtual server persistent mask specified');
    this.netmask = word;
  }

  #takeForwarding(option: ForwardingOption): true {
    this.#mark('forwarding-method');
    this.forwarding = option;
    return true;
  }

  #takeNumber(name: OptionName, text: string, min: number, max: number, label: string): number {
    this.#mark(name);
    const value = parseNumber(text, min, max);
    if (value === undefined) throw usageError(`illegal ${label} specified`);
    return value;
  }

  #takeGroup(text: string): void {
    this.#mark('mcast-group');
    const family = text.includes(':') ? 6 : 4;
    const isGroup =
      tryAddressWords(text) !== undefined && familyOf(text) === family && isMulticastAddress(text);
    if (!isGroup) throw usageError(`invalid IPv${family} mcast-group \`${text}'`);
  }
}
