/** Destinations edited from each forwarding method to each other, and deleted. What ipvsadm 1.31 answered on a Linux kernel with IPVS. */
export const TRANSCRIPT = `$ -C
$ -A -t 10.9.0.1:80 -s rr
$ -A -f 7 -s rr
$ -a -t 10.9.0.1:80 -r 10.1.0.11 -m -w 4 -x 10 -y 5
$ -e -t 10.9.0.1:80 -r 10.1.0.11
$ -a -t 10.9.0.1:80 -r 10.1.0.12 -m -w 4 -x 10 -y 5
$ -e -t 10.9.0.1:80 -r 10.1.0.12 -m
$ -a -t 10.9.0.1:80 -r 10.1.0.13 -m -w 4 -x 10 -y 5
$ -e -t 10.9.0.1:80 -r 10.1.0.13 -i
$ -a -t 10.9.0.1:80 -r 10.1.0.14 -m -w 4 -x 10 -y 5
$ -e -t 10.9.0.1:80 -r 10.1.0.14 -i --tun-type gre
$ -a -t 10.9.0.1:80 -r 10.1.0.15 -m -w 4 -x 10 -y 5
$ -e -t 10.9.0.1:80 -r 10.1.0.15 -i --tun-type gue --tun-port 7
$ -a -t 10.9.0.1:80 -r 10.1.0.16 -m -w 4 -x 10 -y 5
$ -e -t 10.9.0.1:80 -r 10.1.0.16 -i --tun-type gue --tun-port 7 --tun-remcsum
$ -a -t 10.9.0.1:80 -r 10.1.0.17 -m -w 4 -x 10 -y 5
$ -e -t 10.9.0.1:80 -r 10.1.0.17 -i --tun-csum
Illegal 'tun-csum' option with the 'ipip' tunnel type
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.18 -m -w 4 -x 10 -y 5
$ -e -t 10.9.0.1:80 -r 10.1.0.18 -m -x 5
$ -a -t 10.9.0.1:80 -r 10.1.0.19 -m -w 4 -x 10 -y 5
$ -e -t 10.9.0.1:80 -r 10.1.0.19 -m -y 5
Numerical result out of range
exit 255
$ -a -t 10.9.0.1:80 -r 10.1.0.20 -m -w 4 -x 10 -y 5
$ -e -t 10.9.0.1:80 -r 10.1.0.20 -w 9
$ -a -t 10.9.0.1:80 -r 10.1.0.21 -i --tun-type gue --tun-port 6080 --tun-csum
$ -e -t 10.9.0.1:80 -r 10.1.0.21
$ -a -t 10.9.0.1:80 -r 10.1.0.22 -i --tun-type gue --tun-port 6080 --tun-csum
$ -e -t 10.9.0.1:80 -r 10.1.0.22 -m
$ -a -t 10.9.0.1:80 -r 10.1.0.23 -i --tun-type gue --tun-port 6080 --tun-csum
$ -e -t 10.9.0.1:80 -r 10.1.0.23 -i
$ -a -t 10.9.0.1:80 -r 10.1.0.24 -i --tun-type gue --tun-port 6080 --tun-csum
$ -e -t 10.9.0.1:80 -r 10.1.0.24 -i --tun-type gre
$ -a -t 10.9.0.1:80 -r 10.1.0.25 -i --tun-type gue --tun-port 6080 --tun-csum
$ -e -t 10.9.0.1:80 -r 10.1.0.25 -i --tun-type gue --tun-port 7
$ -a -t 10.9.0.1:80 -r 10.1.0.26 -i --tun-type gue --tun-port 6080 --tun-csum
$ -e -t 10.9.0.1:80 -r 10.1.0.26 -i --tun-type gue --tun-port 7 --tun-remcsum
$ -a -t 10.9.0.1:80 -r 10.1.0.27 -i --tun-type gue --tun-port 6080 --tun-csum
$ -e -t 10.9.0.1:80 -r 10.1.0.27 -i --tun-csum
Illegal 'tun-csum' option with the 'ipip' tunnel type
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.28 -i --tun-type gue --tun-port 6080 --tun-csum
$ -e -t 10.9.0.1:80 -r 10.1.0.28 -m -x 5
$ -a -t 10.9.0.1:80 -r 10.1.0.29 -i --tun-type gue --tun-port 6080 --tun-csum
$ -e -t 10.9.0.1:80 -r 10.1.0.29 -m -y 5
Numerical result out of range
exit 255
$ -a -t 10.9.0.1:80 -r 10.1.0.30 -i --tun-type gue --tun-port 6080 --tun-csum
$ -e -t 10.9.0.1:80 -r 10.1.0.30 -w 9
$ -a -t 10.9.0.1:80 -r 10.1.0.31 -i --tun-type gre --tun-csum
$ -e -t 10.9.0.1:80 -r 10.1.0.31
$ -a -t 10.9.0.1:80 -r 10.1.0.32 -i --tun-type gre --tun-csum
$ -e -t 10.9.0.1:80 -r 10.1.0.32 -m
$ -a -t 10.9.0.1:80 -r 10.1.0.33 -i --tun-type gre --tun-csum
$ -e -t 10.9.0.1:80 -r 10.1.0.33 -i
$ -a -t 10.9.0.1:80 -r 10.1.0.34 -i --tun-type gre --tun-csum
$ -e -t 10.9.0.1:80 -r 10.1.0.34 -i --tun-type gre
$ -a -t 10.9.0.1:80 -r 10.1.0.35 -i --tun-type gre --tun-csum
$ -e -t 10.9.0.1:80 -r 10.1.0.35 -i --tun-type gue --tun-port 7
$ -a -t 10.9.0.1:80 -r 10.1.0.36 -i --tun-type gre --tun-csum
$ -e -t 10.9.0.1:80 -r 10.1.0.36 -i --tun-type gue --tun-port 7 --tun-remcsum
$ -a -t 10.9.0.1:80 -r 10.1.0.37 -i --tun-type gre --tun-csum
$ -e -t 10.9.0.1:80 -r 10.1.0.37 -i --tun-csum
Illegal 'tun-csum' option with the 'ipip' tunnel type
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.38 -i --tun-type gre --tun-csum
$ -e -t 10.9.0.1:80 -r 10.1.0.38 -m -x 5
$ -a -t 10.9.0.1:80 -r 10.1.0.39 -i --tun-type gre --tun-csum
$ -e -t 10.9.0.1:80 -r 10.1.0.39 -m -y 5
Numerical result out of range
exit 255
$ -a -t 10.9.0.1:80 -r 10.1.0.40 -i --tun-type gre --tun-csum
$ -e -t 10.9.0.1:80 -r 10.1.0.40 -w 9
$ -a -t 10.9.0.1:80 -r 10.1.0.41 -i
$ -e -t 10.9.0.1:80 -r 10.1.0.41
$ -a -t 10.9.0.1:80 -r 10.1.0.42 -i
$ -e -t 10.9.0.1:80 -r 10.1.0.42 -m
$ -a -t 10.9.0.1:80 -r 10.1.0.43 -i
$ -e -t 10.9.0.1:80 -r 10.1.0.43 -i
$ -a -t 10.9.0.1:80 -r 10.1.0.44 -i
$ -e -t 10.9.0.1:80 -r 10.1.0.44 -i --tun-type gre
$ -a -t 10.9.0.1:80 -r 10.1.0.45 -i
$ -e -t 10.9.0.1:80 -r 10.1.0.45 -i --tun-type gue --tun-port 7
$ -a -t 10.9.0.1:80 -r 10.1.0.46 -i
$ -e -t 10.9.0.1:80 -r 10.1.0.46 -i --tun-type gue --tun-port 7 --tun-remcsum
$ -a -t 10.9.0.1:80 -r 10.1.0.47 -i
$ -e -t 10.9.0.1:80 -r 10.1.0.47 -i --tun-csum
Illegal 'tun-csum' option with the 'ipip' tunnel type
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.48 -i
$ -e -t 10.9.0.1:80 -r 10.1.0.48 -m -x 5
$ -a -t 10.9.0.1:80 -r 10.1.0.49 -i
$ -e -t 10.9.0.1:80 -r 10.1.0.49 -m -y 5
Numerical result out of range
exit 255
$ -a -t 10.9.0.1:80 -r 10.1.0.50 -i
$ -e -t 10.9.0.1:80 -r 10.1.0.50 -w 9
$ -a -t 10.9.0.1:80 -r 10.1.0.51 -g -x 3
$ -e -t 10.9.0.1:80 -r 10.1.0.51
$ -a -t 10.9.0.1:80 -r 10.1.0.52 -g -x 3
$ -e -t 10.9.0.1:80 -r 10.1.0.52 -m
$ -a -t 10.9.0.1:80 -r 10.1.0.53 -g -x 3
$ -e -t 10.9.0.1:80 -r 10.1.0.53 -i
$ -a -t 10.9.0.1:80 -r 10.1.0.54 -g -x 3
$ -e -t 10.9.0.1:80 -r 10.1.0.54 -i --tun-type gre
$ -a -t 10.9.0.1:80 -r 10.1.0.55 -g -x 3
$ -e -t 10.9.0.1:80 -r 10.1.0.55 -i --tun-type gue --tun-port 7
$ -a -t 10.9.0.1:80 -r 10.1.0.56 -g -x 3
$ -e -t 10.9.0.1:80 -r 10.1.0.56 -i --tun-type gue --tun-port 7 --tun-remcsum
$ -a -t 10.9.0.1:80 -r 10.1.0.57 -g -x 3
$ -e -t 10.9.0.1:80 -r 10.1.0.57 -i --tun-csum
Illegal 'tun-csum' option with the 'ipip' tunnel type
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.58 -g -x 3
$ -e -t 10.9.0.1:80 -r 10.1.0.58 -m -x 5
$ -a -t 10.9.0.1:80 -r 10.1.0.59 -g -x 3
$ -e -t 10.9.0.1:80 -r 10.1.0.59 -m -y 5
Numerical result out of range
exit 255
$ -a -t 10.9.0.1:80 -r 10.1.0.60 -g -x 3
$ -e -t 10.9.0.1:80 -r 10.1.0.60 -w 9
$ -a -f 7 -r 10.1.0.1:8080 -m
$ -a -f 7 -r 10.1.0.2 -i
$ -e -f 7 -r 10.1.0.1:8080 -i --tun-type gre
$ -e -f 7 -r 10.1.0.1 -m
No such destination
exit 255
$ -e -f 7 -r 10.1.0.2 -g
$ -d -f 7 -r 10.1.0.2:80
No such destination
exit 255
$ -d -f 7 -r 10.1.0.2
$ -d -f 7 -6 -r 10.1.0.2
Service not defined
exit 255
$ -a -t 10.9.0.1:80 -r 10.1.0.1:8080 -m
$ -a -t 10.9.0.1:80 -r 10.1.0.2 -g
$ -e -t 10.9.0.1:80 -r 10.1.0.1:8080
No such destination
exit 255
$ -e -t 10.9.0.1:80 -r 10.1.0.2:8080 -i
$ -d -t 10.9.0.1:80 -r 10.1.0.2:8080
No such destination
exit 255
$ -d -t 10.9.0.1:80 -r 10.1.0.2 -g
Illegal 'forwarding-method' option with the 'delete-server' command
exit 2
$ -d -t 10.9.0.1:80 -r 10.1.0.2 --tun-csum
Illegal 'tun-csum' option with the 'delete-server' command
exit 2
$ -d -t 10.9.0.1:80 -r [fd01::1]:80
No such destination
exit 255
$ -d -t 10.9.0.1:80 -r 10.1.0.2
$ -Sn
-A -t 10.9.0.1:80 -s rr
-a -t 10.9.0.1:80 -r 10.1.0.1:8080 -m -w 1
-a -t 10.9.0.1:80 -r 10.1.0.11:80 -g -w 1
-a -t 10.9.0.1:80 -r 10.1.0.12:80 -m -w 1
-a -t 10.9.0.1:80 -r 10.1.0.13:80 -i -w 1 --tun-type ipip
-a -t 10.9.0.1:80 -r 10.1.0.14:80 -i -w 1 --tun-type gre --tun-nocsum
-a -t 10.9.0.1:80 -r 10.1.0.15:80 -i -w 1 --tun-type gue --tun-port 7 --tun-nocsum
-a -t 10.9.0.1:80 -r 10.1.0.16:80 -i -w 1 --tun-type gue --tun-port 7 --tun-remcsum
-a -t 10.9.0.1:80 -r 10.1.0.17:80 -m -w 4
-a -t 10.9.0.1:80 -r 10.1.0.18:80 -m -w 1
-a -t 10.9.0.1:80 -r 10.1.0.19:80 -m -w 4
-a -t 10.9.0.1:80 -r 10.1.0.20:80 -g -w 9
-a -t 10.9.0.1:80 -r 10.1.0.21:80 -g -w 1
-a -t 10.9.0.1:80 -r 10.1.0.22:80 -m -w 1
-a -t 10.9.0.1:80 -r 10.1.0.23:80 -i -w 1 --tun-type ipip
-a -t 10.9.0.1:80 -r 10.1.0.24:80 -i -w 1 --tun-type gre --tun-nocsum
-a -t 10.9.0.1:80 -r 10.1.0.25:80 -i -w 1 --tun-type gue --tun-port 7 --tun-nocsum
-a -t 10.9.0.1:80 -r 10.1.0.26:80 -i -w 1 --tun-type gue --tun-port 7 --tun-remcsum
-a -t 10.9.0.1:80 -r 10.1.0.27:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-csum
-a -t 10.9.0.1:80 -r 10.1.0.28:80 -m -w 1
-a -t 10.9.0.1:80 -r 10.1.0.29:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-csum
-a -t 10.9.0.1:80 -r 10.1.0.30:80 -g -w 9
-a -t 10.9.0.1:80 -r 10.1.0.31:80 -g -w 1
-a -t 10.9.0.1:80 -r 10.1.0.32:80 -m -w 1
-a -t 10.9.0.1:80 -r 10.1.0.33:80 -i -w 1 --tun-type ipip
-a -t 10.9.0.1:80 -r 10.1.0.34:80 -i -w 1 --tun-type gre --tun-nocsum
-a -t 10.9.0.1:80 -r 10.1.0.35:80 -i -w 1 --tun-type gue --tun-port 7 --tun-nocsum
-a -t 10.9.0.1:80 -r 10.1.0.36:80 -i -w 1 --tun-type gue --tun-port 7 --tun-remcsum
-a -t 10.9.0.1:80 -r 10.1.0.37:80 -i -w 1 --tun-type gre --tun-csum
-a -t 10.9.0.1:80 -r 10.1.0.38:80 -m -w 1
-a -t 10.9.0.1:80 -r 10.1.0.39:80 -i -w 1 --tun-type gre --tun-csum
-a -t 10.9.0.1:80 -r 10.1.0.40:80 -g -w 9
-a -t 10.9.0.1:80 -r 10.1.0.41:80 -g -w 1
-a -t 10.9.0.1:80 -r 10.1.0.42:80 -m -w 1
-a -t 10.9.0.1:80 -r 10.1.0.43:80 -i -w 1 --tun-type ipip
-a -t 10.9.0.1:80 -r 10.1.0.44:80 -i -w 1 --tun-type gre --tun-nocsum
-a -t 10.9.0.1:80 -r 10.1.0.45:80 -i -w 1 --tun-type gue --tun-port 7 --tun-nocsum
-a -t 10.9.0.1:80 -r 10.1.0.46:80 -i -w 1 --tun-type gue --tun-port 7 --tun-remcsum
-a -t 10.9.0.1:80 -r 10.1.0.47:80 -i -w 1 --tun-type ipip
-a -t 10.9.0.1:80 -r 10.1.0.48:80 -m -w 1
-a -t 10.9.0.1:80 -r 10.1.0.49:80 -i -w 1 --tun-type ipip
-a -t 10.9.0.1:80 -r 10.1.0.50:80 -g -w 9
-a -t 10.9.0.1:80 -r 10.1.0.51:80 -g -w 1
-a -t 10.9.0.1:80 -r 10.1.0.52:80 -m -w 1
-a -t 10.9.0.1:80 -r 10.1.0.53:80 -i -w 1 --tun-type ipip
-a -t 10.9.0.1:80 -r 10.1.0.54:80 -i -w 1 --tun-type gre --tun-nocsum
-a -t 10.9.0.1:80 -r 10.1.0.55:80 -i -w 1 --tun-type gue --tun-port 7 --tun-nocsum
-a -t 10.9.0.1:80 -r 10.1.0.56:80 -i -w 1 --tun-type gue --tun-port 7 --tun-remcsum
-a -t 10.9.0.1:80 -r 10.1.0.57:80 -g -w 1
-a -t 10.9.0.1:80 -r 10.1.0.58:80 -m -w 1
-a -t 10.9.0.1:80 -r 10.1.0.59:80 -g -w 1
-a -t 10.9.0.1:80 -r 10.1.0.60:80 -g -w 9
-A -f 7 -s rr
-a -f 7 -r 10.1.0.1:8080 -i -w 1 --tun-type gre --tun-nocsum
$ -Ln --tun-info
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward TunnelInfo    Weight ActiveConn InActConn
TCP  10.9.0.1:80 rr
  -> 10.1.0.1:8080                Masq    n/a           1      0          0         
  -> 10.1.0.11:80                 Route   n/a           1      0          0         
  -> 10.1.0.12:80                 Masq    n/a           1      0          0         
  -> 10.1.0.13:80                 Tunnel  ipip          1      0          0         
  -> 10.1.0.14:80                 Tunnel  gre:-c        1      0          0         
  -> 10.1.0.15:80                 Tunnel  gue:7:-c      1      0          0         
  -> 10.1.0.16:80                 Tunnel  gue:7:r+c     1      0          0         
  -> 10.1.0.17:80                 Masq    n/a           4      0          0         
  -> 10.1.0.18:80                 Masq    n/a           1      0          0         
  -> 10.1.0.19:80                 Masq    n/a           4      0          0         
  -> 10.1.0.20:80                 Route   n/a           9      0          0         
  -> 10.1.0.21:80                 Route   n/a           1      0          0         
  -> 10.1.0.22:80                 Masq    n/a           1      0          0         
  -> 10.1.0.23:80                 Tunnel  ipip          1      0          0         
  -> 10.1.0.24:80                 Tunnel  gre:-c        1      0          0         
  -> 10.1.0.25:80                 Tunnel  gue:7:-c      1      0          0         
  -> 10.1.0.26:80                 Tunnel  gue:7:r+c     1      0          0         
  -> 10.1.0.27:80                 Tunnel  gue:6080:+c   1      0          0         
  -> 10.1.0.28:80                 Masq    n/a           1      0          0         
  -> 10.1.0.29:80                 Tunnel  gue:6080:+c   1      0          0         
  -> 10.1.0.30:80                 Route   n/a           9      0          0         
  -> 10.1.0.31:80                 Route   n/a           1      0          0         
  -> 10.1.0.32:80                 Masq    n/a           1      0          0         
  -> 10.1.0.33:80                 Tunnel  ipip          1      0          0         
  -> 10.1.0.34:80                 Tunnel  gre:-c        1      0          0         
  -> 10.1.0.35:80                 Tunnel  gue:7:-c      1      0          0         
  -> 10.1.0.36:80                 Tunnel  gue:7:r+c     1      0          0         
  -> 10.1.0.37:80                 Tunnel  gre:+c        1      0          0         
  -> 10.1.0.38:80                 Masq    n/a           1      0          0         
  -> 10.1.0.39:80                 Tunnel  gre:+c        1      0          0         
  -> 10.1.0.40:80                 Route   n/a           9      0          0         
  -> 10.1.0.41:80                 Route   n/a           1      0          0         
  -> 10.1.0.42:80                 Masq    n/a           1      0          0         
  -> 10.1.0.43:80                 Tunnel  ipip          1      0          0         
  -> 10.1.0.44:80                 Tunnel  gre:-c        1      0          0         
  -> 10.1.0.45:80                 Tunnel  gue:7:-c      1      0          0         
  -> 10.1.0.46:80                 Tunnel  gue:7:r+c     1      0          0         
  -> 10.1.0.47:80                 Tunnel  ipip          1      0          0         
  -> 10.1.0.48:80                 Masq    n/a           1      0          0         
  -> 10.1.0.49:80                 Tunnel  ipip          1      0          0         
  -> 10.1.0.50:80                 Route   n/a           9      0          0         
  -> 10.1.0.51:80                 Route   n/a           1      0          0         
  -> 10.1.0.52:80                 Masq    n/a           1      0          0         
  -> 10.1.0.53:80                 Tunnel  ipip          1      0          0         
  -> 10.1.0.54:80                 Tunnel  gre:-c        1      0          0         
  -> 10.1.0.55:80                 Tunnel  gue:7:-c      1      0          0         
  -> 10.1.0.56:80                 Tunnel  gue:7:r+c     1      0          0         
  -> 10.1.0.57:80                 Route   n/a           1      0          0         
  -> 10.1.0.58:80                 Masq    n/a           1      0          0         
  -> 10.1.0.59:80                 Route   n/a           1      0          0         
  -> 10.1.0.60:80                 Route   n/a           9      0          0         
FWM  7 rr
  -> 10.1.0.1:8080                Tunnel  gre:-c        1      0          0         
`;
