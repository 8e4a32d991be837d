/** Commands without a service, and lists that are not of services. What ipvsadm 1.31 answered on a Linux kernel with IPVS. */
export const TRANSCRIPT = `$ -C
$ --set 0 0 0
$ --set 1 2 2678400
$ -L --timeout
Timeout (tcp tcpfin udp): 1 2 2678400
$ --set 0 5 0
$ -L --timeout -n
Timeout (tcp tcpfin udp): 1 5 2678400
$ -L --timeout -X
Timeout (tcp tcpfin udp): 1 5 2678400
$ -L --timeout --nosort
Timeout (tcp tcpfin udp): 1 5 2678400
$ -L --timeout --sort
Timeout (tcp tcpfin udp): 1 5 2678400
$ -L --timeout --tun-info
Timeout (tcp tcpfin udp): 1 5 2678400
$ -L --timeout --syncid 1
Timeout (tcp tcpfin udp): 1 5 2678400
$ -L --timeout --thresholds
options conflicts in the list command
exit 2
$ -L --timeout --persistent-conn
options conflicts in the list command
exit 2
$ --set 1 2 2678401
invalid timeout value \`2678401' specified
exit 2
$ --set 900 120 300 --timeout
Illegal 'timeout' option with the 'set' command
exit 2
$ --set 900 120
--set option requires 3 timeout values
exit 2
$ --set 900 120 300 1
unexpected argument 1
exit 2
$ --set 900 120 300
$ --stop-daemon master
No daemon is running
exit 255
$ --stop-daemon backup
No daemon is running
exit 255
$ --stop-daemon=backup
No daemon is running
exit 255
$ --stop-daemon master --syncid 3
No daemon is running
exit 255
$ --stop-daemon backup --syncid 256
illegal syncid specified
exit 2
$ --stop-daemon master --mcast-port 3
Illegal 'mcast-port' option with the 'stop-daemon' command
exit 2
$ --stop-daemon master -n
Illegal 'numeric' option with the 'stop-daemon' command
exit 2
$ --stop-daemon both
illegal start_daemon specified
exit 2
$ --start-daemon both
illegal start-daemon parameter specified
exit 2
$ --start-daemon master --syncid 256
illegal syncid specified
exit 2
$ --start-daemon backup --mcast-ttl 0
illegal mcast-ttl specified
exit 2
$ --start-daemon backup --sync-maxlen 65508
illegal sync-maxlen specified
exit 2
$ --start-daemon master --mcast-group 10.0.0.1
invalid IPv4 mcast-group \`10.0.0.1'
exit 2
$ --start-daemon master -t 10.9.0.1:80
Illegal 'service-address' option with the 'start-daemon' command
exit 2
$ -L --daemon
$ -L --daemon -n
$ -L --daemon -X
$ -L --daemon --nosort
$ -L --daemon --sort
$ -L --daemon --tun-info
$ -L --daemon --syncid 3
$ -L --daemon --thresholds
options conflicts in the list command
exit 2
$ -L --daemon --stats
options conflicts in the list command
exit 2
$ -L --daemon --persistent-conn
options conflicts in the list command
exit 2
$ -L -c
IPVS connection entries
pro expire state       source             virtual            destination
$ -Lc --nosort
IPVS connection entries
pro expire state       source             virtual            destination
$ -Lnc
IPVS connection entries
pro expire state       source             virtual            destination
$ -Lnc --sort
IPVS connection entries
pro expire state       source             virtual            destination
$ -Lnc -X
IPVS connection entries
pro expire state       source             virtual            destination
$ -Lnc --tun-info
IPVS connection entries
pro expire state       source             virtual            destination
$ -Lnc --persistent-conn
IPVS connection entries
pro expire state       source             virtual            destination        pe name          pe_data
$ -Lnc --persistent-conn --tun-info
IPVS connection entries
pro expire state       source             virtual            destination        pe name          pe_data
$ -Lnc --syncid 1
IPVS connection entries
pro expire state       source             virtual            destination
$ -Lnc --stats
options conflicts in the list command
exit 2
$ -Lnc --rate --persistent-conn
options conflicts in the list command
exit 2
$ -Lnc --thresholds
options conflicts in the list command
exit 2
$ -Lnc --timeout
The option 'timeout' conflicts with the 'connection' option in the 'list' command
exit 2
$ -Lnc -f 7
The option 'service-address' conflicts with the 'connection' option in the 'list' command
exit 2
$ -Lnc -r 10.1.0.1
Illegal 'real-server' option with the 'list' command
exit 2
$ -Ln --syncid 1
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
$ -Ln --sort --nosort
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
$ -Ln --nosort --sort
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
$ -Ln --sort --sort
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
$ -Ln --tun-info --stats
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes
  -> RemoteAddress:Port
$ -Ln --tun-info --rate
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port                 CPS    InPPS   OutPPS    InBPS   OutBPS
  -> RemoteAddress:Port
$ -Ln --tun-info --thresholds
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn 
  -> RemoteAddress:Port
$ -Ln --tun-info --persistent-conn
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port            Weight    PersistConn ActiveConn InActConn 
  -> RemoteAddress:Port
$ -Ln --tun-info -X
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward TunnelInfo    Weight ActiveConn InActConn
$ -l --tun-info -n
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward TunnelInfo    Weight ActiveConn InActConn
$ -L --tun-info --tun-info
multiple 'tun-info' options specified
exit 2
$ -S --tun-info
Illegal 'tun-info' option with the 'save' command
exit 2
$ -Sn -f 7
Illegal 'service-address' option with the 'save' command
exit 2
`;
