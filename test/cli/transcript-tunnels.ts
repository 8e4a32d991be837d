/** Tunnels of every type, port and checksum. What ipvsadm 1.31 answered on a Linux kernel with IPVS. */
export const TRANSCRIPT = `$ -C
$ -A -t 10.9.0.1:80 -s rr
$ -A -t 10.9.0.2:0 -s rr -p
$ -A -u 10.9.0.1:53 -s rr
$ -A --sctp-service 10.9.0.1:80 -s rr
$ -A -t [fd09::1]:80 -s rr
$ -A -f 7 -s rr
$ -A -f 7 -6 -s rr
$ -a -t 10.9.0.1:80 -r 10.1.0.11 -i
$ -a -t 10.9.0.1:80 -r 10.1.0.12 -i --tun-nocsum
Illegal 'tun-nocsum' option with the 'ipip' tunnel type
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.13 -i --tun-csum
Illegal 'tun-csum' option with the 'ipip' tunnel type
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.14 -i --tun-remcsum
Illegal 'tun-remcsum' option with the 'ipip' tunnel type
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.15 -i --tun-csum --tun-remcsum
Illegal 'tun-csum' option with the 'ipip' tunnel type
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.16 -i --tun-nocsum --tun-remcsum
Illegal 'tun-nocsum' option with the 'ipip' tunnel type
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.17 -i --tun-type ipip
$ -a -t 10.9.0.1:80 -r 10.1.0.18 -i --tun-type ipip --tun-nocsum
Illegal 'tun-nocsum' option with the 'ipip' tunnel type
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.19 -i --tun-type ipip --tun-csum
Illegal 'tun-csum' option with the 'ipip' tunnel type
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.20 -i --tun-type ipip --tun-remcsum
Illegal 'tun-remcsum' option with the 'ipip' tunnel type
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.21 -i --tun-type ipip --tun-csum --tun-remcsum
Illegal 'tun-csum' option with the 'ipip' tunnel type
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.22 -i --tun-type ipip --tun-nocsum --tun-remcsum
Illegal 'tun-nocsum' option with the 'ipip' tunnel type
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.23 -i --tun-type gue --tun-port 6080
$ -a -t 10.9.0.1:80 -r 10.1.0.24 -i --tun-type gue --tun-port 6080 --tun-nocsum
$ -a -t 10.9.0.1:80 -r 10.1.0.25 -i --tun-type gue --tun-port 6080 --tun-csum
$ -a -t 10.9.0.1:80 -r 10.1.0.26 -i --tun-type gue --tun-port 6080 --tun-remcsum
$ -a -t 10.9.0.1:80 -r 10.1.0.27 -i --tun-type gue --tun-port 6080 --tun-csum --tun-remcsum
The option 'tun-remcsum' conflicts with the 'tun-csum' option in the 'gue' tunnel type
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.28 -i --tun-type gue --tun-port 6080 --tun-nocsum --tun-remcsum
The option 'tun-remcsum' conflicts with the 'tun-nocsum' option in the 'gue' tunnel type
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.29 -i --tun-type gue
You need to supply the 'tun-port' option for the 'gue' tunnel type
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.30 -i --tun-type gue --tun-nocsum
You need to supply the 'tun-port' option for the 'gue' tunnel type
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.31 -i --tun-type gue --tun-csum
You need to supply the 'tun-port' option for the 'gue' tunnel type
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.32 -i --tun-type gue --tun-remcsum
You need to supply the 'tun-port' option for the 'gue' tunnel type
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.33 -i --tun-type gue --tun-csum --tun-remcsum
You need to supply the 'tun-port' option for the 'gue' tunnel type
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.34 -i --tun-type gue --tun-nocsum --tun-remcsum
You need to supply the 'tun-port' option for the 'gue' tunnel type
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.35 -i --tun-type gre
$ -a -t 10.9.0.1:80 -r 10.1.0.36 -i --tun-type gre --tun-nocsum
$ -a -t 10.9.0.1:80 -r 10.1.0.37 -i --tun-type gre --tun-csum
$ -a -t 10.9.0.1:80 -r 10.1.0.38 -i --tun-type gre --tun-remcsum
Illegal 'tun-remcsum' option with the 'gre' tunnel type
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.39 -i --tun-type gre --tun-csum --tun-remcsum
Illegal 'tun-remcsum' option with the 'gre' tunnel type
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.40 -i --tun-type gre --tun-nocsum --tun-remcsum
Illegal 'tun-remcsum' option with the 'gre' tunnel type
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.41 -i --tun-type gre --tun-port 5
Illegal 'tun-port' option with the 'gre' tunnel type
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.42 -i --tun-type gre --tun-port 5 --tun-csum
Illegal 'tun-port' option with the 'gre' tunnel type
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.43 -i --tun-port 5
Illegal 'tun-port' option with the 'ipip' tunnel type
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.44 -i --tun-type GUE --tun-port 5
illegal tunnel type specified
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.45 -i --tun-type=
illegal tunnel type specified
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.46 -i --tun-type gre --tun-csum --tun-csum
multiple 'tun-csum' options specified
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.47 -i --tun-type gue --tun-port=6080 --tun-port 5
multiple 'tun-port' options specified
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.48 -i --tun-type gue --tun-type gre
multiple 'tun-type' options specified
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.49 -i --tun-csum --tun-type gre -w 3 -x 10 -y 2
$ -a -t 10.9.0.1:80 -r 10.1.0.50 -i --tun-type gue --tun-port=1
$ -a -t 10.9.0.1:80 -r 10.1.0.51 -i --tun-type gue --tun-port=65535
$ -a -t 10.9.0.1:80 -r 10.1.0.52 -i --tun-type gue --tun-port=+5
$ -a -t 10.9.0.1:80 -r 10.1.0.53 -i --tun-type gue --tun-port=007
$ -a -t 10.9.0.1:80 -r 10.1.0.54 -i --tun-type gue --tun-port=0
illegal tunnel port specified
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.55 -i --tun-type gue --tun-port=-1
illegal tunnel port specified
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.56 -i --tun-type gue --tun-port=65536
illegal tunnel port specified
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.57 -i --tun-type gue --tun-port=x
illegal tunnel port specified
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.58 -i --tun-type gue --tun-port=http
illegal tunnel port specified
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.59 -i --tun-type gue --tun-port=5x
illegal tunnel port specified
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.60 -i --tun-type gue --tun-port=
illegal tunnel port specified
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.61 -g --tun-csum
Tunnel options conflict with forward method
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.62 -m --tun-csum
Tunnel options conflict with forward method
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.63 --tun-type ipip
Tunnel options conflict with forward method
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.64 --tun-type gue --tun-port 9
Tunnel options conflict with forward method
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.65 --gatewaying --tun-nocsum
Tunnel options conflict with forward method
exit 2
$ -Sn
-A -t 10.9.0.1:80 -s rr
-a -t 10.9.0.1:80 -r 10.1.0.11:80 -i -w 1 --tun-type ipip
-a -t 10.9.0.1:80 -r 10.1.0.17:80 -i -w 1 --tun-type ipip
-a -t 10.9.0.1:80 -r 10.1.0.23:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-nocsum
-a -t 10.9.0.1:80 -r 10.1.0.24:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-nocsum
-a -t 10.9.0.1:80 -r 10.1.0.25:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-csum
-a -t 10.9.0.1:80 -r 10.1.0.26:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-remcsum
-a -t 10.9.0.1:80 -r 10.1.0.35:80 -i -w 1 --tun-type gre --tun-nocsum
-a -t 10.9.0.1:80 -r 10.1.0.36:80 -i -w 1 --tun-type gre --tun-nocsum
-a -t 10.9.0.1:80 -r 10.1.0.37:80 -i -w 1 --tun-type gre --tun-csum
-a -t 10.9.0.1:80 -r 10.1.0.49:80 -i -w 3 --tun-type gre --tun-csum
-a -t 10.9.0.1:80 -r 10.1.0.50:80 -i -w 1 --tun-type gue --tun-port 1 --tun-nocsum
-a -t 10.9.0.1:80 -r 10.1.0.51:80 -i -w 1 --tun-type gue --tun-port 65535 --tun-nocsum
-a -t 10.9.0.1:80 -r 10.1.0.52:80 -i -w 1 --tun-type gue --tun-port 5 --tun-nocsum
-a -t 10.9.0.1:80 -r 10.1.0.53:80 -i -w 1 --tun-type gue --tun-port 7 --tun-nocsum
-A -t 10.9.0.2:0 -s rr -p 360
-A -u 10.9.0.1:53 -s rr
-A --sctp-service 10.9.0.1:80 -s rr
-A -t [fd09::1]:80 -s rr
-A -f 7 -s rr
-A -f 7 -6 -s rr
$ -Ln --tun-info
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward TunnelInfo    Weight ActiveConn InActConn
TCP  10.9.0.1:80 rr
  -> 10.1.0.11:80                 Tunnel  ipip          1      0          0         
  -> 10.1.0.17:80                 Tunnel  ipip          1      0          0         
  -> 10.1.0.23:80                 Tunnel  gue:6080:-c   1      0          0         
  -> 10.1.0.24:80                 Tunnel  gue:6080:-c   1      0          0         
  -> 10.1.0.25:80                 Tunnel  gue:6080:+c   1      0          0         
  -> 10.1.0.26:80                 Tunnel  gue:6080:r+c  1      0          0         
  -> 10.1.0.35:80                 Tunnel  gre:-c        1      0          0         
  -> 10.1.0.36:80                 Tunnel  gre:-c        1      0          0         
  -> 10.1.0.37:80                 Tunnel  gre:+c        1      0          0         
  -> 10.1.0.49:80                 Tunnel  gre:+c        3      0          0         
  -> 10.1.0.50:80                 Tunnel  gue:1:-c      1      0          0         
  -> 10.1.0.51:80                 Tunnel  gue:65535:-c  1      0          0         
  -> 10.1.0.52:80                 Tunnel  gue:5:-c      1      0          0         
  -> 10.1.0.53:80                 Tunnel  gue:7:-c      1      0          0         
TCP  10.9.0.2:0 rr persistent 360
UDP  10.9.0.1:53 rr
SCTP 10.9.0.1:80 rr
TCP  [fd09::1]:80 rr
FWM  7 rr
FWM  7 IPv6 rr
$ -Ln -t 10.9.0.1:80 --thresholds
Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn 
  -> RemoteAddress:Port
TCP  10.9.0.1:80 rr
  -> 10.1.0.11:80                 0          0          0          0         
  -> 10.1.0.17:80                 0          0          0          0         
  -> 10.1.0.23:80                 0          0          0          0         
  -> 10.1.0.24:80                 0          0          0          0         
  -> 10.1.0.25:80                 0          0          0          0         
  -> 10.1.0.26:80                 0          0          0          0         
  -> 10.1.0.35:80                 0          0          0          0         
  -> 10.1.0.36:80                 0          0          0          0         
  -> 10.1.0.37:80                 0          0          0          0         
  -> 10.1.0.49:80                 10         2          0          0         
  -> 10.1.0.50:80                 0          0          0          0         
  -> 10.1.0.51:80                 0          0          0          0         
  -> 10.1.0.52:80                 0          0          0          0         
  -> 10.1.0.53:80                 0          0          0          0         
`;
