/** Every forwarding method with every kind of service: which port a destination gets. What ipvsadm 1.31 answered on a Linux kernel with IPVS. */
export const TRANSCRIPT = `$ -C
$ -A -t 10.9.0.1:80 -s rr
$ -A -t 10.9.0.2:0 -s rr -p
$ -A -u 10.9.0.1:53 -s rr
$ -A --sctp-service 10.9.0.1:80 -s rr
$ -A -t [fd09::1]:80 -s rr
$ -A -f 7 -s rr
$ -A -f 7 -6 -s rr
$ -a -t 10.9.0.1:80 -r 10.1.0.11
$ -a -t 10.9.0.1:80 -r 10.1.0.12:8080
$ -a -t 10.9.0.1:80 -r 10.1.0.13:0
$ -a -t 10.9.0.1:80 -r [fd01::14]:80
Different address family is allowed only for tunneling servers
exit 2
$ -a -t 10.9.0.2 -r 10.1.0.15
$ -a -t 10.9.0.2 -r 10.1.0.16:8080
$ -a -u 10.9.0.1:53 -r 10.1.0.17:5353
$ -a --sctp-service 10.9.0.1:80 -r 10.1.0.18:81
$ -a -t [fd09::1]:80 -r [fd01::19]:8080
$ -a -t [fd09::1]:80 -r fd01::20
$ -a -t [fd09::1]:80 -r 10.1.0.21:8080
Different address family is allowed only for tunneling servers
exit 2
$ -a -f 7 -r 10.1.0.22
$ -a -f 7 -r 10.1.0.23:8080
$ -a -f 7 -r [fd01::24]:8080
Different address family is allowed only for tunneling servers
exit 2
$ -a -f 7 -6 -r fd01::25
$ -a -f 7 -6 -r [fd01::26]:8080
$ -a -f 7 -6 -r 10.1.0.27:8080
Different address family is allowed only for tunneling servers
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.28 -g
$ -a -t 10.9.0.1:80 -r 10.1.0.29:8080 -g
$ -a -t 10.9.0.1:80 -r 10.1.0.30:0 -g
$ -a -t 10.9.0.1:80 -r [fd01::31]:80 -g
Different address family is allowed only for tunneling servers
exit 2
$ -a -t 10.9.0.2 -r 10.1.0.32 -g
$ -a -t 10.9.0.2 -r 10.1.0.33:8080 -g
$ -a -u 10.9.0.1:53 -r 10.1.0.34:5353 -g
$ -a --sctp-service 10.9.0.1:80 -r 10.1.0.35:81 -g
$ -a -t [fd09::1]:80 -r [fd01::36]:8080 -g
$ -a -t [fd09::1]:80 -r fd01::37 -g
$ -a -t [fd09::1]:80 -r 10.1.0.38:8080 -g
Different address family is allowed only for tunneling servers
exit 2
$ -a -f 7 -r 10.1.0.39 -g
$ -a -f 7 -r 10.1.0.40:8080 -g
$ -a -f 7 -r [fd01::41]:8080 -g
Different address family is allowed only for tunneling servers
exit 2
$ -a -f 7 -6 -r fd01::42 -g
$ -a -f 7 -6 -r [fd01::43]:8080 -g
$ -a -f 7 -6 -r 10.1.0.44:8080 -g
Different address family is allowed only for tunneling servers
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.45 -i
$ -a -t 10.9.0.1:80 -r 10.1.0.46:8080 -i
$ -a -t 10.9.0.1:80 -r 10.1.0.47:0 -i
$ -a -t 10.9.0.1:80 -r [fd01::48]:80 -i
$ -a -t 10.9.0.2 -r 10.1.0.49 -i
$ -a -t 10.9.0.2 -r 10.1.0.50:8080 -i
$ -a -u 10.9.0.1:53 -r 10.1.0.51:5353 -i
$ -a --sctp-service 10.9.0.1:80 -r 10.1.0.52:81 -i
$ -a -t [fd09::1]:80 -r [fd01::53]:8080 -i
$ -a -t [fd09::1]:80 -r fd01::54 -i
$ -a -t [fd09::1]:80 -r 10.1.0.55:8080 -i
$ -a -f 7 -r 10.1.0.56 -i
$ -a -f 7 -r 10.1.0.57:8080 -i
$ -a -f 7 -r [fd01::58]:8080 -i
$ -a -f 7 -6 -r fd01::59 -i
$ -a -f 7 -6 -r [fd01::60]:8080 -i
$ -a -f 7 -6 -r 10.1.0.61:8080 -i
$ -a -t 10.9.0.1:80 -r 10.1.0.62 -m
$ -a -t 10.9.0.1:80 -r 10.1.0.63:8080 -m
$ -a -t 10.9.0.1:80 -r 10.1.0.64:0 -m
$ -a -t 10.9.0.1:80 -r [fd01::65]:80 -m
Different address family is allowed only for tunneling servers
exit 2
$ -a -t 10.9.0.2 -r 10.1.0.66 -m
$ -a -t 10.9.0.2 -r 10.1.0.67:8080 -m
$ -a -u 10.9.0.1:53 -r 10.1.0.68:5353 -m
$ -a --sctp-service 10.9.0.1:80 -r 10.1.0.69:81 -m
$ -a -t [fd09::1]:80 -r [fd01::70]:8080 -m
$ -a -t [fd09::1]:80 -r fd01::71 -m
$ -a -t [fd09::1]:80 -r 10.1.0.72:8080 -m
Different address family is allowed only for tunneling servers
exit 2
$ -a -f 7 -r 10.1.0.73 -m
$ -a -f 7 -r 10.1.0.74:8080 -m
$ -a -f 7 -r [fd01::75]:8080 -m
Different address family is allowed only for tunneling servers
exit 2
$ -a -f 7 -6 -r fd01::76 -m
$ -a -f 7 -6 -r [fd01::77]:8080 -m
$ -a -f 7 -6 -r 10.1.0.78:8080 -m
Different address family is allowed only for tunneling servers
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.79:8080 --gatewaying
$ -a -t 10.9.0.1:80 -r 10.1.0.80:8080 --ipip
$ -a -t 10.9.0.1:80 -r 10.1.0.81:8080 --masquerading
$ -a -t 10.9.0.1:80 -r 10.1.0.82:8080 -g -m
multiple 'forwarding-method' options specified
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.83:8080 -i -g
multiple 'forwarding-method' options specified
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.84:8080 -gw5
$ -a -t 10.9.0.1:80 -r 10.1.0.85:8080 -iw 5 -x 3
$ -a -t 10.9.0.1:80 -r 127.0.0.1:80 -g
$ -a -u 10.9.0.1:53 -r 127.0.0.1:53 -i
$ -a -t 10.9.0.2 -r 10.1.0.1 -m
$ -Sn
-A -t 10.9.0.1:80 -s rr
-a -t 10.9.0.1:80 -r [fd01::48]:80 -i -w 1 --tun-type ipip
-a -t 10.9.0.1:80 -r 10.1.0.11:80 -g -w 1
-a -t 10.9.0.1:80 -r 10.1.0.12:80 -g -w 1
-a -t 10.9.0.1:80 -r 10.1.0.13:80 -g -w 1
-a -t 10.9.0.1:80 -r 10.1.0.28:80 -g -w 1
-a -t 10.9.0.1:80 -r 10.1.0.29:80 -g -w 1
-a -t 10.9.0.1:80 -r 10.1.0.30:80 -g -w 1
-a -t 10.9.0.1:80 -r 10.1.0.45:80 -i -w 1 --tun-type ipip
-a -t 10.9.0.1:80 -r 10.1.0.46:80 -i -w 1 --tun-type ipip
-a -t 10.9.0.1:80 -r 10.1.0.47:80 -i -w 1 --tun-type ipip
-a -t 10.9.0.1:80 -r 10.1.0.62:80 -m -w 1
-a -t 10.9.0.1:80 -r 10.1.0.63:8080 -m -w 1
-a -t 10.9.0.1:80 -r 10.1.0.64:0 -m -w 1
-a -t 10.9.0.1:80 -r 10.1.0.79:80 -g -w 1
-a -t 10.9.0.1:80 -r 10.1.0.80:80 -i -w 1 --tun-type ipip
-a -t 10.9.0.1:80 -r 10.1.0.81:8080 -m -w 1
-a -t 10.9.0.1:80 -r 10.1.0.84:80 -g -w 5
-a -t 10.9.0.1:80 -r 10.1.0.85:80 -i -w 5 --tun-type ipip
-a -t 10.9.0.1:80 -r 127.0.0.1:80 -g -w 1
-A -t 10.9.0.2:0 -s rr -p 360
-a -t 10.9.0.2:0 -r 10.1.0.1:0 -m -w 1
-a -t 10.9.0.2:0 -r 10.1.0.15:0 -g -w 1
-a -t 10.9.0.2:0 -r 10.1.0.16:0 -g -w 1
-a -t 10.9.0.2:0 -r 10.1.0.32:0 -g -w 1
-a -t 10.9.0.2:0 -r 10.1.0.33:0 -g -w 1
-a -t 10.9.0.2:0 -r 10.1.0.49:0 -i -w 1 --tun-type ipip
-a -t 10.9.0.2:0 -r 10.1.0.50:0 -i -w 1 --tun-type ipip
-a -t 10.9.0.2:0 -r 10.1.0.66:0 -m -w 1
-a -t 10.9.0.2:0 -r 10.1.0.67:8080 -m -w 1
-A -u 10.9.0.1:53 -s rr
-a -u 10.9.0.1:53 -r 10.1.0.17:53 -g -w 1
-a -u 10.9.0.1:53 -r 10.1.0.34:53 -g -w 1
-a -u 10.9.0.1:53 -r 10.1.0.51:53 -i -w 1 --tun-type ipip
-a -u 10.9.0.1:53 -r 10.1.0.68:5353 -m -w 1
-a -u 10.9.0.1:53 -r 127.0.0.1:53 -i -w 1 --tun-type ipip
-A --sctp-service 10.9.0.1:80 -s rr
-a --sctp-service 10.9.0.1:80 -r 10.1.0.18:80 -g -w 1
-a --sctp-service 10.9.0.1:80 -r 10.1.0.35:80 -g -w 1
-a --sctp-service 10.9.0.1:80 -r 10.1.0.52:80 -i -w 1 --tun-type ipip
-a --sctp-service 10.9.0.1:80 -r 10.1.0.69:81 -m -w 1
-A -t [fd09::1]:80 -s rr
-a -t [fd09::1]:80 -r [fd01::19]:80 -g -w 1
-a -t [fd09::1]:80 -r [fd01::20]:80 -g -w 1
-a -t [fd09::1]:80 -r [fd01::36]:80 -g -w 1
-a -t [fd09::1]:80 -r [fd01::37]:80 -g -w 1
-a -t [fd09::1]:80 -r [fd01::53]:80 -i -w 1 --tun-type ipip
-a -t [fd09::1]:80 -r [fd01::54]:80 -i -w 1 --tun-type ipip
-a -t [fd09::1]:80 -r [fd01::70]:8080 -m -w 1
-a -t [fd09::1]:80 -r [fd01::71]:80 -m -w 1
-a -t [fd09::1]:80 -r 10.1.0.55:80 -i -w 1 --tun-type ipip
-A -f 7 -s rr
-a -f 7 -r [fd01::58]:8080 -i -w 1 --tun-type ipip
-a -f 7 -r 10.1.0.22:0 -g -w 1
-a -f 7 -r 10.1.0.23:8080 -g -w 1
-a -f 7 -r 10.1.0.39:0 -g -w 1
-a -f 7 -r 10.1.0.40:8080 -g -w 1
-a -f 7 -r 10.1.0.56:0 -i -w 1 --tun-type ipip
-a -f 7 -r 10.1.0.57:8080 -i -w 1 --tun-type ipip
-a -f 7 -r 10.1.0.73:0 -m -w 1
-a -f 7 -r 10.1.0.74:8080 -m -w 1
-A -f 7 -6 -s rr
-a -f 7 -6 -r [fd01::25]:0 -g -w 1
-a -f 7 -6 -r [fd01::26]:8080 -g -w 1
-a -f 7 -6 -r [fd01::42]:0 -g -w 1
-a -f 7 -6 -r [fd01::43]:8080 -g -w 1
-a -f 7 -6 -r [fd01::59]:0 -i -w 1 --tun-type ipip
-a -f 7 -6 -r [fd01::60]:8080 -i -w 1 --tun-type ipip
-a -f 7 -6 -r [fd01::76]:0 -m -w 1
-a -f 7 -6 -r [fd01::77]:8080 -m -w 1
-a -f 7 -6 -r 10.1.0.61:8080 -i -w 1 --tun-type ipip
$ -Ln
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  10.9.0.1:80 rr
  -> [fd01::48]:80                Tunnel  1      0          0         
  -> 10.1.0.11:80                 Route   1      0          0         
  -> 10.1.0.12:80                 Route   1      0          0         
  -> 10.1.0.13:80                 Route   1      0          0         
  -> 10.1.0.28:80                 Route   1      0          0         
  -> 10.1.0.29:80                 Route   1      0          0         
  -> 10.1.0.30:80                 Route   1      0          0         
  -> 10.1.0.45:80                 Tunnel  1      0          0         
  -> 10.1.0.46:80                 Tunnel  1      0          0         
  -> 10.1.0.47:80                 Tunnel  1      0          0         
  -> 10.1.0.62:80                 Masq    1      0          0         
  -> 10.1.0.63:8080               Masq    1      0          0         
  -> 10.1.0.64:0                  Masq    1      0          0         
  -> 10.1.0.79:80                 Route   1      0          0         
  -> 10.1.0.80:80                 Tunnel  1      0          0         
  -> 10.1.0.81:8080               Masq    1      0          0         
  -> 10.1.0.84:80                 Route   5      0          0         
  -> 10.1.0.85:80                 Tunnel  5      0          0         
  -> 127.0.0.1:80                 Route   1      0          0         
TCP  10.9.0.2:0 rr persistent 360
  -> 10.1.0.1:0                   Masq    1      0          0         
  -> 10.1.0.15:0                  Route   1      0          0         
  -> 10.1.0.16:0                  Route   1      0          0         
  -> 10.1.0.32:0                  Route   1      0          0         
  -> 10.1.0.33:0                  Route   1      0          0         
  -> 10.1.0.49:0                  Tunnel  1      0          0         
  -> 10.1.0.50:0                  Tunnel  1      0          0         
  -> 10.1.0.66:0                  Masq    1      0          0         
  -> 10.1.0.67:8080               Masq    1      0          0         
UDP  10.9.0.1:53 rr
  -> 10.1.0.17:53                 Route   1      0          0         
  -> 10.1.0.34:53                 Route   1      0          0         
  -> 10.1.0.51:53                 Tunnel  1      0          0         
  -> 10.1.0.68:5353               Masq    1      0          0         
  -> 127.0.0.1:53                 Tunnel  1      0          0         
SCTP 10.9.0.1:80 rr
  -> 10.1.0.18:80                 Route   1      0          0         
  -> 10.1.0.35:80                 Route   1      0          0         
  -> 10.1.0.52:80                 Tunnel  1      0          0         
  -> 10.1.0.69:81                 Masq    1      0          0         
TCP  [fd09::1]:80 rr
  -> [fd01::19]:80                Route   1      0          0         
  -> [fd01::20]:80                Route   1      0          0         
  -> [fd01::36]:80                Route   1      0          0         
  -> [fd01::37]:80                Route   1      0          0         
  -> [fd01::53]:80                Tunnel  1      0          0         
  -> [fd01::54]:80                Tunnel  1      0          0         
  -> [fd01::70]:8080              Masq    1      0          0         
  -> [fd01::71]:80                Masq    1      0          0         
  -> 10.1.0.55:80                 Tunnel  1      0          0         
FWM  7 rr
  -> [fd01::58]:8080              Tunnel  1      0          0         
  -> 10.1.0.22:0                  Route   1      0          0         
  -> 10.1.0.23:8080               Route   1      0          0         
  -> 10.1.0.39:0                  Route   1      0          0         
  -> 10.1.0.40:8080               Route   1      0          0         
  -> 10.1.0.56:0                  Tunnel  1      0          0         
  -> 10.1.0.57:8080               Tunnel  1      0          0         
  -> 10.1.0.73:0                  Masq    1      0          0         
  -> 10.1.0.74:8080               Masq    1      0          0         
FWM  7 IPv6 rr
  -> [fd01::25]:0                 Route   1      0          0         
  -> [fd01::26]:8080              Route   1      0          0         
  -> [fd01::42]:0                 Route   1      0          0         
  -> [fd01::43]:8080              Route   1      0          0         
  -> [fd01::59]:0                 Tunnel  1      0          0         
  -> [fd01::60]:8080              Tunnel  1      0          0         
  -> [fd01::76]:0                 Masq    1      0          0         
  -> [fd01::77]:8080              Masq    1      0          0         
  -> 10.1.0.61:8080               Tunnel  1      0          0         
`;
