/** Netmasks of persistent services, given before and after the service and its family. What ipvsadm 1.31 answered on a Linux kernel with IPVS. */
export const TRANSCRIPT = `$ -C
$ -A -t 10.9.1.1:80 -p -M 255.0.255.0
$ -A -f 2 -M 255.0.255.0 -p 30
$ -A -f 3 -6 -p -M 255.0.255.0
illegal ipv6 netmask specified
exit 2
$ -A -f 4 -p -M 255.0.255.0 -6
$ -A -M 255.0.255.0 -p -f 5 -6
$ -A -t [fd09::6]:80 -p -M 255.0.255.0
illegal ipv6 netmask specified
exit 2
$ -A -M 255.0.255.0 -t [fd09::7]:80 -p
$ -A -t 10.9.1.8:80 -p -M 24
$ -A -f 9 -M 24 -p 30
$ -A -f 10 -6 -p -M 24
$ -A -f 11 -p -M 24 -6
$ -A -M 24 -p -f 12 -6
$ -A -t [fd09::13]:80 -p -M 24
$ -A -M 24 -t [fd09::14]:80 -p
$ -A -t 10.9.1.15:80 -p -M 64
$ -A -f 16 -M 64 -p 30
$ -A -f 17 -6 -p -M 64
$ -A -f 18 -p -M 64 -6
$ -A -M 64 -p -f 19 -6
$ -A -t [fd09::20]:80 -p -M 64
$ -A -M 64 -t [fd09::21]:80 -p
$ -A -t 10.9.1.22:80 -p -M 0
$ -A -f 23 -M 0 -p 30
$ -A -f 24 -6 -p -M 0
illegal ipv6 netmask specified
exit 2
$ -A -f 25 -p -M 0 -6
$ -A -M 0 -p -f 26 -6
$ -A -t [fd09::27]:80 -p -M 0
illegal ipv6 netmask specified
exit 2
$ -A -M 0 -t [fd09::28]:80 -p
$ -A -t 10.9.1.29:80 -p -M 0.0.0.255
$ -A -f 30 -M 0.0.0.255 -p 30
$ -A -f 31 -6 -p -M 0.0.0.255
illegal ipv6 netmask specified
exit 2
$ -A -f 32 -p -M 0.0.0.255 -6
$ -A -M 0.0.0.255 -p -f 33 -6
$ -A -t [fd09::34]:80 -p -M 0.0.0.255
illegal ipv6 netmask specified
exit 2
$ -A -M 0.0.0.255 -t [fd09::35]:80 -p
$ -A -t 10.9.1.36:80 -p -M 0xff00ff00
$ -A -f 37 -M 0xff00ff00 -p 30
$ -A -f 38 -6 -p -M 0xff00ff00
illegal ipv6 netmask specified
exit 2
$ -A -f 39 -p -M 0xff00ff00 -6
$ -A -M 0xff00ff00 -p -f 40 -6
$ -A -t [fd09::41]:80 -p -M 0xff00ff00
illegal ipv6 netmask specified
exit 2
$ -A -M 0xff00ff00 -t [fd09::42]:80 -p
$ -A -t 10.9.1.43:80 -p -M 255.255.255.255
$ -A -f 44 -M 255.255.255.255 -p 30
$ -A -f 45 -6 -p -M 255.255.255.255
illegal ipv6 netmask specified
exit 2
$ -A -f 46 -p -M 255.255.255.255 -6
$ -A -M 255.255.255.255 -p -f 47 -6
$ -A -t [fd09::48]:80 -p -M 255.255.255.255
illegal ipv6 netmask specified
exit 2
$ -A -M 255.255.255.255 -t [fd09::49]:80 -p
$ -A -t 10.9.1.50:80 -p -M -1
illegal virtual server persistent mask specified
exit 2
$ -A -f 51 -M -1 -p 30
illegal virtual server persistent mask specified
exit 2
$ -A -f 52 -6 -p -M -1
illegal ipv6 netmask specified
exit 2
$ -A -f 53 -p -M -1 -6
illegal virtual server persistent mask specified
exit 2
$ -A -M -1 -p -f 54 -6
illegal virtual server persistent mask specified
exit 2
$ -A -t [fd09::55]:80 -p -M -1
illegal ipv6 netmask specified
exit 2
$ -A -M -1 -t [fd09::56]:80 -p
illegal virtual server persistent mask specified
exit 2
$ -A -t 10.9.1.57:80 -p -M 255.255.255.256
illegal virtual server persistent mask specified
exit 2
$ -A -f 58 -M 255.255.255.256 -p 30
illegal virtual server persistent mask specified
exit 2
$ -A -f 59 -6 -p -M 255.255.255.256
illegal ipv6 netmask specified
exit 2
$ -A -f 60 -p -M 255.255.255.256 -6
illegal virtual server persistent mask specified
exit 2
$ -A -M 255.255.255.256 -p -f 61 -6
illegal virtual server persistent mask specified
exit 2
$ -A -t [fd09::62]:80 -p -M 255.255.255.256
illegal ipv6 netmask specified
exit 2
$ -A -M 255.255.255.256 -t [fd09::63]:80 -p
illegal virtual server persistent mask specified
exit 2
$ -A -t 10.9.1.64:80 -p -M 255.255.255.0x
illegal virtual server persistent mask specified
exit 2
$ -A -f 65 -M 255.255.255.0x -p 30
illegal virtual server persistent mask specified
exit 2
$ -A -f 66 -6 -p -M 255.255.255.0x
illegal ipv6 netmask specified
exit 2
$ -A -f 67 -p -M 255.255.255.0x -6
illegal virtual server persistent mask specified
exit 2
$ -A -M 255.255.255.0x -p -f 68 -6
illegal virtual server persistent mask specified
exit 2
$ -A -t [fd09::69]:80 -p -M 255.255.255.0x
illegal ipv6 netmask specified
exit 2
$ -A -M 255.255.255.0x -t [fd09::70]:80 -p
illegal virtual server persistent mask specified
exit 2
$ -A -t 10.9.1.71:80 -p -M localhost
$ -A -f 72 -M localhost -p 30
$ -A -f 73 -6 -p -M localhost
illegal ipv6 netmask specified
exit 2
$ -A -f 74 -p -M localhost -6
$ -A -M localhost -p -f 75 -6
$ -A -t [fd09::76]:80 -p -M localhost
illegal ipv6 netmask specified
exit 2
$ -A -M localhost -t [fd09::77]:80 -p
$ -A -t 10.9.1.78:80 -p -M /24
illegal virtual server persistent mask specified
exit 2
$ -A -f 79 -M /24 -p 30
illegal virtual server persistent mask specified
exit 2
$ -A -f 80 -6 -p -M /24
illegal ipv6 netmask specified
exit 2
$ -A -f 81 -p -M /24 -6
illegal virtual server persistent mask specified
exit 2
$ -A -M /24 -p -f 82 -6
illegal virtual server persistent mask specified
exit 2
$ -A -t [fd09::83]:80 -p -M /24
illegal ipv6 netmask specified
exit 2
$ -A -M /24 -t [fd09::84]:80 -p
illegal virtual server persistent mask specified
exit 2
$ -A -t 10.9.1.85:80 -p -M 128
$ -A -f 86 -M 128 -p 30
$ -A -f 87 -6 -p -M 128
$ -A -f 88 -p -M 128 -6
$ -A -M 128 -p -f 89 -6
$ -A -t [fd09::90]:80 -p -M 128
$ -A -M 128 -t [fd09::91]:80 -p
$ -A -t 10.9.1.92:80 -p -M 129
$ -A -f 93 -M 129 -p 30
$ -A -f 94 -6 -p -M 129
illegal ipv6 netmask specified
exit 2
$ -A -f 95 -p -M 129 -6
$ -A -M 129 -p -f 96 -6
$ -A -t [fd09::97]:80 -p -M 129
illegal ipv6 netmask specified
exit 2
$ -A -M 129 -t [fd09::98]:80 -p
$ -Sn
-A -t 10.9.1.1:80 -s wlc -p 360 -M 255.0.255.0
-A -t 10.9.1.8:80 -s wlc -p 360 -M 0.0.0.24
-A -t 10.9.1.15:80 -s wlc -p 360 -M 0.0.0.64
-A -t 10.9.1.22:80 -s wlc -p 360 -M 0.0.0.0
-A -t 10.9.1.29:80 -s wlc -p 360 -M 0.0.0.255
-A -t 10.9.1.36:80 -s wlc -p 360 -M 255.0.255.0
-A -t 10.9.1.43:80 -s wlc -p 360
-A -t 10.9.1.71:80 -s wlc -p 360 -M 127.0.0.1
-A -t 10.9.1.85:80 -s wlc -p 360 -M 0.0.0.128
-A -t 10.9.1.92:80 -s wlc -p 360 -M 0.0.0.129
-A -t [fd09::7]:80 -s wlc -p 360
-A -t [fd09::13]:80 -s wlc -p 360 -M 24
-A -t [fd09::14]:80 -s wlc -p 360
-A -t [fd09::20]:80 -s wlc -p 360 -M 64
-A -t [fd09::21]:80 -s wlc -p 360
-A -t [fd09::28]:80 -s wlc -p 360
-A -t [fd09::35]:80 -s wlc -p 360
-A -t [fd09::42]:80 -s wlc -p 360
-A -t [fd09::49]:80 -s wlc -p 360
-A -t [fd09::77]:80 -s wlc -p 360
-A -t [fd09::90]:80 -s wlc -p 360
-A -t [fd09::91]:80 -s wlc -p 360
-A -t [fd09::98]:80 -s wlc -p 360
-A -f 2 -s wlc -p 30 -M 255.0.255.0
-A -f 4 -6 -s wlc -p 360
-A -f 5 -6 -s wlc -p 360
-A -f 9 -s wlc -p 30 -M 0.0.0.24
-A -f 10 -6 -s wlc -p 360 -M 24
-A -f 11 -6 -s wlc -p 360
-A -f 12 -6 -s wlc -p 360
-A -f 16 -s wlc -p 30 -M 0.0.0.64
-A -f 17 -6 -s wlc -p 360 -M 64
-A -f 18 -6 -s wlc -p 360
-A -f 19 -6 -s wlc -p 360
-A -f 23 -s wlc -p 30 -M 0.0.0.0
-A -f 25 -6 -s wlc -p 360
-A -f 26 -6 -s wlc -p 360
-A -f 30 -s wlc -p 30 -M 0.0.0.255
-A -f 32 -6 -s wlc -p 360
-A -f 33 -6 -s wlc -p 360
-A -f 37 -s wlc -p 30 -M 255.0.255.0
-A -f 39 -6 -s wlc -p 360
-A -f 40 -6 -s wlc -p 360
-A -f 44 -s wlc -p 30
-A -f 46 -6 -s wlc -p 360
-A -f 47 -6 -s wlc -p 360
-A -f 72 -s wlc -p 30 -M 127.0.0.1
-A -f 74 -6 -s wlc -p 360
-A -f 75 -6 -s wlc -p 360
-A -f 86 -s wlc -p 30 -M 0.0.0.128
-A -f 87 -6 -s wlc -p 360
-A -f 88 -6 -s wlc -p 360
-A -f 89 -6 -s wlc -p 360
-A -f 93 -s wlc -p 30 -M 0.0.0.129
-A -f 95 -6 -s wlc -p 360
-A -f 96 -6 -s wlc -p 360
$ -Ln
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  10.9.1.1:80 wlc persistent 360 mask 255.0.255.0
TCP  10.9.1.8:80 wlc persistent 360 mask 0.0.0.24
TCP  10.9.1.15:80 wlc persistent 360 mask 0.0.0.64
TCP  10.9.1.22:80 wlc persistent 360 mask 0.0.0.0
TCP  10.9.1.29:80 wlc persistent 360 mask 0.0.0.255
TCP  10.9.1.36:80 wlc persistent 360 mask 255.0.255.0
TCP  10.9.1.43:80 wlc persistent 360
TCP  10.9.1.71:80 wlc persistent 360 mask 127.0.0.1
TCP  10.9.1.85:80 wlc persistent 360 mask 0.0.0.128
TCP  10.9.1.92:80 wlc persistent 360 mask 0.0.0.129
TCP  [fd09::7]:80 wlc persistent 360
TCP  [fd09::13]:80 wlc persistent 360 mask 24
TCP  [fd09::14]:80 wlc persistent 360
TCP  [fd09::20]:80 wlc persistent 360 mask 64
TCP  [fd09::21]:80 wlc persistent 360
TCP  [fd09::28]:80 wlc persistent 360
TCP  [fd09::35]:80 wlc persistent 360
TCP  [fd09::42]:80 wlc persistent 360
TCP  [fd09::49]:80 wlc persistent 360
TCP  [fd09::77]:80 wlc persistent 360
TCP  [fd09::90]:80 wlc persistent 360
TCP  [fd09::91]:80 wlc persistent 360
TCP  [fd09::98]:80 wlc persistent 360
FWM  2 wlc persistent 30 mask 255.0.255.0
FWM  4 IPv6 wlc persistent 360
FWM  5 IPv6 wlc persistent 360
FWM  9 wlc persistent 30 mask 0.0.0.24
FWM  10 IPv6 wlc persistent 360 mask 24
FWM  11 IPv6 wlc persistent 360
FWM  12 IPv6 wlc persistent 360
FWM  16 wlc persistent 30 mask 0.0.0.64
FWM  17 IPv6 wlc persistent 360 mask 64
FWM  18 IPv6 wlc persistent 360
FWM  19 IPv6 wlc persistent 360
FWM  23 wlc persistent 30 mask 0.0.0.0
FWM  25 IPv6 wlc persistent 360
FWM  26 IPv6 wlc persistent 360
FWM  30 wlc persistent 30 mask 0.0.0.255
FWM  32 IPv6 wlc persistent 360
FWM  33 IPv6 wlc persistent 360
FWM  37 wlc persistent 30 mask 255.0.255.0
FWM  39 IPv6 wlc persistent 360
FWM  40 IPv6 wlc persistent 360
FWM  44 wlc persistent 30
FWM  46 IPv6 wlc persistent 360
FWM  47 IPv6 wlc persistent 360
FWM  72 wlc persistent 30 mask 127.0.0.1
FWM  74 IPv6 wlc persistent 360
FWM  75 IPv6 wlc persistent 360
FWM  86 wlc persistent 30 mask 0.0.0.128
FWM  87 IPv6 wlc persistent 360
FWM  88 IPv6 wlc persistent 360
FWM  89 IPv6 wlc persistent 360
FWM  93 wlc persistent 30 mask 0.0.0.129
FWM  95 IPv6 wlc persistent 360
FWM  96 IPv6 wlc persistent 360
`;
