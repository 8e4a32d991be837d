"""What no program of Node.js can send, to an IPv4 and an IPv6 address, in one process: IPV4 IPV6 PORT COUNT BYTES.

Prints the answer to a datagram without a checksum, which only IPv4 has, and how many came back of COUNT datagrams of
BYTES that are handed to the kernel in one call, for each address.
"""

import sys

from udp_segmented import segmented
from udp_without_checksum import without_checksum

ipv4, ipv6 = sys.argv[1:3]
port, count, size = map(int, sys.argv[3:])
print(without_checksum(ipv4, port, "none"), segmented(ipv4, port, count, size), segmented(ipv6, port, count, size))
