"""Datagrams of an IP protocol that nobody else has (253: RFC 3692), without ports and checksums.

serve FAMILY: says `ready` and sends back what comes. ask FAMILY ADDRESS COUNT: says how many of COUNT came back.
"""

import socket
import sys

PROTOCOL = 253
IPV4_HEADER = 20

what, family = sys.argv[1:3]
wire = socket.socket(socket.AF_INET6 if family == "6" else socket.AF_INET, socket.SOCK_RAW, PROTOCOL)


def receive():
    packet, sender = wire.recvfrom(2000)
    return packet[IPV4_HEADER if family == "4" else 0 :], sender


if what == "serve":
    print("ready", flush=True)
    while True:
        data, sender = receive()
        wire.sendto(data, sender)
wire.settimeout(5)
address, count = sys.argv[3], int(sys.argv[4])
answered = 0
for number in range(count):
    question = b"question %d" % number
    wire.sendto(question, (address, 0))
    answered += receive()[0] == question
print(answered)
