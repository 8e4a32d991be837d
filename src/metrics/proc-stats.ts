/** The texts of /proc/net/ip_vs_stats, ip_vs_stats_percpu and ip_vs_app. All numbers are hexadecimal. */
import type { Counters, Rates, Totals } from '../ipvs/listing.js';
import { blankHex } from './hex.js';

/** Without applications: uipvs has none yet. Source: net/netfilter/ipvs/ip_vs_app.c, ip_vs_app_seq_show. */
export const PROC_APPLICATIONS = 'prot port    usecnt name\n';

/** Source: net/netfilter/ipvs/ip_vs_ctl.c, ip_vs_stats_show. */
export function procStats({ counters, rates }: Totals): string {
  return (
    '   Total Incoming Outgoing         Incoming         Outgoing\n' +
    '   Conns  Packets  Packets            Bytes            Bytes\n' +
    `${columns(counters)}\n` +
    '\n' +
    ' Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s\n' +
    `${columns(rates)}\n`
  );
}

/**
 * Differs from the kernel: the worker is shown as processor 0, and its row begins anew with `ipvsadm -Z` as the sum
 * does, where the kernel's rows go on.
 * Source: net/netfilter/ipvs/ip_vs_ctl.c, ip_vs_stats_percpu_show.
 */
export function procStatsPerProcessor({ counters, rates }: Totals): string {
  return (
    '       Total Incoming Outgoing         Incoming         Outgoing\n' +
    'CPU    Conns  Packets  Packets            Bytes            Bytes\n' +
    `  0 ${columns(counters)}\n` +
    `  ~ ${columns(counters)}\n` +
    '\n' +
    '     Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s\n' +
    `    ${columns(rates)}\n`
  );
}

function columns({ connections, inPackets, outPackets, inBytes, outBytes }: Counters | Rates): string {
  return [
    blankHex(connections, 8),
    blankHex(inPackets, 8),
    blankHex(outPackets, 8),
    blankHex(inBytes, 16),
    blankHex(outBytes, 16),
  ].join(' ');
}
