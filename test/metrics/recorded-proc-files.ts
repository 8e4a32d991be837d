/**
 * What Linux 6.1 (user-mode Linux, CONFIG_HZ=100) says in /proc/net after the ipvsadm commands and the traffic that
 * recorded-listings.ts describes. Recorded, not written: change nothing here by hand.
 */

/** /proc/net/ip_vs without services. */
export const EMPTY_SERVICES: string = [
  'IP Virtual Server version 1.2.1 (size=4096)',
  'Prot LocalAddress:Port Scheduler Flags',
  '  -> RemoteAddress:Port Forward Weight ActiveConn InActConn',
]
  .map((line) => `${line}\n`)
  .join('');

/** /proc/net/ip_vs. */
export const SERVICES: string = [
  'IP Virtual Server version 1.2.1 (size=4096)',
  'Prot LocalAddress:Port Scheduler Flags',
  '  -> RemoteAddress:Port Forward Weight ActiveConn InActConn',
  'SCTP  0A090001:005A sh  ',
  '  -> 0A01000B:005A      Masq    1      0          1         ',
  'UDP  0A090001:13C4 wlc  persistent 6000 FFFFFFFF',
  '  -> 0A01000B:13C4      Masq    1      0          0         ',
  'TCP  [fd09:0000:0000:0000:0000:0000:0000:0001]:0052 wrr persistent 10000 40000000',
  '  -> 0A01000B:0052      Tunnel  1      0          0         ',
  'TCP  0A090001:0052 wrr  persistent 60000 FFFFFF00',
  '  -> 0A01000C:0052      Masq    1      1          0         ',
  'TCP  [fd09:0000:0000:0000:0000:0000:0000:0001]:0051 wrr persistent 10000 80000000',
  '  -> [fd01:0000:0000:0000:0000:0000:0000:0011]:0051      Masq    1      1          0         ',
  'TCP  0A090001:0051 wrr  persistent 60000 FFFFFFFF',
  '  -> 0A01000B:0051      Masq    1      1          0         ',
  'TCP  [fd09:0000:0000:0000:0000:0000:0000:0001]:0050 lblcr ',
  '  -> [fd01:0000:0000:0000:0000:0000:0000:0012]:0050      Route   5      1          0         ',
  '  -> [fd01:0000:0000:0000:0000:0000:0000:0011]:0050      Masq    5      0          0         ',
  'TCP  0A090001:0050 rr  ',
  '  -> 0A010001:0050      Masq    3      0          1         ',
  '  -> 0A01000E:0050      Tunnel  2147483647 1          0         ',
  '  -> 0A01000D:0050      Route   0      0          0         ',
  '  -> 0A01000C:1F90      Masq    100000 0          0         ',
  '  -> 0A01000B:0050      Masq    1      0          0         ',
  'UDP  [fd09:0000:0000:0000:0000:0000:0000:0001]:0053 wrr persistent 10000 40000000',
  'UDP  [fd09:0000:0000:0000:0000:0000:0000:0001]:0035 wlc ',
  '  -> [fd01:0000:0000:0000:0000:0000:0000:0011]:0035      Masq    1      0          0         ',
  'UDP  0A090001:0035 wlc ops  ',
  '  -> 0A01000B:0035      Masq    1      0          0         ',
  'UDP  0A090001:0036 wlc  ',
  '  -> 0A01000B:0036      Masq    1      0          1         ',
  'UDP  0A090001:0037 wlc ops  persistent 6000 FFFFFFFF',
  'TCP  0A090063:0063 fo  ',
  'TCP  0A090001:0000 wrr  persistent 267840000 FFFFFFFF',
  '  -> [fd01:0000:0000:0000:0000:0000:0000:0011]:0000      Tunnel  1      0          0         ',
  'FWM  FFFFFFFF wlc persistent 36000 FFFFFFFF',
  'FWM  00000001 mh ',
  '  -> 0A01000B:0000      Masq    1      0          0         ',
  'FWM  00000002 wlc ops persistent 10000 FFFFFFFF',
  'FWM  00000003 wlc persistent 10000 40000000',
]
  .map((line) => `${line}\n`)
  .join('');

/** /proc/net/ip_vs of another run. */
export const MORE_SERVICES: string = [
  'IP Virtual Server version 1.2.1 (size=4096)',
  'Prot LocalAddress:Port Scheduler Flags',
  '  -> RemoteAddress:Port Forward Weight ActiveConn InActConn',
  'TCP  [0000:0000:0000:0000:0000:ffff:0a09:0001]:0050 rr ',
  '  -> [0000:0000:0000:0000:0000:0000:0a01:000b]:0050      Masq    1      0          0         ',
  'UDP  0A090001:13C4 wlc ops  persistent 6000 FFFFFFFF',
  '  -> 0A01000B:13C4      Masq    1      0          0         ',
  'TCP  [fd09:0000:0000:0000:0001:0000:0000:0001]:0050 rr ',
  '  -> [fd01:0000:0001:0001:0001:0001:0001:0011]:0050      Masq    1      0          0         ',
  '  -> [fd01:0000:0000:0001:0000:0000:0000:0011]:0050      Masq    1      0          0         ',
  'TCP  0A090001:0050 rr  ',
  '  -> 0A01000B:0050      Masq    1      1          0         ',
  'FWM  00000001 rr persistent 30000 40000000',
  '  -> 0A01000C:0000      Tunnel  3      0          0         ',
  '  -> [fd01:0000:0000:0000:0000:0000:0000:0011]:0000      Masq    1      0          0         ',
  'FWM  00000001 rr persistent 30000 FFFFFFFF',
  '  -> 0A01000B:0000      Masq    1      0          0         ',
]
  .map((line) => `${line}\n`)
  .join('');

/** /proc/net/ip_vs_conn. */
export const CONNECTIONS: string = [
  'Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData',
  'UDP 0A000002 138F 0A090001 0036 0A01000B 0036 UDP             296',
  'TCP 0A000003 138A 0A090001 0050 0A01000E 0050 SYN_RECV         52',
  'TCP 0A000000 0000 0A090001 0052 0A01000C 0052 ASSURED         592',
  'TCP 0A000002 138C 0A090001 0052 0A01000C 0052 ESTABLISHED     892',
  'TCP fd00:0000:0000:0000:0000:0000:0000:0002 138E fd09:0000:0000:0000:0000:0000:0000:0001 0051 fd01:0000:0000:0000:0000:0000:0000:0011 0051 ESTABLISHED     896',
  'TCP fd00:0000:0000:0000:0000:0000:0000:0002 0000 fd09:0000:0000:0000:0000:0000:0000:0001 0051 fd01:0000:0000:0000:0000:0000:0000:0011 0051 ASSURED          96',
  'TCP 0A000002 138B 0A090001 0051 0A01000B 0051 ESTABLISHED     892',
  'TCP 0A000002 1389 0A090001 0050 0A010001 0050 CLOSE             2',
  'TCP fd00:0000:0000:0000:0000:0000:0000:0002 138D fd09:0000:0000:0000:0000:0000:0000:0001 0050 fd01:0000:0000:0000:0000:0000:0000:0012 0050 SYN_RECV         55',
  'TCP 0A000002 0000 0A090001 0051 0A01000B 0051 ASSURED         592',
  'SCTP 0A000002 1771 0A090001 005A 0A01000B 005A REJECTED          3',
]
  .map((line) => `${line}\n`)
  .join('');

/** /proc/net/ip_vs_stats. */
export const STATS: string = [
  '   Total Incoming Outgoing         Incoming         Outgoing',
  '   Conns  Packets  Packets            Bytes            Bytes',
  '       9       11        B              3FE              284',
  '',
  ' Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s',
  '       0        1        1               30               1E',
]
  .map((line) => `${line}\n`)
  .join('');

/** /proc/net/ip_vs_stats_percpu. */
export const STATS_PER_PROCESSOR: string = [
  '       Total Incoming Outgoing         Incoming         Outgoing',
  'CPU    Conns  Packets  Packets            Bytes            Bytes',
  '  0        9       11        B              3FE              284',
  '  ~        9       11        B              3FE              284',
  '',
  '     Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s',
  '           0        1        1               30               1E',
]
  .map((line) => `${line}\n`)
  .join('');
