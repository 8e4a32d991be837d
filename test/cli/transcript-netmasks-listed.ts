/** The services of transcript-netmasks.ts, saved and listed directly after they were made. */
export const TRANSCRIPT = `$ -Sn
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
