/** What `-h` and `-v` print: ipvsadm's own text, which scripts look into, with the program's name in it. */

/** The line of `-v`. The version is that of the ipvsadm that is mirrored. */
export function versionText(program: string): string {
  return `${program} v1.31 2019/12/24 (compiled with popt and IPVS v1.2.1)\n`;
}

/** What `-h` prints. */
export function helpText(program: string): string {
  return `${versionText(program)}Usage:
  ${program} -A|E virtual-service [-s scheduler] [-p [timeout]] [-M netmask] [--pe persistence_engine] [-b sched-flags]
  ${program} -D virtual-service
  ${program} -C
  ${program} -R
  ${program} -S [-n]
  ${program} -a|e virtual-service -r server-address [options]
  ${program} -d virtual-service -r server-address
  ${program} -L|l [virtual-service] [options]
  ${program} -Z [virtual-service]
  ${program} --set tcp tcpfin udp
  ${program} --start-daemon {master|backup} [daemon-options]
  ${program} --stop-daemon {master|backup}
  ${program} -h

Commands:
Either long or short options are allowed.
  --add-service     -A        add virtual service with options
  --edit-service    -E        edit virtual service with options
  --delete-service  -D        delete virtual service
  --clear           -C        clear the whole table
  --restore         -R        restore rules from stdin
  --save            -S        save rules to stdout
  --add-server      -a        add real server with options
  --edit-server     -e        edit real server with options
  --delete-server   -d        delete real server
  --list            -L|-l     list the table
  --zero            -Z        zero counters in a service or all services
  --set tcp tcpfin udp        set connection timeout values
  --start-daemon              start connection sync daemon
  --stop-daemon               stop connection sync daemon
  --help            -h        display this help message

virtual-service:
  --tcp-service|-t  service-address   service-address is host[:port]
  --udp-service|-u  service-address   service-address is host[:port]
  --sctp-service    service-address   service-address is host[:port]
  --fwmark-service|-f fwmark          fwmark is an integer greater than zero

Options:
  --ipv6         -6                   fwmark entry uses IPv6
  --scheduler    -s scheduler         one of rr|wrr|lc|wlc|lblc|lblcr|dh|sh|sed|nq|fo|ovf|mh,
                                      the default scheduler is wlc.
  --pe            engine              alternate persistence engine may be sip,
                                      not set by default.
  --persistent   -p [timeout]         persistent service
  --netmask      -M netmask           persistent granularity mask
  --real-server  -r server-address    server-address is host (and port)
  --gatewaying   -g                   gatewaying (direct routing) (default)
  --ipip         -i                   ipip encapsulation (tunneling)
  --masquerading -m                   masquerading (NAT)
  --tun-type      type                one of ipip|gue|gre,
                                      the default tunnel type is ipip.
  --tun-port      port                tunnel destination port
  --tun-nocsum                        tunnel encapsulation without checksum
  --tun-csum                          tunnel encapsulation with checksum
  --tun-remcsum                       tunnel encapsulation with remote checksum
  --weight       -w weight            capacity of real server
  --u-threshold  -x uthreshold        upper threshold of connections
  --l-threshold  -y lthreshold        lower threshold of connections
  --connection   -c                   output of current IPVS connections
  --timeout                           output of timeout (tcp tcpfin udp)
  --daemon                            output of daemon information
  --stats                             output of statistics information
  --rate                              output of rate information
  --exact                             expand numbers (display exact values)
  --thresholds                        output of thresholds information
  --persistent-conn                   output of persistent connection info
  --tun-info                          output of tunnel information
  --nosort                            disable sorting output of service/server entries
  --sort                              does nothing, for backwards compatibility
  --ops          -o                   one-packet scheduling
  --numeric      -n                   numeric output of addresses and ports
  --sched-flags  -b flags             scheduler flags (comma-separated)
Daemon Options:
  --syncid sid                        syncid for connection sync (default=255)
  --sync-maxlen length                Max sync message length (default=1472)
  --mcast-interface interface         multicast interface for connection sync
  --mcast-group address               IPv4/IPv6 group (default=224.0.0.81)
  --mcast-port port                   UDP port (default=8848)
  --mcast-ttl ttl                     Multicast TTL (default=1)
`;
}

/** What `--uipvs-help` prints: the options that ipvsadm does not have. */
export function ownHelpText(program: string): string {
  return `${program} takes the options of ipvsadm, which ${program} -h tells, and these of uipvs:
  --socket PATH                       where uipvsd listens; UIPVS_SOCKET says it too
                                      (default=/run/uipvs/uipvsd.sock). It may stand anywhere.
  -R|--restore --atomic               restore all lines of stdin or none of them: where one is refused
                                      nothing is changed. A first line -C replaces the whole table.
  -A|E virtual-service --masquerade all
                                      full NAT: real servers see an address of the director's, which
                                      therefore need not be their route to the clients
  -A|E virtual-service --masquerade except CIDR[,CIDR...]
                                      the same, but clients inside the CIDRs, up to 8, keep their address
  -A|E virtual-service --client-address toa|proxy
                                      tell real servers the client's address: by TCP option 254 (TOA), or by
                                      PROXY protocol version 2 in front of the data; TCP only
  --drops [--exact]                   packets by verdict, dropped and refused ones by reason; --exact prints
                                      reasons without packets too, and large numbers in full
  --sysctl                            list all settings of net.ipv4.vs
  --sysctl NAME                       list one; NAME may have net.ipv4.vs. in front
  --sysctl NAME=VALUE                 set one
  --uipvs-help                        display this help message
`;
}

/**
 * What the command line prints that consists of -v or -h only, else undefined. Scripts ask for the version often:
 * this spares them the loading of the rest of the program.
 */
export function soleText(words: readonly string[], program: string): string | undefined {
  if (words.length !== 1) return undefined;
  if (words[0] === '-v' || words[0] === '--version') return versionText(program);
  return words[0] === '-h' || words[0] === '--help' ? helpText(program) : undefined;
}
