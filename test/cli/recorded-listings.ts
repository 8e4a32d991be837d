/** What ipvsadm 1.31 listed of recorded-table.ts on a Linux kernel with IPVS: the whole table, with names and with numbers. */
export const RECORDED_LISTINGS: readonly (readonly [words: string, output: string])[] = [
  [
    '-L',
    `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  130.1.1.1:http wlc
TCP  180.7.7.7:81 wlc
TCP  192.168.1.1:http rr
TCP  200.1.1.1:http wlc
TCP  224.1.1.1:http wlc
TCP  250.1.1.1:81 wlc
TCP  1.1.1.1:http wlc
TCP  10.9.0.1:ssh wlc persistent 600 mask 255.255.255.0
TCP  10.9.0.1:http rr
  -> 192.168.1.1:http             Masq    1      0          0         
  -> 200.1.0.30:http              Masq    1      0          0         
  -> 1.1.0.30:http                Masq    1      0          0         
  -> 10.1.0.11:http               Masq    0      0          0         
  -> 10.1.0.11:http-alt           Masq    2147483647 0          0         
  -> 10.1.0.12:http               Route   70000  0          0         
  -> averyveryverylongservername. Masq    1      0          0         
  -> 10.1.0.30:0                  Masq    1      0          0         
  -> 99.1.0.30:http               Masq    1      0          0         
  -> 130.1.0.11:http              Tunnel  1      0          0         
TCP  10.9.0.1:https wlc persistent 600
TCP  myhost:20000 rr (flag-1,flag-3)
TCP  10.9.0.9:0 rr persistent 360
  -> 10.1.0.11:0                  Masq    1      0          0         
TCP  alsoveryverylongvirtualname. wlc persistent 10 mask 255.0.0.0 pe sip
  -> 10.1.0.11:http               Masq    1      0          0         
TCP  10.9.0.77:81 wlc
TCP  localhost:http wlc
UDP  120.0.0.1:mdns wlc
UDP  200.0.0.1:domain wlc persistent 360 pe sip ops
UDP  10.9.0.1:domain rr ops
  -> 10.1.0.11:domain             Masq    1      0          0         
UDP  20.0.0.1:domain wlc
SCTP 10.9.0.1:80 sh (sh-port)
  -> 10.1.0.11:80                 Masq    1      0          0         
TCP  [fd09::1]:http mh (mh-fallback,mh-port)
  -> [fd01::11]:http              Masq    1      0          0         
  -> [averyveryverylongservername6.example.com]:http Masq    1      0          0         
  -> [2001:db8:1111:2222:3333:4444:5555:6666]:65535 Masq    1      0          0         
TCP  [fd09::1]:81 sh (sh-fallback) persistent 60 mask 64
TCP  [fd09::1:1]:http wlc
TCP  [ffff::1]:http wlc
TCP  [1::1]:http wlc
FWM  7 lc
  -> 10.1.0.11:0                  Masq    1      0          0         
  -> 10.1.0.11:80                 Masq    1      0          0         
FWM  7 IPv6 lc persistent 360
  -> [fd01::11]:80                Masq    1      0          0         
FWM  70 wlc ops
`,
  ],
  [
    '-Ln',
    `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  130.1.1.1:80 wlc
TCP  180.7.7.7:81 wlc
TCP  192.168.1.1:80 rr
TCP  200.1.1.1:80 wlc
TCP  224.1.1.1:80 wlc
TCP  250.1.1.1:81 wlc
TCP  1.1.1.1:80 wlc
TCP  10.9.0.1:22 wlc persistent 600 mask 255.255.255.0
TCP  10.9.0.1:80 rr
  -> 192.168.1.1:80               Masq    1      0          0         
  -> 200.1.0.30:80                Masq    1      0          0         
  -> 1.1.0.30:80                  Masq    1      0          0         
  -> 10.1.0.11:80                 Masq    0      0          0         
  -> 10.1.0.11:8080               Masq    2147483647 0          0         
  -> 10.1.0.12:80                 Route   70000  0          0         
  -> 10.1.0.21:12345              Masq    1      0          0         
  -> 10.1.0.30:0                  Masq    1      0          0         
  -> 99.1.0.30:80                 Masq    1      0          0         
  -> 130.1.0.11:80                Tunnel  1      0          0         
TCP  10.9.0.1:443 wlc persistent 600
TCP  10.9.0.5:20000 rr (flag-1,flag-3)
TCP  10.9.0.9:0 rr persistent 360
  -> 10.1.0.11:0                  Masq    1      0          0         
TCP  10.9.0.21:12345 wlc persistent 10 mask 255.0.0.0 pe sip
  -> 10.1.0.11:80                 Masq    1      0          0         
TCP  10.9.0.77:81 wlc
TCP  127.0.0.1:80 wlc
UDP  120.0.0.1:5353 wlc
UDP  200.0.0.1:53 wlc persistent 360 pe sip ops
UDP  10.9.0.1:53 rr ops
  -> 10.1.0.11:53                 Masq    1      0          0         
UDP  20.0.0.1:53 wlc
SCTP 10.9.0.1:80 sh (sh-port)
  -> 10.1.0.11:80                 Masq    1      0          0         
TCP  [fd09::1]:80 mh (mh-fallback,mh-port)
  -> [fd01::11]:80                Masq    1      0          0         
  -> [fd01::21]:80                Masq    1      0          0         
  -> [2001:db8:1111:2222:3333:4444:5555:6666]:65535 Masq    1      0          0         
TCP  [fd09::1]:81 sh (sh-fallback) persistent 60 mask 64
TCP  [fd09::1:1]:80 wlc
TCP  [ffff::1]:80 wlc
TCP  [1::1]:80 wlc
FWM  7 lc
  -> 10.1.0.11:0                  Masq    1      0          0         
  -> 10.1.0.11:80                 Masq    1      0          0         
FWM  7 IPv6 lc persistent 360
  -> [fd01::11]:80                Masq    1      0          0         
FWM  70 wlc ops
`,
  ],
];
