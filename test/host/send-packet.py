"""Test instrument: sends a packet to each port, from port 5000, with a header that has ports and little else.

usage: send-packet.py tcp|udp|sctp|gre ADDRESS PORT,... SOURCE_OR_EMPTY
"""
import socket
import struct
import sys

SOURCE_PORT = 5000

name, address, ports, source = sys.argv[1:]
family = socket.AF_INET6 if ":" in address else socket.AF_INET
protocol, rest = {
    "tcp": (6, struct.pack("!IIHHHH", 1, 0, 0x5002, 1000, 0, 0)),
    "udp": (17, struct.pack("!HH", 8, 0)),
    "sctp": (132, struct.pack("!II", 0, 0)),
    "gre": (47, struct.pack("!I", 0)),
}[name]
sender = socket.socket(family, socket.SOCK_RAW, protocol)
if source:
    sender.bind((source, 0))
for port in ports.split(","):
    sender.sendto(struct.pack("!HH", SOURCE_PORT, int(port)) + rest, (address, 0))
