/**
 * One table, and the plain listings of it: recorded output of Debian's ipvsadm 1.31, run command by command on Linux 6.1
 * with IPVS (user-mode Linux). transcript-table-figures.ts and transcript-table-saved.ts go on with the same table.
 */
export const TRANSCRIPT = `$ -C
$ -A -t 192.168.1.1:80 -s rr
$ -A -t 10.9.0.1:80 -s sh -b sh-port -p 60 -M 255.255.0.255
$ -a -t 10.9.0.1:80 -r 192.168.0.1:80 -m -w 3 -x 100 -y 50
$ -a -t 10.9.0.1:80 -r 10.1.0.11:80 -g -w 0
$ -a -t 10.9.0.1:80 -r 10.1.0.12:80 -i -w 2147483647 --tun-type gue --tun-port 6080 --tun-remcsum
$ -a -t 10.9.0.1:80 -r [fd01::11]:80 -i --tun-type gre --tun-csum
$ -a -t 10.9.0.1:80 -r [1::]:80 -i --tun-type gre
$ -a -t 10.9.0.1:80 -r 200.1.1.1:80 -i --tun-type gue --tun-port 65535
$ -A -u 10.9.0.1:53 -s rr -o
$ -a -u 10.9.0.1:53 -r 127.0.0.1:53 -m
$ -a -u 10.9.0.1:53 -r 10.1.0.1:5353 -m -w 9
$ -A --sctp-service 10.9.0.1:22 -s mh -b mh-fallback,mh-port
$ -a --sctp-service 10.9.0.1:22 -r 10.1.0.11:80 -m
$ -A -t 10.9.0.9:0 -s wlc -p
$ -a -t 10.9.0.9:0 -r 10.1.0.11 -i
$ -A -u 10.9.0.1:5060 -s rr -p 10 --pe sip
$ -A -f 7 -s fo
$ -a -f 7 -r 10.1.0.11 -g
$ -a -f 7 -r 10.1.0.12:8080 -m
$ -A -f 7 -6 -s ovf -p 9 -M 64
$ -a -f 7 -6 -r fd01::11 -i
$ -a -f 7 -6 -r [fd01:1111:2222:3333:4444:5555:6666:7777]:65535 -g
$ -a -f 7 -6 -r 10.1.0.11:81 -i --tun-type gue --tun-port 9 --tun-csum
$ -A -f 2000000000 -s lblcr -b flag-1
$ -A -t [fd09::1]:443 -s lblc -p 5 -M 1
$ -a -t [fd09::1]:443 -r [fd01::12]:444 -m -x 5
$ -A -t [fd09::1]:80 -s nq
$ -Ln
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  192.168.1.1:80 rr
TCP  10.9.0.1:80 sh (sh-port) persistent 60 mask 255.255.0.255
  -> 192.168.0.1:80               Masq    3      0          0         
  -> 200.1.1.1:80                 Tunnel  1      0          0         
  -> [fd01::11]:80                Tunnel  1      0          0         
  -> [1::]:80                     Tunnel  1      0          0         
  -> 10.1.0.11:80                 Route   0      0          0         
  -> 10.1.0.12:80                 Tunnel  2147483647 0          0         
TCP  10.9.0.9:0 wlc persistent 360
  -> 10.1.0.11:0                  Tunnel  1      0          0         
UDP  10.9.0.1:53 rr ops
  -> 10.1.0.1:5353                Masq    9      0          0         
  -> 127.0.0.1:53                 Masq    1      0          0         
UDP  10.9.0.1:5060 rr persistent 10 pe sip
SCTP 10.9.0.1:22 mh (mh-fallback,mh-port)
  -> 10.1.0.11:80                 Masq    1      0          0         
TCP  [fd09::1]:80 nq
TCP  [fd09::1]:443 lblc persistent 5 mask 1
  -> [fd01::12]:444               Masq    1      0          0         
FWM  7 fo
  -> 10.1.0.11:0                  Route   1      0          0         
  -> 10.1.0.12:8080               Masq    1      0          0         
FWM  7 IPv6 ovf persistent 9 mask 64
  -> [fd01::11]:0                 Tunnel  1      0          0         
  -> [fd01:1111:2222:3333:4444:5555:6666:7777]:65535 Route   1      0          0         
  -> 10.1.0.11:81                 Tunnel  1      0          0         
FWM  2000000000 lblcr (flag-1)
$ -L
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  192.168.1.1:http rr
TCP  10.9.0.1:http sh (sh-port) persistent 60 mask 255.255.0.255
  -> 192.168.0.1:http             Masq    3      0          0         
  -> 200.1.1.1:http               Tunnel  1      0          0         
  -> [fd01::11]:http              Tunnel  1      0          0         
  -> [1::]:http                   Tunnel  1      0          0         
  -> 10.1.0.11:http               Route   0      0          0         
  -> 10.1.0.12:http               Tunnel  2147483647 0          0         
TCP  10.9.0.9:0 wlc persistent 360
  -> 10.1.0.11:0                  Tunnel  1      0          0         
UDP  10.9.0.1:domain rr ops
  -> 10.1.0.1:mdns                Masq    9      0          0         
  -> localhost:domain             Masq    1      0          0         
UDP  10.9.0.1:sip rr persistent 10 pe sip
SCTP 10.9.0.1:22 mh (mh-fallback,mh-port)
  -> 10.1.0.11:80                 Masq    1      0          0         
TCP  [fd09::1]:http nq
TCP  [fd09::1]:https lblc persistent 5 mask 1
  -> [fd01::12]:snpp              Masq    1      0          0         
FWM  7 fo
  -> 10.1.0.11:0                  Route   1      0          0         
  -> 10.1.0.12:8080               Masq    1      0          0         
FWM  7 IPv6 ovf persistent 9 mask 64
  -> [fd01::11]:0                 Tunnel  1      0          0         
  -> [fd01:1111:2222:3333:4444:5555:6666:7777]:65535 Route   1      0          0         
  -> 10.1.0.11:81                 Tunnel  1      0          0         
FWM  2000000000 lblcr (flag-1)
$ -Ln -t 10.9.0.1:80
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  10.9.0.1:80 sh (sh-port) persistent 60 mask 255.255.0.255
  -> 192.168.0.1:80               Masq    3      0          0         
  -> 200.1.1.1:80                 Tunnel  1      0          0         
  -> [fd01::11]:80                Tunnel  1      0          0         
  -> [1::]:80                     Tunnel  1      0          0         
  -> 10.1.0.11:80                 Route   0      0          0         
  -> 10.1.0.12:80                 Tunnel  2147483647 0          0         
$ -Ln -f 7 -6
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
FWM  7 IPv6 ovf persistent 9 mask 64
  -> [fd01::11]:0                 Tunnel  1      0          0         
  -> [fd01:1111:2222:3333:4444:5555:6666:7777]:65535 Route   1      0          0         
  -> 10.1.0.11:81                 Tunnel  1      0          0         
`;
