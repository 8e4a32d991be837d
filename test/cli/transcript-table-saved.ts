/**
 * The table of transcript-table.ts with its tunnels, in the order of the kernel, and as -S saves it, recorded directly after
 * transcript-table-figures.ts.
 */
export const TRANSCRIPT = `$ -Ln --tun-info
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward TunnelInfo    Weight ActiveConn InActConn
TCP  192.168.1.1:80 rr
TCP  10.9.0.1:80 sh (sh-port) persistent 60 mask 255.255.0.255
  -> 192.168.0.1:80               Masq    n/a           3      0          0         
  -> 200.1.1.1:80                 Tunnel  gue:65535:-c  1      0          0         
  -> [fd01::11]:80                Tunnel  gre:+c        1      0          0         
  -> [1::]:80                     Tunnel  gre:-c        1      0          0         
  -> 10.1.0.11:80                 Route   n/a           0      0          0         
  -> 10.1.0.12:80                 Tunnel  gue:6080:r+c  2147483647 0          0         
TCP  10.9.0.9:0 wlc persistent 360
  -> 10.1.0.11:0                  Tunnel  ipip          1      0          0         
UDP  10.9.0.1:53 rr ops
  -> 10.1.0.1:5353                Masq    n/a           9      0          0         
  -> 127.0.0.1:53                 Masq    n/a           1      0          0         
UDP  10.9.0.1:5060 rr persistent 10 pe sip
SCTP 10.9.0.1:22 mh (mh-fallback,mh-port)
  -> 10.1.0.11:80                 Masq    n/a           1      0          0         
TCP  [fd09::1]:80 nq
TCP  [fd09::1]:443 lblc persistent 5 mask 1
  -> [fd01::12]:444               Masq    n/a           1      0          0         
FWM  7 fo
  -> 10.1.0.11:0                  Route   n/a           1      0          0         
  -> 10.1.0.12:8080               Masq    n/a           1      0          0         
FWM  7 IPv6 ovf persistent 9 mask 64
  -> [fd01::11]:0                 Tunnel  ipip          1      0          0         
  -> [fd01:1111:2222:3333:4444:5555:6666:7777]:65535 Route   n/a           1      0          0         
  -> 10.1.0.11:81                 Tunnel  gue:9:+c      1      0          0         
FWM  2000000000 lblcr (flag-1)
$ -L --tun-info
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward TunnelInfo    Weight ActiveConn InActConn
TCP  192.168.1.1:http rr
TCP  10.9.0.1:http sh (sh-port) persistent 60 mask 255.255.0.255
  -> 192.168.0.1:http             Masq    n/a           3      0          0         
  -> 200.1.1.1:http               Tunnel  gue:65535:-c  1      0          0         
  -> [fd01::11]:http              Tunnel  gre:+c        1      0          0         
  -> [1::]:http                   Tunnel  gre:-c        1      0          0         
  -> 10.1.0.11:http               Route   n/a           0      0          0         
  -> 10.1.0.12:http               Tunnel  gue:6080:r+c  2147483647 0          0         
TCP  10.9.0.9:0 wlc persistent 360
  -> 10.1.0.11:0                  Tunnel  ipip          1      0          0         
UDP  10.9.0.1:domain rr ops
  -> 10.1.0.1:mdns                Masq    n/a           9      0          0         
  -> localhost:domain             Masq    n/a           1      0          0         
UDP  10.9.0.1:sip rr persistent 10 pe sip
SCTP 10.9.0.1:22 mh (mh-fallback,mh-port)
  -> 10.1.0.11:80                 Masq    n/a           1      0          0         
TCP  [fd09::1]:http nq
TCP  [fd09::1]:https lblc persistent 5 mask 1
  -> [fd01::12]:snpp              Masq    n/a           1      0          0         
FWM  7 fo
  -> 10.1.0.11:0                  Route   n/a           1      0          0         
  -> 10.1.0.12:8080               Masq    n/a           1      0          0         
FWM  7 IPv6 ovf persistent 9 mask 64
  -> [fd01::11]:0                 Tunnel  ipip          1      0          0         
  -> [fd01:1111:2222:3333:4444:5555:6666:7777]:65535 Route   n/a           1      0          0         
  -> 10.1.0.11:81                 Tunnel  gue:9:+c      1      0          0         
FWM  2000000000 lblcr (flag-1)
$ -Ln -t 10.9.0.1:80 --tun-info
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward TunnelInfo    Weight ActiveConn InActConn
TCP  10.9.0.1:80 sh (sh-port) persistent 60 mask 255.255.0.255
  -> 192.168.0.1:80               Masq    n/a           3      0          0         
  -> 200.1.1.1:80                 Tunnel  gue:65535:-c  1      0          0         
  -> [fd01::11]:80                Tunnel  gre:+c        1      0          0         
  -> [1::]:80                     Tunnel  gre:-c        1      0          0         
  -> 10.1.0.11:80                 Route   n/a           0      0          0         
  -> 10.1.0.12:80                 Tunnel  gue:6080:r+c  2147483647 0          0         
$ -Ln -f 7 -6 --tun-info
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward TunnelInfo    Weight ActiveConn InActConn
FWM  7 IPv6 ovf persistent 9 mask 64
  -> [fd01::11]:0                 Tunnel  ipip          1      0          0         
  -> [fd01:1111:2222:3333:4444:5555:6666:7777]:65535 Route   n/a           1      0          0         
  -> 10.1.0.11:81                 Tunnel  gue:9:+c      1      0          0         
$ -Ln -X --rate -u 10.9.0.1:53
Prot LocalAddress:Port                 CPS    InPPS   OutPPS    InBPS   OutBPS
  -> RemoteAddress:Port
UDP  10.9.0.1:53                         0        0        0        0        0
  -> 10.1.0.1:5353                       0        0        0        0        0
  -> 127.0.0.1:53                        0        0        0        0        0
$ -Ln -t 10.9.0.1:80 --nosort
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  10.9.0.1:80 sh (sh-port) persistent 60 mask 255.255.0.255
  -> 200.1.1.1:80                 Tunnel  1      0          0         
  -> [1::]:80                     Tunnel  1      0          0         
  -> [fd01::11]:80                Tunnel  1      0          0         
  -> 10.1.0.12:80                 Tunnel  2147483647 0          0         
  -> 10.1.0.11:80                 Route   0      0          0         
  -> 192.168.0.1:80               Masq    3      0          0         
$ -Ln -f 7 -6 --nosort --sort --tun-info
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward TunnelInfo    Weight ActiveConn InActConn
FWM  7 IPv6 ovf persistent 9 mask 64
  -> 10.1.0.11:81                 Tunnel  gue:9:+c      1      0          0         
  -> [fd01:1111:2222:3333:4444:5555:6666:7777]:65535 Route   n/a           1      0          0         
  -> [fd01::11]:0                 Tunnel  ipip          1      0          0         
$ -L --sctp-service 10.9.0.1:22
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
SCTP 10.9.0.1:22 mh (mh-fallback,mh-port)
  -> 10.1.0.11:80                 Masq    1      0          0         
$ -S
-A -t 192.168.1.1:http -s rr
-A -t 10.9.0.1:http -s sh -p 60 -M 255.255.0.255 -b sh-port
-a -t 10.9.0.1:http -r 192.168.0.1:http -m -w 3
-a -t 10.9.0.1:http -r 200.1.1.1:http -i -w 1 --tun-type gue --tun-port 65535 --tun-nocsum
-a -t 10.9.0.1:http -r [fd01::11]:http -i -w 1 --tun-type gre --tun-csum
-a -t 10.9.0.1:http -r [1::]:http -i -w 1 --tun-type gre --tun-nocsum
-a -t 10.9.0.1:http -r 10.1.0.11:http -g -w 0
-a -t 10.9.0.1:http -r 10.1.0.12:http -i -w 2147483647 --tun-type gue --tun-port 6080 --tun-remcsum
-A -t 10.9.0.9:0 -s wlc -p 360
-a -t 10.9.0.9:0 -r 10.1.0.11:0 -i -w 1 --tun-type ipip
-A -u 10.9.0.1:domain -s rr -o
-a -u 10.9.0.1:domain -r 10.1.0.1:mdns -m -w 9
-a -u 10.9.0.1:domain -r localhost:domain -m -w 1
-A -u 10.9.0.1:sip -s rr -p 10 --pe sip
-A --sctp-service 10.9.0.1:22 -s mh -b mh-fallback,mh-port
-a --sctp-service 10.9.0.1:22 -r 10.1.0.11:80 -m -w 1
-A -t [fd09::1]:http -s nq
-A -t [fd09::1]:https -s lblc -p 5 -M 1
-a -t [fd09::1]:https -r [fd01::12]:snpp -m -w 1
-A -f 7 -s fo
-a -f 7 -r 10.1.0.11:0 -g -w 1
-a -f 7 -r 10.1.0.12:8080 -m -w 1
-A -f 7 -6 -s ovf -p 9 -M 64
-a -f 7 -6 -r [fd01::11]:0 -i -w 1 --tun-type ipip
-a -f 7 -6 -r [fd01:1111:2222:3333:4444:5555:6666:7777]:65535 -g -w 1
-a -f 7 -6 -r 10.1.0.11:81 -i -w 1 --tun-type gue --tun-port 9 --tun-csum
-A -f 2000000000 -s lblcr -b flag-1
$ -Sn
-A -t 192.168.1.1:80 -s rr
-A -t 10.9.0.1:80 -s sh -p 60 -M 255.255.0.255 -b sh-port
-a -t 10.9.0.1:80 -r 192.168.0.1:80 -m -w 3
-a -t 10.9.0.1:80 -r 200.1.1.1:80 -i -w 1 --tun-type gue --tun-port 65535 --tun-nocsum
-a -t 10.9.0.1:80 -r [fd01::11]:80 -i -w 1 --tun-type gre --tun-csum
-a -t 10.9.0.1:80 -r [1::]:80 -i -w 1 --tun-type gre --tun-nocsum
-a -t 10.9.0.1:80 -r 10.1.0.11:80 -g -w 0
-a -t 10.9.0.1:80 -r 10.1.0.12:80 -i -w 2147483647 --tun-type gue --tun-port 6080 --tun-remcsum
-A -t 10.9.0.9:0 -s wlc -p 360
-a -t 10.9.0.9:0 -r 10.1.0.11:0 -i -w 1 --tun-type ipip
-A -u 10.9.0.1:53 -s rr -o
-a -u 10.9.0.1:53 -r 10.1.0.1:5353 -m -w 9
-a -u 10.9.0.1:53 -r 127.0.0.1:53 -m -w 1
-A -u 10.9.0.1:5060 -s rr -p 10 --pe sip
-A --sctp-service 10.9.0.1:22 -s mh -b mh-fallback,mh-port
-a --sctp-service 10.9.0.1:22 -r 10.1.0.11:80 -m -w 1
-A -t [fd09::1]:80 -s nq
-A -t [fd09::1]:443 -s lblc -p 5 -M 1
-a -t [fd09::1]:443 -r [fd01::12]:444 -m -w 1
-A -f 7 -s fo
-a -f 7 -r 10.1.0.11:0 -g -w 1
-a -f 7 -r 10.1.0.12:8080 -m -w 1
-A -f 7 -6 -s ovf -p 9 -M 64
-a -f 7 -6 -r [fd01::11]:0 -i -w 1 --tun-type ipip
-a -f 7 -6 -r [fd01:1111:2222:3333:4444:5555:6666:7777]:65535 -g -w 1
-a -f 7 -6 -r 10.1.0.11:81 -i -w 1 --tun-type gue --tun-port 9 --tun-csum
-A -f 2000000000 -s lblcr -b flag-1
`;
