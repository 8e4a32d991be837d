/**
 * Netmasks of persistent services, given before and after the service and its family. What ipvsadm 1.31 answered on a Linux
 * kernel with IPVS; transcript-netmasks-listed.ts goes on with what came of them.
 */
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
`;
