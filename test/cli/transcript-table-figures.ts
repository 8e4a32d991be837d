/**
 * The table of transcript-table.ts in the layouts of figures: --stats, --rate, --thresholds and --persistent-conn, recorded
 * directly after that.
 */
export const TRANSCRIPT = `$ -Ln --stats
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes
  -> RemoteAddress:Port
TCP  192.168.1.1:80                      0        0        0        0        0
TCP  10.9.0.1:80                         0        0        0        0        0
  -> 192.168.0.1:80                      0        0        0        0        0
  -> 200.1.1.1:80                        0        0        0        0        0
  -> [fd01::11]:80                       0        0        0        0        0
  -> [1::]:80                            0        0        0        0        0
  -> 10.1.0.11:80                        0        0        0        0        0
  -> 10.1.0.12:80                        0        0        0        0        0
TCP  10.9.0.9:0                          0        0        0        0        0
  -> 10.1.0.11:0                         0        0        0        0        0
UDP  10.9.0.1:53                         0        0        0        0        0
  -> 10.1.0.1:5353                       0        0        0        0        0
  -> 127.0.0.1:53                        0        0        0        0        0
UDP  10.9.0.1:5060                       0        0        0        0        0
SCTP 10.9.0.1:22                         0        0        0        0        0
  -> 10.1.0.11:80                        0        0        0        0        0
TCP  [fd09::1]:80                        0        0        0        0        0
TCP  [fd09::1]:443                       0        0        0        0        0
  -> [fd01::12]:444                      0        0        0        0        0
FWM  7                                   0        0        0        0        0
  -> 10.1.0.11:0                         0        0        0        0        0
  -> 10.1.0.12:8080                      0        0        0        0        0
FWM  7 IPv6                              0        0        0        0        0
  -> [fd01::11]:0                        0        0        0        0        0
  -> [fd01:1111:2222:3333:4444:5555:6666:7777]:65535        0        0        0        0        0
  -> 10.1.0.11:81                        0        0        0        0        0
FWM  2000000000                          0        0        0        0        0
$ -L --stats
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes
  -> RemoteAddress:Port
TCP  192.168.1.1:http                    0        0        0        0        0
TCP  10.9.0.1:http                       0        0        0        0        0
  -> 192.168.0.1:http                    0        0        0        0        0
  -> 200.1.1.1:http                      0        0        0        0        0
  -> [fd01::11]:http                     0        0        0        0        0
  -> [1::]:http                          0        0        0        0        0
  -> 10.1.0.11:http                      0        0        0        0        0
  -> 10.1.0.12:http                      0        0        0        0        0
TCP  10.9.0.9:0                          0        0        0        0        0
  -> 10.1.0.11:0                         0        0        0        0        0
UDP  10.9.0.1:domain                     0        0        0        0        0
  -> 10.1.0.1:mdns                       0        0        0        0        0
  -> localhost:domain                    0        0        0        0        0
UDP  10.9.0.1:sip                        0        0        0        0        0
SCTP 10.9.0.1:22                         0        0        0        0        0
  -> 10.1.0.11:80                        0        0        0        0        0
TCP  [fd09::1]:http                      0        0        0        0        0
TCP  [fd09::1]:https                     0        0        0        0        0
  -> [fd01::12]:snpp                     0        0        0        0        0
FWM  7                                   0        0        0        0        0
  -> 10.1.0.11:0                         0        0        0        0        0
  -> 10.1.0.12:8080                      0        0        0        0        0
FWM  7 IPv6                              0        0        0        0        0
  -> [fd01::11]:0                        0        0        0        0        0
  -> [fd01:1111:2222:3333:4444:5555:6666:7777]:65535        0        0        0        0        0
  -> 10.1.0.11:81                        0        0        0        0        0
FWM  2000000000                          0        0        0        0        0
$ -Ln -t 10.9.0.1:80 --stats
Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes
  -> RemoteAddress:Port
TCP  10.9.0.1:80                         0        0        0        0        0
  -> 192.168.0.1:80                      0        0        0        0        0
  -> 200.1.1.1:80                        0        0        0        0        0
  -> [fd01::11]:80                       0        0        0        0        0
  -> [1::]:80                            0        0        0        0        0
  -> 10.1.0.11:80                        0        0        0        0        0
  -> 10.1.0.12:80                        0        0        0        0        0
$ -Ln -f 7 -6 --stats
Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes
  -> RemoteAddress:Port
FWM  7 IPv6                              0        0        0        0        0
  -> [fd01::11]:0                        0        0        0        0        0
  -> [fd01:1111:2222:3333:4444:5555:6666:7777]:65535        0        0        0        0        0
  -> 10.1.0.11:81                        0        0        0        0        0
$ -Ln --rate
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port                 CPS    InPPS   OutPPS    InBPS   OutBPS
  -> RemoteAddress:Port
TCP  192.168.1.1:80                      0        0        0        0        0
TCP  10.9.0.1:80                         0        0        0        0        0
  -> 192.168.0.1:80                      0        0        0        0        0
  -> 200.1.1.1:80                        0        0        0        0        0
  -> [fd01::11]:80                       0        0        0        0        0
  -> [1::]:80                            0        0        0        0        0
  -> 10.1.0.11:80                        0        0        0        0        0
  -> 10.1.0.12:80                        0        0        0        0        0
TCP  10.9.0.9:0                          0        0        0        0        0
  -> 10.1.0.11:0                         0        0        0        0        0
UDP  10.9.0.1:53                         0        0        0        0        0
  -> 10.1.0.1:5353                       0        0        0        0        0
  -> 127.0.0.1:53                        0        0        0        0        0
UDP  10.9.0.1:5060                       0        0        0        0        0
SCTP 10.9.0.1:22                         0        0        0        0        0
  -> 10.1.0.11:80                        0        0        0        0        0
TCP  [fd09::1]:80                        0        0        0        0        0
TCP  [fd09::1]:443                       0        0        0        0        0
  -> [fd01::12]:444                      0        0        0        0        0
FWM  7                                   0        0        0        0        0
  -> 10.1.0.11:0                         0        0        0        0        0
  -> 10.1.0.12:8080                      0        0        0        0        0
FWM  7 IPv6                              0        0        0        0        0
  -> [fd01::11]:0                        0        0        0        0        0
  -> [fd01:1111:2222:3333:4444:5555:6666:7777]:65535        0        0        0        0        0
  -> 10.1.0.11:81                        0        0        0        0        0
FWM  2000000000                          0        0        0        0        0
$ -Ln -t 10.9.0.1:80 --rate
Prot LocalAddress:Port                 CPS    InPPS   OutPPS    InBPS   OutBPS
  -> RemoteAddress:Port
TCP  10.9.0.1:80                         0        0        0        0        0
  -> 192.168.0.1:80                      0        0        0        0        0
  -> 200.1.1.1:80                        0        0        0        0        0
  -> [fd01::11]:80                       0        0        0        0        0
  -> [1::]:80                            0        0        0        0        0
  -> 10.1.0.11:80                        0        0        0        0        0
  -> 10.1.0.12:80                        0        0        0        0        0
$ -Ln -f 7 -6 --rate
Prot LocalAddress:Port                 CPS    InPPS   OutPPS    InBPS   OutBPS
  -> RemoteAddress:Port
FWM  7 IPv6                              0        0        0        0        0
  -> [fd01::11]:0                        0        0        0        0        0
  -> [fd01:1111:2222:3333:4444:5555:6666:7777]:65535        0        0        0        0        0
  -> 10.1.0.11:81                        0        0        0        0        0
$ -Ln --thresholds
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn 
  -> RemoteAddress:Port
TCP  192.168.1.1:80 rr
TCP  10.9.0.1:80 sh (sh-port) persistent 60 mask 255.255.0.255
  -> 192.168.0.1:80               100        50         0          0         
  -> 200.1.1.1:80                 0          0          0          0         
  -> [fd01::11]:80                0          0          0          0         
  -> [1::]:80                     0          0          0          0         
  -> 10.1.0.11:80                 0          0          0          0         
  -> 10.1.0.12:80                 0          0          0          0         
TCP  10.9.0.9:0 wlc persistent 360
  -> 10.1.0.11:0                  0          0          0          0         
UDP  10.9.0.1:53 rr ops
  -> 10.1.0.1:5353                0          0          0          0         
  -> 127.0.0.1:53                 0          0          0          0         
UDP  10.9.0.1:5060 rr persistent 10 pe sip
SCTP 10.9.0.1:22 mh (mh-fallback,mh-port)
  -> 10.1.0.11:80                 0          0          0          0         
TCP  [fd09::1]:80 nq
TCP  [fd09::1]:443 lblc persistent 5 mask 1
  -> [fd01::12]:444               5          0          0          0         
FWM  7 fo
  -> 10.1.0.11:0                  0          0          0          0         
  -> 10.1.0.12:8080               0          0          0          0         
FWM  7 IPv6 ovf persistent 9 mask 64
  -> [fd01::11]:0                 0          0          0          0         
  -> [fd01:1111:2222:3333:4444:5555:6666:7777]:65535 0          0          0          0         
  -> 10.1.0.11:81                 0          0          0          0         
FWM  2000000000 lblcr (flag-1)
$ -Ln -t 10.9.0.1:80 --thresholds
Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn 
  -> RemoteAddress:Port
TCP  10.9.0.1:80 sh (sh-port) persistent 60 mask 255.255.0.255
  -> 192.168.0.1:80               100        50         0          0         
  -> 200.1.1.1:80                 0          0          0          0         
  -> [fd01::11]:80                0          0          0          0         
  -> [1::]:80                     0          0          0          0         
  -> 10.1.0.11:80                 0          0          0          0         
  -> 10.1.0.12:80                 0          0          0          0         
$ -Ln -f 7 -6 --thresholds
Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn 
  -> RemoteAddress:Port
FWM  7 IPv6 ovf persistent 9 mask 64
  -> [fd01::11]:0                 0          0          0          0         
  -> [fd01:1111:2222:3333:4444:5555:6666:7777]:65535 0          0          0          0         
  -> 10.1.0.11:81                 0          0          0          0         
$ -Ln --persistent-conn
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port            Weight    PersistConn ActiveConn InActConn 
  -> RemoteAddress:Port
TCP  192.168.1.1:80 rr
TCP  10.9.0.1:80 sh (sh-port) persistent 60 mask 255.255.0.255
  -> 192.168.0.1:80               3         0           0          0         
  -> 200.1.1.1:80                 1         0           0          0         
  -> [fd01::11]:80                1         0           0          0         
  -> [1::]:80                     1         0           0          0         
  -> 10.1.0.11:80                 0         0           0          0         
  -> 10.1.0.12:80                 2147483647 0           0          0         
TCP  10.9.0.9:0 wlc persistent 360
  -> 10.1.0.11:0                  1         0           0          0         
UDP  10.9.0.1:53 rr ops
  -> 10.1.0.1:5353                9         0           0          0         
  -> 127.0.0.1:53                 1         0           0          0         
UDP  10.9.0.1:5060 rr persistent 10 pe sip
SCTP 10.9.0.1:22 mh (mh-fallback,mh-port)
  -> 10.1.0.11:80                 1         0           0          0         
TCP  [fd09::1]:80 nq
TCP  [fd09::1]:443 lblc persistent 5 mask 1
  -> [fd01::12]:444               1         0           0          0         
FWM  7 fo
  -> 10.1.0.11:0                  1         0           0          0         
  -> 10.1.0.12:8080               1         0           0          0         
FWM  7 IPv6 ovf persistent 9 mask 64
  -> [fd01::11]:0                 1         0           0          0         
  -> [fd01:1111:2222:3333:4444:5555:6666:7777]:65535 1         0           0          0         
  -> 10.1.0.11:81                 1         0           0          0         
FWM  2000000000 lblcr (flag-1)
$ -Ln -t 10.9.0.1:80 --persistent-conn
Prot LocalAddress:Port            Weight    PersistConn ActiveConn InActConn 
  -> RemoteAddress:Port
TCP  10.9.0.1:80 sh (sh-port) persistent 60 mask 255.255.0.255
  -> 192.168.0.1:80               3         0           0          0         
  -> 200.1.1.1:80                 1         0           0          0         
  -> [fd01::11]:80                1         0           0          0         
  -> [1::]:80                     1         0           0          0         
  -> 10.1.0.11:80                 0         0           0          0         
  -> 10.1.0.12:80                 2147483647 0           0          0         
$ -Ln -f 7 -6 --persistent-conn
Prot LocalAddress:Port            Weight    PersistConn ActiveConn InActConn 
  -> RemoteAddress:Port
FWM  7 IPv6 ovf persistent 9 mask 64
  -> [fd01::11]:0                 1         0           0          0         
  -> [fd01:1111:2222:3333:4444:5555:6666:7777]:65535 1         0           0          0         
  -> 10.1.0.11:81                 1         0           0          0         
`;
