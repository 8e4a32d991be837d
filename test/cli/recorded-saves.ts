/** What ipvsadm 1.31 saved and counted of recorded-table.ts on a Linux kernel with IPVS. */
export const RECORDED_SAVES: readonly (readonly [words: string, output: string])[] = [
  [
    '-S',
    `-A -t 130.1.1.1:http -s wlc
-A -t 180.7.7.7:81 -s wlc
-A -t 192.168.1.1:http -s rr
-A -t 200.1.1.1:http -s wlc
-A -t 224.1.1.1:http -s wlc
-A -t 250.1.1.1:81 -s wlc
-A -t 1.1.1.1:http -s wlc
-A -t 10.9.0.1:ssh -s wlc -p 600 -M 255.255.255.0
-A -t 10.9.0.1:http -s rr
-a -t 10.9.0.1:http -r 192.168.1.1:http -m -w 1
-a -t 10.9.0.1:http -r 200.1.0.30:http -m -w 1
-a -t 10.9.0.1:http -r 1.1.0.30:http -m -w 1
-a -t 10.9.0.1:http -r 10.1.0.11:http -m -w 0
-a -t 10.9.0.1:http -r 10.1.0.11:http-alt -m -w 2147483647
-a -t 10.9.0.1:http -r 10.1.0.12:http -g -w 70000
-a -t 10.9.0.1:http -r averyveryverylongservername.example.com:12345 -m -w 1
-a -t 10.9.0.1:http -r 10.1.0.30:0 -m -w 1
-a -t 10.9.0.1:http -r 99.1.0.30:http -m -w 1
-a -t 10.9.0.1:http -r 130.1.0.11:http -i -w 1 --tun-type ipip
-A -t 10.9.0.1:https -s wlc -p 600
-A -t myhost:20000 -s rr -b flag-1,flag-3
-A -t 10.9.0.9:0 -s rr -p 360
-a -t 10.9.0.9:0 -r 10.1.0.11:0 -m -w 1
-A -t alsoveryverylongvirtualname.example.com:12345 -s wlc -p 10 -M 255.0.0.0 --pe sip
-a -t alsoveryverylongvirtualname.example.com:12345 -r 10.1.0.11:http -m -w 1
-A -t 10.9.0.77:81 -s wlc --pe sip
-A -t localhost:http -s wlc
-A -u 120.0.0.1:mdns -s wlc
-A -u 200.0.0.1:domain -s wlc -p 360 --pe sip -o
-A -u 10.9.0.1:domain -s rr -o
-a -u 10.9.0.1:domain -r 10.1.0.11:domain -m -w 1
-A -u 20.0.0.1:domain -s wlc
-A --sctp-service 10.9.0.1:80 -s sh -b sh-port
-a --sctp-service 10.9.0.1:80 -r 10.1.0.11:80 -m -w 1
-A -t [fd09::1]:http -s mh -b mh-fallback,mh-port
-a -t [fd09::1]:http -r [fd01::11]:http -m -w 1
-a -t [fd09::1]:http -r [averyveryverylongservername6.example.com]:http -m -w 1
-a -t [fd09::1]:http -r [2001:db8:1111:2222:3333:4444:5555:6666]:65535 -m -w 1
-A -t [fd09::1]:81 -s sh -p 60 -M 64 -b sh-fallback
-A -t [fd09::1:1]:http -s wlc
-A -t [ffff::1]:http -s wlc
-A -t [1::1]:http -s wlc
-A -f 7 -s lc
-a -f 7 -r 10.1.0.11:0 -m -w 1
-a -f 7 -r 10.1.0.11:80 -m -w 1
-A -f 7 -6 -s lc -p 360
-a -f 7 -6 -r [fd01::11]:80 -m -w 1
-A -f 70 -s wlc -o
`,
  ],
  [
    '-Sn',
    `-A -t 130.1.1.1:80 -s wlc
-A -t 180.7.7.7:81 -s wlc
-A -t 192.168.1.1:80 -s rr
-A -t 200.1.1.1:80 -s wlc
-A -t 224.1.1.1:80 -s wlc
-A -t 250.1.1.1:81 -s wlc
-A -t 1.1.1.1:80 -s wlc
-A -t 10.9.0.1:22 -s wlc -p 600 -M 255.255.255.0
-A -t 10.9.0.1:80 -s rr
-a -t 10.9.0.1:80 -r 192.168.1.1:80 -m -w 1
-a -t 10.9.0.1:80 -r 200.1.0.30:80 -m -w 1
-a -t 10.9.0.1:80 -r 1.1.0.30:80 -m -w 1
-a -t 10.9.0.1:80 -r 10.1.0.11:80 -m -w 0
-a -t 10.9.0.1:80 -r 10.1.0.11:8080 -m -w 2147483647
-a -t 10.9.0.1:80 -r 10.1.0.12:80 -g -w 70000
-a -t 10.9.0.1:80 -r 10.1.0.21:12345 -m -w 1
-a -t 10.9.0.1:80 -r 10.1.0.30:0 -m -w 1
-a -t 10.9.0.1:80 -r 99.1.0.30:80 -m -w 1
-a -t 10.9.0.1:80 -r 130.1.0.11:80 -i -w 1 --tun-type ipip
-A -t 10.9.0.1:443 -s wlc -p 600
-A -t 10.9.0.5:20000 -s rr -b flag-1,flag-3
-A -t 10.9.0.9:0 -s rr -p 360
-a -t 10.9.0.9:0 -r 10.1.0.11:0 -m -w 1
-A -t 10.9.0.21:12345 -s wlc -p 10 -M 255.0.0.0 --pe sip
-a -t 10.9.0.21:12345 -r 10.1.0.11:80 -m -w 1
-A -t 10.9.0.77:81 -s wlc --pe sip
-A -t 127.0.0.1:80 -s wlc
-A -u 120.0.0.1:5353 -s wlc
-A -u 200.0.0.1:53 -s wlc -p 360 --pe sip -o
-A -u 10.9.0.1:53 -s rr -o
-a -u 10.9.0.1:53 -r 10.1.0.11:53 -m -w 1
-A -u 20.0.0.1:53 -s wlc
-A --sctp-service 10.9.0.1:80 -s sh -b sh-port
-a --sctp-service 10.9.0.1:80 -r 10.1.0.11:80 -m -w 1
-A -t [fd09::1]:80 -s mh -b mh-fallback,mh-port
-a -t [fd09::1]:80 -r [fd01::11]:80 -m -w 1
-a -t [fd09::1]:80 -r [fd01::21]:80 -m -w 1
-a -t [fd09::1]:80 -r [2001:db8:1111:2222:3333:4444:5555:6666]:65535 -m -w 1
-A -t [fd09::1]:81 -s sh -p 60 -M 64 -b sh-fallback
-A -t [fd09::1:1]:80 -s wlc
-A -t [ffff::1]:80 -s wlc
-A -t [1::1]:80 -s wlc
-A -f 7 -s lc
-a -f 7 -r 10.1.0.11:0 -m -w 1
-a -f 7 -r 10.1.0.11:80 -m -w 1
-A -f 7 -6 -s lc -p 360
-a -f 7 -6 -r [fd01::11]:80 -m -w 1
-A -f 70 -s wlc -o
`,
  ],
  [
    '-Ln --nosort',
    `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
UDP  120.0.0.1:5353 wlc
SCTP 10.9.0.1:80 sh (sh-port)
  -> 10.1.0.11:80                 Masq    1      0          0         
TCP  10.9.0.1:443 wlc persistent 600
TCP  10.9.0.5:20000 rr (flag-1,flag-3)
TCP  180.7.7.7:81 wlc
TCP  250.1.1.1:81 wlc
TCP  [fd09::1]:81 sh (sh-fallback) persistent 60 mask 64
TCP  [fd09::1:1]:80 wlc
TCP  [1::1]:80 wlc
TCP  [ffff::1]:80 wlc
TCP  1.1.1.1:80 wlc
TCP  200.1.1.1:80 wlc
TCP  130.1.1.1:80 wlc
TCP  224.1.1.1:80 wlc
TCP  127.0.0.1:80 wlc
TCP  [fd09::1]:80 mh (mh-fallback,mh-port)
  -> [fd01::11]:80                Masq    1      0          0         
  -> [2001:db8:1111:2222:3333:4444:5555:6666]:65535 Masq    1      0          0         
  -> [fd01::21]:80                Masq    1      0          0         
TCP  10.9.0.1:80 rr
  -> 99.1.0.30:80                 Masq    1      0          0         
  -> 1.1.0.30:80                  Masq    1      0          0         
  -> 200.1.0.30:80                Masq    1      0          0         
  -> 10.1.0.30:0                  Masq    1      0          0         
  -> 10.1.0.21:12345              Masq    1      0          0         
  -> 130.1.0.11:80                Tunnel  1      0          0         
  -> 10.1.0.11:80                 Masq    0      0          0         
  -> 10.1.0.11:8080               Masq    2147483647 0          0         
  -> 10.1.0.12:80                 Route   70000  0          0         
  -> 192.168.1.1:80               Masq    1      0          0         
TCP  192.168.1.1:80 rr
UDP  20.0.0.1:53 wlc
UDP  200.0.0.1:53 wlc persistent 360 pe sip ops
UDP  10.9.0.1:53 rr ops
  -> 10.1.0.11:53                 Masq    1      0          0         
TCP  10.9.0.1:22 wlc persistent 600 mask 255.255.255.0
TCP  10.9.0.77:81 wlc
TCP  10.9.0.21:12345 wlc persistent 10 mask 255.0.0.0 pe sip
  -> 10.1.0.11:80                 Masq    1      0          0         
TCP  10.9.0.9:0 rr persistent 360
  -> 10.1.0.11:0                  Masq    1      0          0         
FWM  70 wlc ops
FWM  7 IPv6 lc persistent 360
  -> [fd01::11]:80                Masq    1      0          0         
FWM  7 lc
  -> 10.1.0.11:0                  Masq    1      0          0         
  -> 10.1.0.11:80                 Masq    1      0          0         
`,
  ],
  [
    '-Ln --rate',
    `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port                 CPS    InPPS   OutPPS    InBPS   OutBPS
  -> RemoteAddress:Port
TCP  130.1.1.1:80                        0        0        0        0        0
TCP  180.7.7.7:81                        0        0        0        0        0
TCP  192.168.1.1:80                      0        0        0        0        0
TCP  200.1.1.1:80                        0        0        0        0        0
TCP  224.1.1.1:80                        0        0        0        0        0
TCP  250.1.1.1:81                        0        0        0        0        0
TCP  1.1.1.1:80                          0        0        0        0        0
TCP  10.9.0.1:22                         0        0        0        0        0
TCP  10.9.0.1:80                         0        0        0        0        0
  -> 192.168.1.1:80                      0        0        0        0        0
  -> 200.1.0.30:80                       0        0        0        0        0
  -> 1.1.0.30:80                         0        0        0        0        0
  -> 10.1.0.11:80                        0        0        0        0        0
  -> 10.1.0.11:8080                      0        0        0        0        0
  -> 10.1.0.12:80                        0        0        0        0        0
  -> 10.1.0.21:12345                     0        0        0        0        0
  -> 10.1.0.30:0                         0        0        0        0        0
  -> 99.1.0.30:80                        0        0        0        0        0
  -> 130.1.0.11:80                       0        0        0        0        0
TCP  10.9.0.1:443                        0        0        0        0        0
TCP  10.9.0.5:20000                      0        0        0        0        0
TCP  10.9.0.9:0                          0        0        0        0        0
  -> 10.1.0.11:0                         0        0        0        0        0
TCP  10.9.0.21:12345                     0        0        0        0        0
  -> 10.1.0.11:80                        0        0        0        0        0
TCP  10.9.0.77:81                        0        0        0        0        0
TCP  127.0.0.1:80                        0        0        0        0        0
UDP  120.0.0.1:5353                      0        0        0        0        0
UDP  200.0.0.1:53                        0        0        0        0        0
UDP  10.9.0.1:53                         0        0        0        0        0
  -> 10.1.0.11:53                        0        0        0        0        0
UDP  20.0.0.1:53                         0        0        0        0        0
SCTP 10.9.0.1:80                         0        0        0        0        0
  -> 10.1.0.11:80                        0        0        0        0        0
TCP  [fd09::1]:80                        0        0        0        0        0
  -> [fd01::11]:80                       0        0        0        0        0
  -> [fd01::21]:80                       0        0        0        0        0
  -> [2001:db8:1111:2222:3333:4444:5555:6666]:65535        0        0        0        0        0
TCP  [fd09::1]:81                        0        0        0        0        0
TCP  [fd09::1:1]:80                      0        0        0        0        0
TCP  [ffff::1]:80                        0        0        0        0        0
TCP  [1::1]:80                           0        0        0        0        0
FWM  7                                   0        0        0        0        0
  -> 10.1.0.11:0                         0        0        0        0        0
  -> 10.1.0.11:80                        0        0        0        0        0
FWM  7 IPv6                              0        0        0        0        0
  -> [fd01::11]:80                       0        0        0        0        0
FWM  70                                  0        0        0        0        0
`,
  ],
  [
    '-L -t 10.9.0.1:80 --stats',
    `Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes
  -> RemoteAddress:Port
TCP  10.9.0.1:http                       0        0        0        0        0
  -> 192.168.1.1:http                    0        0        0        0        0
  -> 200.1.0.30:http                     0        0        0        0        0
  -> 1.1.0.30:http                       0        0        0        0        0
  -> 10.1.0.11:http                      0        0        0        0        0
  -> 10.1.0.11:http-alt                  0        0        0        0        0
  -> 10.1.0.12:http                      0        0        0        0        0
  -> averyveryverylongservername.        0        0        0        0        0
  -> 10.1.0.30:0                         0        0        0        0        0
  -> 99.1.0.30:http                      0        0        0        0        0
  -> 130.1.0.11:http                     0        0        0        0        0
`,
  ],
];
