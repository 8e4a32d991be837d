"""Sends packets out of a device to a neighbour: DEVICE MAC. Needs Debian's python3, which has its scapy.

Each line of standard input is an expression of scapy's for a packet, or a list of packets, from IP upwards; all are made, then
sent in their order. Prints how many. Beside scapy's own words there is cut(), which makes fragments.
"""

import sys

from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption, IPOption_LSRR, IPOption_RR, IPOption_Router_Alert
from scapy.layers.inet import IPOption_SSRR
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from scapy.sendrecv import sendp


def cut(packet, *spans):
    """A fragment for each span of what the packet has behind its IP header: (begin, end), in units of 8 bytes, and optionally a
    byte to fill it with instead. The last span of the packet may end behind it."""
    is_ipv4 = packet.version == 4
    whole = bytes(packet)
    number, payload = (whole[9], whole[20:]) if is_ipv4 else (whole[6], whole[40:])
    fragments = []
    for begin, end, *fill in spans:
        content = payload[begin * 8:end * 8]
        if fill:
            content = fill[0] * len(content)
        more = int(end * 8 < len(payload))
        ends = {"src": packet.src, "dst": packet.dst}
        if is_ipv4:
            header = IP(**ends, id=packet.id, frag=begin, flags=more, proto=number)
        else:
            header = IPv6(**ends) / IPv6ExtHdrFragment(nh=number, id=packet.fl, offset=begin, m=more)
        fragments.append(header / Raw(content))
    return fragments


WORDS = {word.__name__: word for word in (ICMP, IP, TCP, UDP, IPv6, Raw, cut, IPOption)}
WORDS |= {word.__name__: word for word in (IPOption_LSRR, IPOption_RR, IPOption_Router_Alert, IPOption_SSRR)}

device, mac = sys.argv[1:]
packets = []
for line in sys.stdin:
    made = eval(line, WORDS)
    packets += made if isinstance(made, list) else [made]
sendp([Ether(dst=mac) / packet for packet in packets], iface=device, verbose=False)
print(len(packets))
