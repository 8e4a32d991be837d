/** The values of uipvsd's options. Each function throws UipvsError EINVAL naming the option and the value. */
import { dirname, join, resolve } from 'node:path';
import { UipvsError } from '../base/error.js';
import { groupNumber } from './group.js';
import { defaultStateDirectory } from './memory-file-system.js';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A scheduler of the user's own. */
export interface SchedulerFile {
  /** On the ipvsadm command line. */
  readonly name: string;
  readonly path: string;
}

/** How packets come in: by the TUN device alone, or from interfaces; null of these: all Ethernets. */
export type PacketSource =
  | { readonly kind: 'tun' }
  | { readonly kind: 'packet'; readonly interfaces: readonly string[] | null };

export const DEFAULT_ROUTING_TABLE = 117;
const MAX_DEVICE_NAME = 15;
/** Source: linux/ip_vs.h, IP_VS_SCHEDNAME_MAXLEN less its end. */
const MAX_SCHEDULER_NAME = 15;

export function integer(
  name: string,
  text: string | undefined,
  byDefault: number,
  least: number,
  most: number,
): number {
  if (text === undefined) return byDefault;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) {
    throw new UipvsError(
      'EINVAL',
      `Expected an integer from ${least} to ${most} for ${name} but received '${text}'`,
    );
  }
  return value;
}

export function deviceName(text: string, option = '--device'): string {
  if (!/^[A-Za-z0-9_.-]+$/.test(text) || text.length > MAX_DEVICE_NAME || text === '.' || text === '..') {
    throw new UipvsError(
      'EINVAL',
      `Expected a device name of 1 to ${MAX_DEVICE_NAME} letters, digits, '.', '_' or '-' for ${option} but received '${text}'`,
    );
  }
  return text;
}

export function routingTable(text: string | undefined): number {
  const table = integer('--table', text, DEFAULT_ROUTING_TABLE, 1, 0xffffffff);
  if (table >= 253 && table <= 255) {
    throw new UipvsError(
      'EINVAL',
      `Expected a routing table of its own for --table but received '${table}', which the kernel uses`,
    );
  }
  return table;
}

export function logLevel(text: string): LogLevel {
  const level = LOG_LEVELS.find((name) => name === text);
  if (level) return level;
  throw new UipvsError(
    'EINVAL',
    `Expected one of ${LOG_LEVELS.join(', ')} for --log-level but received '${text}'`,
  );
}

interface IoWords {
  readonly io?: string | undefined;
  readonly interfaces?: string | undefined;
  readonly reinject?: string | undefined;
}

export function packetSource(words: IoWords): PacketSource {
  const io = words.io ?? 'tun';
  if (io !== 'tun' && io !== 'packet') {
    throw new UipvsError('EINVAL', `Expected 'tun' or 'packet' for --io but received '${io}'`);
  }
  if (io === 'tun') {
    if (words.interfaces === undefined) return { kind: 'tun' };
    throw new UipvsError('EINVAL', `--interfaces '${words.interfaces}' is for --io packet alone`);
  }
  if (words.reinject === 'tun') {
    throw new UipvsError('EINVAL', "--reinject 'tun' is for --io tun alone");
  }
  const interfaces = words.interfaces?.split(',').map((name) => deviceName(name, '--interfaces'));
  return { kind: 'packet', interfaces: interfaces ?? null };
}

export function reinject(text: string | undefined): 'raw' | 'tun' | null {
  if (text === undefined) return null;
  if (text === 'raw' || text === 'tun') return text;
  throw new UipvsError('EINVAL', `Expected 'raw' or 'tun' for --reinject but received '${text}'`);
}

export function schedulerFiles(texts: readonly string[]): readonly SchedulerFile[] {
  const files = texts.map((text) => {
    const [, name = '', path = ''] = /^([A-Za-z0-9][A-Za-z0-9_-]*)=(.+)$/s.exec(text) ?? [];
    if (name !== '' && name.length <= MAX_SCHEDULER_NAME) return { name, path: resolve(path) };
    throw new UipvsError(
      'EINVAL',
      `Expected NAME=FILE, with a name of 1 to ${MAX_SCHEDULER_NAME} letters, digits, '_' or '-', for --scheduler but received '${text}'`,
    );
  });
  const names = new Set<string>();
  for (const { name } of files) {
    if (names.has(name)) throw new UipvsError('EINVAL', `--scheduler '${name}' is given twice`);
    names.add(name);
  }
  return files;
}

export function stateDirectory(text: string | undefined, socketPath: string): string | null {
  if (text === '') throw new UipvsError('EINVAL', "Expected a directory for --state-dir but received ''");
  if (text === 'none') return null;
  return text ?? defaultStateDirectory(socketPath);
}

export function procDirectory(text: string | undefined, socketPath: string): string | null {
  if (text === '') throw new UipvsError('EINVAL', "Expected a directory for --proc-dir but received ''");
  if (text === 'none') return null;
  return text ?? join(dirname(socketPath), 'proc');
}

export function readSocket(text: string | undefined, socketPath: string): string | null {
  if (text === undefined) return null;
  if (text === '') throw new UipvsError('EINVAL', "Expected a path for --read-socket but received ''");
  if (resolve(text) === resolve(socketPath)) {
    throw new UipvsError('EINVAL', `--read-socket '${text}' is that of --socket`);
  }
  return text;
}

export function group(option: string, text: string | undefined): number | null {
  return text === undefined ? null : groupNumber(option, text);
}
