/** Thresholds. What ipvsadm 1.31 answered on a Linux kernel with IPVS. */
export const TRANSCRIPT = `$ -C
$ -A -t 10.9.0.1:80 -s rr
$ -a -t 10.9.0.1:80 -r 10.1.0.11 -m -x 10
$ -a -t 10.9.0.1:80 -r 10.1.0.12 -m -y 10
Numerical result out of range
exit 255
$ -a -t 10.9.0.1:80 -r 10.1.0.13 -m -x 10 -y 10
$ -a -t 10.9.0.1:80 -r 10.1.0.14 -m -x 10 -y 11
Numerical result out of range
exit 255
$ -a -t 10.9.0.1:80 -r 10.1.0.15 -m -x 0 -y 0
$ -a -t 10.9.0.1:80 -r 10.1.0.16 -m -x 0 -y 1
Numerical result out of range
exit 255
$ -a -t 10.9.0.1:80 -r 10.1.0.17 -m -x 2147483647 -y 2147483647
$ -a -t 10.9.0.1:80 -r 10.1.0.18 -m -x 2147483648
illegal u_threshold specified
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.19 -m -x +4
$ -a -t 10.9.0.1:80 -r 10.1.0.20 -m -x 4294967295
illegal u_threshold specified
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.21 -m -x10 -y5
$ -a -t 10.9.0.1:80 -r 10.1.0.22 -m -x=10 -y=5
$ -a -t 10.9.0.1:80 -r 10.1.0.23 -m -x -1
illegal u_threshold specified
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.24 -m -y=-1
illegal l_threshold specified
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.25 -m -x 5x
illegal u_threshold specified
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.26 -m -x 5 -x 6
multiple 'u-threshold' options specified
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.27 -m -y 1 -y 1
multiple 'l-threshold' options specified
exit 2
$ -a -t 10.9.0.1:80 -r 10.1.0.28 -m --u-threshold 7 --l-threshold 3
$ -a -t 10.9.0.1:80 -r 10.1.0.29 -m --u-threshold=7
$ -a -t 10.9.0.1:80 -r 10.1.0.30 -m --l-threshold
--l-threshold: missing argument
exit 255
$ -a -t 10.9.0.1:80 -r 10.1.0.31 -i -x 10 -y 5 --tun-type gue --tun-port 5 --tun-csum
$ -a -t 10.9.0.1:80 -r 10.1.0.32 -g -x 10
$ -Ln --thresholds
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn 
  -> RemoteAddress:Port
TCP  10.9.0.1:80 rr
  -> 10.1.0.11:80                 10         0          0          0         
  -> 10.1.0.13:80                 10         10         0          0         
  -> 10.1.0.15:80                 0          0          0          0         
  -> 10.1.0.17:80                 2147483647 2147483647 0          0         
  -> 10.1.0.19:80                 4          0          0          0         
  -> 10.1.0.21:80                 10         5          0          0         
  -> 10.1.0.22:80                 10         5          0          0         
  -> 10.1.0.28:80                 7          3          0          0         
  -> 10.1.0.29:80                 7          0          0          0         
  -> 10.1.0.31:80                 10         5          0          0         
  -> 10.1.0.32:80                 10         0          0          0         
$ -Ln --persistent-conn --thresholds
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn 
  -> RemoteAddress:Port
TCP  10.9.0.1:80 rr
  -> 10.1.0.11:80                 10         0          0          0         
  -> 10.1.0.13:80                 10         10         0          0         
  -> 10.1.0.15:80                 0          0          0          0         
  -> 10.1.0.17:80                 2147483647 2147483647 0          0         
  -> 10.1.0.19:80                 4          0          0          0         
  -> 10.1.0.21:80                 10         5          0          0         
  -> 10.1.0.22:80                 10         5          0          0         
  -> 10.1.0.28:80                 7          3          0          0         
  -> 10.1.0.29:80                 7          0          0          0         
  -> 10.1.0.31:80                 10         5          0          0         
  -> 10.1.0.32:80                 10         0          0          0         
$ -Sn
-A -t 10.9.0.1:80 -s rr
-a -t 10.9.0.1:80 -r 10.1.0.11:80 -m -w 1
-a -t 10.9.0.1:80 -r 10.1.0.13:80 -m -w 1
-a -t 10.9.0.1:80 -r 10.1.0.15:80 -m -w 1
-a -t 10.9.0.1:80 -r 10.1.0.17:80 -m -w 1
-a -t 10.9.0.1:80 -r 10.1.0.19:80 -m -w 1
-a -t 10.9.0.1:80 -r 10.1.0.21:80 -m -w 1
-a -t 10.9.0.1:80 -r 10.1.0.22:80 -m -w 1
-a -t 10.9.0.1:80 -r 10.1.0.28:80 -m -w 1
-a -t 10.9.0.1:80 -r 10.1.0.29:80 -m -w 1
-a -t 10.9.0.1:80 -r 10.1.0.31:80 -i -w 1 --tun-type gue --tun-port 5 --tun-csum
-a -t 10.9.0.1:80 -r 10.1.0.32:80 -g -w 1
`;
