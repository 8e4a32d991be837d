/** How a tunneling destination is tunneled: from the options, for `--tun-info`, and for `-S`. */
import type { Tunnel, TunnelChecksum } from '../ipvs/specification.js';
import type { OptionName } from './legality.js';

interface ChecksumNames {
  readonly option: 'tun-nocsum' | 'tun-csum' | 'tun-remcsum';
  /** In the column of `--tun-info`. */
  readonly mark: string;
}

const CHECKSUMS: Readonly<Record<TunnelChecksum, ChecksumNames>> = {
  none: { option: 'tun-nocsum', mark: '-c' },
  full: { option: 'tun-csum', mark: '+c' },
  remote: { option: 'tun-remcsum', mark: 'r+c' },
};

/** Which checksum the options ask for, at most one of which was given; none without any. */
export function tunnelChecksum(given: ReadonlySet<OptionName>): TunnelChecksum {
  if (given.has('tun-csum')) return 'full';
  return given.has('tun-remcsum') ? 'remote' : 'none';
}

/** The column of `--tun-info`; null is a destination that is not tunneled. */
export function formatTunnelInfo(tunnel: Tunnel | null): string {
  if (tunnel === null) return 'n/a';
  const { mark } = CHECKSUMS[tunnel.checksum];
  switch (tunnel.type) {
    case 'gue':
      return `gue:${tunnel.port}:${mark}`;
    case 'gre':
      return `gre:${mark}`;
    default:
      return 'ipip';
  }
}

/** The options that make the tunnel, each after a blank; nothing for null. */
export function formatTunnelOptions(tunnel: Tunnel | null): string {
  if (tunnel === null) return '';
  const type = ` --tun-type ${tunnel.type}`;
  if (tunnel.type === 'ipip') return type;
  const port = tunnel.type === 'gue' ? ` --tun-port ${tunnel.port}` : '';
  return `${type}${port} --${CHECKSUMS[tunnel.checksum].option}`;
}
