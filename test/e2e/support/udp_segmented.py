"""Hands the kernel many datagrams in one call (UDP_SEGMENT), and prints how many came back as they were sent.

ADDRESS PORT COUNT BYTES
"""

import socket
import sys

SOL_UDP, UDP_SEGMENT = 17, 103  # linux/udp.h

address, port, count, size = sys.argv[1], *map(int, sys.argv[2:])
family = socket.AF_INET6 if ":" in address else socket.AF_INET
sender = socket.socket(family, socket.SOCK_DGRAM)
sender.setsockopt(SOL_UDP, UDP_SEGMENT, size)
sender.settimeout(2)
sender.connect((address, port))
sent = [bytes([number]) * size for number in range(count)]
sender.send(b"".join(sent))
answers = set()
try:
    while len(answers) < count:
        answers.add(sender.recv(65535))
except TimeoutError:
    pass
print(len(answers & set(sent)))
