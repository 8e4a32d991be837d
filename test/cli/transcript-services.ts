/** Services of all kinds: marks, SCTP, port 0, schedulers and their flags, engines. What ipvsadm 1.31 answered on a Linux kernel with IPVS. */
export const TRANSCRIPT = `$ -C
$ -A -f 1 -6 -6
$ -A -f 2 -6 -p 3
$ -A -6 -f 3
-6 used before -f

exit 2
$ -A -f 4 -o
$ -A -f 5 -6 -o -p
$ -A -f 6 -p 10 --pe sip
$ -A -f 7 --pe sip
$ -A -f 8 --pe nosuch
Scheduler or persistence engine not found
exit 255
$ -A -t 10.9.1.9:80 --pe nosuch
Scheduler or persistence engine not found
exit 255
$ -A -t 10.9.1.10:80 --pe=
$ -A -t 10.9.1.11:80 -s=
$ -A -u 10.9.1.12:5060 --pe sip -o
$ -A -u 10.9.1.13:5060 --pe sip -p 7 -M 255.255.0.0 -o -s sh -b sh-port,sh-fallback
$ -A -u 10.9.1.14:5060 --pe sip --pe sip
multiple 'pe' options specified
exit 2
$ -A -u [fd09::15]:5060 -p 7 --pe sip -M 64
$ -A --sctp-service 10.9.1.16:0 -p
$ -A --sctp-service 10.9.1.17 -p 5
$ -A --sctp-service 10.9.1.18
Zero port specified for non-persistent service
exit 2
$ -A --sctp-service=10.9.1.19:5 -s wrr
$ -A --sctp-service [fd09::20]:5 -s mh -b mh-port
$ -A --sctp-service 10.9.1.21:5 -o
One-Packet Scheduling is only for UDP virtual services
exit 2
$ -A --sctp-service 10.9.1.22:5 --pe sip -p
$ -A -u 10.9.1.23:0 -p
$ -A -u 10.9.1.24:0 -p -o
$ -A -u 10.9.1.25 -o
Zero port specified for non-persistent service
exit 2
$ -A -t 10.9.1.26 -p -o
One-Packet Scheduling is only for UDP virtual services
exit 2
$ -A -t [fd09::27]:0 -p 9 -M 128
$ -A -t fd09::28
Zero port specified for non-persistent service
exit 2
$ -A -t fd09::29 -p
$ -A -t [::]:80
$ -A -t 0.0.0.0:80
$ -A -t 255.255.255.255:80
$ -A -t 10.9.1.33:80 -s rr
$ -A -t 10.9.1.34:80 -s wrr
$ -A -t 10.9.1.35:80 -s lc
$ -A -t 10.9.1.36:80 -s wlc
$ -A -t 10.9.1.37:80 -s lblc
$ -A -t 10.9.1.38:80 -s lblcr
$ -A -t 10.9.1.39:80 -s dh
$ -A -t 10.9.1.40:80 -s sh
$ -A -t 10.9.1.41:80 -s mh
$ -A -t 10.9.1.42:80 -s sed
$ -A -t 10.9.1.43:80 -s nq
$ -A -t 10.9.1.44:80 -s fo
$ -A -t 10.9.1.45:80 -s ovf
$ -A -t 10.9.1.47:80 -s abcdefghijklmnopqrstuvwxyz
Scheduler or persistence engine not found
exit 255
$ -A -t 10.9.1.48:80 -s RR
Scheduler or persistence engine not found
exit 255
$ -A -t 10.9.1.49:80 -s rr -b flag-1,flag-2,flag-3
$ -A -t 10.9.1.50:80 -s fo -b flag-3
$ -A -t 10.9.1.51:80 -s dh -b flag-2
$ -A -t 10.9.1.52:80 -s mh -b sh-port
incompatible scheduler flag \`sh-port'
exit 2
$ -A -t 10.9.1.53:80 -s sh -b sh-fallback -p 5
$ -A -t 10.9.1.54:80 -s mh -b mh-fallback,mh-port -p
$ -A -t 10.9.1.55:80 -p 2678400
$ -A -t 10.9.1.56:80 -p 2678401
invalid timeout value \`2678401' specified
exit 2
$ -A -t 10.9.1.57:80 -p 1
$ -A -t 10.9.1.58:80 -p 0
invalid timeout value \`0' specified
exit 2
$ -A -f 2147483647
$ -A -f 2147483647
Service already exists
exit 255
$ -A -f 1 -t 10.9.1.61:80
multiple 'service-address' options specified
exit 2
$ -E -f 2147483647 -s fo -p 5 -M 255.0.255.0 -o
$ -E -f 2147483647 -6
No such service
exit 255
$ -E -t 10.9.1.64:80
No such service
exit 255
$ -E -t 0.0.0.0:80 -s nosuch
Scheduler or persistence engine not found
exit 255
$ -E -t 0.0.0.0:80 --pe nosuch
Scheduler or persistence engine not found
exit 255
$ -E -t 0.0.0.0:80 --pe sip
$ -D -f 2147483647 -6
No such service
exit 255
$ -D -f 2147483647
$ -Z
$ -Z -f 2147483647
No such service
exit 255
$ -Z -f 1 -6
$ -Z -t 0.0.0.0:80
$ -Z --sctp-service 10.9.1.74:80
No such service
exit 255
$ -L -f 2147483647
No such service
exit 1
$ -L -f 1 -6
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
FWM  1 IPv6 wlc
$ -L --sctp-service 10.9.1.77:80
No such service
exit 1
$ -d -f 99 -r 10.1.0.1
Service not defined
exit 255
$ -e -f 99 -r 10.1.0.1
Service not defined
exit 255
$ -a -f 99 -r 10.1.0.1
Service not defined
exit 255
$ -Sn
-A -t 255.255.255.255:80 -s wlc
-A -t 0.0.0.0:80 -s wlc --pe sip
-A -t 10.9.1.10:80 -s wlc
-A -t 10.9.1.11:80 -s wlc
-A -t 10.9.1.33:80 -s rr
-A -t 10.9.1.34:80 -s wrr
-A -t 10.9.1.35:80 -s lc
-A -t 10.9.1.36:80 -s wlc
-A -t 10.9.1.37:80 -s lblc
-A -t 10.9.1.38:80 -s lblcr
-A -t 10.9.1.39:80 -s dh
-A -t 10.9.1.40:80 -s sh
-A -t 10.9.1.41:80 -s mh
-A -t 10.9.1.42:80 -s sed
-A -t 10.9.1.43:80 -s nq
-A -t 10.9.1.44:80 -s fo
-A -t 10.9.1.45:80 -s ovf
-A -t 10.9.1.49:80 -s rr -b flag-1,flag-2,flag-3
-A -t 10.9.1.50:80 -s fo -b flag-3
-A -t 10.9.1.51:80 -s dh -b flag-2
-A -t 10.9.1.53:80 -s sh -p 5 -b sh-fallback
-A -t 10.9.1.54:80 -s mh -p 360 -b mh-fallback,mh-port
-A -t 10.9.1.55:80 -s wlc -p 2678400
-A -t 10.9.1.57:80 -s wlc -p 1
-A -u 10.9.1.12:5060 -s wlc --pe sip -o
-A -u 10.9.1.13:5060 -s sh -p 7 -M 255.255.0.0 --pe sip -o -b sh-fallback,sh-port
-A -u 10.9.1.23:0 -s wlc -p 360
-A -u 10.9.1.24:0 -s wlc -p 360 -o
-A --sctp-service 10.9.1.16:0 -s wlc -p 360
-A --sctp-service 10.9.1.17:0 -s wlc -p 5
-A --sctp-service 10.9.1.19:5 -s wrr
-A --sctp-service 10.9.1.22:5 -s wlc -p 360 --pe sip
-A -t [fd09::27]:0 -s wlc -p 9
-A -t [fd09::29]:0 -s wlc -p 360
-A -t [::]:80 -s wlc
-A -u [fd09::15]:5060 -s wlc -p 7 -M 64 --pe sip
-A --sctp-service [fd09::20]:5 -s mh -b mh-port
-A -f 1 -6 -s wlc
-A -f 2 -6 -s wlc -p 3
-A -f 4 -s wlc -o
-A -f 5 -6 -s wlc -p 360 -o
-A -f 6 -s wlc -p 10 --pe sip
-A -f 7 -s wlc --pe sip
$ -Ln
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  255.255.255.255:80 wlc
TCP  0.0.0.0:80 wlc
TCP  10.9.1.10:80 wlc
TCP  10.9.1.11:80 wlc
TCP  10.9.1.33:80 rr
TCP  10.9.1.34:80 wrr
TCP  10.9.1.35:80 lc
TCP  10.9.1.36:80 wlc
TCP  10.9.1.37:80 lblc
TCP  10.9.1.38:80 lblcr
TCP  10.9.1.39:80 dh
TCP  10.9.1.40:80 sh
TCP  10.9.1.41:80 mh
TCP  10.9.1.42:80 sed
TCP  10.9.1.43:80 nq
TCP  10.9.1.44:80 fo
TCP  10.9.1.45:80 ovf
TCP  10.9.1.49:80 rr (flag-1,flag-2,flag-3)
TCP  10.9.1.50:80 fo (flag-3)
TCP  10.9.1.51:80 dh (flag-2)
TCP  10.9.1.53:80 sh (sh-fallback) persistent 5
TCP  10.9.1.54:80 mh (mh-fallback,mh-port) persistent 360
TCP  10.9.1.55:80 wlc persistent 2678400
TCP  10.9.1.57:80 wlc persistent 1
UDP  10.9.1.12:5060 wlc ops
UDP  10.9.1.13:5060 sh (sh-fallback,sh-port) persistent 7 mask 255.255.0.0 pe sip ops
UDP  10.9.1.23:0 wlc persistent 360
UDP  10.9.1.24:0 wlc persistent 360 ops
SCTP 10.9.1.16:0 wlc persistent 360
SCTP 10.9.1.17:0 wlc persistent 5
SCTP 10.9.1.19:5 wrr
SCTP 10.9.1.22:5 wlc persistent 360 pe sip
TCP  [fd09::27]:0 wlc persistent 9
TCP  [fd09::29]:0 wlc persistent 360
TCP  [::]:80 wlc
UDP  [fd09::15]:5060 wlc persistent 7 mask 64 pe sip
SCTP [fd09::20]:5 mh (mh-port)
FWM  1 IPv6 wlc
FWM  2 IPv6 wlc persistent 3
FWM  4 wlc ops
FWM  5 IPv6 wlc persistent 360 ops
FWM  6 wlc persistent 10 pe sip
FWM  7 wlc
`;
